#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// The API's small answers: bytes in, values out, no socket. Strict, and nothing is quoted, as in secret_list.hpp.
namespace tokensweep::kubernetes {

/// One page of the list of namespaces.
struct NamespacePage {
  std::vector<std::string> names;
  std::string next;  ///< what the next page is asked for with; empty: this is the last one
};

/// `/api/v1/namespaces`, as objects or as their metadata.
Result<NamespacePage> parse_namespaces(std::string_view body);

/// `/api/v1/namespaces/kube-system`: what a cluster is known by.
Result<std::string> parse_uid(std::string_view body);

/// What goes on from a list whose snapshot is gone (410): `metadata.continue` of the Status, in JSON or
/// protocol buffers; empty where it has none.
std::string continuation_of(std::string_view status);

}  // namespace tokensweep::kubernetes

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"

namespace tokensweep {

/// An answer that is kept to be asked for again. It shows no value (HttpRequest::keeps_answer).
struct KeptAnswer {
  std::string etag;                 ///< as it came
  std::vector<HttpHeader> headers;  ///< Link, which connectors read, and Date: when it came or was confirmed
  std::string body;
};

/// Where answers are kept from sweep to sweep. `key` is made of origin, identity and address.
class AnswerStore {
 public:
  virtual ~AnswerStore() = default;
  /// What cannot be read is as good as not there.
  virtual std::optional<KeptAnswer> find(std::string_view key) = 0;
  virtual void keep(std::string_view key, const KeptAnswer& answer) = 0;
};

}  // namespace tokensweep

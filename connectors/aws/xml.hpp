#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace tokensweep::aws {

/// An element with no element in it.
struct XmlLeaf {
  std::string path;  ///< the names that lead to it: `GetCallerIdentityResponse/GetCallerIdentityResult/Account`
  Secret text;       ///< decoded, without white space at its ends
};

/// Reads the XML in which STS answers: elements, attributes (passed over), text, the five entities and characters by
/// number. Fails (`malformed`, nothing quoted) for everything else that XML may hold (document types, comments, CDATA,
/// instructions, text beside elements), for more than 16 levels or 1,000 elements, and for what is no XML.
Result<std::vector<XmlLeaf>> read_xml(std::string_view text);

}  // namespace tokensweep::aws

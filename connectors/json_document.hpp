#pragma once

#include <boost/json/value.hpp>
#include <string_view>

#include "base/result.hpp"

namespace tokensweep {

/// Reads a whole JSON document (RFC 8259) into memory that is wiped when the value dies: for small answers, of which
/// most is used. What is long, or shows whole secrets, is read while it comes (json_stream.hpp). Copies that go
/// elsewhere are their maker's duty. Fails (`malformed`) for anything else, and says where it is no JSON and whether it
/// is a web page (a proxy's, a login's); it quotes nothing.
Result<boost::json::value> parse_json(std::string_view text);

}  // namespace tokensweep

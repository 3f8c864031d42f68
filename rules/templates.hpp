#pragma once

#include <string>
#include <string_view>

namespace tokensweep {

/// An example of a rule file with its placeholders filled in. So a rule file shows what its rules find without holding
/// anything that looks like a leak. Every value follows from its seed alone.
///
///     {npm:1}        an npm_ token whose checksum is right      {uuid:1}       a version 4 UUID
///     {npm-bad:1}    one whose checksum is wrong                {hex40:1}      40 hexadecimal digits
///     {base64:TEXT}  TEXT, itself filled in, as base64          {alnum20:1}    20 letters and digits
///
/// Any other brace stands for itself: `${NPM_TOKEN}` and JSON need no escape.
std::string fill_template(std::string_view text);

}  // namespace tokensweep

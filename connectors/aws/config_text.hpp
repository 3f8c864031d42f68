#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace tokensweep::aws {

/// What stands behind the keys of one section: the keys in lower case. Values may hold secrets.
using ConfigValues = std::map<std::string, Secret, std::less<>>;

/// One section of a file, in the order of the file.
struct ConfigSection {
  std::string name;  ///< as it stands between the brackets
  std::uint32_t line = 0;
  ConfigValues values;
};

/// Reads `~/.aws/config` or `~/.aws/credentials` as botocore does, by Python's configparser: `key = value` or
/// `key: value` in sections; `#` and `;` begin a comment at a line's start only; a line that is indented deeper than
/// its key continues the value, which then has a line break there. Fails (`malformed`, `line 7: …`, nothing quoted) for
/// what is before the first section, for a line that is none of these, for a section or a key that is there twice, for
/// bytes that no text has, and for more than 10,000 sections.
Result<std::vector<ConfigSection>> read_config(std::string_view text);

/// The keys that are indented below one key, such as `endpoint_url` below `ssm` of a `[services …]` section: of a value
/// that begins with a line break. Lines without `=` are passed over.
ConfigValues nested_values(const Secret& value);

}  // namespace tokensweep::aws

#pragma once

/// toml++ as this project builds it: whoever includes it in two ways leaves the choice between them to the linker.
///
/// Header-only, for its shared library costs start-up time. No exceptions. And no assertions: version 3.3 asserts some
/// of what it checks later, so that a file with `[=` in it would end the process.

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(condition) static_assert(true)
#include <toml++/toml.h>

#include <string_view>

namespace tokensweep {

/// Whether a key has so many parts that taking its tables apart would exhaust the stack: toml++ 3.3 bounds the nesting
/// of values, but not that of dotted keys. To be asked before parsing. Strings and comments may have as many dots as
/// they like.
bool has_overlong_keys(std::string_view text);

}  // namespace tokensweep

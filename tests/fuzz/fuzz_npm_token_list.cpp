#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/npm_output.hpp"
#include "formats/npm_token_list.hpp"

/// Whatever the bytes: no token comes out whole, a classic one has an age, and an error is one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto tokens = tokensweep::read_npm_token_list({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!tokens) {
    const std::string& what = tokens.error().what;
    if (what.empty() || what.find('\n') != std::string::npos) std::abort();
    return 0;
  }
  for (const auto& token : *tokens) {
    if (token.first.size() + token.last.size() > 16) std::abort();
    if (token.classic && !token.created_at) std::abort();
    if (token.all_packages && token.access != tokensweep::PackageAccess::write) std::abort();
    for (const std::string& text : {token.key, token.name}) {
      if (tokensweep::holds_npm_token(text)) std::abort();
    }
  }
  return 0;
}

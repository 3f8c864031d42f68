#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "formats/npm_output.hpp"
#include "formats/npm_package_list.hpp"
#include "formats/package_name.hpp"

/// Whatever the bytes: what comes out are packages' names and no tokens, and an error is one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto packages = tokensweep::read_npm_package_list({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!packages) {
    const std::string& what = packages.error().what;
    if (what.empty() || what.find('\n') != std::string::npos) std::abort();
    return 0;
  }
  for (const auto& package : *packages) {
    if (!tokensweep::is_package_name(package.name) || tokensweep::holds_npm_token(package.name)) std::abort();
  }
  return 0;
}

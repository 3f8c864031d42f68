#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "connectors/filesystem/git_index.hpp"

using tokensweep::filesystem::IndexReader;

/// The first byte chooses the hash and the size of the pieces in which the index arrives; the rest is the index.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = (data[0] & 0x7fU) + 1;
  IndexReader reader(
      [&rest, piece](std::span<char> into) {
        const std::size_t count = std::min({rest.size(), piece, into.size()});
        std::copy_n(rest.begin(), count, into.begin());
        rest.remove_prefix(count);
        return count;
      },
      (data[0] & 0x80U) != 0 ? 32 : 20);
  std::size_t names = 0;
  while (reader.next()) ++names;
  if (names > size / 62) std::abort();  // an entry has 62 bytes at least
  return 0;
}

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "base/wiped_text.hpp"
#include "connectors/kubernetes/helm_manifest.hpp"
#include "connectors/kubernetes/helm_release.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;
using namespace tokensweep::kubernetes;

using tokensweep::testing::require;
using tokensweep::testing::require_one_line;

namespace {

/// Everything matters but what ends in an odd byte, so that both ways are gone.
HelmTexts texts() {
  return HelmTexts([](std::string_view, std::string_view bytes, Spelling) {
    return !bytes.empty() && static_cast<unsigned char>(bytes.back()) % 2 == 0;
  });
}

/// Each place is there once, and every text has bytes.
void require_places(HelmTexts& texts) {
  std::set<std::string> places;
  for (const HelmText& text : texts.take()) {
    require(!text.place.empty() && text.place.find('@') == std::string::npos);
    require(places.insert(text.place).second);
  }
}

void read(std::string_view stored) {
  HelmRelease release;
  HelmTexts found = texts();
  const auto whole = read_helm_release(stored, release, found);
  require_one_line(whole);
  if (whole) require(!release.name.empty() && release.revision > 0);
  require_places(found);
}

}  // namespace

/// Whatever the bytes are taken for (what is stored, gzip or JSON, YAML), places are unique and errors are one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  WipedText encoded;
  append_base64(encoded, bytes);
  read(encoded.view());
  HelmTexts found = texts();
  read_manifest(bytes, found);
  require_places(found);
  return 0;
}

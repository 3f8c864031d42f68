// A configuration is written by people: whatever it holds, it is read in bounded memory, or refused in one line that
// names a line of the file.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connectors/common_keys.hpp"
#include "scanner/config.hpp"

namespace {

using namespace tokensweep;

constexpr std::array kAppKeys = {KeySpec{.name = "id", .kind = KeyKind::count, .required = true},
                                 KeySpec{.name = "key_file", .kind = KeyKind::path, .required = true}};
/// A type of source with a key of each kind.
constexpr std::array kForgeKeys = {
    KeySpec{.name = "org", .kind = KeyKind::text, .required = true, .one_of = "org"},
    KeySpec{.name = "orgs", .kind = KeyKind::texts, .required = true, .one_of = "org"},
    KeySpec{.name = "api_url", .kind = KeyKind::url},
    KeySpec{.name = "since", .kind = KeyKind::date},
    KeySpec{.name = "app", .kind = KeyKind::table, .required = true, .one_of = "credential", .keys = kAppKeys},
};

std::optional<std::string> home(const char* name) {
  if (std::string_view(name) == "HOME") return "/home/ann";
  return std::nullopt;
}

/// What a configuration that was accepted promises.
bool holds(const Config& config) {
  for (const SourceConfig& source : config.sources) {
    if (source.name.empty() || config.source(source.name) != &source) return false;
    if (source.type == "filesystem" && filesystem_source(source.settings).paths.empty()) return false;
    if (source.type == "forge" && source.settings.has("app") == source.settings.credential().has_value()) return false;
  }
  const Cadences& cadences = config.policy.cadences;
  return cadences.a_top <= cadences.a && cadences.a <= cadences.b && cadences.b <= cadences.c &&
         cadences.c <= cadences.d && cadences.top_ranks <= cadences.ranks;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::array types = {
      source_types()[0],
      TypeSpec{.id = "forge", .keys = kForgeKeys, .network = network_keys(), .credential = credential_keys()},
      TypeSpec{.id = "github"}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = parse_config(text, "fuzz", home, types);
  if (config) {
    if (!holds(*config)) std::abort();
    return 0;
  }
  const std::string& what = config.error().what;
  const bool one_line = what.starts_with("fuzz:") && what.find('\n') == std::string::npos;
  const bool names_line = what.size() > 5 && what[5] >= '1' && what[5] <= '9';
  if (!one_line || !names_line || config.error().kind != ErrorKind::misconfigured) std::abort();
  return 0;
}

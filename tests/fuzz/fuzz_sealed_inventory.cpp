// What a laptop hands over is foreign input, and whoever has a laptop can sign anything: whatever it holds, it is
// refused in one line, or what comes of it is as the inventory's writing calls want it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "merge/sealed_import.hpp"
#include "merge/sealed_line.hpp"
#include "tests/fuzz/require.hpp"

using tokensweep::testing::require;

namespace {

using namespace tokensweep;

constexpr Time kNow{std::chrono::seconds(1'770'043'200)};

InventoryKey key_of(char byte) { return InventoryKey(Secret(std::string(InventoryKey::kSize, byte))); }

/// The corpus is sealed to this one.
const Fingerprinter kFingerprinter(key_of('c'));
const CollectorKeyPair kPair(Secret(std::string(InventoryKey::kSize, 'p')), kFingerprinter.salt());
const Collector kCollector{.keys = kPair, .fingerprinter = kFingerprinter, .now = kNow, .senders = {}, .newest = {}};

void check_file(std::string_view text) {
  const auto read = read_sealed(text, kCollector);
  if (!read) {
    require(!read.error().what.empty() && read.error().what.find('\n') == std::string::npos);
    return;
  }
  std::size_t hits = 0;
  for (const MergedScope& scope : read->scopes) {
    require(scope.scope.realm.starts_with(read->sender + "/") && scope.scope.source == "filesystem");
    require(scope.end.state != ScopeState::open && scope.end.covers != nullptr);
    hits += scope.hits.size();
    for (const Hit& hit : scope.hits) {
      require(hit.place.starts_with(scope.scope.prefix) && hit.id.size() == 17 && !hit.sealed);
    }
  }
  require(hits == read->hits && read->sealed <= hits);
}

template <class Line>
void check_line(std::string_view line) {
  Line read;
  if (parse_line(line, read)) require(to_line(read) == std::string(line) + "\n");
}

/// The lines between the first and the last, as a laptop signs them.
std::string signed_file(std::string_view body) {
  Signer signer(key_of('l'));
  std::string text = to_line(SealedHead{
      .collector = kPair.public_key().id(), .sender = signer.sender(), .tool = "0.1.0", .generated_at = kNow});
  text.append(body);
  if (!text.ends_with('\n')) text += '\n';
  SealedEnd end;
  for (std::string_view rest = body; !rest.empty();
       rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1)) {
    const SealedKind kind = kind_of(rest);
    ++(kind == SealedKind::scope ? end.scopes : kind == SealedKind::gap ? end.gaps : end.hits);
  }
  signer.add(text);
  end.signature = signer.finish();
  return text + to_line(end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_file(body);
  check_file(signed_file(body));
  for (std::string_view rest = body; !rest.empty();
       rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1)) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    check_line<SealedHead>(line);
    check_line<SealedScope>(line);
    check_line<SealedGap>(line);
    check_line<SealedHit>(line);
    check_line<SealedEnd>(line);
  }
  return 0;
}

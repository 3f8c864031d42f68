#pragma once

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <string>
#include <vector>

#include "identity/sealing.hpp"
#include "merge/sealed_export.hpp"
#include "merge/sealed_import.hpp"
#include "tests/support/tokens.hpp"

/// A laptop and a collector for the tests of merging, with fixed keys: what they make is the same each time, but for
/// the boxes.
namespace tokensweep::testing {

constexpr Time kSwept{std::chrono::seconds(1'770'000'000)};
constexpr Time kExported = kSwept + std::chrono::hours(1);
constexpr Time kImported = kSwept + std::chrono::hours(12);

inline InventoryKey key_of(char byte) { return InventoryKey(Secret(std::string(InventoryKey::kSize, byte))); }

/// The collector: key `c`, pair `p`.
struct Office {
  Fingerprinter fingerprinter{key_of('c')};
  CollectorKeyPair pair{Secret(std::string(InventoryKey::kSize, 'p')), fingerprinter.salt()};

  [[nodiscard]] Collector collector() const {
    return {.keys = pair, .fingerprinter = fingerprinter, .now = kImported, .senders = {}, .newest = {}};
  }
  [[nodiscard]] Result<SealedInventory> read(std::string_view text) const { return read_sealed(text, collector()); }
};

inline SealedScope home_scope(std::string host = "laptop", std::string prefix = "/home/ann") {
  return {.scope = {.source = "filesystem",
                    .name = "filesystem",
                    .store = host + ":" + prefix,
                    .realm = host,
                    .prefix = prefix},
          .state = ScopeState::complete,
          .reason = "",
          .deep = false,
          .files_seen = 3012,
          .files_read = 6,
          .bytes_read = 4096,
          .ended_at = kSwept,
          .rules = {"npm-access-token", "npm-legacy-token"}};
}

/// A laptop with one scope: what it found, and what it makes of that.
class Laptop {
 public:
  explicit Laptop(const Office& office, char key = 'l', std::string host = "laptop")
      : scope(home_scope(host)),
        key_(key_of(key)),
        prints_(key_),
        host_(std::move(host)),
        collector_(office.pair.public_key()) {}

  /// A value in a file of the home directory.
  HitRow& holds(const std::string& place, const std::string& value) {
    HitRow& row = rows.emplace_back();
    row.hit.place = "/home/ann/" + place;
    row.hit.locator = place + ":1";
    row.hit.rule = "npm-access-token";
    row.hit.kind = "npm-token";
    row.hit.name = "_authToken";
    row.hit.reason = "it lies in a home directory";
    row.hit.fingerprint = prints_.fingerprint(value);
    row.hit.preview = preview(value);
    row.hit.updated_at = kSwept - std::chrono::hours(24);
    row.hit.age_basis = AgeBasis::file_mtime;
    row.token = token_id(*row.hit.fingerprint);
    row.hit.id = prints_.hit_id({"filesystem", host_, row.hit.place, *row.token, "0"});
    row.hit.sealed = sealer_.seal(*row.hit.fingerprint, value);
    row.first_seen = row.last_seen = kSwept;
    return row;
  }

  /// The file that it hands over.
  [[nodiscard]] std::string file(Time generated_at = kExported) const {
    StringOutput output;
    SealedExport sealed(output, key_, collector_, "0.1.0", generated_at);
    const auto scope_number = sealed.scope(scope);
    for (const Gap& gap : gaps) sealed.gap(scope_number, gap);
    for (const HitRow& row : rows) sealed.hit(scope_number, row);
    REQUIRE(sealed.end());
    return output.text;
  }

  /// Lines of anybody's making, counted, signed and ended as this laptop's.
  [[nodiscard]] std::string sign(std::string lines, SealedEnd counts) const {
    Signer signer(key_);
    signer.add(lines);
    counts.signature = signer.finish();
    return lines + to_line(counts);
  }
  [[nodiscard]] SealedHead head(Time generated_at = kExported) const {
    return {
        .collector = collector_.id(), .sender = Signer(key_).sender(), .tool = "0.1.0", .generated_at = generated_at};
  }
  [[nodiscard]] std::string sender() const { return sender_id(Signer(key_).sender()); }
  [[nodiscard]] const Fingerprinter& fingerprinter() const { return prints_; }

  SealedScope scope;
  std::vector<Gap> gaps;
  std::vector<HitRow> rows;

 private:
  InventoryKey key_;
  Fingerprinter prints_;
  std::string host_;
  CollectorPublicKey collector_;
  Sealer sealer_{collector_};
};

/// The lines of a file, each with its line break.
inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

}  // namespace tokensweep::testing

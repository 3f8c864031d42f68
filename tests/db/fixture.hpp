#pragma once

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <map>
#include <string>
#include <vector>

#include "db/inventory.hpp"
#include "tests/support/temp_directory.hpp"

namespace tokensweep::testing {

constexpr Time kNow{std::chrono::seconds(1'770'000'000)};
constexpr Time kLater = kNow + std::chrono::hours(24);
constexpr Time kLatest = kLater + std::chrono::hours(24);
inline const std::string kKey = "0123456789abcdef";

inline Inventory::Options writing(int wait_ms = 0) {
  return {.access = Inventory::Access::write, .lock_wait = std::chrono::milliseconds(wait_ms), .key_id = kKey};
}

/// A temporary directory with an inventory in it, and the few calls that most tests make.
struct Fixture {
  TempDirectory temp;
  std::filesystem::path file = temp / "inventory.db";

  [[nodiscard]] Inventory open() const {
    auto inventory = Inventory::open(file, writing());
    if (!inventory) FAIL(inventory.error().what);
    return std::move(*inventory);
  }
};

inline Scope scope_at(std::string prefix, std::string realm = "host") {
  return {
      .source = "filesystem", .name = "filesystem", .store = realm + ":" + prefix, .realm = realm, .prefix = prefix};
}

/// A hit whose id follows from its place.
inline Hit hit_at(const std::string& place, std::string rule = "rule") {
  Hit hit;
  hit.id = fmt::format("h{:016x}", std::hash<std::string>{}(place));
  hit.rule = std::move(rule);
  hit.kind = "npm-token";
  hit.place = place;
  hit.locator = place + ":1";
  return hit;
}

inline Fingerprint fingerprint_of(std::uint8_t byte) {
  Fingerprint fingerprint{};
  fingerprint.fill(byte);
  return fingerprint;
}

inline ScopeEnd ended(ScopeState state = ScopeState::complete, bool deep = true) {
  return {.state = state, .reason = state == ScopeState::complete ? "" : "why", .deep = deep, .rules = {"rule"}};
}

/// The strictest class of a token's places; what a list says of it is confirmed.
inline std::optional<TokenVerdict> strictest(const TokenSubject& subject) {
  TokenVerdict verdict{.klass = Class::D, .reason = "the strictest of its places"};
  for (const HitRow& row : subject.hits) verdict.klass = std::min(verdict.klass, row.hit.klass);
  if (!subject.listed.empty()) {
    verdict.confidence = Confidence::confirmed;
    verdict.reason = "the list says so";
    if (subject.listed.front().access == PackageAccess::write) verdict.klass = Class::A;
    if (subject.listed.front().bypass_2fa) verdict.flags.add(ScopeFlag::bypass_2fa);
    if (subject.listed.size() > 1) verdict.flags.add(ScopeFlag::ambiguous);
  }
  return verdict;
}

/// One sweep of one scope, from its beginning to its end. Its id.
inline SweepId sweep(Inventory& inventory, const Scope& scope, const std::vector<Hit>& hits, const ScopeEnd& end,
                     Time now, const std::vector<Gap>& gaps = {}) {
  const auto id = inventory.begin_sweep(now, "0.1.0", "digest");
  REQUIRE(id);
  const auto opened = inventory.open_scope(*id, scope);
  REQUIRE(opened);
  REQUIRE(inventory.write(*id, *opened, hits, gaps, now));
  REQUIRE(inventory.close_scope(*id, *opened, end, now));
  REQUIRE(inventory.settle_classes(*id, strictest, now));
  const bool complete = end.state == ScopeState::complete && gaps.empty();
  REQUIRE(inventory.finish_sweep(*id, complete ? SweepState::complete : SweepState::incomplete, now));
  return *id;
}

inline std::vector<HitRow> rows_of(const Inventory& inventory, const HitQuery& query = {.state = std::nullopt}) {
  std::vector<HitRow> rows;
  REQUIRE(inventory.for_each_hit(query, [&rows](const HitRow& row) {
    rows.push_back(row);
    return true;
  }));
  return rows;
}

/// Place by place, the state of every hit.
inline std::map<std::string, State> states_of(const Inventory& inventory) {
  std::map<std::string, State> states;
  for (const HitRow& row : rows_of(inventory)) states[row.hit.place] = row.state;
  return states;
}

inline HitRow row_at(const Inventory& inventory, const std::string& place) {
  for (const HitRow& row : rows_of(inventory)) {
    if (row.hit.place == place) return row;
  }
  FAIL("no hit at " << place);
  return {};
}

}  // namespace tokensweep::testing

#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "db/inventory.hpp"
#include "report/row.hpp"

/// Fixed rows for the tests of reports.
namespace tokensweep::testing {

using namespace std::chrono_literals;

constexpr Time kNow = Date{2026y / 11 / 22} + 5h;

/// A file's hit as a scan of a home directory leaves it; tests change what they are about.
inline HitRow file_row(std::string_view token, std::string_view locator,
                       std::chrono::days age = std::chrono::days{10}) {
  HitRow row;
  row.hit.id = fmt::format("h-{}", locator);
  row.hit.klass = Class::D;
  row.hit.confidence = Confidence::inferred;
  row.hit.reason = "it lies in a home directory and nothing beside it publishes";
  row.hit.rule = "npm-access-token";
  row.hit.kind = "npm-token";
  row.hit.source = "filesystem";
  row.hit.store = "laptop:/home/ann";
  row.hit.place = locator.substr(0, locator.rfind(':'));
  row.hit.locator = locator;
  row.hit.name = "_authToken";
  row.hit.registry = "registry.corp.example";
  row.hit.preview = "npm_aBcD…9aZ4";
  row.hit.checksum = Checksum::valid;
  row.hit.updated_at = kNow - age;
  row.hit.age_basis = AgeBasis::file_mtime;
  if (!token.empty()) row.token = token;
  row.first_seen = kNow - 1h;
  row.last_seen = kNow - 1h;
  row.token_first_seen = row.first_seen;
  return row;
}

inline HitRow reference_row(std::string_view locator) {
  HitRow row = file_row("", locator);
  row.hit.kind = "reference";
  row.hit.preview.reset();
  row.hit.checksum = Checksum::none;
  row.hit.scope.add(ScopeFlag::reference);
  row.token_first_seen.reset();
  return row;
}

inline ExportRow computed(const HitRow& row) { return make_row(row, kNow, Policy{}); }

/// A whole file, empty if there is none.
std::string file_content(const std::string& file);

/// Compares `text` with a file of tests/report/golden/, or writes it there if TOKENSWEEP_ACCEPT is set: the difference
/// is for review.
void check_golden(std::string_view name, std::string_view text);

}  // namespace tokensweep::testing

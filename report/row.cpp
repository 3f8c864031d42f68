#include "report/row.hpp"

#include <algorithm>
#include <string>

namespace tokensweep {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::seconds;

/// npm's first release was in January 2010. An older file time is an archive's constant (npm packs everything as of
/// 1985-10-26), not the moment at which anybody wrote a token.
constexpr Time kFirstPossible = Date{std::chrono::year{2010} / 1 / 1};

/// A moment that an age counts from, and what it is.
struct Since {
  Time time;
  AgeBasis basis;
};

std::optional<Time> possible(std::optional<Time> time) {
  if (time && *time < kFirstPossible) return std::nullopt;
  return time;
}

/// What the store says of the last write, by the basis that the connector named.
std::optional<Since> told_by_store(const Hit& hit) {
  const std::optional<Time> created = possible(hit.created_at);
  const std::optional<Time> updated = possible(hit.updated_at);
  if (hit.age_basis == AgeBasis::first_seen) return std::nullopt;
  if (hit.age_basis == AgeBasis::created_at || hit.age_basis == AgeBasis::registry) {
    // npm's own list: a token's value never changes, so its creation counts.
    if (created) return Since{*created, hit.age_basis};
    if (updated) return Since{*updated, hit.age_basis};
    return std::nullopt;
  }
  if (updated) return Since{*updated, hit.age_basis};
  if (created) return Since{*created, AgeBasis::created_at};
  return std::nullopt;
}

/// The earliest moment at which this inventory saw the value. A store that hides values may have changed what is under
/// the name any number of times since we first saw it, so there our own sight proves nothing.
std::optional<Time> value_seen(const HitRow& row) {
  if (!row.token) return std::nullopt;
  return std::min(row.first_seen, row.token_first_seen.value_or(row.first_seen));
}

Since written(const HitRow& row) {
  // The registry knows since when the value exists: everything else is a later sight of it.
  if (row.listing && row.listing->created_at) return {*row.listing->created_at, AgeBasis::registry};
  const std::optional<Since> told = told_by_store(row.hit);
  const std::optional<Time> seen = value_seen(row);
  if (told && (!seen || told->time <= *seen)) return *told;
  return {seen.value_or(row.first_seen), AgeBasis::first_seen};
}

void add_listing(ExportRow& out, const Listing& listing, Time now, const Policy& policy) {
  if (listing.expires_at) out.expires_at = floor<days>(*listing.expires_at);
  if (listing.dead || (listing.expires_at && *listing.expires_at <= now)) out.scope.add(ScopeFlag::dead);
  if (listing.shared_expiry) out.scope.add(ScopeFlag::shared_expiry);
  const std::optional<Time> used = listing.accessed_at ? listing.accessed_at : listing.created_at;
  if (used && now - *used >= policy.unused_after) out.scope.add(ScopeFlag::unused);
}

std::int64_t whole_days(seconds age) { return floor<days>(age).count(); }

template <class T>
Cell optional_cell(const std::optional<T>& value) {
  if (!value) return std::monostate{};
  return Cell(*value);
}
template <>
Cell optional_cell(const std::optional<std::string>& value) {
  if (!value) return std::monostate{};
  return std::string_view(*value);
}

Cell text(std::string_view value) { return value; }

constexpr Column kColumns[] = {
    {"id", [](const ExportRow& r) { return text(r.row->hit.id); }},
    {"class", [](const ExportRow& r) { return text(to_string(r.row->hit.klass)); }},
    {"confidence", [](const ExportRow& r) { return text(to_string(r.row->hit.confidence)); }},
    {"reason", [](const ExportRow& r) { return text(r.row->hit.reason); }},
    {"rule", [](const ExportRow& r) { return text(r.row->hit.rule); }},
    {"kind", [](const ExportRow& r) { return text(r.row->hit.kind); }},
    {"source", [](const ExportRow& r) { return text(r.row->hit.source); }},
    {"store", [](const ExportRow& r) { return text(r.row->hit.store); }},
    {"locator", [](const ExportRow& r) { return text(r.row->hit.locator); }},
    {"registry", [](const ExportRow& r) { return optional_cell(r.row->hit.registry); }},
    {"token", [](const ExportRow& r) { return optional_cell(r.row->token); }},
    {"preview", [](const ExportRow& r) { return optional_cell(r.row->hit.preview); }},
    {"checksum", [](const ExportRow& r) { return text(to_string(r.row->hit.checksum)); }},
    {"created_at", [](const ExportRow& r) { return optional_cell(r.row->hit.created_at); }},
    {"updated_at", [](const ExportRow& r) { return optional_cell(r.row->hit.updated_at); }},
    {"age_days", [](const ExportRow& r) { return optional_cell(r.age_days); }},
    {"age_days_max", [](const ExportRow& r) { return optional_cell(r.age_days_max); }},
    {"age_basis", [](const ExportRow& r) { return text(to_string(r.age_basis)); }},
    {"first_seen", [](const ExportRow& r) { return Cell(r.row->first_seen); }},
    {"last_seen", [](const ExportRow& r) { return Cell(r.row->last_seen); }},
    {"gone_at", [](const ExportRow& r) { return optional_cell(r.row->gone_at); }},
    {"state", [](const ExportRow& r) { return text(to_string(r.row->state)); }},
    {"scope", [](const ExportRow& r) { return Cell(r.scope); }},
    {"expires_at", [](const ExportRow& r) { return optional_cell(r.expires_at); }},
    {"rotate_by", [](const ExportRow& r) { return optional_cell(r.rotate_by); }},
    {"overdue", [](const ExportRow& r) { return Cell(r.overdue); }},
};

}  // namespace

bool is_reference(const HitRow& row) { return row.hit.kind == "reference" || row.hit.scope.has(ScopeFlag::reference); }

ExportRow make_row(const HitRow& row, Time now, const Policy& policy) {
  ExportRow out;
  out.row = &row;
  out.scope = row.hit.scope;
  out.age_basis = row.hit.age_basis;
  if (row.places > 1) out.scope.add(ScopeFlag::repeated);
  if (row.listing) add_listing(out, *row.listing, now, policy);
  if (out.scope.has(ScopeFlag::classic)) out.scope.add(ScopeFlag::dead);
  const Date today = floor<days>(now);
  if (policy.exception_for(row.hit, row.token.value_or(std::string()), row.source_name, today) != nullptr) {
    out.scope.add(ScopeFlag::exempt);
  }
  if (is_reference(row)) return out;

  Since since = written(row);
  since.time = std::min(since.time, now);  // the clock, or the file's, went back
  out.age = now - since.time;
  out.age_days = whole_days(*out.age);
  out.age_basis = since.basis;
  out.age_days_max = out.age_days;
  if (row.hit.age_basis == AgeBasis::bounds && row.hit.created_at) {
    out.age_days_max = std::max(*out.age_days, whole_days(now - *row.hit.created_at));
  }

  out.rotate_by = floor<days>(since.time) + policy.cadences.of(row.hit.klass, row.hit.rank);
  if (out.expires_at) out.rotate_by = std::min(*out.rotate_by, *out.expires_at);
  out.overdue = row.state != State::gone && *out.rotate_by < today && !out.scope.has(ScopeFlag::exempt);
  return out;
}

std::span<const Column> columns() { return kColumns; }

}  // namespace tokensweep

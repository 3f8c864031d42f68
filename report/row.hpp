#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "db/inventory.hpp"
#include "model/model.hpp"
#include "model/policy.hpp"

namespace tokensweep {

/// A hit as exports and tables show it: the inventory's row, and what follows from it and the clock.
struct ExportRow {
  const HitRow* row = nullptr;  ///< borrowed: it has to live as long as this
  std::optional<std::chrono::seconds>
      age;  ///< the age that is certain, never negative; empty for a reference, which has no value
  std::optional<std::int64_t> age_days;       ///< the same in whole days
  std::optional<std::int64_t> age_days_max;   ///< the age that is possible; the same where the store gives no bounds
  AgeBasis age_basis = AgeBasis::first_seen;  ///< what `age` is counted from
  ScopeFlags scope;                           ///< the hit's, and those that depend on the clock and the policy
  std::optional<Date> expires_at;             ///< as the registry says
  std::optional<Date> rotate_by;              ///< empty for a reference
  bool overdue = false;                       ///< still there, past `rotate_by`, and no exception holds
};

/// Computes what a row shows.
///
/// The age counts from the last moment at which the value may have been written: the store's time, or the file's. A
/// value that this inventory saw earlier than that, in any place, is at least as old as that sight. Without any time,
/// the age is what we saw ourselves. `rotate_by` follows from the class for every kind with a value, tokens that are
/// known to be dead included: they too have to go by then. A token that expires before that has to be rotated by its
/// last day.
ExportRow make_row(const HitRow& row, Time now, const Policy& policy);

/// Whether the hit only names a token and holds no value, as `${NPM_TOKEN}` does.
bool is_reference(const HitRow& row);

/// What a cell can hold: null, text from anywhere, a number, a boolean, a time, a date, flags.
using Cell = std::variant<std::monostate, std::string_view, std::int64_t, bool, Time, Date, ScopeFlags>;

/// A column of every export: the CSV's header, the JSON's key.
struct Column {
  std::string_view name;
  Cell (*cell)(const ExportRow& row);  ///< views in it live as long as the row
};

/// All columns in the contract's order: the one place that knows it.
std::span<const Column> columns();

}  // namespace tokensweep

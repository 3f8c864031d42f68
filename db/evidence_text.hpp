#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "db/sqlite.hpp"
#include "model/evidence.hpp"

namespace tokensweep {

/// Evidence as `hit.evidence` holds it: a JSON array of objects with `kind` and, where they are not empty, `value` and
/// `from`; names in their printable form. The same evidence gives the same text.
void append_evidence(std::string& out, const std::vector<Evidence>& evidence);

/// A name in its printable form, as a JSON string.
void append_json_name(std::string& out, std::string_view name);

/// The way back, by SQLite's own JSON functions. A kind that this version does not know is passed over.
Result<std::vector<Evidence>> read_evidence(sqlite::Database& database, std::string_view text);

}  // namespace tokensweep

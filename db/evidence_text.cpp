#include "db/evidence_text.hpp"

#include "base/text.hpp"

namespace tokensweep {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(name).append("\":");
  append_json_name(out, value);
}

}  // namespace

/// Printable text is valid UTF-8 without control characters, so two characters are all that JSON wants escaped.
void append_json_name(std::string& out, std::string_view name) {
  out.push_back('"');
  for (const char letter : printable(name, kNoCap)) {
    if (letter == '"' || letter == '\\') out.push_back('\\');
    out.push_back(letter);
  }
  out.push_back('"');
}

void append_evidence(std::string& out, const std::vector<Evidence>& evidence) {
  out.push_back('[');
  for (const Evidence& piece : evidence) {
    out.append(out.back() == '[' ? "{" : ",{");
    append_member(out, "kind", to_string(piece.kind));
    if (!piece.value.empty()) append_member(out, "value", piece.value);
    if (!piece.from.empty()) append_member(out, "from", piece.from);
    out.push_back('}');
  }
  out.push_back(']');
}

Result<std::vector<Evidence>> read_evidence(sqlite::Database& database, std::string_view text) {
  std::vector<Evidence> all;
  if (text == "[]") return all;
  TRY(auto pieces, database.prepare("read the evidence",
                                    "SELECT value ->> 'kind', coalesce(value ->> 'value', ''), "
                                    "coalesce(value ->> 'from', '') FROM json_each(?1)"));
  pieces.bind(text);
  for (;;) {
    TRY(const bool more, pieces.step());
    if (!more) return all;
    const auto kind = parse_evidence_kind(pieces.text(0));
    if (kind) all.push_back({*kind, std::string(pieces.text(1)), std::string(pieces.text(2))});
  }
}

}  // namespace tokensweep

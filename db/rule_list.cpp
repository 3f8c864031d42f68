#include "db/rule_list.hpp"

#include "base/text.hpp"
#include "db/evidence_text.hpp"

namespace tokensweep {

Result<std::int64_t> RuleLists::row_of(const std::vector<std::string>& rules) {
  std::string text = "[";
  for (const std::string& rule : rules) {
    if (text.size() > 1) text += ',';
    append_json_name(text, rule);
  }
  text += ']';
  if (text == text_) return row_;
  TRY(auto insert, database_.prepare("keep the rules in force",
                                     "INSERT INTO rule_list (rules) VALUES (?1) "
                                     "ON CONFLICT (rules) DO UPDATE SET rules = rules RETURNING id"));
  TRY(const auto row, insert.bind(std::string_view(text)).value());
  text_ = std::move(text);
  return row_ = row.value_or(0);
}

Result<std::vector<std::string>> read_rule_list(sqlite::Database& database, std::string_view text) {
  TRY(auto ids, database.prepare("read the rules in force", "SELECT value FROM json_each(?1)"));
  ids.bind(text);
  std::vector<std::string> rules;
  for (;;) {
    TRY(const bool more, ids.step());
    if (!more) return rules;
    if (auto id = from_printable(ids.text(0))) rules.push_back(std::move(*id));
  }
}

}  // namespace tokensweep

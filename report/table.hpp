#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "report/output.hpp"
#include "report/row.hpp"
#include "report/terminal.hpp"

namespace tokensweep {

/// What the table's last lines say of the sweep.
struct SweepFacts {
  SweepState state = SweepState::complete;
  std::uint64_t files_seen = 0;
  std::uint64_t files_read = 0;
  std::uint64_t directories_before = 0;                                   ///< that were read before it was resumed
  std::uint64_t requests = 0;                                             ///< to services; 0: none was swept
  std::uint64_t scopes = 0;                                               ///< that ended
  std::uint64_t unread_scopes = 0;                                        ///< of services: denied or failed
  std::vector<std::pair<std::string, std::string>> unread_examples = {};  ///< some of them: the store, and why
  std::chrono::milliseconds took{0};
  std::string inventory;          ///< the file
  bool default_inventory = true;  ///< whether the commands that are proposed find it without `--db`
};

/// What `scan` prints for people: the tokens, worst class and oldest first, each with the places that hold it;
/// references; then a summary, what could not be read, and what to do next.
///
/// Rows arrive as the inventory streams them, class by class. Memory is bounded: what is beyond `max_tokens` is counted
/// and not shown.
class SweepTable {
 public:
  struct Options {
    Terminal terminal;
    bool list_unread = false;  ///< print every gap instead of the first few
    std::size_t max_tokens = 200;
    std::size_t max_places = 12;  ///< of one token
    std::size_t max_references = 12;
    std::size_t max_gaps = 5;
    std::size_t max_counted = 65'536;  ///< how many distinct tokens are told apart; beyond, the counts say "at least"
  };

  /// `output` has to outlive the table.
  SweepTable(const Options& options, Output& output);

  /// All rows first, then all gaps, then the end.
  void row(const ExportRow& row);
  void gap(const Gap& gap);
  void end(const SweepFacts& facts);

 private:
  struct Place {
    std::string store;
    std::string locator;
    ScopeFlags flags;
  };
  struct Token {
    std::string id;     ///< the token's, empty where there is no value to read
    std::string order;  ///< its key, and what settles the order between equals
    std::string title;
    std::string kind;
    Class klass = Class::D;
    Confidence confidence = Confidence::assumed;
    bool invalid = false;
    std::optional<std::int64_t> age_days;
    std::optional<Date> rotate_by;
    bool overdue = false;
    std::vector<Place> places;
    std::uint64_t more_places = 0;
  };
  struct Counts {
    std::uint64_t hits = 0;
    std::uint64_t tokens = 0;
    std::array<std::uint64_t, 4> of_class{};
    std::uint64_t references = 0;
    std::uint64_t classic = 0;
    std::uint64_t overdue = 0;
    std::uint64_t invalid = 0;
    std::uint64_t world_readable = 0;
    std::uint64_t gaps = 0;
    std::uint64_t gaps_missed = 0;
  };
  struct Columns {
    std::size_t title = 5;
    std::size_t kind = 8;  ///< 0: not shown
    std::size_t id = 2;
  };

  bool first_sight(std::string_view category, std::string_view first, std::string_view second = {});
  void count(const ExportRow& row, std::string_view key);
  void remember(const ExportRow& row, std::string_view key);
  void draw_tokens();
  void draw_token(const Token& token, const Columns& columns);
  void draw_place(const Place& place, bool invalid);
  void draw_references();
  void draw_counts();
  void draw_note(std::uint64_t number, Tone tone, std::string_view one, std::string_view many);
  void draw_state(const SweepFacts& facts);
  void draw_unread_scopes(const SweepFacts& facts);
  void draw_gaps();
  void draw_next(const SweepFacts& facts);
  void draw_gap(const Gap& gap);
  void flush();

  Options options_;
  Output& output_;
  Canvas canvas_;
  std::vector<Token> tokens_;
  std::unordered_map<std::string, std::size_t> index_;  ///< of `tokens_` by key
  std::vector<Place> references_;
  std::vector<Gap> gaps_;
  std::unordered_set<std::size_t> seen_;  ///< hashes of what was counted once
  Counts counts_;
  bool many_stores_ = false;
  std::optional<std::string> store_;  ///< the first one
  bool tokens_drawn_ = false;
};

/// `A!` confirmed, `A` inferred, `A?` assumed.
std::string class_mark(Class klass, Confidence confidence);
Tone tone_of(Class klass);
/// What stands for a token: its preview; where there is none, the key that holds it. Printable.
std::string title_of(const std::optional<std::string>& preview, std::string_view name);
/// `today`, `412 d`, or a dash where there is no age.
std::string age_text(const std::optional<std::int64_t>& days);

}  // namespace tokensweep

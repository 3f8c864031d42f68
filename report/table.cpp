#include "report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>

#include "base/text.hpp"
#include "base/time.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kClassColumns = 5;
constexpr std::size_t kAgeColumns = 7;
constexpr std::size_t kIndent = kClassColumns + 2;  // places stand below the age
constexpr std::size_t kDateColumns = 10;
constexpr std::size_t kTitleAtMost = 24;
constexpr std::size_t kKindAtMost = 20;
constexpr std::size_t kKindAtLeast = 8;    // rather than less, the kind is left to `show`
constexpr std::size_t kPlaceAtLeast = 30;  // rather than less, flags go to a line of their own

/// What a place's flags say to a reader of the table; `reference` has a section of its own, and that a token is held
/// more than once is what the table shows.
std::string flag_words(ScopeFlags flags, bool invalid) {
  std::string words;
  for (const std::string_view name : names(flags)) {
    if (name == to_string(ScopeFlag::reference) || name == to_string(ScopeFlag::repeated)) continue;
    words.append(words.empty() ? "" : " ").append(name);
  }
  if (invalid) words.append(words.empty() ? "" : " ").append("invalid-checksum");
  return words;
}

std::string duration_text(std::chrono::milliseconds took) {
  if (took < std::chrono::minutes(2)) return fmt::format("{:.1f} s", static_cast<double>(took.count()) / 1000);
  return fmt::format("{} min", std::chrono::duration_cast<std::chrono::minutes>(took).count());
}

std::string files_text(const SweepFacts& facts) {
  std::string text;
  if (facts.requests > 0) {
    text = fmt::format("{} by {}", counted(facts.scopes, "scope"), counted(facts.requests, "request"));
  }
  if (facts.requests == 0 || facts.files_seen > 0) {
    text += fmt::format("{}{} seen, {} read", text.empty() ? "" : ", ", counted(facts.files_seen, "file"),
                        grouped(facts.files_read));
  }
  if (facts.directories_before > 0) {
    text += fmt::format(" (resumed: {} read before)", counted(facts.directories_before, "directory", "directories"));
  }
  return fmt::format("{}, in {}", text, duration_text(facts.took));
}

}  // namespace

std::string class_mark(Class klass, Confidence confidence) {
  std::string mark(to_string(klass));
  if (confidence == Confidence::confirmed) mark.push_back('!');
  if (confidence == Confidence::assumed) mark.push_back('?');
  return mark;
}

Tone tone_of(Class klass) {
  return klass == Class::A   ? Tone::alarm
         : klass == Class::B ? Tone::warning
         : klass == Class::C ? Tone::notice
                             : Tone::strong;
}

std::string title_of(const std::optional<std::string>& preview, std::string_view name) {
  if (preview) return printable(*preview);
  return name.empty() ? "-" : printable(name);
}

std::string age_text(const std::optional<std::int64_t>& days) {
  if (!days) return "-";
  return *days == 0 ? "today" : grouped(static_cast<std::uint64_t>(*days)) + " d";
}

SweepTable::SweepTable(const Options& options, Output& output)
    : options_(options), output_(output), canvas_(options.terminal) {}

void SweepTable::row(const ExportRow& row) {
  const Hit& hit = row.row->hit;
  if (!store_) store_ = hit.store;
  many_stores_ = many_stores_ || *store_ != hit.store;
  if (is_reference(*row.row)) {
    ++counts_.references;
    if (references_.size() < options_.max_references) references_.push_back({hit.store, hit.locator, row.scope});
    return;
  }
  const std::string& key = row.row->token ? *row.row->token : hit.id;
  count(row, key);
  remember(row, key);
}

/// Whether this is the first call with these words. Beyond the cap everything new counts as seen.
bool SweepTable::first_sight(std::string_view category, std::string_view first, std::string_view second) {
  if (seen_.size() >= options_.max_counted) return false;
  return seen_.insert(std::hash<std::string>{}(fmt::format("{}\n{}\n{}", category, first, second))).second;
}

void SweepTable::count(const ExportRow& row, std::string_view key) {
  const Hit& hit = row.row->hit;
  ++counts_.hits;
  if (first_sight("token", key)) {
    // The worst class of a token arrives first.
    ++counts_.tokens;
    ++counts_.of_class[static_cast<std::size_t>(hit.klass)];
  }
  if (hit.scope.has(ScopeFlag::classic) && first_sight("classic", key)) ++counts_.classic;
  if (row.overdue && first_sight("overdue", key)) ++counts_.overdue;
  if (hit.checksum == Checksum::invalid && first_sight("invalid", key)) ++counts_.invalid;
  if (hit.scope.has(ScopeFlag::world_readable) && first_sight("readable", hit.store, hit.place))
    ++counts_.world_readable;
}

void SweepTable::remember(const ExportRow& row, std::string_view key) {
  const Hit& hit = row.row->hit;
  const auto known = index_.find(std::string(key));
  if (known == index_.end() && tokens_.size() >= options_.max_tokens) return;
  if (known == index_.end()) {
    index_.emplace(key, tokens_.size());
    tokens_.push_back({.id = row.row->token.value_or(""),
                       .order = std::string(key),
                       .title = title_of(hit.preview, hit.name),
                       .kind = printable(hit.kind),
                       .klass = hit.klass,
                       .confidence = hit.confidence,
                       .invalid = hit.checksum == Checksum::invalid,
                       .age_days = row.age_days,
                       .rotate_by = row.rotate_by,
                       .overdue = row.overdue,
                       .places = {},
                       .more_places = 0});
  }
  Token& token = known == index_.end() ? tokens_.back() : tokens_[known->second];
  if (hit.klass < token.klass) token.klass = hit.klass, token.confidence = hit.confidence;
  token.age_days = std::max(token.age_days, row.age_days);
  if (row.rotate_by) token.rotate_by = std::min(token.rotate_by.value_or(*row.rotate_by), *row.rotate_by);
  token.overdue = token.overdue || row.overdue;
  if (token.places.size() >= options_.max_places) {
    ++token.more_places;
    return;
  }
  token.places.push_back({hit.store, hit.locator, row.scope});
}

void SweepTable::draw_tokens() {
  tokens_drawn_ = true;
  std::sort(tokens_.begin(), tokens_.end(), [](const Token& a, const Token& b) {
    return std::tuple(a.klass, b.age_days, std::string_view(a.order)) <
           std::tuple(b.klass, a.age_days, std::string_view(b.order));
  });
  if (store_ && !many_stores_ && !tokens_.empty()) canvas_.put(printable(*store_), Tone::quiet).line().line();
  if (!tokens_.empty()) {
    Columns columns;
    for (const Token& token : tokens_) {
      columns.title = std::max(columns.title, std::min(kTitleAtMost, display_width(token.title)));
      columns.kind = std::max(columns.kind, std::min(kKindAtMost, display_width(token.kind)));
      columns.id = std::max(columns.id, token.id.size());
    }
    const std::size_t fixed = kClassColumns + kAgeColumns + columns.id + kDateColumns + 5 * 2;
    const std::size_t room = canvas_.width() - std::min(canvas_.width(), fixed);
    columns.kind = std::min(columns.kind, room - std::min(room, columns.title));
    if (columns.kind < kKindAtLeast) columns.kind = 0;

    canvas_.left("CLASS", kClassColumns + 2, Tone::quiet).right("AGE", kAgeColumns, Tone::quiet).space(2);
    canvas_.left("TOKEN", columns.title + 2, Tone::quiet);
    if (columns.kind > 0) canvas_.left("KIND", columns.kind + 2, Tone::quiet);
    canvas_.left("ID", columns.id + 2, Tone::quiet).put("ROTATE BY", Tone::quiet).line();
    for (const Token& token : tokens_) draw_token(token, columns);
    if (counts_.tokens > tokens_.size()) {
      canvas_.line().put(fmt::format("… and {}: `tokensweep export` lists all of them",
                                     counted(counts_.tokens - tokens_.size(), "more token", "more tokens")));
      canvas_.line();
    }
    canvas_.line();
  }
  draw_references();
  flush();
}

void SweepTable::draw_token(const Token& token, const Columns& columns) {
  canvas_.left(class_mark(token.klass, token.confidence), kClassColumns + 2, tone_of(token.klass));
  canvas_.right(age_text(token.age_days), kAgeColumns).space(2);
  canvas_.left(truncate_middle(token.title, columns.title), columns.title + 2, Tone::strong);
  if (columns.kind > 0) canvas_.left(truncate_middle(token.kind, columns.kind), columns.kind + 2);
  canvas_.left(token.id.empty() ? "-" : token.id, columns.id + 2, Tone::quiet);
  if (token.overdue) {
    canvas_.put("overdue", Tone::alarm);
  } else if (token.rotate_by) {
    canvas_.put(format_date(*token.rotate_by));
  }
  canvas_.line();
  for (const Place& place : token.places) draw_place(place, token.invalid);
  if (token.more_places > 0) {
    canvas_.space(kIndent).put(fmt::format("… and {}", counted(token.more_places, "more place")), Tone::quiet).line();
  }
}

void SweepTable::draw_place(const Place& place, bool invalid) {
  const std::string locator = printable(place.locator);
  const std::string where = many_stores_ ? fmt::format("{}: {}", printable(place.store), locator) : locator;
  const std::string flags = flag_words(place.flags, invalid);
  const std::size_t room = canvas_.width() - kIndent;
  const std::size_t flags_width = flags.empty() ? 0 : display_width(flags) + 2;
  const Tone tone = place.flags.has(ScopeFlag::world_readable) ? Tone::warning : Tone::quiet;

  const bool same_line = flags_width + std::min(kPlaceAtLeast, display_width(where)) <= room;
  canvas_.space(kIndent).put(truncate_middle(where, same_line ? room - flags_width : room));
  if (!same_line) canvas_.line().space(kIndent);
  if (!flags.empty()) canvas_.space(2).put(truncate_middle(flags, room - 2), tone);
  canvas_.line();
}

void SweepTable::draw_references() {
  if (references_.empty()) return;
  canvas_.put("References: a name in place of a token, which is as it should be", Tone::quiet).line();
  for (const Place& place : references_) draw_place(place, false);
  if (counts_.references > references_.size()) {
    const std::string more = counted(counts_.references - references_.size(), "more reference", "more references");
    canvas_.space(kIndent).put("… and " + more, Tone::quiet).line();
  }
  canvas_.line();
}

void SweepTable::gap(const Gap& gap) {
  if (!tokens_drawn_) draw_tokens();
  ++counts_.gaps;
  if (gap.incomplete) ++counts_.gaps_missed;
  if (options_.list_unread) {
    if (counts_.gaps == 1) canvas_.put("Not read:", Tone::quiet).line();
    draw_gap(gap);
    flush();
  } else if (gap.incomplete && gaps_.size() < options_.max_gaps) {
    gaps_.push_back(gap);
  }
}

void SweepTable::draw_gap(const Gap& gap) {
  const std::string reason = printable(gap.reason) + (gap.incomplete ? "" : " (nothing missed)");
  const std::size_t room = canvas_.width() - 4;
  const std::size_t reason_width = std::min(display_width(reason), room / 2) + 2;
  canvas_.space(4).put(truncate_middle(printable(gap.place), room - reason_width)).put(": ");
  canvas_.put(truncate_middle(reason, reason_width - 2), gap.incomplete ? Tone::warning : Tone::quiet).line();
}

void SweepTable::end(const SweepFacts& facts) {
  if (!tokens_drawn_) draw_tokens();
  if (options_.list_unread && counts_.gaps > 0) canvas_.line();
  const bool calm = counts_.tokens == 0 && counts_.references == 0 && counts_.gaps == 0;
  if (calm && facts.state == SweepState::complete) {
    canvas_.put("No npm token found", Tone::good).put(fmt::format(": {}.", files_text(facts))).line();
    return flush();
  }
  draw_counts();
  draw_state(facts);
  draw_next(facts);
  flush();
}

void SweepTable::draw_counts() {
  if (counts_.tokens == 0) {
    canvas_.put("No npm token found", Tone::good).put(counts_.gaps_missed > 0 ? " in what could be read." : ".").line();
  } else {
    const char* at_least = seen_.size() >= options_.max_counted ? "At least " : "";
    canvas_.put(fmt::format("{}{} in {}", at_least, counted(counts_.tokens, "token"), counted(counts_.hits, "place")),
                Tone::strong);
    canvas_.put(":");
    for (std::size_t i = 0; i < counts_.of_class.size(); ++i) {
      const auto klass = static_cast<Class>(i);
      const std::uint64_t number = counts_.of_class[i];
      canvas_.put(fmt::format("  {} {}", to_string(klass), grouped(number)), number > 0 ? tone_of(klass) : Tone::quiet);
    }
    canvas_.line();
  }
  draw_note(counts_.classic, Tone::alarm, "classic token, dead since 2025-12-09: remove it",
            "classic tokens, dead since 2025-12-09: remove them");
  draw_note(counts_.overdue, Tone::alarm, "token past its date", "tokens past their dates");
  draw_note(counts_.world_readable, Tone::alarm, "file with a token that everybody on the machine can read: chmod 600",
            "files with tokens that everybody on the machine can read: chmod 600");
  draw_note(counts_.invalid, Tone::notice, "token with an invalid checksum: an example, or cut off",
            "tokens with an invalid checksum: examples, or cut off");
  draw_note(counts_.references, Tone::quiet, "reference to a token, no value stored",
            "references to tokens, no value stored");
}

void SweepTable::draw_note(std::uint64_t number, Tone tone, std::string_view one, std::string_view many) {
  if (number == 0) return;
  canvas_.right(grouped(number), 7, tone).space(2).put(number == 1 ? one : many).line();
}

void SweepTable::draw_state(const SweepFacts& facts) {
  canvas_.line();
  switch (facts.state) {
    case SweepState::complete:
      canvas_.put("Complete", Tone::good).put(fmt::format(": {}.", files_text(facts))).line();
      break;
    case SweepState::incomplete:
      canvas_.put("Incomplete", Tone::alarm).put(fmt::format(": {}.", files_text(facts))).line();
      canvas_.put("Tokens that may be in what was not read stay in the inventory as they were.").line();
      break;
    case SweepState::interrupted:
    case SweepState::running:
      canvas_.put("Interrupted", Tone::alarm).put(fmt::format(": {}.", files_text(facts))).line();
      canvas_.put("What was read is in the inventory; the rest of it stays as it was.").line();
      break;
  }
  draw_unread_scopes(facts);
  draw_gaps();
}

void SweepTable::draw_unread_scopes(const SweepFacts& facts) {
  if (facts.unread_scopes == 0) return;
  canvas_.put(counted(facts.unread_scopes, "scope") + " could not be read:", Tone::alarm).line();
  for (const auto& [store, reason] : facts.unread_examples) {
    canvas_.space(4).put(printable(store)).put(": ").put(printable(reason), Tone::quiet).line();
  }
  if (facts.unread_scopes > facts.unread_examples.size()) {
    canvas_.space(4).put("… `tokensweep report` has all of them", Tone::quiet).line();
  }
}

void SweepTable::draw_gaps() {
  if (counts_.gaps == 0) return;
  const std::uint64_t harmless = counts_.gaps - counts_.gaps_missed;
  std::string line = counts_.gaps_missed == 0
                         ? counted(harmless, "place") + " could not be read; nothing of interest was missed"
                         : counted(counts_.gaps_missed, "place") + " that may hold tokens could not be read";
  if (counts_.gaps_missed > 0 && harmless > 0) line += fmt::format(", and {} that cannot hold any", grouped(harmless));
  if (options_.list_unread) {
    canvas_.put(line + ", as listed above.").line();
    return;
  }
  canvas_.put(line + (gaps_.empty() ? "." : ":")).line();
  for (const Gap& gap : gaps_) draw_gap(gap);
  if (counts_.gaps > gaps_.size()) {
    canvas_.space(4)
        .put(gaps_.empty() ? "`--list-unread` lists them" : "… `--list-unread` lists them all", Tone::quiet)
        .line();
  }
}

void SweepTable::draw_next(const SweepFacts& facts) {
  const std::string db = facts.default_inventory ? "" : " --db " + shell_word(printable(facts.inventory, kNoCap));
  canvas_.line().left("Inventory", 13, Tone::quiet).put(printable(facts.inventory, kNoCap)).line();
  const auto shown = std::find_if(tokens_.begin(), tokens_.end(), [](const Token& token) { return !token.id.empty(); });
  if (shown != tokens_.end()) {
    canvas_.left("One token", 13, Tone::quiet).put(fmt::format("tokensweep show{} {}", db, shown->id)).line();
  }
  canvas_.left("Everything", 13, Tone::quiet).put(fmt::format("tokensweep export{} --format csv", db)).line();
  if (!tokens_.empty()) {
    canvas_.left("Classes", 13, Tone::quiet)
        .put("A! confirmed, A inferred, A? assumed, the safe default", Tone::quiet)
        .line();
  }
}

void SweepTable::flush() { output_.write(canvas_.take()); }

}  // namespace tokensweep

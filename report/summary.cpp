#include "report/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"
#include "report/table.hpp"
#include "report/writer.hpp"

namespace tokensweep {
namespace {

using std::chrono::days;

constexpr std::size_t kLabelColumns = 24;
constexpr std::size_t kNumberColumns = 9;
constexpr std::size_t kTrendColumns = 14;
constexpr std::size_t kSparkColumns = 16;
constexpr std::size_t kTitleAtMost = 24;
constexpr std::size_t kDetailAtMost = 24;
constexpr std::size_t kIdColumns = 19;
constexpr std::size_t kWideEnoughForIds = 110;

std::int64_t overdue_of(const Figures& figures) {
  std::int64_t sum = 0;
  for (const std::int64_t number : figures.overdue_by_class) sum += number;
  return sum;
}

/// A figure at the top.
struct Headline {
  std::string_view label;
  std::string_view unit;
  std::optional<std::int64_t> (*get)(const Figures& figures);
};
constexpr Headline kHeadlines[] = {
    {"Median age", " d", [](const Figures& f) { return f.median_age_days; }},
    {"Stored, but dead", "", [](const Figures& f) { return std::optional(f.dead); }},
    {"  of these classic", "", [](const Figures& f) { return std::optional(f.classic); }},
    {"Without package scope", "", [](const Figures& f) { return std::optional(f.without_package_scope); }},
    {"Past their dates", "", [](const Figures& f) { return std::optional(overdue_of(f)); }},
};

std::string number_text(std::int64_t number) {
  return number < 0 ? "-" + grouped(static_cast<std::uint64_t>(-number)) : grouped(static_cast<std::uint64_t>(number));
}

/// The last sweep before the one that ends the series, and the last that was at least 30 days before it.
struct Earlier {
  const Figures* previous = nullptr;
  const Figures* month = nullptr;
};
Earlier earlier_than(const Figures& now, std::span<const Figures> series) {
  Earlier earlier;
  if (series.size() >= 2) earlier.previous = &series[series.size() - 2];
  for (const Figures& figures : series) {
    if (figures.at <= now.at - days{30}) earlier.month = &figures;
  }
  return earlier;
}

void put_trend(Canvas& canvas, const Headline& headline, const Figures& now, const Figures* before) {
  const auto current = headline.get(now);
  const auto past = before == nullptr ? std::nullopt : headline.get(*before);
  if (!current || !past) {
    canvas.right("-", kTrendColumns, Tone::quiet);
  } else if (*current == *past) {
    canvas.right("=", kTrendColumns, Tone::quiet);
  } else {
    const std::int64_t change = *current - *past;
    canvas.right(fmt::format("{}{}{}", change > 0 ? "+" : "", number_text(change), headline.unit), kTrendColumns,
                 change > 0 ? Tone::alarm : Tone::good);
  }
}

void put_by_class(Canvas& canvas, const std::array<std::int64_t, 4>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto klass = static_cast<Class>(i);
    canvas.put(fmt::format("  {} {}", to_string(klass), number_text(numbers[i])),
               numbers[i] > 0 ? tone_of(klass) : Tone::quiet);
  }
}

std::string key_of(const ExportRow& row) { return row.row->token.value_or(row.row->hit.id); }

bool has_evidence(const Hit& hit, EvidenceKind kind) {
  return std::any_of(hit.evidence.begin(), hit.evidence.end(), [kind](const Evidence& e) { return e.kind == kind; });
}

std::string_view words(Move move) {
  constexpr std::string_view kWords[] = {"trusted publishing", "a stage-only token", "publishing by hand"};
  return kWords[static_cast<std::size_t>(move)];
}

bool stops_publishing(const ExportRow& row) {
  return row.scope.has(ScopeFlag::bypass_2fa) && row.scope.has(ScopeFlag::publish) && !row.scope.has(ScopeFlag::dead);
}

template <ScopeFlag Flag>
bool has(const ExportRow& row) {
  return row.scope.has(Flag);
}

template <std::int64_t Figures::*Member>
std::int64_t figure(const Figures& figures) {
  return figures.*Member;
}

std::int64_t days_between(Date from, Time to) { return (std::chrono::floor<days>(to) - from).count(); }

std::int64_t age_weight(const ExportRow& row, Time /*now*/) { return row.age_days.value_or(0); }
std::string age_detail(const ExportRow& row, Time /*now*/) {
  return row.age_days && *row.age_days > 0 ? age_text(row.age_days) + " old" : std::string("new");
}

std::string why_dead(const ExportRow& row, Time now) {
  if (row.scope.has(ScopeFlag::classic)) return "classic";
  if (row.expires_at && *row.expires_at <= std::chrono::floor<days>(now))
    return "expired " + format_date(*row.expires_at);
  return "revoked";
}

std::optional<Time> last_use(const ExportRow& row) {
  return row.row->listing ? row.row->listing->accessed_at : std::nullopt;
}

}  // namespace

/// A part of the report: which rows it lists, which of them first, and what it says of each.
struct Summary::Part {
  std::string_view title;
  std::string_view advice;  ///< empty: each line has its own
  std::string_view filter;  ///< the options of `export` that list all of it
  bool class_first;         ///< else `weight` is all that counts
  bool each_place;          ///< lists places, not tokens
  bool nowhere;             ///< lists what is stored nowhere, which is in no other part
  bool (*holds)(const ExportRow& row);
  std::int64_t (*weight)(const ExportRow& row, Time now);
  std::string (*detail)(const ExportRow& row, Time now);
  std::int64_t (*number)(const Figures& figures);  ///< null: the summary counts
};

const std::array<Summary::Part, Summary::kParts>& Summary::parts() {
  static constexpr std::array<Part, kParts> kAll = {{
      {"Past their dates", "rotate them", "--overdue", true, false, false,
       [](const ExportRow& row) { return row.overdue; },
       [](const ExportRow& row, Time now) { return days_between(*row.rotate_by, now); },
       [](const ExportRow& row, Time now) {
         return counted(static_cast<std::uint64_t>(days_between(*row.rotate_by, now)), "day") + " late";
       },
       overdue_of},
      {"Stored, but dead", "remove them", "--scope dead", false, false, false, has<ScopeFlag::dead>,
       [](const ExportRow& row, Time /*now*/) { return row.row->places; }, why_dead, figure<&Figures::dead>},
      {"Alive, but stored nowhere that was looked", "revoke what nobody knows", "--scope unfound", true, false, true,
       has<ScopeFlag::unfound>, age_weight,
       [](const ExportRow& row, Time /*now*/) {
         return row.expires_at ? "until " + format_date(*row.expires_at) : std::string("without an end");
       },
       figure<&Figures::unfound>},
      {"Held in many places", "one token for each purpose", "--scope repeated", false, false, false,
       has<ScopeFlag::repeated>, [](const ExportRow& row, Time /*now*/) { return row.row->places; },
       [](const ExportRow& row, Time /*now*/) { return counted(static_cast<std::uint64_t>(row.row->places), "place"); },
       figure<&Figures::repeated>},
      {"Not used for long", "remove them", "--scope unused", true, false, false, has<ScopeFlag::unused>,
       [](const ExportRow& row, Time now) {
         const auto used = last_use(row);
         return used ? days_between(std::chrono::floor<days>(*used), now) : row.age_days.value_or(0);
       },
       [](const ExportRow& row, Time /*now*/) {
         const auto used = last_use(row);
         return used ? "last " + format_date(std::chrono::floor<days>(*used)) : std::string("never");
       },
       figure<&Figures::unused>},
      {"Write access to all packages", "limit the next ones to what they publish", "--scope all-packages", true, false,
       false, has<ScopeFlag::all_packages>, age_weight, age_detail, figure<&Figures::all_packages>},
      {"Usable from every address", "limit the next ones to address ranges", "--scope no-ip-limit", true, false, false,
       has<ScopeFlag::no_ip_limit>, age_weight, age_detail, figure<&Figures::no_ip_limit>},
      {"Expiring on the same day", "rotate some of them sooner", "--scope shared-expiry", false, false, false,
       has<ScopeFlag::shared_expiry>,
       [](const ExportRow& row, Time now) { return row.expires_at ? days_between(*row.expires_at, now) : -100'000; },
       [](const ExportRow& row, Time /*now*/) {
         return row.expires_at ? "on " + format_date(*row.expires_at) : std::string("unknown");
       },
       figure<&Figures::shared_expiry>},
      {"Stops publishing in January 2027", "", "--scope bypass-2fa,publish", true, true, false, stops_publishing,
       age_weight,
       [](const ExportRow& row, Time /*now*/) { return "to " + std::string(words(move_for(row.row->hit))); }, nullptr},
  }};
  return kAll;
}

Move move_for(const Hit& hit) {
  if (has_evidence(hit, EvidenceKind::trusted_publishing)) return Move::trusted_publishing;
  const bool machine = has_evidence(hit, EvidenceKind::build_file) || has_evidence(hit, EvidenceKind::ci_secret) ||
                       has_evidence(hit, EvidenceKind::infrastructure);
  return has_evidence(hit, EvidenceKind::personal) && !machine ? Move::by_hand : Move::stage_only;
}

std::string sparkline(std::span<const std::int64_t> values, std::size_t columns) {
  constexpr std::string_view kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.size() > columns) values = values.subspan(values.size() - columns);
  std::int64_t highest = 1;
  for (const std::int64_t value : values) highest = std::max(highest, value);
  std::string line;
  for (const std::int64_t value : values) {
    const std::int64_t level = std::max<std::int64_t>(value, 0) * 7 / highest;
    line.append(kBars[static_cast<std::size_t>(value > 0 ? std::max<std::int64_t>(level, 1) : 0)]);
  }
  return line;
}

Summary::Summary(const Options& options, Output& output)
    : options_(options), output_(output), canvas_(options.terminal) {}

void Summary::row(const ExportRow& row) {
  if (row.row->state == State::gone || is_reference(*row.row)) return;
  listed_ = listed_ || row.row->listing || row.scope.has(ScopeFlag::unfound);
  const bool nowhere = row.scope.has(ScopeFlag::unfound);
  for (std::size_t i = 0; i < kParts; ++i) {
    const Part& part = parts()[i];
    if (nowhere == part.nowhere && part.holds(row)) remember(part, lines_[i], row);
  }
  if (!nowhere && stops_publishing(row)) {
    auto& bits = moves_[std::hash<std::string>{}(key_of(row))];
    bits = static_cast<std::uint8_t>(bits | 1U << static_cast<unsigned>(move_for(row.row->hit)));
  }
}

/// Keeps the worst `max_lines`, each token once.
void Summary::remember(const Part& part, std::vector<Line>& lines, const ExportRow& row) const {
  const Hit& hit = row.row->hit;
  const auto order = [&part](const Line& line) {
    return std::tuple(part.class_first ? line.klass : Class::A, -line.weight, line.klass, std::string_view(line.key),
                      std::string_view(line.locator));
  };
  const auto worse = [&order](const Line& a, const Line& b) { return order(a) < order(b); };
  Line line{.key = part.each_place ? hit.id : key_of(row),
            .klass = hit.klass,
            .weight = part.weight(row, options_.now),
            .title = {},
            .token = row.row->token.value_or(""),
            .detail = {},
            .store = {},
            .locator = hit.locator,
            .places = part.each_place ? 1 : row.row->places};
  const auto same = std::find_if(lines.begin(), lines.end(), [&line](const Line& l) { return l.key == line.key; });
  const bool known = same != lines.end();
  if (known ? !worse(line, *same) : lines.size() >= options_.max_lines && !worse(line, lines.back())) return;
  line.title = title_of(hit.preview, hit.name);
  line.detail = part.detail(row, options_.now);
  line.store = hit.store;
  if (known) lines.erase(same);
  lines.insert(std::upper_bound(lines.begin(), lines.end(), line, worse), std::move(line));
  if (lines.size() > options_.max_lines) lines.pop_back();
}

void Summary::draw_head(const SummaryFacts& facts) {
  const Figures& now = facts.now;
  canvas_.put(fmt::format("{} in {}", counted(static_cast<std::uint64_t>(now.tokens), "token"),
                          counted(static_cast<std::uint64_t>(now.places), "place")),
              Tone::strong);
  canvas_.put(":");
  put_by_class(canvas_, now.by_class);
  canvas_.line().line();

  const Earlier earlier = earlier_than(now, facts.series);
  canvas_.space(kLabelColumns).right("now", kNumberColumns, Tone::quiet);
  canvas_.right("last sweep", kTrendColumns, Tone::quiet).right("30 days ago", kTrendColumns, Tone::quiet).line();
  for (const Headline& headline : kHeadlines) {
    const auto number = headline.get(now);
    canvas_.left(headline.label, kLabelColumns);
    canvas_.right(number ? number_text(*number) + std::string(headline.unit) : "-", kNumberColumns, Tone::strong);
    put_trend(canvas_, headline, now, earlier.previous);
    put_trend(canvas_, headline, now, earlier.month);
    std::vector<std::int64_t> values;
    for (const Figures& figures : facts.series) values.push_back(headline.get(figures).value_or(0));
    if (options_.terminal.utf8 && values.size() >= 2) canvas_.space(2).put(sparkline(values, kSparkColumns));
    canvas_.line();
  }
  canvas_.left("  by class", kLabelColumns - 2);
  put_by_class(canvas_, now.overdue_by_class);
  canvas_.line().line();
}

void Summary::draw_coverage(const SummaryFacts& facts) {
  if (facts.sweeps.empty()) {
    canvas_.put("No sweep yet: `tokensweep scan` makes one.", Tone::alarm).line();
    return;
  }
  const SweepInfo& sweep = facts.sweeps.back();
  const std::string at = format_time(sweep.started_at);
  const bool complete = sweep.state == SweepState::complete;
  canvas_.put(fmt::format("Sweep {} of {} {}", sweep.id, at.substr(0, 10), at.substr(11, 5))).put(", ");
  canvas_.put(to_string(sweep.state), complete ? Tone::good : Tone::alarm);
  canvas_.put(fmt::format(": {} of {} read", number_text(facts.now.scopes_complete),
                          counted(static_cast<std::uint64_t>(facts.now.scopes), "scope")));
  const auto missed = static_cast<std::uint64_t>(facts.now.places_missed);
  if (missed > 0) canvas_.put(fmt::format(", {} missed", counted(missed, "place")), Tone::alarm);

  std::vector<const CoverageRow*> partial;
  for (const CoverageRow& row : facts.coverage) {
    if (row.state != ScopeState::complete && row.state != ScopeState::skipped) partial.push_back(&row);
  }
  canvas_.put(partial.empty() ? "." : ":").line();
  std::stable_sort(partial.begin(), partial.end(),
                   [](const CoverageRow* a, const CoverageRow* b) { return a->missed > b->missed; });
  for (std::size_t i = 0; i < std::min(partial.size(), options_.max_lines); ++i) {
    const CoverageRow& row = *partial[i];
    const std::string why =
        fmt::format("{}{}{}", to_string(row.state), row.reason.empty() ? "" : ": ", printable(row.reason));
    const std::size_t room = canvas_.width() - 4;
    const std::string store =
        truncate_middle(fmt::format("{} {}", printable(row.source), printable(row.store)), room / 2);
    canvas_.space(2).put(store).space(2);
    canvas_.put(truncate_middle(why, room - display_width(store)), Tone::quiet).line();
  }
  if (partial.size() > options_.max_lines) {
    canvas_.space(2).put(fmt::format("… and {}", counted(partial.size() - options_.max_lines, "more scope")),
                         Tone::quiet);
    canvas_.line();
  }
}

void Summary::draw_moves() {
  std::array<std::uint64_t, 3> counts{};
  for (const auto& [token, bits] : moves_) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += (bits >> i) & 1U;
  }
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    text += fmt::format("{}{} to {}", text.empty() ? "Move " : ", ", grouped(counts[i]), words(static_cast<Move>(i)));
  }
  canvas_.space(2);
  put_wrapped(canvas_, text + "; a token in several places may need more than one.", 2);
}

void Summary::draw_line(const Line& line, std::size_t title_columns, std::size_t detail_columns) {
  const bool ids = canvas_.width() >= kWideEnoughForIds;
  canvas_.space(2).left(to_string(line.klass), 3, tone_of(line.klass));
  canvas_.left(truncate_middle(line.title, title_columns), title_columns + 2, Tone::strong);
  if (ids) canvas_.left(line.token.empty() ? "-" : line.token, kIdColumns, Tone::quiet);
  canvas_.left(truncate_middle(line.detail, detail_columns), detail_columns + 2);
  const std::string more =
      line.places > 1 ? fmt::format(" and {} more", grouped(static_cast<std::uint64_t>(line.places - 1))) : "";
  const std::size_t used = 2 + 3 + title_columns + 2 + (ids ? kIdColumns : 0) + detail_columns + 2 + more.size();
  const std::string where = fmt::format("{}: {}", printable(line.store), printable(line.locator));
  canvas_.put(truncate_middle(where, canvas_.width() - std::min(canvas_.width(), used))).put(more, Tone::quiet).line();
}

void Summary::draw_part(const Part& part, std::vector<Line>& lines, std::int64_t number, const std::string& db) {
  if (lines.empty()) return;
  canvas_.line().put(part.title, Tone::strong).put(fmt::format(": {}", number_text(number)), Tone::strong);
  if (!part.advice.empty()) canvas_.put(fmt::format(", {}", part.advice));
  canvas_.line();
  if (part.number == nullptr) draw_moves();
  std::size_t title = 0;
  std::size_t detail = 0;
  for (const Line& line : lines) {
    title = std::max(title, std::min(kTitleAtMost, display_width(line.title)));
    detail = std::max(detail, std::min(kDetailAtMost, display_width(line.detail)));
  }
  for (const Line& line : lines) draw_line(line, title, detail);
  canvas_.space(2).put(fmt::format("tokensweep export{} --format csv {}", db, part.filter), Tone::quiet).line();
}

void Summary::end(const SummaryFacts& facts) {
  draw_head(facts);
  draw_coverage(facts);
  const std::string db = facts.default_inventory ? "" : " --db " + shell_word(printable(facts.inventory, kNoCap));
  for (std::size_t i = 0; i < kParts; ++i) {
    const Part& part = parts()[i];
    const auto counted_here = static_cast<std::int64_t>(moves_.size());
    draw_part(part, lines_[i], part.number == nullptr ? counted_here : part.number(facts.now), db);
  }
  if (!listed_ && facts.now.tokens > 0) {
    canvas_.line();
    put_wrapped(canvas_,
                "No registry's list tells of these tokens, so nobody knows which are dead, unused or limited: "
                "`npm token list --json` of each account, then `tokensweep import npm-tokens FILE`.",
                0);
  }
  output_.write(canvas_.take());
}

}  // namespace tokensweep

#include "report/show.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "base/text.hpp"
#include "base/time.hpp"
#include "report/table.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kIdSize = 17;  // t and 16 hex digits
constexpr std::size_t kCandidates = 8;
constexpr std::size_t kLabel = 13;

/// All places of a token in one glance: the worst of them.
struct Overview {
  std::set<std::string> candidates;  ///< at most one more than we name
  std::uint64_t places = 0;
  std::uint64_t gone = 0;
  std::uint64_t of_people = 0;  ///< of those that are left, in home directories
  std::optional<HitRow> worst;  ///< of those that are left, else of all
  Time first_seen = Time::max();
  Time last_seen = Time::min();
};

bool is_id(std::string_view text) {
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() >= 2 && text.size() <= kIdSize && text.front() == 't' &&
         std::all_of(text.begin() + 1, text.end(), hex);
}

HitQuery query_for(std::string_view id) {
  HitQuery query;
  query.state.reset();
  query.token = id;
  query.evidence = true;
  return query;
}

/// Whether a person has to change the place; pipelines and what is deployed come first, for they stop when the old
/// token does.
bool is_of_people(const HitRow& row) {
  const auto& evidence = row.hit.evidence;
  const auto has = [&evidence](EvidenceKind kind) {
    return std::any_of(evidence.begin(), evidence.end(), [kind](const Evidence& one) { return one.kind == kind; });
  };
  return has(EvidenceKind::personal) && !has(EvidenceKind::build_file) && !has(EvidenceKind::ci_secret) &&
         !has(EvidenceKind::infrastructure);
}

bool worse(const HitRow& a, const HitRow& b) {
  const bool a_gone = a.state == State::gone;
  const bool b_gone = b.state == State::gone;
  return a_gone != b_gone ? b_gone : a.hit.klass < b.hit.klass;
}

Result<Overview> look_over(std::string_view id, const EachHit& each_hit) {
  Overview all;
  TRY_VOID(each_hit(query_for(id), [&](const HitRow& row) {
    if (!row.token) return true;
    if (all.candidates.size() <= kCandidates) all.candidates.insert(*row.token);
    ++all.places;
    if (row.state == State::gone) {
      ++all.gone;
    } else if (is_of_people(row)) {
      ++all.of_people;
    }
    all.first_seen = std::min(all.first_seen, row.first_seen);
    all.last_seen = std::max(all.last_seen, row.last_seen);
    if (!all.worst || worse(row, *all.worst)) all.worst = row;
    return true;
  }));
  return all;
}

Error ambiguous(const std::set<std::string>& candidates) {
  std::string names;
  std::size_t named = 0;
  for (const std::string& id : candidates) {
    if (named++ == kCandidates) break;
    names.append(names.empty() ? "" : " ").append(id);
  }
  return {ErrorKind::misconfigured, fmt::format("that is the beginning of several tokens' ids: {}{}", names,
                                                candidates.size() > kCandidates ? " and more" : "")};
}

std::string_view basis_in_words(AgeBasis basis) {
  switch (basis) {
    case AgeBasis::file_mtime:
      return "by the file's time";
    case AgeBasis::first_seen:
      return "since this inventory first saw it";
    case AgeBasis::registry:
      return "by the registry's list";
    case AgeBasis::updated_at:
    case AgeBasis::created_at:
    case AgeBasis::bounds:
      break;
  }
  return "by the store's word";
}

std::string age_in_words(const ExportRow& row) {
  if (!row.age_days) return "unknown";
  std::string text = *row.age_days == 0 ? "less than a day" : counted(static_cast<std::uint64_t>(*row.age_days), "day");
  if (row.age_days_max > row.age_days) {
    text += fmt::format(" at least, {} at most", grouped(static_cast<std::uint64_t>(*row.age_days_max)));
  }
  return fmt::format("{}, {}", text, basis_in_words(row.age_basis));
}

class Page {
 public:
  Page(const ShowContext& context, Output& output) : context_(context), output_(output), canvas_(context.terminal) {}

  void head(const Overview& all);
  void place(const HitRow& row);

 private:
  Canvas& label(std::string_view name) { return canvas_.left(name, kLabel, Tone::quiet); }
  void rotation(const ExportRow& row, const Overview& all);
  void order_of_work(const Overview& all);

  const ShowContext& context_;
  Output& output_;
  Canvas canvas_;
};

void Page::head(const Overview& all) {
  const HitRow& worst = *all.worst;
  const Hit& hit = worst.hit;
  const ExportRow row = make_row(worst, context_.now, context_.policy);
  canvas_.put(printable(hit.preview.value_or("(no preview)")), Tone::strong).space(2).put(printable(hit.kind)).space(2);
  canvas_.put(*worst.token, Tone::quiet).line().line();

  label("Class")
      .put(to_string(hit.klass), tone_of(hit.klass))
      .put(fmt::format(", {}", to_string(hit.confidence)))
      .line();
  label("Age").put(age_in_words(row)).line();
  rotation(row, all);
  if (hit.registry) label("Registry").put(printable(*hit.registry)).line();
  if (hit.checksum != Checksum::none) {
    label("Checksum")
        .put(to_string(hit.checksum), hit.checksum == Checksum::valid ? Tone::plain : Tone::warning)
        .line();
  }
  label("Seen").put(fmt::format("{} to {}", format_time(all.first_seen), format_time(all.last_seen))).line();
  label("Places").put(grouped(all.places));
  if (all.gone > 0) canvas_.put(fmt::format(", {} gone", grouped(all.gone)));
  canvas_.line();
  order_of_work(all);
  output_.write(canvas_.take());
}

void Page::rotation(const ExportRow& row, const Overview& all) {
  if (!row.rotate_by) return;
  label("Rotate by");
  if (all.gone == all.places) {
    canvas_.put("it is gone from every place; revoke it if nobody did").line();
    return;
  }
  canvas_.put(format_date(*row.rotate_by));
  if (row.overdue) {
    const auto late = std::chrono::floor<std::chrono::days>(context_.now) - *row.rotate_by;
    canvas_.put(", overdue by " + counted(static_cast<std::uint64_t>(late.count()), "day"), Tone::alarm);
  }
  canvas_.line();
}

/// What has to be changed in which order, and for how long both tokens are valid.
void Page::order_of_work(const Overview& all) {
  const std::uint64_t left = all.places - all.gone;
  if (left == 0) return;
  const std::uint64_t of_machines = left - all.of_people;
  const Overlaps& overlaps = context_.policy.overlaps;
  const auto hours = all.of_people > 0 ? std::max(overlaps.ci, overlaps.developer) : overlaps.ci;
  std::string order;
  if (of_machines > 0) order += fmt::format("{} of pipelines and machines", counted(of_machines, "place"));
  if (all.of_people > 0) {
    order += fmt::format("{}{} of people", order.empty() ? "" : ", then ", counted(all.of_people, "place"));
  }
  put_wrapped(
      label("To rotate"),
      fmt::format("make the new token, change {} (in the order below), revoke this one {} later at the latest; in an "
                  "incident revoke it first",
                  order, counted(static_cast<std::uint64_t>(hours.count()), "hour")),
      kLabel);
}

void Page::place(const HitRow& row) {
  const Hit& hit = row.hit;
  const ExportRow computed = make_row(row, context_.now, context_.policy);
  canvas_.line().left(class_mark(hit.klass, hit.confidence), 4, tone_of(hit.klass));
  canvas_.put(truncate_middle(printable(hit.locator), canvas_.width() - 4), Tone::strong).line();
  const auto detail = [&](std::string_view name) -> Canvas& {
    return canvas_.space(4).left(name, kLabel - 4, Tone::quiet);
  };
  detail("in")
      .put(truncate_middle(fmt::format("{} {}", printable(hit.source), printable(hit.store)), canvas_.width() - kLabel))
      .line();
  if (row.state == State::gone)
    detail("state").put("gone" + (row.gone_at ? " since " + format_time(*row.gone_at) : ""), Tone::good).line();
  if (row.state == State::unknown)
    detail("state").put("unknown: the last sweep did not reach it", Tone::warning).line();
  put_wrapped(detail("class"),
              fmt::format("{}, {}: {}", to_string(hit.klass), to_string(hit.confidence), printable(hit.reason)),
              kLabel);
  put_wrapped(detail("age"), age_in_words(computed), kLabel);
  std::string flags;
  for (const std::string_view name : names(computed.scope)) flags.append(flags.empty() ? "" : " ").append(name);
  if (!flags.empty()) put_wrapped(detail("flags"), flags, kLabel);
  detail("rule").put(printable(hit.rule));
  if (!hit.name.empty()) canvas_.put(", in " + printable(hit.name));
  canvas_.line();
  output_.write(canvas_.take());
}

}  // namespace

Result<> show_token(std::string_view id, const EachHit& each_hit, const ShowContext& context, Output& output) {
  if (!is_id(id)) {
    return Error{ErrorKind::misconfigured,
                 "that is no token's id: it is t and up to 16 hex digits, as scan and export show it (a token itself "
                 "is never looked for)"};
  }
  TRY(const Overview all, look_over(id, each_hit));
  if (all.candidates.empty()) return Error{ErrorKind::misconfigured, "the inventory holds no token with that id"};
  if (all.candidates.size() > 1) return ambiguous(all.candidates);

  Page page(context, output);
  page.head(all);
  // In the order in which they are to be changed; what is gone comes last.
  const auto turn_of = [](const HitRow& row) { return row.state == State::gone ? 2 : is_of_people(row) ? 1 : 0; };
  for (int turn = 0; turn < 3; ++turn) {
    TRY_VOID(each_hit(query_for(*all.candidates.begin()), [&](const HitRow& row) {
      if (turn_of(row) == turn) page.place(row);
      return !output.failed();
    }));
  }
  return {};
}

}  // namespace tokensweep

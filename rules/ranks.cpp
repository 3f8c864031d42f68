#include "rules/ranks.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <limits>
#include <utility>

#include "base/time.hpp"
#include "formats/package_name.hpp"

namespace tokensweep {

extern const std::string_view kTop1000;  // rules/data/top-1000.tsv

namespace {

constexpr std::string_view kDatePrefix = "# date: ";
constexpr std::size_t kDateSize = 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMostPackages = 1'000'000;

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

}  // namespace

Result<Ranks> Ranks::parse(std::string text, std::string_view file) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) return malformed("too large").within(file);
  Ranks ranks;
  ranks.text_ = std::move(text);
  std::string_view rest = ranks.text_;
  if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
  rest = rest.substr(0, rest.find_last_not_of("\r\n") + 1);

  const std::string_view head = take_line(rest);
  const auto date =
      head.starts_with(kDatePrefix) ? parse_date(head.substr(kDatePrefix.size(), kDateSize)) : std::nullopt;
  if (!date) return malformed("the first line has to be \"# date: YYYY-MM-DD\"").within(file);
  ranks.date_ = *date;

  for (std::size_t number = 2; !rest.empty(); ++number) {
    if (auto added = ranks.add_line(take_line(rest)); !added) {
      return std::move(added).error().within("line " + std::to_string(number)).within(file);
    }
  }
  if (ranks.entries_.empty()) return malformed("no package on the list").within(file);
  if (auto sorted = ranks.sort_by_name(); !sorted) return std::move(sorted).error().within(file);
  return ranks;
}

Result<Ranks> Ranks::parse(std::string text, std::string_view file, Date today) {
  TRY(Ranks ranks, parse(std::move(text), file));
  if (ranks.date_ <= today + std::chrono::days(1)) return ranks;
  return malformed("counted on " + format_date(ranks.date_) + ", which is yet to come; correct its first line")
      .within(file);
}

std::optional<int> Ranks::rank_of(std::string_view package) const {
  const auto name = [this](const Entry& entry) { return name_of(entry); };
  const auto found = std::ranges::lower_bound(entries_, package, {}, name);
  if (found == entries_.end() || name_of(*found) != package) return std::nullopt;
  return found->rank;
}

std::optional<RankedPackage> Ranks::ranked(std::string_view package) const {
  const auto rank = rank_of(package);
  if (!rank) return std::nullopt;
  return RankedPackage{std::string(package), *rank};
}

std::optional<RankedPackage> Ranks::best_of(std::string_view pattern) const {
  if (!pattern.ends_with('*')) return ranked(pattern);
  const std::string_view prefix = pattern.substr(0, pattern.size() - 1);
  const auto name = [this](const Entry& entry) { return name_of(entry); };
  auto at = std::ranges::lower_bound(entries_, prefix, {}, name);
  const Entry* best = nullptr;
  for (; at != entries_.end() && name_of(*at).starts_with(prefix); ++at) {
    if (best == nullptr || at->rank < best->rank) best = &*at;
  }
  if (best == nullptr) return std::nullopt;
  return RankedPackage{std::string(name_of(*best)), best->rank};
}

std::string_view Ranks::name_of(const Entry& entry) const {
  return std::string_view(text_).substr(entry.offset, entry.size);
}

Result<> Ranks::add_line(std::string_view line) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string_view::npos) return malformed("a line is a rank, a tab and a package's name");

  if (entries_.size() == kMostPackages) return malformed("more than 1,000,000 packages");
  const std::size_t expected = entries_.size() + 1;
  const auto rank = whole_number(line.substr(0, tab));
  if (!rank || std::cmp_not_equal(*rank, expected)) return malformed("the rank has to be " + std::to_string(expected));

  std::string_view name = line.substr(tab + 1);
  name = name.substr(0, name.find('\t'));
  if (!is_package_name(name)) return malformed("no package's name");

  entries_.push_back({.offset = static_cast<std::uint32_t>(name.data() - text_.data()),
                      .size = static_cast<std::uint32_t>(name.size()),
                      .rank = *rank});
  return {};
}

Result<> Ranks::sort_by_name() {
  const auto name = [this](const Entry& entry) { return name_of(entry); };
  std::ranges::sort(entries_, {}, name);
  const auto twice = std::ranges::adjacent_find(entries_, {}, name);
  if (twice == entries_.end()) return {};
  const auto [first, second] = std::minmax(twice->rank, std::next(twice)->rank);
  return malformed("ranks " + std::to_string(first) + " and " + std::to_string(second) + " name the same package");
}

std::optional<RankedPackage> more_downloaded(std::optional<RankedPackage> one, std::optional<RankedPackage> other) {
  if (!other || (one && one->rank <= other->rank)) return one;
  return other;
}

const Ranks& builtin_ranks() {
  static const Ranks ranks = [] {
    auto parsed = Ranks::parse(std::string(kTop1000), "top-1000.tsv");
    assert(parsed);  // a test reads it
    return std::move(*parsed);
  }();
  return ranks;
}

}  // namespace tokensweep

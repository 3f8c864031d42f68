#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "report/html.hpp"
#include "report/output.hpp"
#include "tests/report/rows.hpp"
#include "tests/support/tokens.hpp"

/// `html_sample HITS FILE [SEED]` writes a report of so many invented hits, the same ones for the same seed, and tells
/// how long the writing took. Among their names are those that somebody would choose to harm the page's reader.
namespace {

using namespace tokensweep;
using namespace tokensweep::testing;
using std::chrono::days;

constexpr std::string_view kHostile[] = {
    "</script><script>document.title='pwned'</script>",
    "<img src=x onerror=document.title='pwned'>",
    "\"><svg onload=document.title='pwned'>",
    "<!--<script>",
    "]]>{{7*7}}${7*7}",
    "javascript:document.title='pwned'",
    "__proto__",
    "constructor",
    "\xE2\x80\xAE gnp.exe\xE2\x80\xA8 line\n two",
    "\xFF\xFE no UTF-8",
    "=HYPERLINK(\"https://npm.example.test\")",
    "\\u003cscript\\u003e &lt;b&gt; &amp;",
};

/// A kind of store: what is found there, and what it says of it.
struct Kind {
  std::string_view source;
  std::size_t stores;
  std::string (*store)(std::size_t number);
  std::string (*locator)(std::size_t number, std::size_t hit);
  ScopeFlag flag;
  bool readable;  ///< whether its values can be read
};

const Kind kKinds[] = {
    {"filesystem", 12, [](std::size_t n) { return fmt::format("laptop-{:02}:/home/dev{:02}", n, n); },
     [](std::size_t n, std::size_t hit) { return fmt::format("work/project-{}/.npmrc:{}", hit % 997, n % 9 + 1); },
     ScopeFlag::world_readable, true},
    {"github", 60, [](std::size_t n) { return fmt::format("acme/service-{}", n); },
     [](std::size_t n, std::size_t hit) {
       return hit % 3 == 0 ? std::string("NPM_TOKEN") : fmt::format("NPM_TOKEN_{}", n);
     },
     ScopeFlag::repo, false},
    {"kubernetes", 20, [](std::size_t n) { return fmt::format("prod-{}/team-{}", n % 3, n); },
     [](std::size_t n, std::size_t hit) { return fmt::format("npm-credentials-{}#.npmrc:{}", hit % 50, n % 3 + 1); },
     ScopeFlag::name_space, true},
    {"ssm", 6, [](std::size_t n) { return fmt::format("{:012}/eu-west-{}", 100200300400 + n / 3, n % 3 + 1); },
     [](std::size_t n, std::size_t hit) { return fmt::format("/ci/{}/npm-token-{}", n, hit); }, ScopeFlag::unencrypted,
     true},
    {"circleci", 5, [](std::size_t n) { return fmt::format("gh/acme/context-{}", n); },
     [](std::size_t, std::size_t hit) { return fmt::format("NPM_TOKEN_{}", hit % 40); }, ScopeFlag::context, false},
};

constexpr std::string_view kReasons[] = {
    "it publishes @acme/site, number 312 of the most downloaded packages on 2026-11-01",
    "the build file that holds it publishes a package",
    "the build file that holds it installs packages and publishes none",
    "a developer's token in a home directory on a personal machine",
};

Class class_of(Random& random) {
  const std::size_t dice = random.below(100);
  return dice < 5 ? Class::A : dice < 40 ? Class::B : dice < 65 ? Class::C : Class::D;
}

void add_flags(HitRow& row, Random& random) {
  ScopeFlags& flags = row.hit.scope;
  flags.add(row.hit.klass <= Class::B ? ScopeFlag::publish : ScopeFlag::read_only);
  if (random.below(9) == 0) flags.add(ScopeFlag::bypass_2fa);
  if (random.below(25) == 0) flags.add(ScopeFlag::classic);
  if (random.below(12) == 0) flags.add(ScopeFlag::all_packages);
  if (random.below(8) == 0) flags.add(ScopeFlag::no_ip_limit);
  if (random.below(60) == 0) flags.add(ScopeFlag::unfound);
}

void add_listing(HitRow& row, Random& random) {
  Listing listing;
  listing.created_at = kNow - days{1 + static_cast<int>(random.below(80))};
  if (random.below(2) == 0) listing.accessed_at = *listing.created_at;
  listing.expires_at = *listing.created_at + days{90};
  listing.shared_expiry = random.below(6) == 0;
  listing.dead = random.below(20) == 0;
  row.listing = listing;
  row.hit.confidence = Confidence::confirmed;
}

HitRow make_hit(std::size_t number, std::size_t hits, Random& random) {
  constexpr std::size_t kOften[] = {0, 0, 1, 1, 1, 2, 2, 3, 4};
  const Kind& kind = kKinds[kOften[random.below(std::size(kOften))]];
  // Some tokens are held in several places: tokens are fewer than hits, and their copies lie where others' lie, too.
  const std::size_t token = random.below(hits + 1);
  Random of_token(token);
  HitRow row = file_row(fmt::format("t{:016x}", of_token.next()), kind.locator(token, number),
                        days{of_token.below(of_token.below(of_token.below(1800) + 1) + 1)});
  Hit& hit = row.hit;
  const std::string value = npm_token(token);
  hit.id = fmt::format("h{:016x}", Random(number).next());
  hit.klass = class_of(of_token);
  hit.reason = kReasons[static_cast<std::size_t>(hit.klass)];
  hit.source = kind.source;
  hit.store =
      kind.store(random.below(3) == 0 ? random.below(kind.stores) : token % std::min<std::size_t>(kind.stores, 5));
  hit.preview = value.substr(0, 8) + "…" + value.substr(value.size() - 4);
  if (!kind.readable) {
    hit.kind = "named-secret";
    hit.preview.reset();
    hit.checksum = Checksum::none;
    hit.age_basis = AgeBasis::updated_at;
    row.token.reset();
    row.token_first_seen.reset();
  }
  if (random.below(30) == 0) hit.confidence = Confidence::assumed;
  if (random.below(3) != 0) hit.scope.add(kind.flag);
  add_flags(row, of_token);
  if (kind.readable && of_token.below(4) == 0) add_listing(row, of_token);
  row.first_seen = kNow - days{random.below(200)};
  if (random.below(40) == 0) row.state = State::unknown;
  if (random.below(25) == 0) {
    row.state = State::gone;
    row.gone_at = kNow - days{random.below(60)};
  }
  if (random.below(20) == 0) {
    HitRow reference = reference_row(hit.locator);
    reference.hit.id = hit.id;
    reference.hit.source = hit.source;
    reference.hit.store = hit.store;
    return reference;
  }
  return row;
}

void make_hostile(std::vector<HitRow>& rows) {
  for (std::size_t i = 0; i < std::size(kHostile) && i < rows.size(); ++i) {
    HitRow& row = rows[i * rows.size() / std::size(kHostile)];
    const std::string name(kHostile[i]);
    row.hit.locator = name;
    row.hit.store = name;
    row.hit.registry = name;
    row.hit.reason = name;
    row.hit.rule = name;
    row.hit.kind = row.hit.kind == "reference" ? row.hit.kind : name;
  }
}

std::vector<HitRow> make_hits(std::size_t hits, std::uint64_t seed) {
  Random random(seed);
  std::vector<HitRow> rows;
  rows.reserve(hits);
  for (std::size_t i = 0; i < hits; ++i) rows.push_back(make_hit(i, hits, random));
  make_hostile(rows);
  std::map<std::string, std::int64_t> places;
  for (const HitRow& row : rows) places[row.token.value_or(row.hit.id)] += row.state != State::gone ? 1 : 0;
  for (HitRow& row : rows) row.places = row.token ? places[*row.token] : 1;
  // As the inventory streams them.
  std::sort(rows.begin(), rows.end(), [](const HitRow& a, const HitRow& b) {
    return std::tie(a.hit.klass, a.hit.updated_at, a.hit.id) < std::tie(b.hit.klass, b.hit.updated_at, b.hit.id);
  });
  return rows;
}

Figures figures_of(const std::vector<HitRow>& rows) {
  Figures figures{.at = kNow};
  std::set<std::string> seen;
  std::set<std::string> late;
  std::vector<std::int64_t> ages;
  for (const HitRow& row : rows) {
    if (row.state == State::gone) continue;
    figures.references += is_reference(row) ? 1 : 0;
    if (is_reference(row)) continue;
    ++figures.places;
    const std::string token = row.token.value_or(row.hit.id);
    const ExportRow shown = computed(row);
    const auto klass = static_cast<std::size_t>(row.hit.klass);
    if (shown.overdue && late.insert(token).second) ++figures.overdue_by_class[klass];
    if (!seen.insert(token).second) continue;
    ++figures.tokens;
    ++figures.by_class[klass];
    figures.classic += shown.scope.has(ScopeFlag::classic) ? 1 : 0;
    figures.dead += shown.scope.has(ScopeFlag::dead) ? 1 : 0;
    figures.all_packages += shown.scope.has(ScopeFlag::all_packages) ? 1 : 0;
    ages.push_back(*shown.age_days);
  }
  figures.without_package_scope = figures.all_packages * 2;
  std::sort(ages.begin(), ages.end());
  if (!ages.empty()) figures.median_age_days = ages[ages.size() / 2];
  return figures;
}

/// Weeks that lead to the figures of now: fewer each time, with setbacks.
std::vector<Figures> series_to(const Figures& now) {
  std::vector<Figures> series;
  Random random(7);
  for (int weeks = 40; weeks >= 1; --weeks) {
    Figures one = now;
    one.at = now.at - days{7 * weeks};
    const auto more = [&](std::int64_t value) {
      return value + value * weeks / 50 +
             static_cast<std::int64_t>(random.below(static_cast<std::size_t>(value) / 12 + 2));
    };
    one.median_age_days = more(now.median_age_days.value_or(0));
    one.classic = more(now.classic);
    one.dead = more(now.dead) - now.dead / 3;
    one.without_package_scope = more(now.without_package_scope);
    for (std::int64_t& late : one.overdue_by_class) late = more(late);
    one.scopes_complete = std::min(now.scopes, now.scopes_complete * (60 - weeks) / 60);
    series.push_back(one);
  }
  return series;
}

std::vector<CoverageRow> coverage() {
  std::vector<CoverageRow> rows;
  for (const Kind& kind : kKinds) {
    for (std::size_t i = 0; i < kind.stores; ++i) {
      CoverageRow row{.sweep = 2,
                      .source = std::string(kind.source),
                      .source_name = std::string(kind.source),
                      .store = kind.store(i)};
      row.state = ScopeState::complete;
      row.started_at = kNow - 1h;
      row.ended_at = kNow - 50min;
      if (i % 17 == 5) {
        row.state = i % 2 == 0 ? ScopeState::denied : ScopeState::incomplete;
        row.reason = i % 2 == 0 ? "list secrets: HTTP 403" : "permission denied";
        row.missed = i % 2 == 0 ? 1 : 3;
      }
      rows.push_back(row);
    }
  }
  rows.front().state = ScopeState::failed;
  rows.front().reason = kHostile[0];
  return rows;
}

void write_report(Output& output, const std::vector<HitRow>& rows) {
  const std::vector<CoverageRow> scopes = coverage();
  Figures now = figures_of(rows);
  now.scopes = static_cast<std::int64_t>(scopes.size());
  for (const CoverageRow& row : scopes) {
    now.scopes_complete += row.state == ScopeState::complete ? 1 : 0;
    now.places_missed += row.missed;
  }
  const std::vector<Figures> series = series_to(now);
  const SweepInfo sweep{.id = 2,
                        .started_at = kNow - 1h,
                        .finished_at = kNow - 50min,
                        .state = SweepState::incomplete,
                        .version = "0.1.0"};
  const Policy policy;
  HtmlReport report(output, {.generated_at = kNow,
                             .now = now,
                             .series = series,
                             .sweeps = {&sweep, 1},
                             .coverage = scopes,
                             .inventory = "acme.db",
                             .policy = policy});
  for (const HitRow& row : rows) report.row(computed(row));
  report.end();
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t hits = 0;
  std::uint64_t seed = 1;
  const auto read = [&](int at, auto& number) {
    const std::string_view text(arguments[at]);
    return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
  };
  if (count < 3 || !read(1, hits) || (count > 3 && !read(3, seed))) {
    fmt::print(stderr, "usage: html_sample HITS FILE [SEED]\n");
    return 2;
  }
  const std::vector<HitRow> rows = make_hits(hits, seed);
  auto output = FileOutput::create(arguments[2]);
  if (!output) {
    fmt::print(stderr, "html_sample: {}\n", output.error().what);
    return 4;
  }
  const auto began = std::chrono::steady_clock::now();
  write_report(**output, rows);
  const Result<> finished = (*output)->finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print("{} hits written in {:.2f} s\n", hits, took.count());
  return finished ? 0 : 4;
}

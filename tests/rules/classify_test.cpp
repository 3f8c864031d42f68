#include "rules/classify.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace tokensweep;
using enum EvidenceKind;

const Date kToday{std::chrono::year{2026} / 11 / 24};

/// `left` is number 17, `@acme/top` number 150, `right` number 1001, in a list of 1,002.
const Ranks& ranks() {
  static const Ranks list = [] {
    std::string text = "# date: 2026-03-01\n";
    for (int rank = 1; rank <= 1002; ++rank) {
      const std::string name = rank == 17     ? "left"
                               : rank == 150  ? "@acme/top"
                               : rank == 1001 ? "right"
                                              : "filler-" + std::to_string(rank);
      text += std::to_string(rank) + "\t" + name + "\n";
    }
    auto parsed = Ranks::parse(std::move(text), "ranks");
    REQUIRE(parsed);
    return std::move(*parsed);
  }();
  return list;
}

Policy publishing(std::vector<std::string> packages) {
  Policy policy;
  policy.publishes = std::move(packages);
  return policy;
}

Evidence holding(std::string name) {
  return {.kind = EvidenceKind::package, .value = std::move(name), .from = "package.json"};
}

const std::string kLeft = "left, number 17 of the most downloaded packages on 2026-03-01";
const std::string kTop = "@acme/top, number 150 of the most downloaded packages on 2026-03-01";
const std::string kNotTop = "which is not among the 1,000 most downloaded packages";

TEST_CASE("each line of A, B, C and D, by what the place shows") {
  const Policy none;
  const Policy ours = publishing({"@acme/*", "acme-cli"});
  const Policy small = publishing({"acme-cli", "right"});
  const struct {
    const char* what;
    std::vector<Evidence> evidence;
    const char* name;
    const Policy* policy;
    Class klass;
    Confidence confidence;
    std::string reason;
    std::optional<int> rank = {};
  } cases[] = {
      {"a personal file",
       {{personal}},
       "",
       &none,
       Class::D,
       Confidence::inferred,
       "a developer's token in a home directory on a personal machine"},
      {"the same, of a company with a package at the top",
       {{personal}},
       "",
       &ours,
       Class::D,
       Confidence::inferred,
       "a developer's token in a home directory on a personal machine"},
      {"a file that is nobody's",
       {},
       "",
       &none,
       Class::B,
       Confidence::assumed,
       "outside of any home directory, and what it may write is not known: the stricter class"},
      {"the same, of a company with a package at the top",
       {},
       "",
       &ours,
       Class::A,
       Confidence::assumed,
       "outside of any home directory, and what it may write is not known: it may publish " + kTop,
       150},
      {"beside a package of one's own",
       {holding("@acme/site"), {personal}},
       "",
       &none,
       Class::B,
       Confidence::inferred,
       "it lies beside the package.json of @acme/site, " + kNotTop},
      {"beside a package of the top",
       {holding("left"), {personal}},
       "",
       &none,
       Class::A,
       Confidence::inferred,
       "it lies beside the package.json of " + kLeft,
       17},
      {"beside a package just outside of the top",
       {holding("right")},
       "",
       &none,
       Class::B,
       Confidence::inferred,
       "it lies beside the package.json of right, " + kNotTop,
       1001},
      {"a build file that publishes",
       {{publishes}, {installs}, {build_file}, {personal}},
       "",
       &none,
       Class::B,
       Confidence::inferred,
       "the build file that holds it publishes a package"},
      {"one that publishes the top",
       {{publishes}, holding("left"), {build_file}},
       "",
       &none,
       Class::A,
       Confidence::inferred,
       "the build file that holds it publishes " + kLeft,
       17},
      {"one that publishes what is not told, of a company with a package at the top",
       {{publishes}, {build_file}},
       "",
       &ours,
       Class::A,
       Confidence::assumed,
       "the build file that holds it publishes a package, and the company publishes " + kTop,
       150},
      {"one that publishes another package of that company",
       {{publishes}, holding("acme-cli"), {build_file}},
       "",
       &ours,
       Class::B,
       Confidence::inferred,
       "the build file that holds it publishes acme-cli, " + kNotTop},
      {"a build file that installs",
       {{installs}, holding("left"), {build_file}, {personal}},
       "",
       &none,
       Class::C,
       Confidence::inferred,
       "the build file that holds it installs packages and publishes none"},
      {"a build file that shows nothing",
       {{build_file}, {personal}},
       "",
       &none,
       Class::B,
       Confidence::assumed,
       "a build file holds it and does not show what for: the stricter class"},
      {"one beside a package of the top",
       {holding("left"), {build_file}},
       "",
       &none,
       Class::A,
       Confidence::assumed,
       "a build file holds it and does not show what for: it may publish " + kLeft,
       17},
      {"infrastructure",
       {{infrastructure}, {personal}},
       "",
       &none,
       Class::B,
       Confidence::assumed,
       "infrastructure that is configured here uses it, for what is not shown: the stricter class"},
      {"infrastructure where something publishes",
       {{publishes}, {infrastructure}},
       "",
       &none,
       Class::B,
       Confidence::inferred,
       "the workload that uses it publishes a package"},
      {"infrastructure where all that runs installs",
       {{installs}, {infrastructure}},
       "",
       &none,
       Class::C,
       Confidence::inferred,
       "the workload that uses it installs packages and publishes none"},
      {"a CI secret",
       {{ci_secret}},
       "NPM_TOKEN",
       &none,
       Class::B,
       Confidence::assumed,
       "a CI service keeps it, and what for is not shown: the stricter class"},
      {"the same, of a company with a package at the top",
       {{ci_secret}},
       "NPM_TOKEN",
       &ours,
       Class::A,
       Confidence::assumed,
       "a CI service keeps it, and what for is not shown: it may publish " + kTop,
       150},
      {"the same, of a company without one",
       {{ci_secret}},
       "NPM_TOKEN",
       &small,
       Class::B,
       Confidence::assumed,
       "a CI service keeps it, and what for is not shown: the stricter class"},
      {"a CI secret of several packages",
       {{publishes}, holding("@acme/site"), holding("left"), {ci_secret}},
       "",
       &none,
       Class::A,
       Confidence::inferred,
       "the build that uses it publishes " + kLeft,
       17},
      {"a CI secret that a build installs with",
       {{installs}, {ci_secret}},
       "NPM_TOKEN",
       &ours,
       Class::C,
       Confidence::inferred,
       "the build that uses it installs packages and publishes none"},
      {"a CI secret that is not needed",
       {{trusted_publishing}, holding("@acme/site"), {ci_secret}},
       "",
       &none,
       Class::B,
       Confidence::inferred,
       "the build that uses it publishes @acme/site, " + kNotTop + "; trusted publishing could take its place"},
      {"a name that publishes",
       {{ci_secret}},
       "NPM_PUBLISH_TOKEN",
       &none,
       Class::B,
       Confidence::inferred,
       "its name says that it publishes a package"},
      {"the same beside a package",
       {holding("left"), {ci_secret}},
       "NPM_PUBLISH_TOKEN",
       &none,
       Class::A,
       Confidence::inferred,
       "its name says that it publishes " + kLeft,
       17},
      {"a name that publishes, in a home",
       {{personal}},
       "NPM_PUBLISH_TOKEN",
       &none,
       Class::B,
       Confidence::inferred,
       "its name says that it publishes a package"},
      {"a name that reads",
       {{ci_secret}},
       "NPM_READ_TOKEN",
       &ours,
       Class::C,
       Confidence::inferred,
       "its name says that it only reads"},
      {"a name that reads, in a home",
       {{personal}},
       "NPM_READ_TOKEN",
       &none,
       Class::D,
       Confidence::inferred,
       "a developer's token in a home directory on a personal machine"},
      {"use outweighs a name that reads",
       {{publishes}, {ci_secret}},
       "NPM_READ_TOKEN",
       &none,
       Class::B,
       Confidence::inferred,
       "the build that uses it publishes a package"},
      {"a name that publishes outweighs a use that only installs",
       {{installs}, {ci_secret}},
       "NPM_PUBLISH_TOKEN",
       &none,
       Class::B,
       Confidence::inferred,
       "its name says that it publishes a package"},
      {"a package beside it outweighs a name that reads",
       {holding("@acme/site")},
       "NPM_READ_TOKEN",
       &none,
       Class::B,
       Confidence::inferred,
       "it lies beside the package.json of @acme/site, " + kNotTop},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Verdict verdict = classify({.evidence = c.evidence, .name = c.name, .policy = c.policy, .ranks = &ranks()});
    CHECK(verdict.klass == c.klass);
    CHECK(verdict.confidence == c.confidence);
    CHECK(verdict.reason == c.reason);
    CHECK(verdict.rank == c.rank);
    const bool says_that_it_publishes = c.reason.find("publishes") != std::string::npos && c.klass <= Class::B;
    const bool lies_beside = c.reason.starts_with("it lies beside");
    CHECK(verdict.flags.has(ScopeFlag::publish) == (says_that_it_publishes || lies_beside));
  }
}

TEST_CASE("without ranks nothing is class A, and without a policy its defaults hold") {
  const Evidence evidence[] = {{publishes}, holding("left"), {build_file}};
  CHECK(classify({.evidence = evidence}).klass == Class::B);
  CHECK(classify({}).klass == Class::B);
  Policy narrow;
  narrow.cadences.ranks = 10;
  const Verdict verdict = classify({.evidence = evidence, .policy = &narrow, .ranks = &ranks()});
  CHECK(verdict.klass == Class::B);
  CHECK(verdict.reason ==
        "the build file that holds it publishes left, which is not among the 10 most downloaded packages");
  CHECK(verdict.rank == 17);
}

TEST_CASE("a package whose name looks like a pattern is no pattern") {
  const Evidence evidence[] = {holding("lef*")};
  CHECK(classify({.evidence = evidence, .ranks = &ranks()}).klass == Class::B);
}

// What the registry says.

RegistryToken listed(PackageAccess access, std::vector<RegistryScope> scopes = {}) {
  return {.account = "ann",
          .access = access,
          .all_packages = scopes.empty() && access == PackageAccess::write,
          .scopes = std::move(scopes),
          .expires_at = Time{kToday + std::chrono::days{30}}};
}

TEST_CASE("what the registry says outweighs everything, with the packages that the account can write") {
  using Type = RegistryScope::Type;
  const PackageAccess write = PackageAccess::write;
  const std::vector<WritablePackage> lists = {{"ann", "left"},       {"ann", "@acme/site"}, {"bob", "@acme/site"},
                                              {"bob", "@acme/ui"},   {"acme", "@acme/top"}, {"acme", "acme-cli"},
                                              {"carol", "acme-cli"}, {"dora", "right"}};
  const WritablePackages writable(lists, ranks());
  const WritablePackages nothing;
  const Policy none;
  const Policy ours = publishing({"@acme/*"});
  const auto of = [](std::string account, RegistryToken token) {
    token.account = std::move(account);
    return token;
  };
  const std::string to = "the registry lists it with write access to ";
  const std::string unknown = "the registry lists it with write access, and to which packages is not known";
  const struct {
    const char* what;
    RegistryToken token;
    std::vector<Evidence> evidence;
    const WritablePackages* writable;
    const Policy* policy;
    Class klass;
    Confidence confidence;
    std::string reason;
    std::optional<int> rank = {};
  } cases[] = {
      {"all packages of an account that has one at the top",
       listed(write),
       {{personal}},
       &writable,
       &none,
       Class::A,
       Confidence::confirmed,
       to + kLeft,
       17},
      {"all packages of one that has none there",
       of("bob", listed(write)),
       {{ci_secret}},
       &writable,
       &ours,
       Class::B,
       Confidence::confirmed,
       to + "several packages, which are not among the 1,000 most downloaded packages"},
      {"of one that has a single package",
       of("carol", listed(write)),
       {},
       &writable,
       &none,
       Class::B,
       Confidence::confirmed,
       to + "acme-cli, " + kNotTop},
      {"of one whose best is outside",
       of("dora", listed(write)),
       {},
       &writable,
       &none,
       Class::B,
       Confidence::confirmed,
       to + "right, " + kNotTop,
       1001},
      {"of an account without a list",
       of("eve", listed(write)),
       {{ci_secret}},
       &writable,
       &none,
       Class::B,
       Confidence::inferred,
       unknown},
      {"the same, in a company with a package at the top",
       of("eve", listed(write)),
       {{ci_secret}},
       &writable,
       &ours,
       Class::A,
       Confidence::inferred,
       "the registry lists it with write access, to which packages is not known, and the company publishes " + kTop,
       150},
      {"the same, beside a package of the top",
       of("eve", listed(write)),
       {{publishes}, holding("left"), {ci_secret}},
       &writable,
       &none,
       Class::A,
       Confidence::inferred,
       "the build that uses it publishes " + kLeft,
       17},
      {"what is limited to nothing by an older list",
       of("eve", listed(PackageAccess::stage)),
       {},
       &nothing,
       &none,
       Class::B,
       Confidence::inferred,
       "the registry lists it with the right to stage releases, and to which packages is not known"},
      {"one package",
       listed(write, {{Type::package, "left"}}),
       {},
       &nothing,
       &none,
       Class::A,
       Confidence::confirmed,
       to + kLeft,
       17},
      {"one package that few download",
       listed(write, {{Type::package, "@acme/site"}}),
       {{publishes}, holding("left"), {ci_secret}},
       &nothing,
       &ours,
       Class::B,
       Confidence::confirmed,
       to + "@acme/site, " + kNotTop},
      {"a scope of which the account can write some",
       listed(write, {{Type::scope, "@acme"}}),
       {},
       &writable,
       &none,
       Class::B,
       Confidence::confirmed,
       to + "@acme/site, " + kNotTop},
      {"a scope of which it can write none",
       of("carol", listed(write, {{Type::scope, "@acme"}})),
       {},
       &writable,
       &none,
       Class::B,
       Confidence::confirmed,
       to + "no known packages, which are not among the 1,000 most downloaded packages"},
      {"a scope, by the organisation's list",
       of("eve", listed(write, {{Type::scope, "@acme"}})),
       {},
       &writable,
       &none,
       Class::A,
       Confidence::confirmed,
       to + kTop,
       150},
      {"a scope of which no list tells",
       of("eve", listed(write, {{Type::scope, "@acme"}})),
       {},
       &nothing,
       &none,
       Class::A,
       Confidence::inferred,
       to + kTop,
       150},
      {"an organisation",
       of("eve", listed(write, {{Type::organisation, "acme"}})),
       {},
       &writable,
       &none,
       Class::A,
       Confidence::confirmed,
       to + kTop,
       150},
      {"read-only in CI",
       listed(PackageAccess::read),
       {{publishes}, {ci_secret}},
       &writable,
       &ours,
       Class::C,
       Confidence::confirmed,
       "the registry lists it as read-only"},
      {"read-only in a build file in a home",
       listed(PackageAccess::read),
       {{build_file}, {personal}},
       &writable,
       &none,
       Class::C,
       Confidence::confirmed,
       "the registry lists it as read-only"},
      {"read-only where nobody's",
       listed(PackageAccess::read),
       {},
       &writable,
       &none,
       Class::C,
       Confidence::confirmed,
       "the registry lists it as read-only"},
      {"read-only in a home",
       listed(PackageAccess::read),
       {{personal}},
       &writable,
       &none,
       Class::D,
       Confidence::confirmed,
       "the registry lists it as read-only, and it lies in a home directory on a personal machine"},
      {"without rights to packages",
       listed(PackageAccess::none),
       {{ci_secret}},
       &writable,
       &none,
       Class::C,
       Confidence::confirmed,
       "the registry lists it without any right to packages"},
      {"an older list that does not tell",
       listed(PackageAccess::unknown),
       {{ci_secret}},
       &writable,
       &ours,
       Class::A,
       Confidence::assumed,
       "a CI service keeps it, and what for is not shown: it may publish " + kTop,
       150},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const RegistryToken* const fits[] = {&c.token};
    const Verdict verdict = classify(
        {.evidence = c.evidence, .listed = fits, .writable = c.writable, .policy = c.policy, .ranks = &ranks()});
    CHECK(verdict.klass == c.klass);
    CHECK(verdict.confidence == c.confidence);
    CHECK(verdict.reason == c.reason);
    CHECK(verdict.rank == c.rank);
    CHECK(verdict.flags.has(ScopeFlag::read_only) == (c.token.access == PackageAccess::read));
    CHECK(verdict.flags.has(ScopeFlag::stage_only) == (c.token.access == PackageAccess::stage));
    if (c.token.access != PackageAccess::unknown) {
      const bool writes = c.token.access == write || c.token.access == PackageAccess::stage;
      CHECK(verdict.flags.has(ScopeFlag::publish) == writes);
    }
    CHECK_FALSE(verdict.flags.has(ScopeFlag::ambiguous));
  }
}

TEST_CASE("what the list says beside a token's rights becomes flags") {
  using Flag = ScopeFlag;
  const auto with = [](auto change) {
    RegistryToken token = listed(PackageAccess::read);
    token.ip_ranges = {"192.0.2.0/24"};
    change(token);
    return token;
  };
  const Time now{kToday};
  const struct {
    const char* what;
    RegistryToken token;
    std::vector<Flag> flags;
    std::string reason;
  } cases[] = {
      {"a good one", with([](auto&) {}), {Flag::read_only}, ""},
      {"all packages", with([](auto& t) { t.all_packages = true; }), {Flag::read_only, Flag::all_packages}, ""},
      {"bypass", with([](auto& t) { t.bypass_2fa = true; }), {Flag::read_only, Flag::bypass_2fa}, ""},
      {"no end", with([](auto& t) { t.expires_at.reset(); }), {Flag::read_only, Flag::no_expiry}, ""},
      {"from everywhere", with([](auto& t) { t.ip_ranges.clear(); }), {Flag::read_only, Flag::no_ip_limit}, ""},
      {"classic",
       with([](auto& t) { t.classic = true; }),
       {Flag::read_only, Flag::classic, Flag::dead},
       "; dead: classic tokens were revoked on 2025-12-09"},
      {"revoked", with([](auto& t) { t.revoked = true; }), {Flag::read_only, Flag::dead}, "; dead: revoked"},
      {"expired",
       with([&](auto& t) { t.expires_at = now; }),
       {Flag::read_only, Flag::dead},
       "; dead: expired on 2026-11-24"},
      {"about to expire", with([&](auto& t) { t.expires_at = now + std::chrono::seconds{1}; }), {Flag::read_only}, ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const RegistryToken* const fits[] = {&c.token};
    const Verdict verdict = classify({.listed = fits, .now = now});
    ScopeFlags expected;
    for (const Flag flag : c.flags) expected.add(flag);
    CHECK(names(verdict.flags) == names(expected));
    CHECK(verdict.klass == Class::C);
    CHECK(verdict.reason == "the registry lists it as read-only" + c.reason);
  }
  RegistryToken old = listed(PackageAccess::read);
  old.expires_at = now - std::chrono::days{900};
  const RegistryToken* const fits[] = {&old};
  CHECK_FALSE(classify({.listed = fits}).flags.has(Flag::dead));  // nobody said what time it is
}

TEST_CASE("of several tokens that fit, the strictest counts, and nothing is confirmed") {
  const RegistryToken reads = listed(PackageAccess::read);
  const RegistryToken writes = listed(PackageAccess::write, {{RegistryScope::Type::package, "left"}});
  const RegistryToken silent = listed(PackageAccess::unknown);
  RegistryToken dead = reads;
  dead.revoked = true;
  const Policy ours = publishing({"@acme/*"});
  const Evidence used[] = {{publishes}, {ci_secret}};
  const Evidence kept[] = {{ci_secret}};
  const std::string of_two = "of 2 listed tokens that fit it, the strictest: ";
  const std::string read_only = "the registry lists it as read-only";
  const struct {
    const char* what;
    std::vector<const RegistryToken*> listed;
    std::span<const Evidence> evidence;
    bool by_too_little;
    Class klass;
    Confidence confidence;
    std::string reason;
  } cases[] = {
      {"one reads, one writes",
       {&reads, &writes},
       kept,
       false,
       Class::A,
       Confidence::inferred,
       of_two + "the registry lists it with write access to " + kLeft},
      {"both read", {&reads, &reads}, kept, false, Class::C, Confidence::inferred, of_two + read_only},
      {"both read, and the build publishes",
       {&reads, &reads},
       used,
       false,
       Class::B,
       Confidence::inferred,
       "the build that uses it publishes a package"},
      {"one does not tell",
       {&silent, &reads},
       kept,
       false,
       Class::B,
       Confidence::assumed,
       "a CI service keeps it, and what for is not shown: the stricter class"},
      {"one fits, by too little",
       {&reads},
       kept,
       true,
       Class::C,
       Confidence::inferred,
       "as far as the few characters that are known of it tell, " + read_only},
      {"one of two is dead", {&dead, &reads}, kept, false, Class::C, Confidence::inferred, of_two + read_only},
      {"both are dead",
       {&dead, &dead},
       kept,
       false,
       Class::C,
       Confidence::inferred,
       of_two + read_only + "; dead: revoked"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Verdict verdict =
        classify({.evidence = c.evidence, .listed = c.listed, .ambiguous = c.by_too_little, .ranks = &ranks()});
    CHECK(verdict.klass == c.klass);
    CHECK(verdict.confidence == c.confidence);
    CHECK(verdict.reason == c.reason);
    CHECK(verdict.flags.has(ScopeFlag::ambiguous));
    CHECK(verdict.flags.has(ScopeFlag::dead) == (c.reason.find("dead") != std::string::npos));
  }
}

TEST_CASE("a rule of the policy stands for what the place shows, and gives way to a stricter word of the registry") {
  const auto rule = [](Class klass) { return PolicyRule{.klass = klass, .reason = "we know it", .line = 12}; };
  const RegistryToken reads = listed(PackageAccess::read);
  const RegistryToken writes = listed(PackageAccess::write, {{RegistryScope::Type::package, "left"}});
  const RegistryToken publishes_ours = listed(PackageAccess::write, {{RegistryScope::Type::package, "acme-cli"}});
  const Evidence used[] = {{publishes}, holding("left"), {ci_secret}};
  const std::string by_rule = "we know it (the policy's rule at line 12)";
  const struct {
    const char* what;
    PolicyRule rule;
    const RegistryToken* listed;
    Class klass;
    Confidence confidence;
    std::string reason;
    std::optional<int> rank;
  } cases[] = {
      {"milder than the place", rule(Class::C), nullptr, Class::C, Confidence::inferred, by_rule, 17},
      {"as strict as the place", rule(Class::A), nullptr, Class::A, Confidence::inferred, by_rule, 17},
      {"milder than the registry", rule(Class::C), &writes, Class::A, Confidence::confirmed,
       "the registry lists it with write access to " + kLeft, 17},
      {"as strict as the registry",
       rule(Class::B),
       &publishes_ours,
       Class::B,
       Confidence::confirmed,
       "the registry lists it with write access to acme-cli, " + kNotTop,
       {}},
      {"stricter than the registry", rule(Class::A), &reads, Class::A, Confidence::inferred, by_rule, 17},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    std::vector<const RegistryToken*> fits;
    if (c.listed != nullptr) fits.push_back(c.listed);
    const Verdict verdict = classify({.evidence = used, .listed = fits, .rule = &c.rule, .ranks = &ranks()});
    CHECK(verdict.klass == c.klass);
    CHECK(verdict.confidence == c.confidence);
    CHECK(verdict.reason == c.reason);
    CHECK(verdict.rank == c.rank);
  }
}

// The chain.

std::vector<std::string> spelled(const std::vector<Link>& chain) {
  std::vector<std::string> lines;
  for (const Link& link : chain) {
    std::string line = link.decided ? "* " : "  ";
    line.append(to_string(link.kind)).append(": ").append(link.what);
    if (!link.from.empty()) line.append(" [").append(link.from).append("]");
    lines.push_back(std::move(line));
  }
  return lines;
}

TEST_CASE("the chain names the evidence in the order in which it counts, and what decided") {
  const Policy ours = publishing({"@acme/*"});
  const PolicyRule rule{.klass = Class::C, .reason = "read-only by convention", .line = 7};
  RegistryToken token = listed(PackageAccess::write);
  token.bypass_2fa = true;
  const RegistryToken* const fits[] = {&token};
  const std::vector<WritablePackage> lists = {{"ann", "left"}, {"ann", "x"}};
  const WritablePackages writable(lists, ranks());
  const Evidence evidence[] = {
      {.kind = installs, .value = {}, .from = ".github/workflows/ci.yml"}, holding("@acme/site"), {ci_secret}};
  using Lines = std::vector<std::string>;
  CHECK(spelled(classify({.evidence = evidence,
                          .name = "NPM_READ_TOKEN",
                          .listed = fits,
                          .writable = &writable,
                          .policy = &ours,
                          .rule = &rule,
                          .ranks = &ranks()})
                    .chain) ==
        Lines{"* registry: the registry lists it with write access, bypassing two-factor authentication [the tokens of "
              "ann]",
              "* packages: packages that it can write: 2, the most downloaded is " + kLeft + " [the packages of ann]",
              "  policy: a rule says class C: read-only by convention [line 7 of the policy]",
              "  use: the build that uses it installs packages [.github/workflows/ci.yml]",
              "  use: the package there is @acme/site, not among the 1,000 most downloaded packages [package.json]",
              "  name: its name says that it only reads", "  place: a CI service keeps it",
              "  company: the company publishes " + kTop + " [the policy]"});
  CHECK(spelled(classify({.evidence = evidence, .name = "NPM_TOKEN", .ranks = &ranks()}).chain) ==
        Lines{"* use: the build that uses it installs packages [.github/workflows/ci.yml]",
              "  use: the package there is @acme/site, not among the 1,000 most downloaded packages [package.json]",
              "  place: a CI service keeps it"});
  CHECK(spelled(classify({.evidence = std::span(evidence).last(1), .policy = &ours, .ranks = &ranks()}).chain) ==
        Lines{"* place: a CI service keeps it", "* company: the company publishes " + kTop + " [the policy]",
              "* place: nothing shows what it may do: the strictest class that may be right"});
  CHECK(spelled(classify({.evidence = std::span(evidence).last(1), .name = "NPM_READ_TOKEN", .rule = &rule}).chain) ==
        Lines{"* policy: a rule says class C: read-only by convention [line 7 of the policy]",
              "  name: its name says that it only reads", "  place: a CI service keeps it"});
}

TEST_CASE("a new verdict takes an earlier one's place") {
  Hit hit;
  hit.scope.add(ScopeFlag::world_readable).add(ScopeFlag::classic);
  const Evidence used[] = {{publishes}, holding("left"), {build_file}};
  apply(classify({.evidence = used, .ranks = &ranks()}), hit);
  CHECK(hit.klass == Class::A);
  CHECK(hit.rank == 17);
  CHECK(hit.scope.has(ScopeFlag::publish));
  const RegistryToken reads = listed(PackageAccess::read);
  const RegistryToken* const fits[] = {&reads};
  apply(classify({.evidence = used, .listed = fits, .ranks = &ranks()}), hit);
  CHECK(hit.klass == Class::C);
  CHECK(hit.confidence == Confidence::confirmed);
  CHECK_FALSE(hit.rank);
  CHECK(names(hit.scope) == std::vector<std::string_view>{"world-readable", "read-only", "no-ip-limit", "classic"});
}

}  // namespace

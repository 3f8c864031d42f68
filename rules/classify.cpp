#include "rules/classify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "base/time.hpp"
#include "rules/usage.hpp"

namespace tokensweep {
namespace {

constexpr std::array<std::string_view, 8> kLinkKinds = {"registry", "packages", "policy",  "use",
                                                        "name",     "place",    "company", "ending"};

/// What one kind of evidence would say alone.
struct Opinion {
  Class klass = Class::B;
  Confidence confidence = Confidence::assumed;
  std::string reason;
  ScopeFlags flags;
  std::optional<int> rank;
  std::vector<EvidenceKind> evidence = {};  // what it rests on: of the place,
  std::vector<LinkKind> grounds = {};       // and else
  bool is_default = false;                  // on nothing but the safe default
};

template <class T>
bool is_one_of(const T& one, const std::vector<T>& all) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// Whether `one` has to win: a stricter class, or of the same class a more downloaded package.
bool is_stricter(const Opinion& one, const Opinion& other) {
  if (one.klass != other.klass) return one.klass < other.klass;
  return one.rank.value_or(std::numeric_limits<int>::max()) < other.rank.value_or(std::numeric_limits<int>::max());
}

bool can_publish(const RegistryToken& token) {
  return token.access == PackageAccess::write || token.access == PackageAccess::stage;
}

std::string_view rights_in_words(const RegistryToken& token) {
  switch (token.access) {
    case PackageAccess::write:
      return "with write access";
    case PackageAccess::stage:
      return "with the right to stage releases";
    case PackageAccess::read:
      return "as read-only";
    case PackageAccess::none:
      return "without any right to packages";
    case PackageAccess::unknown:
      break;
  }
  return "without telling what it may do";
}

/// Why a listed token is dead; empty while it lives.
std::string death_of(const RegistryToken& token, std::optional<Time> now) {
  if (token.classic) return "classic tokens were revoked on 2025-12-09";
  if (token.revoked) return "revoked";
  if (!now || !token.expires_at || *token.expires_at > *now) return {};
  return "expired on " + format_date(std::chrono::floor<std::chrono::days>(*token.expires_at));
}

/// What the list says of it beside its rights to packages.
ScopeFlags flags_of(const RegistryToken& token) {
  ScopeFlags flags;
  if (token.all_packages) flags.add(ScopeFlag::all_packages);
  if (token.bypass_2fa) flags.add(ScopeFlag::bypass_2fa);
  if (!token.expires_at) flags.add(ScopeFlag::no_expiry);
  if (token.ip_ranges.empty()) flags.add(ScopeFlag::no_ip_limit);
  return flags;
}

/// One hit, looked at from all sides.
class Classifier {
 public:
  explicit Classifier(const ClassifyInput& input);
  Verdict verdict() const;

 private:
  [[nodiscard]] bool has(EvidenceKind kind) const;
  [[nodiscard]] bool of_machines() const;
  [[nodiscard]] std::string_view user() const;
  [[nodiscard]] bool is_personal() const { return !of_machines() && has(EvidenceKind::personal); }
  [[nodiscard]] Class class_of(const std::optional<RankedPackage>& best) const;
  [[nodiscard]] bool is_top(const std::optional<RankedPackage>& best) const { return class_of(best) == Class::A; }
  [[nodiscard]] std::string in_words(const RankedPackage& package) const;
  [[nodiscard]] std::string not_among() const;

  [[nodiscard]] Opinion by_place() const;
  [[nodiscard]] Opinion publisher(std::string_view subject, Opinion opinion) const;
  [[nodiscard]] Opinion unknown(std::string_view subject) const;
  [[nodiscard]] Opinion by_rule() const;
  [[nodiscard]] std::optional<Opinion> by_list(const RegistryToken& token) const;
  [[nodiscard]] Opinion listed_publisher(const RegistryToken& token) const;
  [[nodiscard]] Opinion listed_reader(const RegistryToken& token) const;

  struct Listed {
    const RegistryToken* token = nullptr;  // the strictest of those that fit; null where none is listed
    std::optional<Opinion> opinion;
    bool all_tell = true;     // each of those that fit tells its rights
    bool is_certain = false;  // nothing else has a say about the class
  };
  [[nodiscard]] Listed by_registry() const;
  [[nodiscard]] Opinion choose(const Listed& listed, const Opinion& elsewhere) const;
  [[nodiscard]] std::string death(const Listed& listed) const;

  [[nodiscard]] std::vector<Link> chain(const Opinion& winner, const Listed& listed) const;
  void add_registry_links(const Listed& listed, std::vector<Link>& chain) const;
  void add_evidence_links(LinkKind kind, const Opinion& winner, std::vector<Link>& chain) const;
  [[nodiscard]] std::string in_words(const Evidence& evidence) const;

  const ClassifyInput& in_;
  const Policy& policy_;
  const Ranks& ranks_;
  const WritablePackages& writable_;
  NameSays name_says_;
  bool is_ambiguous_;
  std::optional<RankedPackage> package_;  // the most downloaded of those that the place is for
  std::string package_name_;              // one of them, ranked or not
  std::optional<RankedPackage> company_;  // the most downloaded of what the company publishes
};

const Policy& default_policy() {
  static const Policy policy;
  return policy;
}

const WritablePackages& no_packages() {
  static const WritablePackages none;
  return none;
}

const Ranks& no_ranks() {
  static const Ranks none;
  return none;
}

LinkKind link_of(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::publishes:
    case EvidenceKind::installs:
    case EvidenceKind::package:
    case EvidenceKind::trusted_publishing:
      return LinkKind::use;
    default:
      return LinkKind::place;
  }
}

Classifier::Classifier(const ClassifyInput& input)
    : in_(input),
      policy_(input.policy != nullptr ? *input.policy : default_policy()),
      ranks_(input.ranks != nullptr ? *input.ranks : no_ranks()),
      writable_(input.writable != nullptr ? *input.writable : no_packages()),
      name_says_(said_by_name(input.name)),
      is_ambiguous_(!input.listed.empty() && (input.ambiguous || input.listed.size() > 1)) {
  for (const Evidence& evidence : in_.evidence) {
    if (evidence.kind != EvidenceKind::package) continue;
    if (package_name_.empty()) package_name_ = evidence.value;
    package_ = more_downloaded(std::move(package_), ranks_.ranked(evidence.value));
  }
  if (package_) package_name_ = package_->name;
  for (const std::string& pattern : policy_.publishes) {
    company_ = more_downloaded(std::move(company_), ranks_.best_of(pattern));
  }
}

bool Classifier::has(EvidenceKind kind) const {
  return std::any_of(in_.evidence.begin(), in_.evidence.end(),
                     [kind](const Evidence& one) { return one.kind == kind; });
}

/// Whether what holds it is no person's, wherever it lies.
bool Classifier::of_machines() const {
  return has(EvidenceKind::build_file) || has(EvidenceKind::ci_secret) || has(EvidenceKind::infrastructure);
}

/// What does something with it, in words: a build, or in infrastructure whatever runs there.
std::string_view Classifier::user() const {
  const bool in_build = has(EvidenceKind::build_file) || has(EvidenceKind::ci_secret);
  return has(EvidenceKind::infrastructure) && !in_build ? "the workload that uses it" : "the build that uses it";
}

Class Classifier::class_of(const std::optional<RankedPackage>& best) const {
  return best && best->rank <= policy_.cadences.ranks ? Class::A : Class::B;
}

std::string Classifier::in_words(const RankedPackage& package) const {
  return fmt::format("{}, number {} of the most downloaded packages on {}", package.name,
                     grouped(static_cast<std::uint64_t>(package.rank)), format_date(ranks_.date()));
}

std::string Classifier::not_among() const {
  return fmt::format("not among the {} most downloaded packages",
                     grouped(static_cast<std::uint64_t>(policy_.cadences.ranks)));
}

// What the place shows.

Opinion Classifier::by_place() const {
  const bool in_file = has(EvidenceKind::build_file);
  const bool in_build = in_file || has(EvidenceKind::ci_secret);
  const std::string build = in_file ? "the build file that holds it" : std::string(user());
  if (has(EvidenceKind::publishes) || has(EvidenceKind::trusted_publishing)) {
    Opinion opinion =
        publisher(build + " publishes", {.evidence = {EvidenceKind::publishes, EvidenceKind::trusted_publishing}});
    if (has(EvidenceKind::trusted_publishing)) opinion.reason += "; trusted publishing could take its place";
    return opinion;
  }
  if (name_says_ == NameSays::publishes) {
    return publisher("its name says that it publishes", {.grounds = {LinkKind::name}});
  }
  if (has(EvidenceKind::installs)) {
    return {.klass = Class::C,
            .confidence = Confidence::inferred,
            .reason = build + " installs packages and publishes none",
            .evidence = {EvidenceKind::installs}};
  }
  if (!of_machines() && !package_name_.empty()) return publisher("it lies beside the package.json of", {});
  if (is_personal()) {
    return {.klass = Class::D,
            .confidence = Confidence::inferred,
            .reason = "a developer's token in a home directory on a personal machine",
            .evidence = {EvidenceKind::personal}};
  }
  if (name_says_ == NameSays::reads) {
    return {.klass = Class::C,
            .confidence = Confidence::inferred,
            .reason = "its name says that it only reads",
            .grounds = {LinkKind::name}};
  }
  if (in_file) return unknown("a build file holds it and does not show what for");
  if (in_build) return unknown("a CI service keeps it, and what for is not shown");
  if (of_machines()) return unknown("infrastructure that is configured here uses it, for what is not shown");
  return unknown("outside of any home directory, and what it may write is not known");
}

/// `subject` is what a package's name can follow, `opinion` what it rests on.
Opinion Classifier::publisher(std::string_view subject, Opinion opinion) const {
  opinion.confidence = Confidence::inferred;
  opinion.flags.add(ScopeFlag::publish);
  if (!package_name_.empty()) {
    opinion.klass = class_of(package_);
    if (package_) opinion.rank = package_->rank;
    opinion.reason = is_top(package_) ? fmt::format("{} {}", subject, in_words(*package_))
                                      : fmt::format("{} {}, which is {}", subject, package_name_, not_among());
    opinion.evidence.push_back(EvidenceKind::package);
  } else if (is_top(company_)) {
    opinion.klass = Class::A;
    opinion.confidence = Confidence::assumed;
    opinion.rank = company_->rank;
    opinion.reason = fmt::format("{} a package, and the company publishes {}", subject, in_words(*company_));
    opinion.grounds.push_back(LinkKind::company);
  } else {
    opinion.reason = fmt::format("{} a package", subject);
  }
  return opinion;
}

/// Nothing shows what it may do: the strictest class that the evidence allows.
Opinion Classifier::unknown(std::string_view subject) const {
  const std::optional<RankedPackage> best = more_downloaded(package_, company_);
  Opinion opinion{.klass = class_of(best), .confidence = Confidence::assumed, .is_default = true};
  opinion.evidence = {EvidenceKind::build_file, EvidenceKind::ci_secret, EvidenceKind::infrastructure};
  if (!is_top(best)) {
    opinion.reason = fmt::format("{}: the stricter class", subject);
    return opinion;
  }
  opinion.rank = best->rank;
  opinion.reason = fmt::format("{}: it may publish {}", subject, in_words(*best));
  if (best == package_) {
    opinion.evidence.push_back(EvidenceKind::package);
  } else {
    opinion.grounds.push_back(LinkKind::company);
  }
  return opinion;
}

// What the company says.

Opinion Classifier::by_rule() const {
  return {.klass = in_.rule->klass,
          .confidence = Confidence::inferred,
          .reason = fmt::format("{} (the policy's rule at line {})", in_.rule->reason, in_.rule->line),
          .grounds = {LinkKind::policy}};
}

// What the registry says.

Opinion Classifier::listed_publisher(const RegistryToken& token) const {
  const Reach reach = writable_.of(token, ranks_);
  Opinion opinion{.klass = class_of(reach.best), .grounds = {LinkKind::registry, LinkKind::packages}};
  opinion.confidence = reach.is_known ? Confidence::confirmed : Confidence::inferred;
  if (reach.best) opinion.rank = reach.best->rank;
  opinion.flags.add(ScopeFlag::publish);
  if (token.access == PackageAccess::stage) opinion.flags.add(ScopeFlag::stage_only);
  const std::string subject = fmt::format("the registry lists it {}", rights_in_words(token));
  if (is_top(reach.best)) {
    opinion.reason = fmt::format("{} to {}", subject, in_words(*reach.best));
  } else if (!reach.is_known && is_top(company_)) {
    opinion.klass = Class::A;
    opinion.rank = company_->rank;
    opinion.reason =
        fmt::format("{}, to which packages is not known, and the company publishes {}", subject, in_words(*company_));
    opinion.grounds = {LinkKind::registry, LinkKind::company};
  } else if (!reach.is_known) {
    opinion.reason = subject + ", and to which packages is not known";
    opinion.grounds = {LinkKind::registry};
  } else if (reach.packages == 1) {
    opinion.reason = fmt::format("{} to {}, which is {}", subject, reach.one, not_among());
  } else {
    opinion.reason = fmt::format("{} to {} packages, which are {}", subject,
                                 reach.packages == 0 ? "no known" : "several", not_among());
  }
  return opinion;
}

Opinion Classifier::listed_reader(const RegistryToken& token) const {
  Opinion opinion{.klass = Class::C, .confidence = Confidence::confirmed, .grounds = {LinkKind::registry}};
  opinion.reason = fmt::format("the registry lists it {}", rights_in_words(token));
  if (token.access == PackageAccess::read) opinion.flags.add(ScopeFlag::read_only);
  if (!is_personal()) return opinion;
  opinion.klass = Class::D;
  opinion.reason += ", and it lies in a home directory on a personal machine";
  opinion.evidence = {EvidenceKind::personal};
  return opinion;
}

std::optional<Opinion> Classifier::by_list(const RegistryToken& token) const {
  if (can_publish(token)) return listed_publisher(token);
  if (token.access == PackageAccess::unknown) return std::nullopt;
  return listed_reader(token);
}

/// The strictest of the tokens that fit.
Classifier::Listed Classifier::by_registry() const {
  Listed listed;
  for (const RegistryToken* token : in_.listed) {
    std::optional<Opinion> opinion = by_list(*token);
    listed.all_tell = listed.all_tell && opinion.has_value();
    const bool stricter = opinion && (!listed.opinion || is_stricter(*opinion, *listed.opinion));
    if (listed.token != nullptr && !stricter) continue;
    listed.token = token;
    listed.opinion = std::move(opinion);
  }
  if (!listed.opinion) return listed;
  listed.is_certain = listed.opinion->confidence == Confidence::confirmed && !is_ambiguous_;
  if (!is_ambiguous_) return listed;
  listed.opinion->confidence = Confidence::inferred;
  listed.opinion->reason.insert(
      0, in_.listed.size() > 1
             ? fmt::format("of {} listed tokens that fit it, the strictest: ", grouped(in_.listed.size()))
             : "as far as the few characters that are known of it tell, ");
  return listed;
}

/// `elsewhere` is what the policy's rule says, or else the place.
Opinion Classifier::choose(const Listed& listed, const Opinion& elsewhere) const {
  if (!listed.opinion) return elsewhere;
  if (in_.rule != nullptr) return elsewhere.klass < listed.opinion->klass ? elsewhere : *listed.opinion;
  if (listed.is_certain) return *listed.opinion;
  // What a place only assumes is no match for lists that tell, even for those that do not tell all.
  const bool has_a_say = !listed.all_tell || elsewhere.confidence != Confidence::assumed;
  return has_a_say && is_stricter(elsewhere, *listed.opinion) ? elsewhere : *listed.opinion;
}

/// Of several tokens that fit, all have to be dead: one that may live must not be taken for debris.
std::string Classifier::death(const Listed& listed) const {
  const bool all_dead = std::all_of(in_.listed.begin(), in_.listed.end(),
                                    [this](const RegistryToken* token) { return !death_of(*token, in_.now).empty(); });
  return listed.token != nullptr && all_dead ? death_of(*listed.token, in_.now) : std::string();
}

Verdict Classifier::verdict() const {
  const Listed listed = by_registry();
  const Opinion place = by_place();
  Opinion elsewhere = place;
  if (in_.rule != nullptr) {
    elsewhere = by_rule();
    elsewhere.rank = place.rank;
  }
  const Opinion winner = choose(listed, elsewhere);
  Verdict verdict{.klass = winner.klass,
                  .confidence = winner.confidence,
                  .reason = winner.reason,
                  .flags = winner.flags,
                  .rank = winner.rank,
                  .chain = chain(winner, listed)};
  verdict.flags.add(listed.opinion ? listed.opinion->flags : place.flags);
  if (listed.token == nullptr) return verdict;

  verdict.flags.add(flags_of(*listed.token));
  if (is_ambiguous_) verdict.flags.add(ScopeFlag::ambiguous);
  if (const std::string death_in_words = death(listed); !death_in_words.empty()) {
    verdict.flags.add(ScopeFlag::dead);
    if (listed.token->classic) verdict.flags.add(ScopeFlag::classic);
    verdict.reason += "; dead: " + death_in_words;
  }
  return verdict;
}

// The evidence in words.

std::vector<Link> Classifier::chain(const Opinion& winner, const Listed& listed) const {
  std::vector<Link> chain;
  add_registry_links(listed, chain);
  if (in_.rule != nullptr) {
    chain.push_back({LinkKind::policy,
                     fmt::format("a rule says class {}: {}", to_string(in_.rule->klass), in_.rule->reason),
                     fmt::format("line {} of the policy", in_.rule->line)});
  }
  add_evidence_links(LinkKind::use, winner, chain);
  if (name_says_ != NameSays::nothing) {
    const bool publishes = name_says_ == NameSays::publishes;
    chain.push_back(
        {LinkKind::name, publishes ? "its name says that it publishes" : "its name says that it only reads"});
  }
  add_evidence_links(LinkKind::place, winner, chain);
  if (company_) chain.push_back({LinkKind::company, "the company publishes " + in_words(*company_), "the policy"});
  for (Link& link : chain) link.decided = link.decided || is_one_of(link.kind, winner.grounds);
  // Of several tokens that fit, one was the strictest.
  for (std::size_t i = 0; i < in_.listed.size(); ++i) chain[i].decided &= in_.listed[i] == listed.token;
  if (winner.is_default) {
    chain.push_back({LinkKind::place, "nothing shows what it may do: the strictest class that may be right", {}, true});
  }
  return chain;
}

void Classifier::add_registry_links(const Listed& listed, std::vector<Link>& chain) const {
  for (const RegistryToken* token : in_.listed) {
    const std::string death_in_words = death_of(*token, in_.now);
    chain.push_back({LinkKind::registry,
                     fmt::format("the registry lists it {}{}{}", rights_in_words(*token),
                                 token->bypass_2fa ? ", bypassing two-factor authentication" : "",
                                 death_in_words.empty() ? "" : "; dead: " + death_in_words),
                     "the tokens of " + token->account});
  }
  if (listed.token == nullptr || !can_publish(*listed.token)) return;
  const Reach reach = writable_.of(*listed.token, ranks_);
  const std::string best = reach.best ? ", the most downloaded is " + in_words(*reach.best) : "";
  chain.push_back({LinkKind::packages,
                   reach.is_known ? fmt::format("packages that it can write: {}{}", grouped(reach.packages), best)
                                  : fmt::format("which packages it can write is not known{}", best),
                   "the packages of " + listed.token->account});
}

void Classifier::add_evidence_links(LinkKind kind, const Opinion& winner, std::vector<Link>& chain) const {
  for (const Evidence& evidence : in_.evidence) {
    const bool is_aside = evidence.kind == EvidenceKind::note || evidence.kind == EvidenceKind::ending;
    if (is_aside || link_of(evidence.kind) != kind) continue;
    chain.push_back({kind, in_words(evidence), evidence.from, is_one_of(evidence.kind, winner.evidence)});
  }
}

std::string Classifier::in_words(const Evidence& evidence) const {
  switch (evidence.kind) {
    case EvidenceKind::build_file:
      return "a build file holds it";
    case EvidenceKind::ci_secret:
      return "a CI service keeps it";
    case EvidenceKind::infrastructure:
      return "infrastructure is configured with it";
    case EvidenceKind::personal:
      return "it lies in a home directory";
    case EvidenceKind::publishes:
      return fmt::format("{} publishes", user());
    case EvidenceKind::installs:
      return fmt::format("{} installs packages", user());
    case EvidenceKind::trusted_publishing:
      return fmt::format("{} could publish without it, by trusted publishing", user());
    case EvidenceKind::package:
    case EvidenceKind::note:
    case EvidenceKind::ending:
    case EvidenceKind::count_:
      break;
  }
  const auto ranked = ranks_.ranked(evidence.value);
  return "the package there is " + (ranked ? in_words(*ranked) : evidence.value + ", " + not_among());
}

}  // namespace

Verdict classify(const ClassifyInput& input) { return Classifier(input).verdict(); }

void apply(Verdict verdict, Hit& hit) {
  // `classic` stays: a token's form may have shown it as well.
  constexpr ScopeFlag kOfVerdicts[] = {ScopeFlag::publish,    ScopeFlag::read_only,  ScopeFlag::all_packages,
                                       ScopeFlag::bypass_2fa, ScopeFlag::no_expiry,  ScopeFlag::no_ip_limit,
                                       ScopeFlag::dead,       ScopeFlag::stage_only, ScopeFlag::ambiguous};
  ScopeFlags earlier;
  for (const ScopeFlag flag : kOfVerdicts) earlier.add(flag);
  hit.klass = verdict.klass;
  hit.confidence = verdict.confidence;
  hit.reason = std::move(verdict.reason);
  hit.rank = verdict.rank;
  hit.scope = ScopeFlags(hit.scope.bits() & ~earlier.bits()).add(verdict.flags);
}

std::string_view to_string(LinkKind value) { return kLinkKinds[static_cast<std::size_t>(value)]; }

}  // namespace tokensweep

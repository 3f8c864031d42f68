#include "connectors/github/workflow_uses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "connectors/github/letter_case.hpp"

namespace tokensweep::github {
namespace {

constexpr std::string_view kAny = "*";

// GitHub lets workflows call each other so deep.
constexpr unsigned kDeepestCall = 10;
// Workflows that call each other can make a few files name a use a million times.
constexpr std::size_t kMostUses = 10'000;
// What is stored of a secret stays readable.
constexpr std::size_t kMostNamed = 3;
constexpr std::size_t kMostPackages = 200;

Evidence note(std::string words) { return {.kind = EvidenceKind::note, .value = std::move(words)}; }

/// Follows calls from one workflow to the next.
class Calls {
 public:
  explicit Calls(std::span<const WorkflowFile> files) : files_(files) {}

  std::vector<FoundUse> all() {
    for (const WorkflowFile& file : files_) {
      if (file.workflow.starts_itself) follow(file, nullptr, 0);
    }
    return std::move(found_);
  }

 private:
  /// A secret's name in a called workflow -> the names of the repository's that are handed on as it.
  using Given = std::map<std::string, std::set<std::string>>;

  /// Null: the names are the repository's own.
  static std::set<std::string> names_of(const std::string& name, const Given* given) {
    if (given == nullptr) return {name};
    std::set<std::string> names;
    for (const auto& [there, here] : *given) {
      if (name == kAny || there == name) names.insert(here.begin(), here.end());
    }
    return names;
  }

  void follow(const WorkflowFile& file, const Given* given, unsigned depth) {
    for (const WorkflowUse& use : file.workflow.uses) found(use, file.path, given);
    for (const WorkflowCall& call : file.workflow.calls) follow_call(file, call, given, depth);
  }

  void follow_call(const WorkflowFile& file, const WorkflowCall& call, const Given* given, unsigned depth) {
    const auto called = std::find_if(files_.begin(), files_.end(),
                                     [&](const WorkflowFile& one) { return "./" + one.path == call.workflow; });
    const bool can_follow = called != files_.end() && depth < kDeepestCall && found_.size() < kMostUses;
    if (!can_follow) {
      WorkflowUse use{.job = call.job, .passed_to = call.workflow};
      if (call.inherits) {
        use.secret = kAny;
        found(use, file.path, given);
      }
      for (const auto& [there, here] : call.passed) {
        use.secret = here;
        found(use, file.path, given);
      }
      return;
    }
    if (call.inherits) return follow(*called, given, depth + 1);
    Given handed;
    for (const auto& [there, here] : call.passed) handed[there].merge(names_of(here, given));
    follow(*called, &handed, depth + 1);
  }

  void found(const WorkflowUse& use, const std::string& path, const Given* given) {
    for (const std::string& name : names_of(use.secret, given)) {
      if (found_.size() > kMostUses) return;
      FoundUse one{use, path};
      one.secret = name;
      // Beyond any limit nothing is known any more.
      if (found_.size() == kMostUses) one = {{.secret = std::string(kAny)}, path};
      found_.push_back(std::move(one));
    }
  }

  std::span<const WorkflowFile> files_;
  std::vector<FoundUse> found_;
};

/// Where a use was seen, for people. `repository` stands in front, where it is another's.
std::string where(const FoundUse& use, std::string_view repository) {
  std::string words = repository.empty() ? use.path : fmt::format("{}/{}", repository, use.path);
  if (!use.job.empty()) words += ", job " + use.job;
  if (use.environment == kAny) words += ", in an environment that is computed";
  if (!use.environment.empty() && use.environment != kAny) words += ", environment " + use.environment;
  if (!use.directory.empty()) words += ", in " + use.directory;
  return words;
}

/// One use as it counts for one secret.
struct Seen {
  const FoundUse* use = nullptr;
  std::string_view repository;  ///< empty: the secret's own
  std::string_view package;
};

Purpose strictest(std::span<const Seen> seen) {
  Purpose most = Purpose::installs;
  for (const Seen& one : seen) most = std::max(most, one.use->purpose);
  return most;
}

/// The first few uses of one purpose, a repository of many once.
std::vector<Seen> first_of(std::span<const Seen> seen, Purpose purpose) {
  std::vector<Seen> first;
  for (const Seen& one : seen) {
    const bool again = std::any_of(first.begin(), first.end(), [&](const Seen& other) {
      return !one.repository.empty() && other.repository == one.repository;
    });
    if (one.use->purpose == purpose && !again && first.size() < kMostNamed) first.push_back(one);
  }
  return first;
}

void add_publishing(std::span<const Seen> seen, std::vector<Evidence>& evidence) {
  std::set<std::string_view> repositories;
  for (const Seen& one : seen) {
    if (one.use->purpose == Purpose::publishes) repositories.insert(one.repository);
  }
  const std::vector<Seen> first = first_of(seen, Purpose::publishes);
  for (const Seen& one : first) {
    evidence.push_back({.kind = EvidenceKind::publishes, .from = where(*one.use, one.repository)});
    if (one.use->has_identity) {
      evidence.push_back({.kind = EvidenceKind::trusted_publishing, .from = where(*one.use, one.repository)});
    }
  }
  if (repositories.size() > kMostNamed) {
    evidence.push_back(note(fmt::format("{} repositories publish with it", grouped(repositories.size()))));
  }
}

void add_unclear(std::span<const Seen> seen, std::vector<Evidence>& evidence) {
  const std::vector<Seen> first = first_of(seen, Purpose::unclear);
  if (first.empty()) return;
  const Seen& one = first.front();
  const std::string place = where(*one.use, one.repository);
  evidence.push_back(note(one.use->passed_to.empty() ? fmt::format("what {} does with it is not shown", place)
                                                     : fmt::format("{} hands it on to {}, which was not read for it",
                                                                   place, one.use->passed_to)));
}

/// What the packages are that it may publish: of a workflow that names a directory, not the one at the root.
void add_packages(std::span<const Seen> seen, std::vector<Evidence>& evidence) {
  std::set<std::string_view> packages;
  for (const Seen& one : seen) {
    if (one.use->purpose == Purpose::installs || one.package.empty() || !one.use->directory.empty()) continue;
    if (packages.size() == kMostPackages || !packages.insert(one.package).second) continue;
    evidence.push_back(
        {.kind = EvidenceKind::package,
         .value = std::string(one.package),
         .from = one.repository.empty() ? "package.json" : std::string(one.repository) + "/package.json"});
  }
}

/// `unread`: how many workflows' or repositories' uses are not known; nothing: none.
void add_seen(std::span<const Seen> seen, std::string_view unread, Sighting& sighting) {
  std::vector<Evidence> evidence;
  if (seen.empty()) {
    evidence.push_back(note(unread.empty() ? "no workflow of the default branch uses it" : std::string(unread)));
  } else if (strictest(seen) == Purpose::publishes) {
    add_publishing(seen, evidence);
    add_packages(seen, evidence);
  } else if (strictest(seen) == Purpose::unclear) {
    add_unclear(seen, evidence);
    add_packages(seen, evidence);
  } else if (unread.empty()) {
    for (const Seen& one : first_of(seen, Purpose::installs)) {
      evidence.push_back({.kind = EvidenceKind::installs, .from = where(*one.use, one.repository)});
    }
  } else {
    evidence.push_back(
        note(fmt::format("{} only installs, but {}", where(*seen.front().use, seen.front().repository), unread)));
  }
  // What the build does counts before what kind of place holds it.
  sighting.evidence.insert(sighting.evidence.begin(), std::make_move_iterator(evidence.begin()),
                           std::make_move_iterator(evidence.end()));
}

}  // namespace

std::vector<FoundUse> uses_in(std::span<const WorkflowFile> files) { return Calls(files).all(); }

void SecretNames::add(std::string_view environment, std::string_view name) {
  names_.emplace(lower(environment), upper(name));
}

bool SecretNames::hide_from_repository(const WorkflowUse& use) const {
  return !use.environment.empty() && names_.contains({use.environment, use.secret});
}

bool SecretNames::hide_from_organisation(const WorkflowUse& use) const {
  return names_.contains({"", use.secret}) || hide_from_repository(use);
}

RepositoryUses repository_uses(std::span<const WorkflowFile> files, std::string package, bool whole) {
  RepositoryUses all{.uses = uses_in(files), .package = std::move(package), .whole = whole};
  for (const WorkflowFile& file : files) {
    if (!file.workflow.tokenless.empty()) all.tokenless.push_back(file.path);
  }
  return all;
}

void add_uses(Sighting& sighting, std::string_view environment, const RepositoryUses& repository,
              const SecretNames& names) {
  const std::string name = upper(sighting.name);
  const std::string own = lower(environment);
  std::vector<Seen> seen;
  for (const FoundUse& use : repository.uses) {
    if (use.secret != name && use.secret != kAny) continue;
    const bool here = own.empty() ? !names.hide_from_repository(use)
                                  : use.environment == own || use.environment == kAny || !use.passed_to.empty();
    if (here) seen.push_back({.use = &use, .package = repository.package});
  }
  add_seen(seen, repository.whole ? "" : "not all workflows could be read", sighting);
  if (!repository.tokenless.empty()) {
    sighting.evidence.push_back(
        note(fmt::format("{} publishes without a token already", repository.tokenless.front())));
  }
}

void OrganisationUses::add(std::int64_t repository, std::string_view full_name, bool is_public,
                           const RepositoryUses& uses, const SecretNames& names) {
  if (!uses.whole) add_unread(repository, is_public);
  for (const FoundUse& use : uses.uses) {
    if (names.hide_from_organisation(use)) continue;
    uses_[use.secret].push_back({.repository = repository,
                                 .is_public = is_public,
                                 .full_name = std::string(full_name),
                                 .package = uses.package,
                                 .use = use});
  }
}

void OrganisationUses::add_unread(std::int64_t repository, bool is_public) { unread_[repository] = is_public; }

void OrganisationUses::add_uses(Sighting& sighting, const Readers& readers, bool whole) const {
  const auto sees = [&](std::int64_t repository, bool is_public) {
    if (readers.selected) return readers.selected->contains(repository);
    return !readers.all_but_public || !is_public;
  };
  std::vector<Seen> seen;
  for (const std::string& name : {upper(sighting.name), std::string(kAny)}) {
    const auto found = uses_.find(name);
    if (found == uses_.end()) continue;
    for (const Use& one : found->second) {
      if (!sees(one.repository, one.is_public)) continue;
      seen.push_back({.use = &one.use, .repository = one.full_name, .package = one.package});
    }
  }
  const auto unread =
      std::count_if(unread_.begin(), unread_.end(), [&](const auto& one) { return sees(one.first, one.second); });
  std::string words;
  if (!whole) words = "not all repositories were listed";
  if (unread > 0) {
    words = fmt::format("the workflows of {} of its repositories could not all be read",
                        grouped(static_cast<std::uint64_t>(unread)));
  }
  add_seen(seen, words, sighting);
}

}  // namespace tokensweep::github

#include "connectors/kubernetes/workload_uses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "base/text.hpp"

namespace tokensweep::kubernetes {
namespace {

/// Of one key: what is stored of a secret stays readable.
constexpr std::size_t kMostKept = 20;
/// Pieces of evidence that say the same.
constexpr std::size_t kMostNamed = 3;
/// Keys in use: a cluster of 10,000 namespaces has 100 in each.
constexpr std::size_t kMostKeys = 1'000'000;
/// What else is remembered of uses that are not kept.
constexpr std::size_t kMostDropped = 10'000'000;

/// What these types are for is not a template's to say: service accounts and ingresses name Kubernetes' own as well,
/// and Helm asks the API for its releases.
bool is_for_templates(std::string_view type) {
  return !type.starts_with("kubernetes.io/") && !type.starts_with("helm.sh/");
}

Evidence note(std::string words) { return {.kind = EvidenceKind::note, .value = std::move(words)}; }

std::string words_of(const WorkloadUse& use) {
  std::string words = fmt::format("{} ({})", use.workload, use.how);
  if (!use.words.empty()) words.append(": ").append(use.words);
  return words;
}

std::size_t digest_of(const WorkloadUse& use) { return std::hash<std::string>()(words_of(use)); }

}  // namespace

bool WorkloadUses::Stricter::operator()(const WorkloadUse& a, const WorkloadUse& b) const {
  if (a.purpose != b.purpose) return a.purpose > b.purpose;
  return std::tie(a.workload, a.how, a.words, a.key) < std::tie(b.workload, b.how, b.words, b.key);
}

Result<> WorkloadUses::add(WorkloadUse use) {
  if (uses_.size() > kMostKeys || dropped_ > kMostDropped) {
    return Error{ErrorKind::malformed, "more secrets in use than any cluster has"};
  }
  KeyUses& of_key = uses_[Key(use.name_space, use.secret, use.key)];
  of_key.kept.insert(std::move(use));
  if (of_key.kept.size() <= kMostKept) return {};
  const auto last = std::prev(of_key.kept.end());
  if (of_key.dropped.insert(digest_of(*last)).second) ++dropped_;
  of_key.kept.erase(last);
  return {};
}

std::vector<const std::pair<const WorkloadUses::Key, WorkloadUses::KeyUses>*> WorkloadUses::of_secret(
    std::string_view name_space, std::string_view secret) const {
  std::vector<const std::pair<const Key, KeyUses>*> all;
  const Key first(name_space, secret, "");
  for (auto one = uses_.lower_bound(first); one != uses_.end(); ++one) {
    if (std::get<0>(one->first) != name_space || std::get<1>(one->first) != secret) break;
    all.push_back(&*one);
  }
  return all;
}

WorkloadUses::Found WorkloadUses::of(std::string_view name_space, std::string_view secret, std::string_view key) const {
  Found found;
  for (const auto* one : of_secret(name_space, secret)) {
    const std::string& used = std::get<2>(one->first);
    if (!key.empty() && !used.empty() && used != key) continue;
    for (const WorkloadUse& use : one->second.kept) found.uses.push_back(&use);
    found.more += one->second.dropped.size();
  }
  std::sort(found.uses.begin(), found.uses.end(),
            [](const WorkloadUse* a, const WorkloadUse* b) { return Stricter()(*a, *b); });
  if (found.uses.size() > kMostKept) {
    found.more += found.uses.size() - kMostKept;
    found.uses.resize(kMostKept);
  }
  return found;
}

bool WorkloadUses::is_whole(const std::string& name_space) const {
  return !unread_.contains("") && !unread_.contains(name_space) && (!only_ || only_->contains(name_space));
}

std::string WorkloadUses::version_of(std::string_view name_space, std::string_view secret) const {
  std::string version = is_whole(std::string(name_space)) ? "whole" : "in part";
  for (const auto* one : of_secret(name_space, secret)) {
    for (const WorkloadUse& use : one->second.kept) {
      // A purpose may change where no word does.
      version += fmt::format("\n{} {} {}", use.key, words_of(use), static_cast<int>(use.purpose));
    }
    version += fmt::format("\n{}", one->second.dropped.size());
  }
  return version;
}

std::string WorkloadUses::in_words(const Found& found) {
  std::string words = "used by ";
  for (std::size_t i = 0; i < found.uses.size(); ++i) {
    words.append(i == 0 ? "" : ", ").append(words_of(*found.uses[i]));
  }
  if (found.more > 0) words += fmt::format(", and {} more", grouped(found.more));
  return words;
}

void WorkloadUses::add_to(Sighting& sighting, const SecretObject& secret, std::string_view key) const {
  const bool whole = is_whole(secret.name_space);
  const Found found = of(secret.name_space, secret.name, key);
  std::vector<Evidence> evidence;
  if (found.uses.empty()) {
    if (!whole) {
      evidence.push_back(note("not all workloads of its namespace could be listed"));
    } else if (is_for_templates(secret.type)) {
      evidence.push_back(note("no workload uses it: unless something asks the API for it, it can be removed"));
    }
  } else {
    const WorkloadPurpose strictest = found.uses.front()->purpose;
    const bool publishes = strictest == WorkloadPurpose::publishes;
    if (publishes || (strictest == WorkloadPurpose::installs && whole)) {
      for (const WorkloadUse* one : found.uses) {
        if (one->purpose != strictest || evidence.size() == kMostNamed) break;
        evidence.push_back(
            {.kind = publishes ? EvidenceKind::publishes : EvidenceKind::installs, .from = words_of(*one)});
      }
    }
    evidence.push_back(note(in_words(found) + (whole ? "" : "; not all workloads of its namespace could be listed")));
  }
  // What is done with it counts before what kind of place holds it.
  sighting.evidence.insert(sighting.evidence.begin(), std::make_move_iterator(evidence.begin()),
                           std::make_move_iterator(evidence.end()));
}

}  // namespace tokensweep::kubernetes

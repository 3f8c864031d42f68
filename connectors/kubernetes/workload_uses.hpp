#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include "connectors/connector.hpp"
#include "connectors/kubernetes/secret_list.hpp"
#include "connectors/kubernetes/workload_list.hpp"

namespace tokensweep::kubernetes {

/// What the workloads of a cluster do with its secrets, as evidence. Pure.
///
/// As with workflows of Actions, the strictest use counts: a workload that publishes; one that cannot be judged, which
/// shows no more than that the secret is in use; and only where all of its workloads were listed and every one
/// installs, that it is for installs. Of the uses of a key the strictest few are kept, and how many more there are.
class WorkloadUses {
 public:
  /// Fails (`malformed`) where there are more secrets in use than any cluster has.
  Result<> add(WorkloadUse use);

  /// Some workloads of a namespace, or of all of them (empty), could not be listed.
  void add_unread(std::string name_space) { unread_.insert(std::move(name_space)); }
  /// Of other namespaces than these, nobody could list all workloads.
  void know_only(std::set<std::string> names) { only_ = std::move(names); }

  /// All that is known of the uses of a secret, in one text: another one after each change. Part of a secret's version,
  /// so that what does not change by itself is read again when its uses do.
  [[nodiscard]] std::string version_of(std::string_view name_space, std::string_view secret) const;

  /// Adds to the sighting of a key (empty: of the whole secret) who uses it, and what for.
  void add_to(Sighting& sighting, const SecretObject& secret, std::string_view key) const;

 private:
  /// The strictest first; equal ones are one.
  struct Stricter {
    bool operator()(const WorkloadUse& a, const WorkloadUse& b) const;
  };
  struct KeyUses {
    std::set<WorkloadUse, Stricter> kept;
    std::unordered_set<std::size_t> dropped;  ///< digests: a page that comes twice does not count twice
  };
  struct Found {
    std::vector<const WorkloadUse*> uses;  ///< the strictest first
    std::size_t more = 0;
  };

  using Key = std::tuple<std::string, std::string, std::string>;  ///< namespace, secret, key

  /// The keys of a secret that are used, and how.
  [[nodiscard]] std::vector<const std::pair<const Key, KeyUses>*> of_secret(std::string_view name_space,
                                                                            std::string_view secret) const;
  static std::string in_words(const Found& found);
  [[nodiscard]] Found of(std::string_view name_space, std::string_view secret, std::string_view key) const;
  [[nodiscard]] bool is_whole(const std::string& name_space) const;

  std::map<Key, KeyUses> uses_;
  std::size_t dropped_ = 0;
  std::set<std::string> unread_;
  std::optional<std::set<std::string>> only_;
};

}  // namespace tokensweep::kubernetes

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http.hpp"

/// Lists of what runs in a cluster, read while they come, for the secrets that pods are given and for what is done with
/// them. Nothing is kept but names, of objects, secrets, keys, variables, volumes and files in them: a command, an
/// image and a variable's literal value may hold secrets. Strict: what we use and has another type than the API gives
/// it is an error (`malformed`), which names the field and never what it holds.
namespace tokensweep::kubernetes {

/// The kinds of objects that pods come from, in the order in which they are asked for.
enum class WorkloadKind : std::uint8_t {
  cron_jobs,
  jobs,
  deployments,
  stateful_sets,
  daemon_sets,
  replica_sets,
  pods,
  count_  ///< not a kind: how many there are
};

/// What they are called in addresses and roles: `cronjobs`.
std::string_view resource_of(WorkloadKind kind);
/// The path of their list, of the cluster or of one namespace.
std::string path_of(WorkloadKind kind, std::string_view name_space);

/// What a container does with a secret, as far as its command, its image and their names show; the later ones count
/// more. What only pulls images does nothing with a package.
enum class WorkloadPurpose : std::uint8_t { pulls_images, installs, unclear, publishes };

/// One way in which a workload uses a secret.
struct WorkloadUse {
  std::string name_space;
  std::string secret;
  std::string key;       ///< empty: all of its keys
  std::string workload;  ///< `CronJob release/publish`; of what is named by a generator `Pod ci/runner-*`
  std::string how;       ///< `env NPM_TOKEN`, `volume npmrc, as .npmrc`
  WorkloadPurpose purpose = WorkloadPurpose::unclear;
  std::string_view words;  ///< by which a command is known to publish or to install: ours, such as `npm publish`
};

/// Takes what a list holds. An error ends the list.
class WorkloadListener {
 public:
  virtual ~WorkloadListener() = default;
  virtual Result<> use(WorkloadUse use) = 0;
};

/// Reads one page of a list.
///
/// An object that another listed kind controls tells nothing that its controller does not (a Deployment's ReplicaSet,
/// a Job's Pod), and is passed over; what another kind controls, of whatever controller, counts.
///
/// A container sees what its own variables name, and the volumes that it mounts. It installs only where nothing there
/// is called by a word for publishing, its own name and its workload's included.
class WorkloadListReader : public BodyReader {
 public:
  /// `listener` has to outlive it.
  WorkloadListReader(WorkloadListener& listener, WorkloadKind kind);
  ~WorkloadListReader() override;

  void begin() override;
  Result<> read(std::string_view bytes) override;
  /// The answer has ended: an error where it is not whole, or not what was asked for.
  Result<> finish();

  [[nodiscard]] const std::string& next() const;  ///< what the next page is asked for with; empty: this is the last one
  [[nodiscard]] std::uint64_t items() const;      ///< on this page, and those that it says come behind it

 private:
  struct Impl;
  WorkloadListener& listener_;
  WorkloadKind kind_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep::kubernetes

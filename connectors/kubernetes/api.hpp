#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "connectors/kubernetes/cluster_access.hpp"
#include "connectors/kubernetes/parse.hpp"
#include "connectors/kubernetes/secret_list.hpp"
#include "connectors/kubernetes/workload_list.hpp"
#include "net/client.hpp"
#include "net/task.hpp"

/// A cluster's requests: which address answers what, and what a status means.
namespace tokensweep::kubernetes {

/// What has to follow from an answer.
enum class Reaction : std::uint8_t {
  read,          ///< it is there
  denied,        ///< the cluster's rules do not let us
  expired,       ///< the snapshot is gone (410)
  failed,        ///< it did not come, or nobody can read it
  ends_cluster,  ///< nothing else will come from this cluster either
};

/// What came of a request.
template <class T>
struct Answer {
  Reaction reaction = Reaction::failed;
  Result<T> value;  ///< a value where the reaction is `read`, else why there is none

  explicit Answer(T value_) : reaction(Reaction::read), value(std::move(value_)) {}
  Answer(Reaction reaction_, Error why) : reaction(reaction_), value(std::move(why)) {}
  explicit operator bool() const { return reaction == Reaction::read; }
};

/// One page of a list of secrets or ConfigMaps.
struct ListRequest {
  ObjectKind kind = ObjectKind::secret;
  std::string name_space;  ///< empty: all of the cluster
  ListForm form = ListForm::values;
  std::size_t limit = 1;    ///< of its items
  std::string page;         ///< `continue`; empty: the first page
  std::string snapshot;     ///< of a first page: exactly this version of the list; empty: the newest
  std::string secret;       ///< this one alone; empty: all
  bool releases = false;    ///< those of Helm, too
  bool every_type = false;  ///< else without tokens of service accounts
};

/// One page of a list of workloads.
struct WorkloadListRequest {
  WorkloadKind kind = WorkloadKind::pods;
  std::string name_space;  ///< empty: all of the cluster
  std::size_t limit = 1;   ///< of its items
  std::string page;        ///< as in a ListRequest
};

/// One cluster, one credential.
class Api {
 public:
  /// Both have to outlive it. `name`: the source's, which begins the client's errors, and none of ours.
  Api(HttpClient& client, const Cluster& cluster, std::string_view name)
      : client_(client), cluster_(cluster), errors_begin_(std::string(name) + ": ") {}

  /// What the cluster is known by, whatever it is called: the uid of its namespace `kube-system`.
  Task<Answer<std::string>> uid();

  /// All namespaces. `snapshot` as in a ListRequest.
  Task<Answer<std::vector<std::string>>> namespaces(std::string snapshot);

  /// Hands a page to `reader`, which has to outlive the task, as its items do: what was handed over before a page broke
  /// stays so. Where it is `expired`, `continuation` is what a list goes on with, no longer as one snapshot; empty
  /// where the cluster offers nothing.
  struct Page {
    Answer<bool> answer;
    std::string continuation;
  };
  Task<Page> secrets(const ListRequest& request, SecretListReader& reader);
  /// As `secrets`; how the list goes on is the reader's to say.
  Task<Page> workloads(const WorkloadListRequest& request, WorkloadListReader& reader);

  [[nodiscard]] const Cluster& cluster() const { return cluster_; }

 private:
  Task<Result<HttpResponse>> get(std::string path, std::string_view accept, BodyReader* reader, bool plain = false);
  /// What a list is asked for in, and again where nobody can read what came.
  struct Accepts {
    std::string_view first;
    std::string_view again;
  };
  template <class Reader>
  Task<Page> read_list(std::string target, Accepts accepts, Reader& reader, bool plain);
  template <class T>
  Task<Answer<T>> read(std::string path, std::string_view accept, Result<T> (*parse)(std::string_view body));

  HttpClient& client_;
  const Cluster& cluster_;
  std::string errors_begin_;
};

}  // namespace tokensweep::kubernetes

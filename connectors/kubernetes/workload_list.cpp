#include "connectors/kubernetes/workload_list.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "base/wiped_text.hpp"
#include "connectors/json_stream.hpp"
#include "formats/build_commands.hpp"
#include "net/url.hpp"

namespace tokensweep::kubernetes {
namespace {

using Kind = JsonEvent::Kind;

/// An object is 1.5 MiB at the most, unless etcd was told otherwise.
constexpr std::size_t kLargestObject = std::size_t{4} << 20U;
/// What matters in one, values and all that holds them.
constexpr std::size_t kMostValues = 400'000;
/// Kubernetes' own names have 253 characters.
constexpr std::size_t kLongestName = 255;
/// Of one object: volumes and the containers that mount them multiply.
constexpr std::size_t kMostUses = 20'000;

struct KindRow {
  std::string_view kind;
  std::string_view resource;
  std::string_view group;  ///< of the API; empty: the core
  std::string_view spec;   ///< where an object holds what its pods are made of
};
constexpr std::array<KindRow, static_cast<std::size_t>(WorkloadKind::count_)> kKinds = {{
    {"CronJob", "cronjobs", "batch", "items[].spec.jobTemplate.spec.template.spec"},
    {"Job", "jobs", "batch", "items[].spec.template.spec"},
    {"Deployment", "deployments", "apps", "items[].spec.template.spec"},
    {"StatefulSet", "statefulsets", "apps", "items[].spec.template.spec"},
    {"DaemonSet", "daemonsets", "apps", "items[].spec.template.spec"},
    {"ReplicaSet", "replicasets", "apps", "items[].spec.template.spec"},
    {"Pod", "pods", "", "items[].spec"},
}};

const KindRow& row_of(WorkloadKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

std::string name_of(std::string_view text) { return std::string(text.substr(0, kLongestName)); }

/// What a path leads to.
enum class Field : std::uint8_t {
  inside,  ///< nothing but what lies in it
  list_kind,
  next,
  remaining,
  item,
  name,
  generated,  ///< what a generated name begins with
  name_space,
  owner,
  owner_kind,
  owner_version,
  owner_controls,
  pull_secret,
  volume,
  volume_name,
  source,  ///< of a volume: a secret, or what names one
  source_secret,
  source_item,
  item_key,
  item_path,
  container,
  container_name,
  image,
  command,
  env_from,
  prefix,
  env_from_secret,
  env,
  env_name,
  env_secret,
  env_key,
  mounted,
};

/// What a path leads to, and the kind of value that the API has there.
struct Place {
  std::string_view path;
  Kind kind;
  Field field = Field::inside;
};

constexpr std::array kOfList = {
    Place{"", Kind::object},
    Place{"kind", Kind::text, Field::list_kind},
    Place{"metadata", Kind::object},
    Place{"metadata.continue", Kind::text, Field::next},
    Place{"metadata.remainingItemCount", Kind::integer, Field::remaining},
    Place{"items", Kind::array},
    Place{"items[]", Kind::object, Field::item},
    Place{"items[].metadata", Kind::object},
    Place{"items[].metadata.name", Kind::text, Field::name},
    Place{"items[].metadata.generateName", Kind::text, Field::generated},
    Place{"items[].metadata.namespace", Kind::text, Field::name_space},
    Place{"items[].metadata.ownerReferences", Kind::array},
    Place{"items[].metadata.ownerReferences[]", Kind::object, Field::owner},
    Place{"items[].metadata.ownerReferences[].kind", Kind::text, Field::owner_kind},
    Place{"items[].metadata.ownerReferences[].apiVersion", Kind::text, Field::owner_version},
    Place{"items[].metadata.ownerReferences[].controller", Kind::flag, Field::owner_controls},
};

/// Below a pod's spec. The kinds of storage have credentials of their own, which are no tokens, but in use.
constexpr std::array kOfSpec = {
    Place{".imagePullSecrets", Kind::array},
    Place{".imagePullSecrets[]", Kind::object},
    Place{".imagePullSecrets[].name", Kind::text, Field::pull_secret},
    Place{".volumes", Kind::array},
    Place{".volumes[]", Kind::object, Field::volume},
    Place{".volumes[].name", Kind::text, Field::volume_name},
    Place{".volumes[].secret", Kind::object, Field::source},
    Place{".volumes[].secret.secretName", Kind::text, Field::source_secret},
    Place{".volumes[].secret.items", Kind::array},
    Place{".volumes[].secret.items[]", Kind::object, Field::source_item},
    Place{".volumes[].secret.items[].key", Kind::text, Field::item_key},
    Place{".volumes[].secret.items[].path", Kind::text, Field::item_path},
    Place{".volumes[].projected", Kind::object},
    Place{".volumes[].projected.sources", Kind::array},
    Place{".volumes[].projected.sources[]", Kind::object},
    Place{".volumes[].projected.sources[].secret", Kind::object, Field::source},
    Place{".volumes[].projected.sources[].secret.name", Kind::text, Field::source_secret},
    Place{".volumes[].projected.sources[].secret.items", Kind::array},
    Place{".volumes[].projected.sources[].secret.items[]", Kind::object, Field::source_item},
    Place{".volumes[].projected.sources[].secret.items[].key", Kind::text, Field::item_key},
    Place{".volumes[].projected.sources[].secret.items[].path", Kind::text, Field::item_path},
    Place{".volumes[].azureFile", Kind::object, Field::source},
    Place{".volumes[].azureFile.secretName", Kind::text, Field::source_secret},
    Place{".volumes[].cephfs", Kind::object},
    Place{".volumes[].cephfs.secretRef", Kind::object, Field::source},
    Place{".volumes[].cephfs.secretRef.name", Kind::text, Field::source_secret},
    Place{".volumes[].csi", Kind::object},
    Place{".volumes[].csi.nodePublishSecretRef", Kind::object, Field::source},
    Place{".volumes[].csi.nodePublishSecretRef.name", Kind::text, Field::source_secret},
    Place{".volumes[].flexVolume", Kind::object},
    Place{".volumes[].flexVolume.secretRef", Kind::object, Field::source},
    Place{".volumes[].flexVolume.secretRef.name", Kind::text, Field::source_secret},
    Place{".volumes[].iscsi", Kind::object},
    Place{".volumes[].iscsi.secretRef", Kind::object, Field::source},
    Place{".volumes[].iscsi.secretRef.name", Kind::text, Field::source_secret},
    Place{".volumes[].rbd", Kind::object},
    Place{".volumes[].rbd.secretRef", Kind::object, Field::source},
    Place{".volumes[].rbd.secretRef.name", Kind::text, Field::source_secret},
};

/// Containers, and below each. A variable's literal value is not looked at.
constexpr std::array<std::string_view, 3> kContainers = {".initContainers", ".containers", ".ephemeralContainers"};
constexpr std::array kOfContainers = {
    Place{"", Kind::array},
    Place{"[]", Kind::object, Field::container},
    Place{"[].name", Kind::text, Field::container_name},
    Place{"[].image", Kind::text, Field::image},
    Place{"[].command", Kind::array},
    Place{"[].command[]", Kind::text, Field::command},
    Place{"[].args", Kind::array},
    Place{"[].args[]", Kind::text, Field::command},
    Place{"[].envFrom", Kind::array},
    Place{"[].envFrom[]", Kind::object, Field::env_from},
    Place{"[].envFrom[].prefix", Kind::text, Field::prefix},
    Place{"[].envFrom[].secretRef", Kind::object},
    Place{"[].envFrom[].secretRef.name", Kind::text, Field::env_from_secret},
    Place{"[].env", Kind::array},
    Place{"[].env[]", Kind::object, Field::env},
    Place{"[].env[].name", Kind::text, Field::env_name},
    Place{"[].env[].valueFrom", Kind::object},
    Place{"[].env[].valueFrom.secretKeyRef", Kind::object},
    Place{"[].env[].valueFrom.secretKeyRef.name", Kind::text, Field::env_secret},
    Place{"[].env[].valueFrom.secretKeyRef.key", Kind::text, Field::env_key},
    Place{"[].volumeMounts", Kind::array},
    Place{"[].volumeMounts[]", Kind::object},
    Place{"[].volumeMounts[].name", Kind::text, Field::mounted},
};

/// All that matters in a list of one kind.
using Places = std::map<std::string, Place, std::less<>>;

Places places_of(const KindRow& row) {
  Places places;
  for (const Place& one : kOfList) places.emplace(one.path, one);
  // `items[].spec`, and all between it and the pods' own.
  for (std::size_t end = std::string_view("items[].spec").size(); end != std::string_view::npos;
       end = row.spec.find('.', end + 1)) {
    const std::string_view above = row.spec.substr(0, end);
    places.emplace(above, Place{above, Kind::object});
  }
  places.emplace(row.spec, Place{row.spec, Kind::object});
  const std::string spec(row.spec);
  for (const Place& one : kOfSpec) places.emplace(spec + std::string(one.path), one);
  for (const std::string_view containers : kContainers) {
    for (const Place& one : kOfContainers) {
      std::string path = spec;
      places.emplace(path.append(containers).append(one.path), one);
    }
  }
  return places;
}

const Places& places_of(WorkloadKind kind) {
  static const auto kAll = [] {
    std::array<Places, kKinds.size()> all;
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = places_of(kKinds[i]);
    return all;
  }();
  return kAll[static_cast<std::size_t>(kind)];
}

/// A secret, or one of its keys, and how pods are given it.
struct Given {
  std::string secret;
  std::string key;  ///< empty: all of them
  std::string how;
};

struct Volume {
  std::string name;
  std::vector<Given> holds;
  bool mounted = false;
};

/// What a container does, whatever it is given.
struct Deed {
  WorkloadPurpose purpose = WorkloadPurpose::unclear;
  std::string_view words;
};

struct Container {
  std::string name;
  Deed deed;
  std::vector<Given> given;
  std::vector<std::string> mounts;
};

struct Owner {
  std::string kind;
  std::string version;
  bool controls = false;
};

struct Variable {
  std::string name;  ///< or of `envFrom` the prefix
  std::string secret;
  std::string key;
};

/// The secret of a volume, or of one of its sources.
struct Source {
  std::string secret;
  struct Item {
    std::string key;
    std::string path;
  };
  std::vector<Item> items;
};

/// One object of the list, as far as it came.
struct Workload {
  std::string name;
  std::string generated;
  std::string name_space;
  bool is_controlled = false;  ///< by what is listed itself
  std::vector<std::string> pull_secrets;
  std::vector<Volume> volumes;
  std::vector<Container> containers;
};

bool is_listed(const Owner& owner) {
  const std::string_view group = std::string_view(owner.version).substr(0, owner.version.find('/'));
  return owner.controls && std::any_of(kKinds.begin(), kKinds.end(), [&](const KindRow& row) {
           return row.kind == owner.kind && row.group == group;
         });
}

}  // namespace

/// What JsonStream tells.
struct WorkloadListReader::Impl : JsonListener {
  Impl(WorkloadListener& listener_, WorkloadKind kind_)
      : listener(listener_), row(row_of(kind_)), places(places_of(kind_)) {}

  WorkloadListener& listener;
  const KindRow& row;
  const Places& places;
  bool right_kind = false;
  std::string next;
  std::uint64_t count = 0;
  std::uint64_t remaining = 0;

  using Volumes = std::map<std::string_view, Volume*>;

  // Of the object, the container and so on that comes now.
  Workload workload;
  Owner owner;
  Source source;
  Container container;
  Variable variable;
  WipedText image;
  WipedText script;
  std::size_t values = 0;
  std::size_t uses = 0;

  JsonStream stream{*this, kLargestObject};

  [[nodiscard]] bool wants(std::string_view path) const override { return places.contains(path); }

  Result<> met(const JsonEvent& event) override {
    const auto found = places.find(event.path);
    if (found == places.end()) return {};
    const Place& place = found->second;
    if (++values > kMostValues || script.size() > kLargestObject) return too_large();
    if (event.kind == Kind::null && !event.path.empty()) return {};  // Go's nil
    const bool is_nested = place.kind == Kind::object || place.kind == Kind::array;
    if (event.kind == Kind::end && is_nested) return ended(place.field);
    if (event.kind != place.kind) return malformed(std::string(event.path) + " has another type than the API gives it");
    if (place.kind == Kind::object) {
      begin(place.field);
      return {};
    }
    return scalar(place.field, event);
  }

  static Error too_large() { return malformed("an object that is larger than any that Kubernetes takes"); }

  void begin(Field field) {
    switch (field) {
      case Field::item:
        workload = {};
        values = 0;
        uses = 0;
        return;
      case Field::owner:
        owner = {};
        return;
      case Field::volume:
        workload.volumes.emplace_back();
        return;
      case Field::source:
        source = {};
        return;
      case Field::source_item:
        source.items.emplace_back();
        return;
      case Field::container:
        container = {};
        image.clear();
        script.clear();
        return;
      case Field::env:
      case Field::env_from:
        variable = {};
        return;
      default:
        return;
    }
  }

  Result<> scalar(Field field, const JsonEvent& event) {
    const std::string_view text = event.text;
    switch (field) {
      case Field::list_kind:
        right_kind = text == std::string(row.kind) + "List";
        return right_kind ? Result<>() : malformed("it is no list of " + std::string(row.resource));
      case Field::next:
        next = text;
        break;
      case Field::remaining:
        remaining = static_cast<std::uint64_t>(std::max<std::int64_t>(event.integer, 0));
        break;
      case Field::owner_controls:
        owner.controls = event.flag;
        break;
      case Field::pull_secret:
        workload.pull_secrets.push_back(name_of(text));
        break;
      case Field::image:
        image.append(text);
        break;
      case Field::command:
        // Comments end with a line: words of the command stand in one, scripts of several begin their own.
        script.append(text.find('\n') == std::string_view::npos ? " " : "\n");
        script.append(text);
        break;
      case Field::mounted:
        container.mounts.push_back(name_of(text));
        break;
      default:
        if (std::string* name = name_for(field)) *name = name_of(text);
        break;
    }
    return {};
  }

  /// Where a name goes; null where a field is none.
  std::string* name_for(Field field) {
    switch (field) {
      case Field::name:
        return &workload.name;
      case Field::generated:
        return &workload.generated;
      case Field::name_space:
        return &workload.name_space;
      case Field::owner_kind:
        return &owner.kind;
      case Field::owner_version:
        return &owner.version;
      case Field::volume_name:
        return &workload.volumes.back().name;
      case Field::source_secret:
        return &source.secret;
      case Field::item_key:
        return &source.items.back().key;
      case Field::item_path:
        return &source.items.back().path;
      case Field::container_name:
        return &container.name;
      case Field::prefix:
      case Field::env_name:
        return &variable.name;
      case Field::env_from_secret:
      case Field::env_secret:
        return &variable.secret;
      case Field::env_key:
        return &variable.key;
      default:
        return nullptr;
    }
  }

  Result<> ended(Field field) {
    switch (field) {
      case Field::item:
        return end_item();
      case Field::owner:
        workload.is_controlled = workload.is_controlled || is_listed(owner);
        break;
      case Field::source:
        end_source();
        break;
      case Field::container:
        container.deed = deed();
        workload.containers.push_back(std::move(container));
        break;
      case Field::env:
        if (!variable.secret.empty()) {
          container.given.push_back({variable.secret, variable.key, "env " + variable.name});
        }
        break;
      case Field::env_from:
        if (!variable.secret.empty()) {
          container.given.push_back({variable.secret, "", "all of it as env " + variable.name + "*"});
        }
        break;
      default:
        break;
    }
    return {};
  }

  void end_source() {
    if (source.secret.empty()) return;
    std::vector<Given>& holds = workload.volumes.back().holds;
    if (source.items.empty()) holds.push_back({source.secret, "", ""});
    for (const Source::Item& item : source.items) holds.push_back({source.secret, item.key, ", as " + item.path});
  }

  /// All of the container has come, but its workload's name may not have.
  [[nodiscard]] Deed deed() const {
    const Commands commands = commands_in(script.view());
    const Commands by_image = commands_in(image.view());
    if (commands.publishes) return {WorkloadPurpose::publishes, commands.publishing};
    if (by_image.publishes) return {WorkloadPurpose::publishes, by_image.publishing};
    const bool speaks = speaks_of_publishing(script.view()) || speaks_of_publishing(image.view()) ||
                        speaks_of_publishing(container.name);
    return commands.installs && !speaks ? Deed{WorkloadPurpose::installs, commands.installing} : Deed{};
  }

  Result<> end_item() {
    ++count;
    if (workload.name.empty() || workload.name_space.empty()) return malformed("a workload without name or namespace");
    if (workload.is_controlled) return {};
    Volumes volumes;
    for (Volume& volume : workload.volumes) volumes.emplace(volume.name, &volume);
    for (const Container& one : workload.containers) {
      const Deed does = of_this_workload(one.deed);
      for (const Given& given : one.given) TRY_VOID(tell(given, given.how, does));
      for (const std::string& name : one.mounts) TRY_VOID(tell_mounted(volumes, name, does));
    }
    for (const Volume& volume : workload.volumes) {
      if (!volume.mounted) TRY_VOID(tell_volume(volume, {}));
    }
    for (const std::string& secret : workload.pull_secrets) {
      const Given given{secret, "", ""};
      TRY_VOID(tell(given, "to pull images", {WorkloadPurpose::pulls_images, {}}));
    }
    return {};
  }

  [[nodiscard]] Deed of_this_workload(const Deed& deed) const {
    return deed.purpose == WorkloadPurpose::installs && speaks_of_publishing(workload.name) ? Deed{} : deed;
  }

  Result<> tell_mounted(const Volumes& volumes, std::string_view name, const Deed& deed) {
    const auto volume = volumes.find(name);
    if (volume == volumes.end()) return {};
    volume->second->mounted = true;
    return tell_volume(*volume->second, deed);
  }

  Result<> tell_volume(const Volume& volume, const Deed& deed) {
    for (const Given& given : volume.holds) TRY_VOID(tell(given, "volume " + volume.name + given.how, deed));
    return {};
  }

  Result<> tell(const Given& given, std::string how, const Deed& deed) {
    if (++uses > kMostUses) return too_large();
    std::string workload_name(row.kind);
    workload_name.append(" ").append(workload.name_space).append("/");
    workload_name.append(workload.generated.empty() ? workload.name : workload.generated + "*");
    return listener.use({.name_space = workload.name_space,
                         .secret = given.secret,
                         .key = given.key,
                         .workload = std::move(workload_name),
                         .how = std::move(how),
                         .purpose = deed.purpose,
                         .words = deed.words});
  }
};

std::string_view resource_of(WorkloadKind kind) { return row_of(kind).resource; }

std::string path_of(WorkloadKind kind, std::string_view name_space) {
  const KindRow& row = row_of(kind);
  std::string path = row.group.empty() ? "/api/v1/" : "/apis/" + std::string(row.group) + "/v1/";
  if (!name_space.empty()) path.append("namespaces/").append(percent_encoded(name_space)).append("/");
  return path.append(row.resource);
}

WorkloadListReader::WorkloadListReader(WorkloadListener& listener, WorkloadKind kind)
    : listener_(listener), kind_(kind), impl_(std::make_unique<Impl>(listener, kind)) {}

WorkloadListReader::~WorkloadListReader() = default;

void WorkloadListReader::begin() { impl_ = std::make_unique<Impl>(listener_, kind_); }

Result<> WorkloadListReader::read(std::string_view bytes) { return impl_->stream.read(bytes); }

Result<> WorkloadListReader::finish() {
  TRY_VOID(impl_->stream.finish());
  if (!impl_->right_kind) return malformed("it is no list of " + std::string(impl_->row.resource));
  return {};
}

const std::string& WorkloadListReader::next() const { return impl_->next; }

std::uint64_t WorkloadListReader::items() const { return impl_->count + impl_->remaining; }

}  // namespace tokensweep::kubernetes

#include "connectors/kubernetes/secret_list.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "base/base64.hpp"
#include "base/time.hpp"
#include "connectors/json_stream.hpp"

namespace tokensweep::kubernetes {
namespace {

using Kind = JsonEvent::Kind;

/// A secret's `data` is 1 MiB at the most, which base64 makes 1.4; its annotations are 256 KiB.
constexpr std::size_t kLongestText = std::size_t{2} << 20U;
/// Of one secret, decoded: what is larger is none of Kubernetes'.
constexpr std::size_t kLargestSecret = std::size_t{2} << 20U;
constexpr std::size_t kMostKeys = 20'000;
constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

Result<> assign(std::string& to, const JsonEvent& event) {
  if (event.kind != Kind::text) return malformed(std::string(event.path) + " is no text");
  to.assign(event.text);
  return {};
}

Result<> assign(std::optional<Time>& to, const JsonEvent& event) {
  if (event.kind == Kind::null) return {};
  to = event.kind == Kind::text ? parse_time(event.text) : std::nullopt;
  return to ? Result<>() : malformed(std::string(event.path) + " is no time");
}

/// What one manager wrote last, and when (`managedFields[]`).
struct WriterEntry {
  std::optional<Time> time;
  std::vector<std::string> keys;  ///< of `data` that are its own
};

/// The metadata of one object; paths are those below it.
class MetadataReader {
 public:
  explicit MetadataReader(SecretObject& secret) : secret_(secret) {}

  static bool wants(std::string_view path, bool annotations) {
    static constexpr std::array<std::string_view, 13> kWanted = {
        "",
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "ownerReferences",
        "ownerReferences[]",
        "ownerReferences[].kind",
        "ownerReferences[].controller",
        "managedFields",
        "managedFields[]",
        "managedFields[].time",
    };
    if (path.starts_with("managedFields[].fieldsV1")) {
      const std::string_view below = path.substr(std::string_view("managedFields[].fieldsV1").size());
      return below.empty() || below == ".f:data" || below == ".f:data{}";
    }
    if (path.starts_with("annotations")) return annotations;
    return std::ranges::find(kWanted, path) != kWanted.end();
  }
  static bool is_map(std::string_view path) {
    return path == "annotations" || path == "managedFields[].fieldsV1.f:data";
  }

  void clear() {
    writers_.clear();
    owner_ = {};
  }

  Result<> met(std::string_view path, const JsonEvent& event) {
    if (path == "name") return assign(secret_.name, event);
    if (path == "namespace") return assign(secret_.name_space, event);
    if (path == "uid") return assign(secret_.uid, event);
    if (path == "resourceVersion") return assign(secret_.version, event);
    if (path == "creationTimestamp") return assign(secret_.created_at, event);
    if (path.starts_with("ownerReferences[]")) return met_owner(path, event);
    if (path.starts_with("managedFields[]")) return met_writer(path, event);
    return {};
  }

  /// Notes when each key's value was written at the latest: nobody who owns it wrote anything since.
  void date(std::vector<SecretKey>& keys) const {
    if (keys.empty()) return;
    std::unordered_map<std::string_view, Time> latest;
    for (const WriterEntry& writer : writers_) {
      if (!writer.time) continue;
      for (const std::string& key : writer.keys) {
        const auto [at, first] = latest.try_emplace(key, *writer.time);
        if (!first) at->second = std::max(at->second, *writer.time);
      }
    }
    for (SecretKey& key : keys) {
      const auto found = latest.find(key.name);
      if (found != latest.end()) key.written_before = found->second;
    }
  }

  [[nodiscard]] std::optional<Time> written_at() const {
    std::optional<Time> latest;
    for (const WriterEntry& writer : writers_) {
      if (writer.time) latest = std::max(latest.value_or(*writer.time), *writer.time);
    }
    return latest;
  }

  /// The keys that any writer has, each once.
  [[nodiscard]] std::vector<std::string> keys() const {
    std::vector<std::string> all;
    for (const WriterEntry& writer : writers_) all.insert(all.end(), writer.keys.begin(), writer.keys.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

 private:
  struct Owner {
    std::string kind;
    bool controls = false;
  };

  Result<> met_owner(std::string_view path, const JsonEvent& event) {
    if (path == "ownerReferences[]" && event.kind == Kind::object) owner_ = {};
    if (path == "ownerReferences[].kind") return assign(owner_.kind, event);
    if (path == "ownerReferences[].controller") owner_.controls = event.kind == Kind::flag && event.flag;
    if (path == "ownerReferences[]" && event.kind == Kind::end && (owner_.controls || secret_.owner.empty())) {
      secret_.owner = std::move(owner_.kind);
    }
    return {};
  }

  Result<> met_writer(std::string_view path, const JsonEvent& event) {
    if (path == "managedFields[]" && event.kind == Kind::object) writers_.emplace_back();
    if (writers_.empty()) return {};
    if (path == "managedFields[].time") return assign(writers_.back().time, event);
    // Its own entry is `.`; a key is `f:` and its name.
    if (path == "managedFields[].fieldsV1.f:data{}" && event.kind != Kind::end && event.key.starts_with("f:")) {
      // Nothing is noted of the rest: one odd secret is not to cost a list.
      if (writers_.back().keys.size() < kMostKeys) writers_.back().keys.emplace_back(event.key.substr(2));
    }
    return {};
  }

  SecretObject& secret_;
  std::vector<WriterEntry> writers_;
  Owner owner_;
};

}  // namespace

/// What JsonStream tells.
struct SecretListReader::Impl : JsonListener {
  Impl(SecretListener& listener_, ListForm form_)
      : listener(listener_),
        form(form_),
        item(form == ListForm::values ? "items[]" : "rows[]"),
        metadata_path(form == ListForm::values ? "items[].metadata" : "rows[].object.metadata") {}

  SecretListener& listener;
  ListForm form;
  std::string_view item;
  std::string_view metadata_path;
  ListHead list_head;
  bool headed = false;
  bool right_kind = false;
  std::size_t count = 0;
  std::vector<std::string> columns;
  std::size_t cell = 0;
  SecretObject secret;
  MetadataReader metadata{secret};
  bool needed = true;
  std::size_t decoded = 0;
  JsonStream stream{*this, kLongestText};

  [[nodiscard]] bool wants(std::string_view path) const override {
    if (path.starts_with(metadata_path)) {
      path.remove_prefix(metadata_path.size());
      if (path.empty()) return true;
      return path[0] == '.' && MetadataReader::wants(path.substr(1), form == ListForm::values);
    }
    if (path.starts_with("metadata")) return true;
    if (path.empty() || path == "kind") return true;
    if (form == ListForm::values) {
      return path == "items" || path == item || path == "items[].data" || path == "items[].data{}" ||
             path == "items[].type" || path == "items[].immutable";
    }
    return path == "rows" || path == item || path == "rows[].object" || path == "rows[].cells" ||
           path == "rows[].cells[]" || path == "columnDefinitions" || path == "columnDefinitions[]" ||
           path == "columnDefinitions[].name";
  }

  [[nodiscard]] bool is_map(std::string_view path) const override {
    if (path == "items[].data") return true;
    return path.size() > metadata_path.size() && path.starts_with(metadata_path) &&
           MetadataReader::is_map(path.substr(metadata_path.size() + 1));
  }

  Result<> met(const JsonEvent& event) override {
    const std::string_view path = event.path;
    if (path.starts_with(metadata_path)) return met_metadata(path.substr(metadata_path.size()), event);
    if (path.starts_with(item)) return met_item(path.substr(item.size()), event);
    if (path.starts_with("metadata")) return met_list(path.substr(std::string_view("metadata").size()), event);
    if (path == "kind") {
      right_kind = event.kind == Kind::text && event.text == (form == ListForm::values ? "SecretList" : "Table");
      return right_kind ? Result<>() : malformed("it is no list of secrets in the form that was asked for");
    }
    if (path == "columnDefinitions[].name") return assign(columns.emplace_back(), event);
    if (path.empty() && event.kind != Kind::object && event.kind != Kind::end) return malformed("expected an object");
    return {};
  }

  Result<> met_list(std::string_view path, const JsonEvent& event) {
    if (path.empty() && event.kind == Kind::end) {
      headed = true;
      listener.head(list_head);
    }
    if (path == ".resourceVersion") return assign(list_head.version, event);
    if (path == ".continue") return assign(list_head.next, event);
    if (path == ".remainingItemCount" && event.kind == Kind::integer && event.integer >= 0) {
      list_head.remaining = static_cast<std::uint64_t>(event.integer);
    }
    return {};
  }

  Result<> met_metadata(std::string_view path, const JsonEvent& event) {
    if (path.empty()) {
      if (event.kind != Kind::end) return {};
      if (secret.name.empty() || secret.name_space.empty() || secret.uid.empty() || secret.version.empty()) {
        return malformed("a secret without name, namespace, uid or version");
      }
      needed = listener.wants_values(secret);
      return {};
    }
    path.remove_prefix(1);
    if (path == "annotations{}") return event.key == kLastApplied ? met_last_applied(event) : Result<>();
    return metadata.met(path, event);
  }

  Result<> met_last_applied(const JsonEvent& event) {
    if (event.kind != Kind::text) return malformed("an annotation is no text");
    if (listener.may_matter(secret, {}, event.text)) secret.last_applied = Secret(event.text);
    return {};
  }

  Result<> met_item(std::string_view path, const JsonEvent& event) {
    if (path.empty()) {
      if (event.kind == Kind::end) return end_item();
      if (event.kind != Kind::object) return malformed("an item is no object");
      secret = {};
      metadata.clear();
      needed = true;
      decoded = 0;
      cell = 0;
      return {};
    }
    if (path == ".type") return assign(secret.type, event);
    if (path == ".data{}") return met_value(event);
    if (path == ".immutable") secret.immutable = event.kind == Kind::flag && event.flag;
    if (path == ".cells[]") return met_cell(event);
    return {};
  }

  Result<> met_cell(const JsonEvent& event) {
    const std::string_view column = cell < columns.size() ? std::string_view(columns[cell]) : std::string_view();
    ++cell;
    if (column == "Type") return assign(secret.type, event);
    if (column == "Data" && event.kind == Kind::integer && event.integer >= 0) {
      secret.key_count = static_cast<std::size_t>(event.integer);
    }
    return {};
  }

  Result<> met_value(const JsonEvent& event) {
    ++secret.key_count;
    if (event.kind == Kind::null) return {};  // Go's nil: an empty value
    if (event.kind != Kind::text) return malformed("a secret's value is no text");
    if (!needed || !listener.may_matter(secret, event.key, event.text)) return {};
    const auto value = from_base64(event.text);
    if (!value) return malformed("a secret's value is no base64");
    decoded += value->size();
    if (decoded > kLargestSecret) return malformed("a secret is larger than any that Kubernetes takes");
    secret.keys.push_back({.name = std::string(event.key), .value = Secret(value->view()), .written_before = {}});
    return {};
  }

  Result<> end_item() {
    if (secret.uid.empty()) return malformed("a secret without metadata");
    if (!needed) {
      secret.keys.clear();
      secret.last_applied.reset();
    }
    if (form == ListForm::names) {
      for (std::string& name : metadata.keys())
        secret.keys.push_back({.name = std::move(name), .value = {}, .written_before = {}});
    }
    metadata.date(secret.keys);
    secret.written_at = metadata.written_at();
    ++count;
    return listener.secret(secret);
  }
};

SecretListReader::SecretListReader(SecretListener& listener, ListForm form)
    : listener_(listener), form_(form), impl_(std::make_unique<Impl>(listener, form)) {}

SecretListReader::~SecretListReader() = default;

void SecretListReader::begin() {
  impl_ = std::make_unique<Impl>(listener_, form_);
  bytes_ = 0;
}

Result<> SecretListReader::read(std::string_view bytes) {
  bytes_ += bytes.size();
  return impl_->stream.read(bytes);
}

Result<> SecretListReader::finish() {
  TRY_VOID(impl_->stream.finish());
  if (!impl_->right_kind) return malformed("it is no list of secrets");
  if (!impl_->headed) return malformed("a list without metadata");
  return {};
}

std::size_t SecretListReader::items() const { return impl_->count; }

}  // namespace tokensweep::kubernetes

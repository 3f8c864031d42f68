#include "connectors/kubernetes/secret_list.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/time.hpp"
#include "connectors/json_stream.hpp"
#include "connectors/kubernetes/secret_assembly.hpp"

namespace tokensweep::kubernetes {
namespace {

using Kind = JsonEvent::Kind;

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

Result<> assign(std::string& to, const JsonEvent& event) {
  if (event.kind != Kind::text) return malformed(std::string(event.path) + " is no text");
  to.assign(event.text);
  return {};
}

/// A time, or null.
Result<std::optional<Time>> time_in(const JsonEvent& event) {
  if (event.kind == Kind::null) return std::optional<Time>();
  const auto time = event.kind == Kind::text ? parse_time(event.text) : std::nullopt;
  if (!time) return malformed(std::string(event.path) + " is no time");
  return time;
}

/// The metadata of one object; paths are those below it.
class MetadataReader {
 public:
  explicit MetadataReader(SecretAssembly& assembly) : assembly_(assembly) {}

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
      return below.empty() || below == ".f:data" || below == ".f:data{}" || below == ".f:binaryData" ||
             below == ".f:binaryData{}";
    }
    if (path.starts_with("annotations")) return annotations;
    return std::ranges::find(kWanted, path) != kWanted.end();
  }
  static bool is_map(std::string_view path) {
    return path == "annotations" || path == "managedFields[].fieldsV1.f:data" ||
           path == "managedFields[].fieldsV1.f:binaryData";
  }

  Result<> met(std::string_view path, const JsonEvent& event) {
    SecretObject& secret = assembly_.secret;
    if (path == "name") return assign(secret.name, event);
    if (path == "namespace") return assign(secret.name_space, event);
    if (path == "uid") return assign(secret.uid, event);
    if (path == "resourceVersion") return assign(secret.version, event);
    if (path == "annotations{}") return met_annotation(event);
    if (path.starts_with("ownerReferences[]")) return met_owner(path, event);
    if (path.starts_with("managedFields[]")) return met_writer(path, event);
    if (path != "creationTimestamp") return {};
    TRY(secret.created_at, time_in(event));
    return {};
  }

 private:
  struct Owner {
    std::string kind;
    bool controls = false;
  };

  Result<> met_annotation(const JsonEvent& event) {
    if (event.key != kLastAppliedAnnotation) return {};
    if (event.kind != Kind::text) return malformed("an annotation is no text");
    assembly_.last_applied(event.text);
    return {};
  }

  Result<> met_owner(std::string_view path, const JsonEvent& event) {
    if (path == "ownerReferences[]" && event.kind == Kind::object) owner_ = {};
    if (path == "ownerReferences[].kind") return assign(owner_.kind, event);
    if (path == "ownerReferences[].controller") owner_.controls = event.kind == Kind::flag && event.flag;
    if (path == "ownerReferences[]" && event.kind == Kind::end) {
      assembly_.add_owner(std::move(owner_.kind), owner_.controls);
    }
    return {};
  }

  Result<> met_writer(std::string_view path, const JsonEvent& event) {
    if (path == "managedFields[]" && event.kind == Kind::object) assembly_.begin_writer();
    if (path == "managedFields[].time") {
      TRY(const std::optional<Time> time, time_in(event));
      if (time) assembly_.set_write_time(*time);
    }
    if (path.ends_with("{}") && event.kind != Kind::end) {
      assembly_.add_written_key(key_of_managed_field(event.key));
    }
    return {};
  }

  SecretAssembly& assembly_;
  Owner owner_;
};

class JsonListParser final : public SecretListParser, public JsonListener {
 public:
  JsonListParser(SecretListener& listener, ListForm form, ObjectKind kind)
      : listener_(listener),
        form_(form),
        kind_(kind),
        item_(form == ListForm::values ? "items[]" : "rows[]"),
        metadata_path_(form == ListForm::values ? "items[].metadata" : "rows[].object.metadata"),
        assembly_(listener, form) {}

  Result<> read(std::string_view bytes) override { return stream_.read(bytes); }

  Result<> finish() override {
    TRY_VOID(stream_.finish());
    if (!right_kind_) return malformed("it is no list of what was asked for");
    if (!headed_) return malformed("a list without metadata");
    return {};
  }

  [[nodiscard]] std::size_t items() const override { return assembly_.items(); }

 private:
  [[nodiscard]] bool wants(std::string_view path) const override {
    if (path.starts_with(metadata_path_)) {
      path.remove_prefix(metadata_path_.size());
      if (path.empty()) return true;
      return path[0] == '.' && MetadataReader::wants(path.substr(1), form_ == ListForm::values);
    }
    if (path.starts_with("metadata")) return true;
    if (path.empty() || path == "kind") return true;
    if (form_ == ListForm::values) {
      return path == "items" || path == item_ || path == "items[].data" || path == "items[].data{}" ||
             path == "items[].binaryData" || path == "items[].binaryData{}" || path == "items[].type" ||
             path == "items[].immutable";
    }
    return path == "rows" || path == item_ || path == "rows[].object" || path == "rows[].cells" ||
           path == "rows[].cells[]" || path == "columnDefinitions" || path == "columnDefinitions[]" ||
           path == "columnDefinitions[].name";
  }

  [[nodiscard]] bool is_map(std::string_view path) const override {
    if (path == "items[].data" || path == "items[].binaryData") return true;
    return path.size() > metadata_path_.size() && path.starts_with(metadata_path_) &&
           MetadataReader::is_map(path.substr(metadata_path_.size() + 1));
  }

  Result<> met(const JsonEvent& event) override {
    const std::string_view path = event.path;
    if (path.starts_with(metadata_path_)) return met_metadata(path.substr(metadata_path_.size()), event);
    if (path.starts_with(item_)) return met_item(path.substr(item_.size()), event);
    if (path.starts_with("metadata")) return met_list(path.substr(std::string_view("metadata").size()), event);
    if (path == "kind") {
      const std::string_view whole = kind_ == ObjectKind::secret ? "SecretList" : "ConfigMapList";
      right_kind_ = event.kind == Kind::text && event.text == (form_ == ListForm::values ? whole : "Table");
      return right_kind_ ? Result<>() : malformed("it is no list in the form that was asked for");
    }
    if (path == "columnDefinitions[].name") return assign(columns_.emplace_back(), event);
    if (path.empty() && event.kind != Kind::object && event.kind != Kind::end) return malformed("expected an object");
    return {};
  }

  Result<> met_list(std::string_view path, const JsonEvent& event) {
    if (path.empty() && event.kind == Kind::end) {
      headed_ = true;
      listener_.head(list_head_);
    }
    if (path == ".resourceVersion") return assign(list_head_.version, event);
    if (path == ".continue") return assign(list_head_.next, event);
    if (path == ".remainingItemCount" && event.kind == Kind::integer && event.integer >= 0) {
      list_head_.remaining = static_cast<std::uint64_t>(event.integer);
    }
    return {};
  }

  Result<> met_metadata(std::string_view path, const JsonEvent& event) {
    if (path.empty()) return event.kind == Kind::end ? assembly_.end_metadata() : Result<>();
    return metadata_.met(path.substr(1), event);
  }

  Result<> met_item(std::string_view path, const JsonEvent& event) {
    if (path.empty()) {
      if (event.kind == Kind::end) return assembly_.end();
      if (event.kind != Kind::object) return malformed("an item is no object");
      assembly_.begin();
      assembly_.secret.kind = kind_;
      cell_ = 0;
      return {};
    }
    if (path == ".type") return assign(assembly_.secret.type, event);
    if (path == ".data{}") {
      return met_value(event, kind_ == ObjectKind::secret ? Spelling::base64 : Spelling::plain);
    }
    if (path == ".binaryData{}") return met_value(event, Spelling::base64);
    if (path == ".immutable") assembly_.secret.immutable = event.kind == Kind::flag && event.flag;
    if (path == ".cells[]") return met_cell(event);
    return {};
  }

  Result<> met_cell(const JsonEvent& event) {
    const std::string_view column = cell_ < columns_.size() ? std::string_view(columns_[cell_]) : std::string_view();
    ++cell_;
    if (column == "Type") return assign(assembly_.secret.type, event);
    if (column == "Data" && event.kind == Kind::integer && event.integer >= 0) {
      assembly_.secret.key_count = static_cast<std::size_t>(event.integer);
    }
    return {};
  }

  Result<> met_value(const JsonEvent& event, Spelling spelling) {
    if (event.kind == Kind::text) return assembly_.value(event.key, event.text, spelling);
    if (event.kind != Kind::null) return malformed("a value is no text");
    assembly_.no_value();
    return {};
  }

  SecretListener& listener_;
  ListForm form_;
  ObjectKind kind_;
  std::string_view item_;
  std::string_view metadata_path_;
  ListHead list_head_;
  bool headed_ = false;
  bool right_kind_ = false;
  std::vector<std::string> columns_;
  std::size_t cell_ = 0;
  SecretAssembly assembly_;
  MetadataReader metadata_{assembly_};
  JsonStream stream_{*this, kLongestText};
};

}  // namespace

std::unique_ptr<SecretListParser> json_list_parser(SecretListener& listener, ListForm form, ObjectKind kind) {
  return std::make_unique<JsonListParser>(listener, form, kind);
}

}  // namespace tokensweep::kubernetes

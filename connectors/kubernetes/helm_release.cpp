#include "connectors/kubernetes/helm_release.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "connectors/json_stream.hpp"
#include "connectors/kubernetes/helm_manifest.hpp"
#include "net/inflate.hpp"

namespace tokensweep::kubernetes {
namespace {

using Kind = JsonEvent::Kind;

/// A release is stored in 1 MiB at the most, and YAML shrinks to a tenth: what is larger is made to be.
constexpr std::size_t kLargestRelease = std::size_t{32} << 20U;
/// The manifest is one text.
constexpr std::size_t kLongestText = std::size_t{16} << 20U;
constexpr std::string_view kGzipMagic = "\x1f\x8b\x08";

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

/// What JsonStream tells of a release.
class ReleaseReader final : public JsonListener {
 public:
  ReleaseReader(HelmRelease& release, HelmTexts& texts) : release_(release), texts_(texts) {}

  [[nodiscard]] bool wants(std::string_view path) const override {
    static constexpr std::array<std::string_view, 18> kWanted = {
        "",
        "name",
        "version",
        "info",
        "info.status",
        "info.notes",
        "info.description",
        "manifest",
        "hooks",
        "hooks[]",
        "hooks[].manifest",
        "chart",
        "chart.templates",
        "chart.templates[]",
        "chart.files",
        "chart.files[]",
        "config",
        "chart.values",
    };
    if (path.starts_with("chart.templates[].") || path.starts_with("chart.files[].")) {
      return path.ends_with("].name") || path.ends_with("].data");
    }
    return is_in_tree(path) || std::ranges::find(kWanted, path) != kWanted.end();
  }

  [[nodiscard]] bool is_map(std::string_view path) const override { return is_in_tree(path); }

  Result<> met(const JsonEvent& event) override {
    const std::string_view path = event.path;
    if (is_in_tree(path)) return met_value(event);
    if (path.starts_with("chart.templates[]")) return met_file("templates", path.substr(17), event);
    if (path.starts_with("chart.files[]")) return met_file("files", path.substr(13), event);
    if (event.kind == Kind::integer && path == "version") release_.revision = event.integer;
    if (event.kind == Kind::text) met_text(event);
    return {};
  }

  /// Whether it was a release at all.
  [[nodiscard]] bool is_release() const { return !release_.name.empty() && release_.revision > 0; }

 private:
  /// In the values, whose keys are of somebody's choice.
  static bool is_in_tree(std::string_view path) {
    for (const std::string_view root : {"config", "chart.values"}) {
      if (path.starts_with(root) && (path.size() == root.size() || path.substr(root.size()).starts_with("{}"))) {
        return true;
      }
    }
    return false;
  }

  void met_text(const JsonEvent& event) {
    const std::string_view path = event.path;
    if (path == "name") {
      release_.name = event.text;
    } else if (path == "info.status") {
      release_.status = event.text;
    } else if (path == "manifest" || path == "hooks[].manifest") {
      texts_.enter(path == "manifest" ? "manifest" : "hooks");
      read_manifest(event.text, texts_);
      texts_.leave();
    } else if (path.starts_with("info.")) {
      texts_.enter("info");
      texts_.enter(path.substr(5));
      texts_.text(event.text, Spelling::plain);
      texts_.leave();
      texts_.leave();
    }
  }

  /// Part of the values: an object or a list, or what stands in one.
  Result<> met_value(const JsonEvent& event) {
    if (event.kind == Kind::end) {
      open_.pop_back();
      texts_.leave();
      return {};
    }
    if (open_.empty()) {
      texts_.enter(event.path.starts_with("chart.") ? "values" : "config");
    } else if (open_.back().is_list) {
      texts_.enter(std::to_string(open_.back().count++));
    } else {
      texts_.enter(event.key);
    }
    if (event.kind == Kind::object || event.kind == Kind::array) {
      open_.push_back({.is_list = event.kind == Kind::array});
      return {};
    }
    if (event.kind == Kind::text) texts_.text(event.text, Spelling::plain);
    texts_.leave();
    return {};
  }

  Result<> met_file(std::string_view folder, std::string_view path, const JsonEvent& event) {
    if (path.empty() && event.kind == Kind::object) file_.clear();
    if (event.kind != Kind::text) return {};
    if (path == ".name") file_ = event.text;
    if (path == ".data") {
      texts_.enter(folder);
      texts_.enter(file_);
      texts_.text(event.text, Spelling::base64);
      texts_.leave();
      texts_.leave();
    }
    return {};
  }

  /// An object or a list of the values that is open.
  struct Open {
    bool is_list = false;
    std::size_t count = 0;  ///< of a list: how many of its elements have come
  };

  HelmRelease& release_;
  HelmTexts& texts_;
  std::vector<Open> open_;
  std::string file_;  ///< of the chart: the one that is being read
};

Result<> read_unpacked(std::string_view gzip, JsonStream& json) {
  Inflate inflate;
  std::size_t decoded = 0;
  std::optional<Error> refused;
  const auto unpacked = inflate.decode(gzip, [&](std::string_view piece) -> Result<> {
    decoded += piece.size();
    Result<> read = decoded > kLargestRelease ? malformed("it decodes to more than 32 MiB") : json.read(piece);
    if (!read) refused = read.error();
    return read;
  });
  if (refused) return *refused;
  if (!unpacked) return malformed("its gzip is broken");
  return inflate.finished() ? Result<>() : malformed("its gzip is cut off");
}

}  // namespace

Result<> read_helm_release(std::string_view stored, HelmRelease& release, HelmTexts& texts) {
  const auto bytes = from_base64(stored);
  if (!bytes) return malformed("it is no base64");
  ReleaseReader reader(release, texts);
  JsonStream json(reader, kLongestText);
  const bool is_packed = bytes->view().starts_with(kGzipMagic);
  TRY_VOID(is_packed ? read_unpacked(bytes->view(), json) : json.read(bytes->view()));
  TRY_VOID(json.finish());
  return reader.is_release() ? Result<>() : malformed("it is no release of Helm");
}

}  // namespace tokensweep::kubernetes

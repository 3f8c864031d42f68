#include "connectors/circleci/followed_projects.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "connectors/circleci/parse.hpp"
#include "connectors/json_stream.hpp"

namespace tokensweep::circleci {
namespace {

using Kind = JsonEvent::Kind;

constexpr std::size_t kLongestText = 1024;

/// The members of a project that are looked at.
enum Field : std::uint8_t { slug, vcs_type, username, reponame, vcs_url, kFields };
constexpr std::array<std::string_view, kFields> kPaths = {"[].slug", "[].vcs_type", "[].username", "[].reponame",
                                                          "[].vcs_url"};

using Texts = std::array<std::string, kFields>;

/// The slug of a project of a server that tells none.
std::string slug_of(const Texts& texts) {
  if (texts[vcs_type] == "github") return "gh/" + texts[username] + "/" + texts[reponame];
  if (texts[vcs_type] == "bitbucket") return "bb/" + texts[username] + "/" + texts[reponame];
  // `//circleci.com/<organisation's id>/<project's id>`: there the names are no part of the slug.
  const std::string& url = texts[vcs_url];
  const std::size_t project = url.rfind('/');
  if (project == std::string::npos || project == 0) return {};
  const std::size_t organisation = url.rfind('/', project - 1);
  return organisation == std::string::npos ? std::string() : "circleci" + url.substr(organisation);
}

class Collector : public JsonListener {
 public:
  std::vector<std::string> slugs;

  [[nodiscard]] bool wants(std::string_view path) const override {
    return path.empty() || path == "[]" || std::ranges::find(kPaths, path) != kPaths.end();
  }

  Result<> met(const JsonEvent& event) override {
    if (event.path.empty()) return event.kind == Kind::array || event.kind == Kind::end ? Result<>() : no_list();
    if (event.path == "[]") {
      if (event.kind == Kind::end) return end_project();
      texts_ = {};
      return event.kind == Kind::object ? Result<>() : wrong("expected an object");
    }
    const auto* field = std::ranges::find(kPaths, event.path);
    if (event.kind == Kind::null) return {};
    if (event.kind != Kind::text) return wrong(std::string(event.path.substr(3)) + ": expected a text");
    texts_[static_cast<std::size_t>(field - kPaths.begin())] = event.text;
    return {};
  }

 private:
  static Error no_list() { return {ErrorKind::malformed, "expected a list"}; }

  [[nodiscard]] Error wrong(const std::string& why) const {
    return {ErrorKind::malformed, "project " + std::to_string(slugs.size() + 1) + ": " + why};
  }

  Result<> end_project() {
    std::string made = texts_[slug].empty() ? slug_of(texts_) : std::move(texts_[slug]);
    if (!is_slug(made, 3)) return wrong("no slug that could be asked for");
    slugs.push_back(std::move(made));
    return {};
  }

  Texts texts_;
};

}  // namespace

struct FollowedProjects::Impl {
  Collector collector;
  JsonStream stream{collector, kLongestText};
};

FollowedProjects::FollowedProjects() : impl_(std::make_unique<Impl>()) {}
FollowedProjects::~FollowedProjects() = default;

void FollowedProjects::begin() { impl_ = std::make_unique<Impl>(); }

Result<> FollowedProjects::read(std::string_view bytes) { return impl_->stream.read(bytes); }

Result<std::vector<std::string>> FollowedProjects::finish() {
  TRY_VOID(impl_->stream.finish());
  return std::move(impl_->collector.slugs);
}

}  // namespace tokensweep::circleci

#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "connectors/connector.hpp"

namespace tokensweep::kubernetes {

/// A text of a release of Helm that may hold what is looked for.
struct HelmText {
  std::string place;  ///< below the release's: each part of the path, encoded; unique in a release
  std::string path;   ///< for people: `config/registry/token`
  std::string name;   ///< for the rules that look at names: the path, or `npm-publish/NPM_TOKEN` of a secret
  bool is_setting = true;
  Secret value;
};

/// Gathers those texts of a release that may matter: the others are neither copied nor decoded.
class HelmTexts {
 public:
  /// As Sink::may_matter.
  using MayMatter = std::function<bool(std::string_view name, std::string_view bytes, Spelling spelling)>;

  explicit HelmTexts(MayMatter may_matter) : may_matter_(std::move(may_matter)) {}

  /// What comes until `leave` stands below `part`.
  void enter(std::string_view part) { path_.emplace_back(part); }
  void leave() { path_.pop_back(); }

  /// A text at the path, spelled so. What should be base64 and is not is taken as it stands. `secret`: what it is
  /// called where it is the value of a secret's key; else it is a setting (Sighting::is_setting).
  void text(std::string_view bytes, Spelling spelling, const std::string& secret = {});

  [[nodiscard]] std::vector<HelmText> take() { return std::exchange(kept_, {}); }

 private:
  [[nodiscard]] std::string path() const;
  void keep(std::string_view value, const std::string& secret);

  MayMatter may_matter_;
  std::vector<std::string> path_;
  std::vector<HelmText> kept_;
  std::set<std::string> places_;
};

}  // namespace tokensweep::kubernetes

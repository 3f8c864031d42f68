#include "formats/known_files.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace tokensweep {
namespace {

using enum FileFormat;
using enum Place;

enum class Case : std::uint8_t { exact, ignored };

/// One name that is read by default: `name`, `start*`, `*end` or `start*end`, behind the directories that it must lie
/// in.
struct Row {
  std::string_view pattern;
  KnownFile known;
  Case spelling = Case::exact;
};

// The one table of what a default sweep reads.
constexpr Row kRows[] = {
    // Files that package managers take credentials from, their backups and variants.
    {".npmrc*", {npmrc, project_config}},
    {"npmrc", {npmrc, user_config}},
    {"pnpm/auth.ini", {npmrc, user_config}},
    {"pnpm/config/auth.ini", {npmrc, user_config}},
    {"pnpm/rc", {npmrc, user_config}},
    {"pnpm/config/rc", {npmrc, user_config}},
    {".yarnrc.yml", {yarnrc_yml, project_config}},
    {".yarnrc.yaml", {yarnrc_yml, project_config}},
    {".yarnrc.yml.*", {yarnrc_yml, project_config}},
    {".yarnrc", {yarnrc, project_config}},
    {"pnpm/config.yaml", {pnpm_config, user_config}},
    {"pnpm/config/config.yaml", {pnpm_config, user_config}},
    {"bunfig.toml", {bunfig, project_config}},
    {".bunfig.toml", {bunfig, user_config}},
    // Environment files.
    {".env*", {text, project_config}},
    {"*.env", {text, project_config}},
    {"etc/environment", {text, shell}},
    // Shells: what they start with, and what they remember.
    {".bashrc", {text, shell}},
    {".bash_profile", {text, shell}},
    {".bash_login", {text, shell}},
    {".bash_aliases", {text, shell}},
    {".profile", {text, shell}},
    {".zshrc", {text, shell}},
    {".zshenv", {text, shell}},
    {".zprofile", {text, shell}},
    {".zlogin", {text, shell}},
    {".kshrc", {text, shell}},
    {".cshrc", {text, shell}},
    {".tcshrc", {text, shell}},
    {".login", {text, shell}},
    {"config.fish", {text, shell}},
    {"fish_variables", {text, shell}},
    {"*_profile.ps1", {text, shell}},
    {"*_history", {text, shell}},
    {".histfile", {text, shell}},
    {"ConsoleHost_history.txt", {text, shell}},
    // Logs of package managers.
    {"npm-debug.log*", {text, log}},
    {"pnpm-debug.log*", {text, log}},
    {"yarn-debug.log*", {text, log}},
    {"yarn-error.log*", {text, log}},
    {"lerna-debug.log*", {text, log}},
    {"_logs/*.log", {text, log}},
    // Logins to other things.
    {".docker/config.json", {text, user_config}},
    {".dockercfg", {text, user_config}},
    {".dockerconfigjson", {text, user_config}},
    {".netrc", {text, user_config}},
    {"_netrc", {text, user_config}},
    // Continuous integration.
    {".github/workflows/*.yml", {text, ci_config}},
    {".github/workflows/*.yaml", {text, ci_config}},
    {".gitea/workflows/*.yml", {text, ci_config}},
    {".gitea/workflows/*.yaml", {text, ci_config}},
    {".forgejo/workflows/*.yml", {text, ci_config}},
    {".forgejo/workflows/*.yaml", {text, ci_config}},
    {"action.yml", {text, ci_config}},
    {"action.yaml", {text, ci_config}},
    {".circleci/*.yml", {text, ci_config}},
    {".circleci/*.yaml", {text, ci_config}},
    {".buildkite/*.yml", {text, ci_config}},
    {".buildkite/*.yaml", {text, ci_config}},
    {".gitlab-ci*.yml", {text, ci_config}},
    {".gitlab-ci*.yaml", {text, ci_config}},
    {".travis.yml", {text, ci_config}},
    {".drone.yml", {text, ci_config}},
    {".woodpecker.yml", {text, ci_config}},
    {".woodpecker.yaml", {text, ci_config}},
    {"appveyor.yml", {text, ci_config}},
    {".appveyor.yml", {text, ci_config}},
    {"azure-pipelines*.yml", {text, ci_config}},
    {"azure-pipelines*.yaml", {text, ci_config}},
    {"bitbucket-pipelines.yml", {text, ci_config}},
    {"buildspec.yml", {text, ci_config}},
    {"buildspec.yaml", {text, ci_config}},
    {"cloudbuild.yml", {text, ci_config}},
    {"cloudbuild.yaml", {text, ci_config}},
    {"codefresh.yml", {text, ci_config}},
    {"Jenkinsfile*", {text, ci_config}, Case::ignored},
    {"*.jenkinsfile", {text, ci_config}, Case::ignored},
    // Containers.
    {"Dockerfile*", {text, container}, Case::ignored},
    {"*.dockerfile", {text, container}, Case::ignored},
    {"Containerfile*", {text, container}, Case::ignored},
    {"docker-compose*.yml", {text, container}},
    {"docker-compose*.yaml", {text, container}},
    {"compose.yml", {text, container}},
    {"compose.yaml", {text, container}},
    {"compose.*.yml", {text, container}},
    {"compose.*.yaml", {text, container}},
    // Infrastructure.
    {"*.tfstate", {text, infrastructure}},
    {"*.tfstate.backup", {text, infrastructure}},
    {"*.tfvars", {text, infrastructure}},
    {"*.tfvars.json", {text, infrastructure}},
};
constexpr std::size_t kRowCount = std::size(kRows);
/// The shortest name of all is `rc`; the tables below look at two bytes without asking.
constexpr std::size_t kNameLengthMin = 2;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// A row taken apart at compile time.
struct Pattern {
  std::string_view grandparent;
  std::string_view parent;
  std::string_view start;
  std::string_view end;
  bool star = false;
  Case spelling = Case::exact;
  KnownFile known;
};

constexpr Pattern take_apart(const Row& row) {
  Pattern pattern;
  pattern.known = row.known;
  pattern.spelling = row.spelling;
  std::string_view name = row.pattern;
  for (std::size_t slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/')) {
    pattern.grandparent = pattern.parent;
    pattern.parent = name.substr(0, slash);
    name.remove_prefix(slash + 1);
  }
  const std::size_t star = name.find('*');
  pattern.star = star != std::string_view::npos;
  pattern.start = name.substr(0, star);
  if (pattern.star) pattern.end = name.substr(star + 1);
  return pattern;
}

/// Two neighbouring bytes of a name as a test that most names fail: a bit for the inner byte in the outer one's word.
/// Of the inner byte five bits count, which makes upper and lower case the same.
using Bits = std::array<std::uint32_t, 256>;

constexpr std::uint32_t bit_of(char c) { return std::uint32_t{1} << (static_cast<unsigned char>(c) & 31); }
constexpr bool test(const Bits& bits, char outer, char inner) {
  return (bits[static_cast<unsigned char>(outer)] & bit_of(inner)) != 0;
}
constexpr void set(Bits& bits, char outer, char inner, Case spelling) {
  bits[static_cast<unsigned char>(outer)] |= bit_of(inner);
  if (spelling == Case::exact) return;
  bits[static_cast<unsigned char>(lower(outer))] |= bit_of(inner);
  bits[static_cast<unsigned char>(upper(outer))] |= bit_of(inner);
}

/// The patterns that start with text, in the order of their first byte, then those that start with `*`, by their last
/// one (both in lower case).
struct Index {
  std::array<Pattern, kRowCount> patterns;
  std::array<std::uint8_t, 513> first{};  // where those of a first byte begin, and from 256 on those of a last byte
  Bits heads{};                           // first and second byte
  Bits heads_inner{};                     // third and second
  Bits tails{};                           // last and last but one
  Bits tails_inner{};
};

constexpr std::size_t key_of(const Pattern& pattern) {
  if (pattern.start.empty()) return 256U + static_cast<unsigned char>(lower(pattern.end.back()));
  return static_cast<unsigned char>(lower(pattern.start.front()));
}

constexpr Index make_index() {
  Index index;
  std::transform(std::begin(kRows), std::end(kRows), index.patterns.begin(), take_apart);
  std::sort(index.patterns.begin(), index.patterns.end(),
            [](const Pattern& a, const Pattern& b) { return key_of(a) < key_of(b); });
  for (const Pattern& pattern : index.patterns) {
    for (std::size_t key = key_of(pattern) + 1; key < index.first.size(); ++key) ++index.first[key];
    const std::string_view start = pattern.start;
    const std::string_view end = pattern.end;
    if (start.empty()) {
      set(index.tails, end[end.size() - 1], end[end.size() - 2], pattern.spelling);
      set(index.tails_inner, end[end.size() - 3], end[end.size() - 2], pattern.spelling);
    } else {
      set(index.heads, start[0], start[1], pattern.spelling);
      if (start.size() > 2) set(index.heads_inner, start[2], start[1], pattern.spelling);
    }
  }
  return index;
}

static_assert(kRowCount < 256, "Index::first holds bytes");
constexpr Index kIndex = make_index();

bool equal(std::string_view a, std::string_view b, Case spelling) noexcept {
  if (spelling == Case::exact) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

bool matches(const Pattern& pattern, std::string_view name, std::string_view parent,
             std::string_view grandparent) noexcept {
  if (!pattern.parent.empty() && pattern.parent != parent) return false;
  const std::size_t fixed = pattern.start.size() + pattern.end.size();
  if (pattern.star ? name.size() < fixed : name.size() != fixed) return false;
  if (!equal(name.substr(name.size() - pattern.end.size()), pattern.end, pattern.spelling)) return false;
  if (!equal(name.substr(0, pattern.start.size()), pattern.start, pattern.spelling)) return false;
  return pattern.grandparent.empty() || pattern.grandparent == grandparent;
}

constexpr auto kNames = [] {
  std::array<std::string_view, kRowCount> names;
  std::transform(std::begin(kRows), std::end(kRows), names.begin(), [](const Row& row) { return row.pattern; });
  return names;
}();

}  // namespace

std::optional<KnownFile> default_format(std::string_view name, std::string_view parent,
                                        std::string_view grandparent) noexcept {
  const std::size_t size = name.size();
  if (size < kNameLengthMin) return std::nullopt;
  // Without a branch before this point: that one test of two in a row fails is too random to be predicted.
  const std::size_t third = size > 2 ? 2 : 0;
  const bool head =
      test(kIndex.heads, name[0], name[1]) & ((third == 0) | test(kIndex.heads_inner, name[third], name[1]));
  const bool tail = test(kIndex.tails, name[size - 1], name[size - 2]) &
                    test(kIndex.tails_inner, name[size - 1 - third], name[size - 2]);
  if (!(head | tail)) [[likely]]
    return std::nullopt;

  const auto any_of = [&](std::size_t key) -> std::optional<KnownFile> {
    for (std::size_t i = kIndex.first[key]; i < kIndex.first[key + 1]; ++i) {
      if (matches(kIndex.patterns[i], name, parent, grandparent)) return kIndex.patterns[i].known;
    }
    return std::nullopt;
  };
  if (head) {
    if (const auto known = any_of(static_cast<unsigned char>(lower(name.front())))) return known;
  }
  return tail ? any_of(256U + static_cast<unsigned char>(lower(name.back()))) : std::nullopt;
}

std::span<const std::string_view> default_names() noexcept { return kNames; }

}  // namespace tokensweep

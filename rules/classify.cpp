#include "rules/classify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tokensweep {
namespace {

constexpr int kTopRanks = 1000;

constexpr std::array<std::string_view, 17> kPublishing = {
    "npm publish",      "pnpm publish",   "pnpm -r publish", "pnpm --recursive publish", "yarn publish",
    "yarn npm publish", "bun publish",    "lerna publish",   "changeset publish",        "semantic-release",
    "release-it",       "nx release",     "npm-publish@",    "changesets/action",        "npm stage publish",
    "yarn release",     "npm run release"};
constexpr std::array<std::string_view, 12> kInstalling = {
    "npm ci",    "npm install", "npm i ",       "npm clean-install", "yarn install", "yarn --frozen-lockfile",
    "run: yarn", "RUN yarn",    "pnpm install", "pnpm i ",           "bun install",  "bun i "};

template <std::size_t N>
bool holds_any(std::string_view line, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [line](std::string_view word) { return line.find(word) != std::string_view::npos; });
}

Verdict of_publisher(const FileEvidence& evidence, std::string_view what) {
  Verdict verdict{.klass = Class::B, .confidence = Confidence::inferred};
  verdict.flags.add(ScopeFlag::publish);
  if (evidence.rank && *evidence.rank <= kTopRanks) {
    verdict.klass = Class::A;
    verdict.reason = fmt::format("{} {}, number {} of the most downloaded packages on {}", what, evidence.package,
                                 *evidence.rank, evidence.rank_date);
  } else if (!evidence.package.empty()) {
    verdict.reason =
        fmt::format("{} {}, which is not among the 1,000 most downloaded packages", what, evidence.package);
  } else {
    verdict.reason = fmt::format("{} a package", what);
  }
  return verdict;
}

Verdict of_build(const FileEvidence& evidence) {
  if (evidence.publishes) return of_publisher(evidence, "the build file that holds it publishes");
  if (evidence.installs) {
    return {.klass = Class::C,
            .confidence = Confidence::inferred,
            .reason = "the build file that holds it installs packages and publishes none"};
  }
  return {.klass = Class::B,
          .confidence = Confidence::assumed,
          .reason = "a build file holds it and does not show what for: the stricter class"};
}

}  // namespace

Verdict classify(const FileEvidence& evidence) {
  if (evidence.use == FileUse::build) return of_build(evidence);
  if (evidence.use == FileUse::infrastructure) {
    return {.klass = Class::B,
            .confidence = Confidence::assumed,
            .reason = "infrastructure that is configured here uses it, for what is not shown: the stricter class"};
  }
  if (!evidence.package.empty()) return of_publisher(evidence, "it lies beside the package.json of");
  if (evidence.personal) {
    return {.klass = Class::D,
            .confidence = Confidence::inferred,
            .reason = "a developer's token in a home directory on a personal machine"};
  }
  return {.klass = Class::B,
          .confidence = Confidence::assumed,
          .reason = "outside of any home directory, and what it may write is not known: the stricter class"};
}

Commands commands_in(std::string_view text) {
  Commands commands;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') continue;
    commands.publishes = commands.publishes || holds_any(line, kPublishing);
    commands.installs = commands.installs || holds_any(line, kInstalling);
  }
  return commands;
}

}  // namespace tokensweep

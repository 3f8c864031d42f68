#include "formats/build_commands.hpp"

#include <algorithm>
#include <array>

namespace tokensweep {
namespace {

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

template <std::size_t N>
bool is_any(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 4> kManagers = {"npm", "pnpm", "yarn", "bun"};
constexpr std::array<std::string_view, 5> kInstallingVerbs = {"i", "install", "ci", "clean-install", "add"};
constexpr std::array<std::string_view, 3> kRunners = {"npx", "dlx", "exec"};
constexpr std::string_view kBetweenWords = " \t\r\"'";

/// A package manager's verb, whatever options stand before it: `pnpm --filter site publish`, `npm i`.
class Verbs {
 public:
  explicit Verbs(Commands& commands) : commands_(commands) {}

  void take(std::string_view word) {
    const bool ends_command = word.find_first_of("&|;") != std::string_view::npos;
    if (managed_ && word == "publish") commands_.publishes = true;
    if (managed_ && is_any(word, kInstallingVerbs)) {
      commands_.installs = true;
      managed_ = false;  // what comes now are packages' names
    }
    if (word == "np" && (before_.empty() || is_any(before_, kRunners))) commands_.publishes = true;
    managed_ = !ends_command && (managed_ || is_any(word, kManagers));
    before_ = ends_command ? std::string_view() : word;
    ++words_;
  }
  void end_line() {
    if (words_ == 1 && before_ == "yarn") commands_.installs = true;
  }

 private:
  Commands& commands_;
  bool managed_ = false;
  std::string_view before_;
  std::size_t words_ = 0;
};

void take_verbs(std::string_view line, Commands& commands) {
  Verbs verbs(commands);
  while (true) {
    const std::size_t begin = line.find_first_not_of(kBetweenWords);
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(kBetweenWords), line.size());
    verbs.take(line.substr(0, end));
    line.remove_prefix(end);
  }
  verbs.end_line();
}

}  // namespace

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
    take_verbs(line, commands);
  }
  return commands;
}

}  // namespace tokensweep

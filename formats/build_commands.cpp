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

/// The first of these words that a line holds; else empty.
template <std::size_t N>
std::string_view held_by(std::string_view line, const std::array<std::string_view, N>& words) {
  const auto held = std::find_if(words.begin(), words.end(),
                                 [line](std::string_view word) { return line.find(word) != std::string_view::npos; });
  return held == words.end() ? std::string_view() : *held;
}

/// What follows from such words; the first ones are kept.
void note(std::string_view words, bool& does, std::string_view& by) {
  if (words.empty()) return;
  does = true;
  if (by.empty()) by = words;
}

template <std::size_t N>
bool is_any(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// A package manager, and how we call what it does.
struct Manager {
  std::string_view name;
  std::string_view publishing;
  std::string_view installing;
};
constexpr std::array<Manager, 4> kManagers = {{
    {"npm", "npm publish", "npm install"},
    {"pnpm", "pnpm publish", "pnpm install"},
    {"yarn", "yarn publish", "yarn install"},
    {"bun", "bun publish", "bun install"},
}};
constexpr std::array<std::string_view, 5> kInstallingVerbs = {"i", "install", "ci", "clean-install", "add"};
constexpr std::array<std::string_view, 3> kRunners = {"npx", "dlx", "exec"};
constexpr std::string_view kBetweenWords = " \t\r\"'";

/// A package manager's verb, whatever options stand before it: `pnpm --filter site publish`, `npm i`.
class Verbs {
 public:
  explicit Verbs(Commands& commands) : commands_(commands) {}

  void take(std::string_view word) {
    const bool ends_command = word.find_first_of("&|;") != std::string_view::npos;
    if (manager_ != nullptr && word == "publish") publishes(manager_->publishing);
    if (manager_ != nullptr && is_any(word, kInstallingVerbs)) {
      installs(manager_->installing);
      manager_ = nullptr;  // what comes now are packages' names
    }
    if (word == "np" && (before_.empty() || is_any(before_, kRunners))) publishes("np");
    if (manager_ == nullptr) manager_ = manager_of(word);
    if (ends_command) manager_ = nullptr;
    before_ = ends_command ? std::string_view() : word;
    ++words_;
  }
  void end_line() {
    if (words_ == 1 && before_ == "yarn") installs("yarn install");
  }

 private:
  static const Manager* manager_of(std::string_view word) {
    const auto* const found =
        std::find_if(kManagers.begin(), kManagers.end(), [word](const Manager& one) { return one.name == word; });
    return found == kManagers.end() ? nullptr : found;
  }
  void publishes(std::string_view words) { note(words, commands_.publishes, commands_.publishing); }
  void installs(std::string_view words) { note(words, commands_.installs, commands_.installing); }

  Commands& commands_;
  const Manager* manager_ = nullptr;
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
    note(held_by(line, kPublishing), commands.publishes, commands.publishing);
    note(held_by(line, kInstalling), commands.installs, commands.installing);
    take_verbs(line, commands);
  }
  return commands;
}

bool speaks_of_publishing(std::string_view text) {
  // Makes no copy: the text may hold a value.
  constexpr std::array<std::string_view, 2> kWords = {"publish", "release"};
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
  });
}

}  // namespace tokensweep

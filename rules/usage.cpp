#include "rules/usage.hpp"

#include <algorithm>
#include <array>
#include <string>

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

// "automation" is what npm itself called the tokens that pipelines publish with. "deploy" is in neither: GitLab's
// deploy tokens mostly read, others' do not.
constexpr std::array<std::string_view, 8> kPublishingWords = {"publish",    "publisher", "publishing", "release",
                                                              "automation", "write",     "readwrite",  "rw"};
constexpr std::array<std::string_view, 7> kReadingWords = {"read",     "ro",       "readonly", "install",
                                                           "installs", "download", "pull"};

template <std::size_t N>
bool holds_any(std::string_view line, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [line](std::string_view word) { return line.find(word) != std::string_view::npos; });
}

template <std::size_t N>
bool is_any(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

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
  }
  return commands;
}

NameSays said_by_name(std::string_view name) {
  if (name.find_first_of("/:") != std::string_view::npos) return NameSays::nothing;
  NameSays says = NameSays::nothing;
  std::string word;
  const auto end_word = [&] {
    if (is_any(word, kPublishingWords)) says = NameSays::publishes;
    if (is_any(word, kReadingWords) && says == NameSays::nothing) says = NameSays::reads;
    word.clear();
  };
  char before = '\0';
  for (const char c : name) {
    const bool begins_word = is_upper(c) && is_lower(before);
    if (begins_word || !(is_upper(c) || is_lower(c))) end_word();
    if (is_upper(c)) word.push_back(static_cast<char>(c - 'A' + 'a'));
    if (is_lower(c)) word.push_back(c);
    before = c;
  }
  end_word();
  return says;
}

}  // namespace tokensweep

#include "rules/usage.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace tokensweep {
namespace {

// "automation" is what npm itself called the tokens that pipelines publish with. "deploy" is in neither: GitLab's
// deploy tokens mostly read, others' do not.
constexpr std::array<std::string_view, 8> kPublishingWords = {"publish",    "publisher", "publishing", "release",
                                                              "automation", "write",     "readwrite",  "rw"};
constexpr std::array<std::string_view, 7> kReadingWords = {"read",     "ro",       "readonly", "install",
                                                           "installs", "download", "pull"};

template <std::size_t N>
bool is_any(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

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

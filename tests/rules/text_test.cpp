#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "rules/entropy.hpp"
#include "rules/utf8.hpp"

using namespace tokensweep;

TEST_CASE("entropy counts characters but divides by bytes, as gitleaks does") {
  const struct {
    std::string what;
    std::string text;
    double entropy;
  } cases[] = {
      {"nothing", "", 0},
      {"one letter", "aaaa", 0},
      {"two letters", "abab", 1},
      {"four letters", "abcd", 2},
      {"sixteen digits", "0123456789abcdef", 4},
      {"two characters of two bytes: a quarter each", "\u00e9\u00e8", 1},
      {"invalid bytes are all the same character", "\xff\xfe\xfd\xfc", 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(entropy_of(c.text) == doctest::Approx(c.entropy));
  }
}

TEST_CASE("invalid bytes are replaced, one for one, and valid text is not copied") {
  const struct {
    std::string what;
    std::string text;
    std::string shown;
  } cases[] = {
      {"ASCII", "NPM_TOKEN=", "NPM_TOKEN="},
      {"characters of two, three and four bytes", "\u00e9\u20ac\U0001F600", "\u00e9\u20ac\U0001F600"},
      {"a lone byte of Latin-1", "caf\xe9!", "caf\x7f!"},
      {"at the end", "0123456789\xff", "0123456789\x7f"},
      {"a character cut short", "\xe2\x82", "\x7f\x7f"},
      {"one cut short in front of another", "\xe2\x82\u00e9", "\x7f\x7f\u00e9"},
      {"overlong", "\xc0\xaf\xe0\x80\xaf", "\x7f\x7f\x7f\x7f\x7f"},
      {"a surrogate", "\xed\xa0\x80", "\x7f\x7f\x7f"},
      {"beyond Unicode", "\xf4\x90\x80\x80", "\x7f\x7f\x7f\x7f"},
      {"NUL is a character", std::string("a\0b", 3), std::string("a\0b", 3)},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const SearchableText searchable(c.text);
    CHECK(searchable.view() == c.shown);
    CHECK((searchable.view().data() == c.text.data()) == (c.text == c.shown));
  }
}

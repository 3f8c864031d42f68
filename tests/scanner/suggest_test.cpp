#include "scanner/suggest.hpp"

#include <doctest/doctest.h>

namespace {

using namespace tokensweep;

TEST_CASE("a word that is nearly known is told, and only that") {
  const std::vector<std::string> known = {"path", "paths", "deep", "exclude"};
  const struct {
    const char* what;
    const char* typed;
    const char* meant;
  } cases[] = {
      {"a letter left out", "pth", "path"},
      {"a letter too many", "deeep", "deep"},
      {"letters swapped", "exculde", "exclude"},
      {"itself", "paths", "paths"},
      {"another word", "threads", ""},
      {"a short word, all of which would have to change", "x", ""},
      {"nothing", "", ""},
      {"what is too long to be a slip", "excludeexcludeexcludeexcludeexclude", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(nearest(c.typed, known) == c.meant);
  }
}

}  // namespace

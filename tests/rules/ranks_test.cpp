#include "rules/ranks.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/time.hpp"

using namespace tokensweep;

namespace {

Result<Ranks> parse(std::string text) { return Ranks::parse(std::move(text), "list.tsv"); }

}  // namespace

TEST_CASE("a list gives each package its rank") {
  const auto ranks = parse("# date: 2026-03-01  source: a test\r\n1\tzebra\t900\r\n2\t@acme/cli\n3\tape\t7\textra");
  REQUIRE(ranks);
  CHECK(format_date(ranks->date()) == "2026-03-01");
  CHECK(ranks->size() == 3);

  const struct {
    std::string what, package;
    std::optional<int> rank;
  } cases[] = {
      {"the first", "zebra", 1},
      {"a scoped package, without a count", "@acme/cli", 2},
      {"the last, without a line's end", "ape", 3},
      {"not on the list", "yak", std::nullopt},
      {"before all others", "!", std::nullopt},
      {"after all others", "~", std::nullopt},
      {"the beginning of a name", "zebr", std::nullopt},
      {"a name and more", "zebra\t900", std::nullopt},
      {"names differ by case", "Zebra", std::nullopt},
      {"without its scope", "cli", std::nullopt},
      {"an empty name", "", std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(ranks->rank_of(c.package) == c.rank);
  }
}

TEST_CASE("a list that cannot be right is refused, and the line is named") {
  const std::string head = "# date: 2026-03-01\n";
  const struct {
    std::string what, text, message;
  } cases[] = {
      {"nothing", "", "list.tsv: the first line has to be \"# date: YYYY-MM-DD\""},
      {"no date", "1\tape\n", "list.tsv: the first line has to be \"# date: YYYY-MM-DD\""},
      {"a day that does not exist", "# date: 2026-02-30\n1\tape\n",
       "list.tsv: the first line has to be \"# date: YYYY-MM-DD\""},
      {"a date alone", head, "list.tsv: no package on the list"},
      {"no tab", head + "1 ape\n", "list.tsv: line 2: a line is a rank, a tab and a package's name"},
      {"an empty line", head + "1\tape\n\n2\tbee\n", "list.tsv: line 3: a line is a rank, a tab and a package's name"},
      {"a rank that is missing", head + "1\tape\n3\tbee\n", "list.tsv: line 3: the rank has to be 2"},
      {"a rank twice", head + "1\tape\n1\tbee\n", "list.tsv: line 3: the rank has to be 2"},
      {"ranks from 0", head + "0\tape\n", "list.tsv: line 2: the rank has to be 1"},
      {"a rank that is no number", head + "1x\tape\n", "list.tsv: line 2: the rank has to be 1"},
      {"a rank beyond all numbers", head + "99999999999\tape\n", "list.tsv: line 2: the rank has to be 1"},
      {"an empty line, with CRLF", head + "1\tape\r\n\r\n2\tbee\r\n",
       "list.tsv: line 3: a line is a rank, a tab and a package's name"},
      {"no name", head + "1\t\t900\n", "list.tsv: line 2: no package's name"},
      {"a name that npm would refuse", head + "1\t" + std::string(215, 'a') + "\n",
       "list.tsv: line 2: no package's name"},
      {"a name in quotes", head + "1\t\"ape\"\n", "list.tsv: line 2: no package's name"},
      {"a name with a space", head + "1\tape \t900\n", "list.tsv: line 2: no package's name"},
      {"a package twice", head + "1\tape\n2\tbee\n3\tape\n", "list.tsv: ranks 1 and 3 name the same package"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto ranks = parse(c.text);
    REQUIRE_FALSE(ranks);
    CHECK(ranks.error().what == c.message);
    CHECK(ranks.error().kind == ErrorKind::malformed);
  }
}

TEST_CASE("what editors and other systems add to a list does not matter") {
  const std::string cases[] = {
      "\xEF\xBB\xBF# date: 2026-03-01\n1\tape\n2\tbee",
      "# date: 2026-03-01\r\n1\tape\r\n2\tbee\r\n",
      "\xEF\xBB\xBF# date: 2026-03-01\r\n1\tape\t9\r\n2\tbee\t8\r\n\r\n\r\n",
      "# date: 2026-03-01\n1\tape\n2\tbee\n\n",
  };
  for (const std::string& text : cases) {
    CAPTURE(text);
    const auto ranks = parse(text);
    REQUIRE(ranks);
    CHECK(format_date(ranks->date()) == "2026-03-01");
    CHECK(ranks->size() == 2);
    CHECK(ranks->rank_of("bee") == 2);
  }
}

TEST_CASE("a list that somebody brings was not counted in the future") {
  const struct {
    std::string what, date, message;
  } cases[] = {
      {"long ago", "2020-01-01", ""},
      {"today", "2026-11-22", ""},
      {"tomorrow here, today where it was made", "2026-11-23", ""},
      {"later", "2026-11-24", "list.tsv: counted on 2026-11-24, which is yet to come; correct its first line"},
      {"in another century", "9999-12-31",
       "list.tsv: counted on 9999-12-31, which is yet to come; correct its first line"},
  };
  const Date today = std::chrono::year(2026) / 11 / 22;
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto ranks = Ranks::parse("# date: " + c.date + "\n1\tape\n", "list.tsv", today);
    CHECK((ranks ? "" : ranks.error().what) == c.message);
  }
  CHECK_FALSE(Ranks::parse("1\tape\n", "list.tsv", today));
}

TEST_CASE("a list may have a million packages, and no more") {
  std::string text = "# date: 2026-03-01\n";
  for (int rank = 1; rank <= 1'000'000; ++rank) {
    const std::string number = std::to_string(rank);
    text.append(number).append("\tp").append(number).append("\n");
  }
  const auto ranks = parse(text);
  REQUIRE(ranks);
  CHECK(ranks->size() == 1'000'000);
  CHECK(ranks->rank_of("p999999") == 999'999);
  const auto too_many = parse(text + "1000001\tlast\n");
  REQUIRE_FALSE(too_many);
  CHECK(too_many.error().what == "list.tsv: line 1000002: more than 1,000,000 packages");
}

TEST_CASE("a pattern stands for the most downloaded package that it names") {
  const auto ranks = parse("# date: 2026-03-01\n1\tzebra\n2\t@acme/ui\n3\t@acme/a\n4\tacme-b\n5\tacme-a\n6\tacme\n");
  REQUIRE(ranks);
  const struct {
    std::string pattern;
    std::optional<RankedPackage> best;
  } cases[] = {
      {"zebra", RankedPackage{"zebra", 1}},
      {"zebr", std::nullopt},
      {"@acme/*", RankedPackage{"@acme/ui", 2}},
      {"@acme/a*", RankedPackage{"@acme/a", 3}},
      {"acme-*", RankedPackage{"acme-b", 4}},
      {"acme*", RankedPackage{"acme-b", 4}},
      {"@other/*", std::nullopt},
      {"zebra*", RankedPackage{"zebra", 1}},
      {"*", RankedPackage{"zebra", 1}},
      {"", std::nullopt},
  };
  for (const auto& c : cases) {
    CAPTURE(c.pattern);
    CHECK(ranks->best_of(c.pattern) == c.best);
  }
  CHECK(ranks->ranked("acme-*") == std::nullopt);
  CHECK(more_downloaded(std::nullopt, RankedPackage{"a", 2}) == RankedPackage{"a", 2});
  CHECK(more_downloaded(RankedPackage{"a", 2}, std::nullopt) == RankedPackage{"a", 2});
  CHECK(more_downloaded(RankedPackage{"a", 2}, RankedPackage{"b", 1}) == RankedPackage{"b", 1});
  CHECK(more_downloaded(RankedPackage{"a", 1}, RankedPackage{"b", 2}) == RankedPackage{"a", 1});
}

TEST_CASE("ranks that are copied or moved still know their names") {
  auto first = parse("# date: 2026-03-01\n1\ta\n");
  REQUIRE(first);
  const Ranks copy = *first;
  const Ranks moved = std::move(*first);
  CHECK(copy.rank_of("a") == 1);
  CHECK(moved.rank_of("a") == 1);
}

TEST_CASE("the list that is compiled in has a thousand packages") {
  const Ranks& ranks = builtin_ranks();
  CHECK(ranks.size() == 1000);
  CHECK(ranks.date() >= std::chrono::sys_days(std::chrono::year(2026) / 1 / 1));
  CHECK(ranks.rank_of("semver").value_or(1001) <= 100);
  CHECK(ranks.rank_of("@babel/core").has_value());
  CHECK_FALSE(ranks.rank_of("tokensweep-is-not-on-the-list").has_value());
}

#include "report/html.hpp"

#include <doctest/doctest.h>

#include <boost/json/src.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/report/rows.hpp"

namespace {

namespace json = boost::json;
using namespace tokensweep;
using namespace tokensweep::testing;

constexpr std::string_view kElement = "<script type=\"application/json\" ";

/// A report of these rows, and what a browser would take for its data elements.
struct Page {
  explicit Page(const std::vector<HitRow>& rows, std::string_view inventory = "acme.db", std::size_t earlier = 0) {
    std::vector<Figures> series(earlier);
    for (std::size_t i = 0; i < earlier; ++i) {
      series[i].at = kNow - std::chrono::days{earlier - i};
      series[i].tokens = static_cast<std::int64_t>(i);
    }
    const Figures now{.at = kNow, .tokens = 7, .overdue_by_class = {1, 2, 3, 4}};
    const SweepInfo sweep{
        .id = 3, .started_at = kNow - 1h, .finished_at = {}, .state = SweepState::interrupted, .version = "0.1.0"};
    const CoverageRow scope{.source = "github",
                            .source_name = "acme",
                            .store = "acme/<site>",
                            .state = ScopeState::denied,
                            .reason = "list secrets: HTTP 403",
                            .missed = 2,
                            .ended_at = kNow};
    const Policy policy;
    StringOutput output;
    HtmlReport report(output, {.generated_at = kNow,
                               .now = now,
                               .series = series,
                               .sweeps = {&sweep, 1},
                               .coverage = {&scope, 1},
                               .inventory = inventory,
                               .policy = policy});
    for (const HitRow& row : rows) report.row(computed(row));
    report.end();
    text = std::move(output.text);
    read();
  }

  /// HTML ends such an element at the next `</script`, whatever stands around it, and a `<!--` changes even that.
  void read() {
    for (std::size_t at = text.find(kElement); at != std::string::npos; at = text.find(kElement, at)) {
      const std::size_t begin = text.find('>', at) + 1;
      const std::size_t end = text.find("</script", begin);
      REQUIRE(end != std::string::npos);
      elements.push_back(json::parse(json::string_view(text.data() + begin, end - begin)));
      CHECK(text.substr(begin, end - begin).find('<') == std::string::npos);
      at = end;
    }
    REQUIRE(!elements.empty());
  }

  [[nodiscard]] const json::value& head() const { return elements.front(); }

  /// A cell of a hit: text in full.
  [[nodiscard]] json::value cell(std::size_t hit, std::string_view name) const {
    json::array strings;
    for (std::size_t i = 1; i < elements.size(); ++i) {
      const json::object& block = elements[i].as_object();
      for (const json::value& one : block.at("strings").as_array()) strings.push_back(one);
      const auto rows = block.at("rows").to_number<std::size_t>();
      if (hit >= rows) {
        hit -= rows;
        continue;
      }
      const json::array& all = head().at("columns").as_array();
      const auto column = static_cast<std::size_t>(
          std::find(all.begin(), all.end(), json::value(json::string_view(name.data(), name.size()))) - all.begin());
      json::value found = block.at("columns").as_array().at(column);
      if (found.is_array()) found = json::value(found.as_array().at(hit));
      const Cell shown = columns()[column].cell(computed(file_row("t0123456789abcdef", "a:1")));
      const bool is_text = std::holds_alternative<std::string_view>(shown);
      return is_text && found.is_int64() ? strings.at(found.to_number<std::size_t>()) : found;
    }
    FAIL("no such hit");
    return {};
  }

  std::string text;
  std::vector<json::value> elements;  ///< the head, then the blocks
};

TEST_CASE("a name cannot end the element that holds it, and comes back as it was shown") {
  struct Case {
    std::string_view name;
    std::string_view shown;
  };
  const Case cases[] = {
      {"</script><script>alert(1)</script>", "</script><script>alert(1)</script>"},
      {"</SCRIPT\t>", "</SCRIPT\\x09>"},
      {"<!--<script>", "<!--<script>"},
      {"a \"quoted\" 'name' \\ &lt;", "a \"quoted\" 'name' \\ &lt;"},
      {"\\\"", "\\\""},
      {"\\u003c", "\\u003c"},
      {"line\xE2\x80\xA8separator\xE2\x80\xA9", "line\\u{2028}separator\\u{2029}"},
      {"right\xE2\x80\xAE to left", "right\\u{202e} to left"},
      {"no UTF-8 \xFF\xC0\x80\xED\xA0\x80", "no UTF-8 \\xff\\xc0\\x80\\xed\\xa0\\x80"},
      {"=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"},
      {"\x1B[31m\n\r\x7F", "\\x1b[31m\\x0a\\x0d\\x7f"},
      {"<!--data-->", "<!--data-->"},
      {"@SCRIPT@", "@SCRIPT@"},
      {"日本語 ünï", "日本語 ünï"},
      {"", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    HitRow row = file_row("t0123456789abcdef", c.name);
    row.hit.store = row.hit.reason = row.hit.rule = row.hit.kind = row.hit.source = row.hit.id = c.name;
    row.hit.registry = row.hit.preview = row.token = c.name;
    const Page page({row, file_row("t0123456789abcdef", "b:1")}, c.name);
    REQUIRE(page.elements.size() == 2);
    for (const char* column :
         {"locator", "store", "reason", "rule", "kind", "source", "id", "registry", "preview", "token"}) {
      CAPTURE(column);
      CHECK(page.cell(0, column).as_string() == json::string_view(c.shown.data(), c.shown.size()));
    }
    CHECK(page.head().at("inventory").as_string() == json::string_view(c.shown.data(), c.shown.size()));
    CHECK(page.cell(1, "locator").as_string() == "b:1");
  }
}

TEST_CASE("cells of every kind come back") {
  HitRow gone = file_row("t0123456789abcdef", "a:1", std::chrono::days{400});
  gone.state = State::gone;
  gone.gone_at = kNow;
  gone.hit.scope.add(ScopeFlag::publish).add(ScopeFlag::dead);
  const Page page({gone, reference_row("b:1")});
  const std::int64_t now = kNow.time_since_epoch().count();
  CHECK(page.cell(0, "gone_at").as_int64() == now);
  CHECK(page.cell(1, "gone_at").is_null());
  CHECK(page.cell(0, "age_days").as_int64() == 400);
  CHECK(page.cell(1, "age_days").is_null());
  CHECK(page.cell(0, "rotate_by").as_int64() == now / 86400 - 400 + 365);
  CHECK(page.cell(0, "overdue").as_bool() == false);
  CHECK(page.cell(0, "class").as_string() == "D");
  CHECK(page.cell(0, "scope").as_int64() == static_cast<std::int64_t>(gone.hit.scope.bits()));
  CHECK(page.cell(0, "token").as_string() == "t0123456789abcdef");
  CHECK(page.cell(1, "token").is_null());
}

TEST_CASE("many hits come in several blocks that share their strings") {
  std::vector<HitRow> rows;
  for (int i = 0; i < 2500; ++i) {
    rows.push_back(file_row("t0123456789abcdef", fmt::format("a:{}", i)));
    rows.back().hit.store = fmt::format("store {}", i % 1200);
  }
  const Page page(rows);
  CHECK(page.elements.size() == 4);
  CHECK(page.elements[3].at("strings").as_array().empty());
  for (const std::size_t hit : {0, 999, 1000, 1199, 1200, 2499}) {
    CAPTURE(hit);
    CHECK(page.cell(hit, "locator").as_string() == fmt::format("a:{}", hit));
    CHECK(page.cell(hit, "store").as_string() == fmt::format("store {}", hit % 1200));
  }
}

TEST_CASE("strings that are written again, because too many were remembered, still fit") {
  std::vector<HitRow> rows;
  for (int i = 0; i < 70'000; ++i) {
    rows.push_back(file_row("t0123456789abcdef", "a:1"));
    rows.back().hit.store = fmt::format("store {}", i % 66'000);
  }
  const Page page(rows);
  for (const std::size_t hit : {0, 65'530, 65'536, 65'999, 66'000, 69'999}) {
    CAPTURE(hit);
    CHECK(page.cell(hit, "store").as_string() == fmt::format("store {}", hit % 66'000));
    CHECK(page.cell(hit, "source").as_string() == "filesystem");
  }
}

TEST_CASE("the head tells the figures, oldest first and now last, the policy, the sweeps and the coverage") {
  const Page page({}, "acme.db", 3);
  const json::value& figures = page.head().at("figures");
  CHECK(json::serialize(figures.at("tokens")) == "[0,1,2,7]");
  CHECK(json::serialize(figures.at("overdue_d")) == "[0,0,0,4]");
  CHECK(json::serialize(figures.at("median_age_days")) == "[-1,-1,-1,-1]");
  CHECK(page.head().at("policy").at("a_top").as_int64() == 7);
  CHECK(page.head().at("sweeps").at(0).at("state").as_string() == "interrupted");
  CHECK(page.head().at("sweeps").at(0).at("finished_at").is_null());
  CHECK(page.head().at("coverage").at(0).at("store").as_string() == "acme/<site>");
  CHECK(page.head().at("coverage").at(0).at("state").as_string() == "denied");
  CHECK(page.head().at("flags").as_array().size() == static_cast<std::size_t>(ScopeFlag::count_));
  CHECK(page.head().at("columns").as_array().size() == columns().size());
}

TEST_CASE("figures of now that are in the series, too, stand once") {
  const Figures now{.at = kNow, .tokens = 7};
  const std::vector<Figures> series = {{.at = kNow - 24h, .tokens = 5}, now};
  const Policy policy;
  StringOutput output;
  HtmlReport(output, {.generated_at = kNow,
                      .now = now,
                      .series = series,
                      .sweeps = {},
                      .coverage = {},
                      .inventory = "a",
                      .policy = policy})
      .end();
  CHECK(output.text.find("\"tokens\":[5,7]") != std::string::npos);
}

TEST_CASE("the page names its own style and script, and nothing outside") {
  const Page page({});
  CHECK(page.text.starts_with("<!doctype html>"));
  CHECK(page.text.ends_with("</html>\n"));
  CHECK(page.text.find("default-src 'none'; style-src 'sha256-") != std::string::npos);
  for (const char* outside : {"http:", "https:", "//cdn", "@import", "src=", "url("}) {
    CAPTURE(outside);
    std::string text = page.text;
    const std::string_view svg = "http://www.w3.org/2000/svg";  // a name, which nobody fetches
    text.erase(text.find(svg), svg.size());
    CHECK(text.find(outside) == std::string::npos);
  }
  for (const char* parser :
       {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"}) {
    CAPTURE(parser);
    CHECK(page.text.find(parser) == std::string::npos);
  }
}

}  // namespace

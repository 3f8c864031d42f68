#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/base64.hpp"
#include "base/wiped_text.hpp"
#include "connectors/kubernetes/helm_manifest.hpp"
#include "connectors/kubernetes/helm_release.hpp"
#include "connectors/kubernetes/helm_sightings.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/recording_sink.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;
using tokensweep::testing::gzip;
using tokensweep::testing::RecordingSink;

std::string base64(std::string_view bytes) {
  WipedText text;
  append_base64(text, bytes);
  return std::string(text.view());
}

std::string stored(const std::string& json) { return base64(gzip(json)); }

/// Whoever says yes matters.
bool says_yes(std::string_view bytes, Spelling spelling) {
  if (spelling == Spelling::plain) return bytes.find("yes") != std::string_view::npos;
  const auto decoded = from_base64(bytes);
  return decoded && decoded->view().find("yes") != std::string_view::npos;
}

/// A line for each text: place, path where that is another text, name where it is a secret's, and value.
std::string lines(HelmTexts& texts) {
  std::string all;
  for (const HelmText& text : texts.take()) {
    all += text.place == text.path ? text.path : text.place + " (" + text.path + ")";
    if (!text.is_setting) all += " [" + text.name + "]";
    all += "=" + std::string(text.value.reveal()) + "\n";
  }
  return all;
}

struct Read {
  std::string text;
  HelmRelease release;
  std::optional<std::string> error;
  std::vector<std::string> judged;  ///< names
};

Read read(std::string_view text) {
  Read result;
  HelmTexts texts([&](std::string_view name, std::string_view bytes, Spelling spelling) {
    if (!name.empty()) result.judged.emplace_back(name);
    return says_yes(bytes, spelling);
  });
  const auto whole = read_helm_release(text, result.release, texts);
  if (!whole) result.error = whole.error().what;
  result.text = lines(texts);
  return result;
}

/// A release whose JSON holds `more`, in the order in which Helm writes it.
std::string release(const std::string& more, const std::string& status = "deployed") {
  return R"({"name":"web","info":{"first_deployed":"2026-01-01T00:00:00Z","status":")" + status + "\"}," + more +
         R"(,"version":3,"namespace":"shop"})";
}

std::string manifest_of(const std::string& yaml) {
  HelmTexts texts(
      [](std::string_view, std::string_view bytes, Spelling spelling) { return says_yes(bytes, spelling); });
  read_manifest(yaml, texts);
  return lines(texts);
}

TEST_CASE("a release holds values, a chart, manifests and what was told of it") {
  const struct {
    const char* what;
    std::string json;
    const char* text;
  } cases[] = {
      {"nothing that matters", R"("config":{"a":"no","b":[1,true,null]},"manifest":"a: b\n")", ""},
      {"no values at all", R"("config":null,"chart":null,"manifest":"","hooks":null)", ""},
      {"the user's values, however deep",
       R"("config":{"a":"yes 1","b":{"c":{"d":"yes 2"}},"e":[{"f":"yes 3"},"no",["yes 4"]],"g":"yes 5"})",
       "config/a=yes 1\nconfig/b/c/d=yes 2\nconfig/e/0/f=yes 3\nconfig/e/2/0=yes 4\nconfig/g=yes 5\n"},
      {"keys that are paths, or look like ours", R"("config":{"a/b":"yes 1","config":{"chart.values":"yes 2"}})",
       "config/a%2Fb (config/a/b)=yes 1\nconfig/config/chart.values=yes 2\n"},
      {"a key that says what its value is", R"("config":{"a":{"yes":"x","b":"x"}})", "config/a/yes=x\n"},
      {"keys that could be values are in no place",
       R"("config":{"A0b1C2d3E4f5G6h7I8j9K0l1":"yes 1","B0b1C2d3E4f5G6h7I8j9K0l1":"yes 2"})",
       "config/%E2%80%A6 (config/A0b1C2d3E4f5G6h7I8j9K0l1)=yes 1\n"
       "config/%E2%80%A6~2 (config/B0b1C2d3E4f5G6h7I8j9K0l1)=yes 2\n"},
      {"the chart's values, templates and files",
       R"("chart":{"metadata":{"name":"yes"},"templates":[{"name":"templates/a.yaml","data":")" + base64("yes 1") +
           R"("}],"values":{"a":"yes 2"},"schema":"eWVz","files":[{"name":".npmrc","data":")" + base64("yes 3") +
           R"("},{"name":"x","data":")" + base64("no") + R"("}]})",
       "templates/templates%2Fa.yaml (templates/templates/a.yaml)=yes 1\nvalues/a=yes 2\nfiles/.npmrc=yes 3\n"},
      {"manifests, and those of hooks",
       R"("manifest":"---\nkind: Secret\nmetadata:\n  name: npm\nstringData:\n  T: yes 1\n",)"
       R"("hooks":[{"name":"yes","manifest":"kind: Job\nmetadata:\n  name: job\nx: yes 2\n"}])",
       "manifest/Secret/npm/stringData/T [npm/T]=yes 1\nhooks/Job/job=kind: Job\nmetadata:\n  name: job\nx: yes 2\n\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    for (const std::string& text : {stored(release(c.json)), base64(release(c.json))}) {
      const Read whole = read(text);
      CHECK_FALSE(whole.error.has_value());
      CHECK(whole.text == c.text);
      CHECK(whole.release.name == "web");
      CHECK(whole.release.revision == 3);
      CHECK(whole.release.status == "deployed");
    }
  }
  const Read told = read(stored(
      R"({"name":"web","info":{"status":"failed","description":"yes 1","notes":"yes 2"},"config":{"a":"x"},"version":1})"));
  CHECK(told.text == "info/description=yes 1\ninfo/notes=yes 2\n");
  CHECK(told.judged == std::vector<std::string>{"info/description", "info/notes", "config/a"});
}

TEST_CASE("what is no release, or none that ends, is refused in one line, and what was met stays") {
  const std::string good = release(R"("config":{"a":"yes"},"manifest":"canary")");
  const std::string packed = gzip(good);
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  std::string wrong_sum = packed;
  wrong_sum[wrong_sum.size() - 6] = static_cast<char>(wrong_sum[wrong_sum.size() - 6] ^ 1);
  const struct {
    const char* what;
    std::string text;
    const char* error;
    const char* found;
  } cases[] = {
      {"nothing", "", "nothing in place of JSON", ""},
      {"no base64", "canary!", "it is no base64", ""},
      {"no gzip and no JSON", base64("canary"), "no JSON", ""},
      {"gzip's first bytes alone", base64(packed.substr(0, 3)), "its gzip is cut off", ""},
      {"gzip of nothing", stored(""), "nothing in place of JSON", ""},
      {"gzip that is cut off behind the text", base64(packed.substr(0, packed.size() - 4)), "its gzip is cut off",
       "config/a=yes\n"},
      {"gzip whose sum is wrong", base64(wrong_sum), "its gzip is broken", ""},
      {"two in a row", base64(packed + packed), "its gzip is broken", "config/a=yes\n"},
      {"JSON that is cut off", stored(good.substr(0, good.size() - 3)), "no JSON", "config/a=yes\n"},
      {"JSON that is deep", stored(release(R"("config":{"a":"yes","b":)" + deep + "}")), "JSON that is nested too deep",
       "config/a=yes\n"},
      {"other JSON", stored(R"({"canary":1})"), "it is no release of Helm", ""},
      {"a list", stored("[1]"), "it is no release of Helm", ""},
      {"a name and no revision", stored(R"({"name":"web","config":{"a":"yes"}})"), "it is no release of Helm",
       "config/a=yes\n"},
      {"a revision that is none", stored(R"({"name":"web","version":"3"})"), "it is no release of Helm", ""},
      {"a bomb of space", stored(std::string((std::size_t{32} << 20U) + 1, ' ')), "it decodes to more than 32 MiB", ""},
      {"a text without end",
       stored(R"({"name":"web","config":{"a":"yes"},"manifest":")" + std::string((std::size_t{16} << 20U) + 1, 'a') +
              "\"}"),
       "a text is longer than any that belongs there", "config/a=yes\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Read whole = read(c.text);
    CHECK(whole.error == c.error);
    CHECK(whole.text == c.found);
  }
}

TEST_CASE("rendered manifests are taken apart where secrets stand in them") {
  const std::string encoded = base64("yes in base64");
  const std::string secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: npm\n";
  const struct {
    const char* what;
    std::string yaml;
    std::string text;
  } cases[] = {
      {"nothing", "", ""},
      {"separators alone", "---\n---\n--- # yes\n---", ""},
      {"a secret's data is in base64", secret + "data:\n  T: " + encoded + "\n",
       "Secret/npm/data/T [npm/T]=yes in base64\n"},
      {"quoted, or over several lines",
       secret + "data:\n  T: \"" + encoded + "\"\n  U: |\n    " + encoded.substr(0, 8) + "\n    " + encoded.substr(8) +
           "\n",
       "Secret/npm/data/T [npm/T]=yes in base64\nSecret/npm/data/U [npm/U]=yes in base64\n"},
      {"what else stands in it is plain",
       secret + "  annotations:\n    a: yes\nstringData:\n  .npmrc: |\n    yes\n    b\n",
       "Secret/npm/metadata/annotations/a=yes\nSecret/npm/stringData/.npmrc [npm/.npmrc]=yes\nb\n\n"},
      {"a ConfigMap's data is plain, and its binaryData is not",
       "kind: ConfigMap\nmetadata: {name: npm}\ndata: {a: yes}\nbinaryData: {b: " + encoded + "}\n",
       "ConfigMap/1/data/a=yes\nConfigMap/1/binaryData/b=yes in base64\n"},
      {"other documents are one text each, without those that do not matter",
       "# Source: web/templates/a.yaml\nkind: Deployment\nmetadata:\n  labels:\n    name: not-this\n  name: web\nspec: "
       "yes\n"
       "---\nkind: Service\nspec: no\n---\r\nkind: 'Job'\r\nmetadata:\r\n  name: \"j\"\r\nspec: yes\r\n",
       "Deployment/web=# Source: web/templates/a.yaml\nkind: Deployment\nmetadata:\n  labels:\n    name: not-this\n  "
       "name: web\n"
       "spec: yes\n\nJob/j=kind: 'Job'\r\nmetadata:\r\n  name: \"j\"\r\nspec: yes\r\n\n"},
      {"what is no YAML is one text", secret + "data: [\n  yes\n", "Secret/npm=" + secret + "data: [\n  yes\n\n"},
      {"and so is a secret that is no map", "- yes\n---\nkind: Secret\n- yes\n",
       "%3F/1 (?/1)=- yes\n\nSecret/2=kind: Secret\n- yes\n\n"},
      {"data that is no base64 is taken as it stands", "kind: Secret\ndata:\n  a: yes!\n", ""},
      {"two objects of one name", secret + "stringData: {a: yes}\n---\n" + secret + "stringData: {a: yes too}\n",
       "Secret/npm/stringData/a [npm/a]=yes\nSecret/npm/stringData/a~2 (Secret/npm/stringData/a) [npm/a]=yes too\n"},
      {"a secret without a name, and data that is no text", "kind: Secret\nstringData: {a: yes, b: [yes]}\n",
       "Secret/1/stringData/a [Secret/a]=yes\nSecret/1/stringData/b/0=yes\n"},
      {"aliases that go round", secret + "x: &a [yes, *a]\n", "Secret/npm=" + secret + "x: &a [yes, *a]\n\n"},
      {"what is nested too deep", secret + "x: " + std::string(40, '[') + "yes" + std::string(40, ']') + "\n",
       "Secret/npm=" + secret + "x: " + std::string(40, '[') + "yes" + std::string(40, ']') + "\n\n"},
      {"aliases that grow",
       secret +
           "a: &a [yes, yes, yes, yes, yes, yes, yes, yes]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, "
           "*b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d, *d]\n",
       "Secret/npm=" + secret +
           "a: &a [yes, yes, yes, yes, yes, yes, yes, yes]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, "
           "*b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: [*d, *d, *d, *d, *d, *d, *d, *d]\n\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(manifest_of(c.yaml) == c.text);
  }
}

/// The filter of the sink is the only one that there is.
class YesSink final : public RecordingSink {
 public:
  bool may_matter(std::string_view, std::string_view bytes, Spelling spelling) override {
    return says_yes(bytes, spelling);
  }
};

SecretObject object_with(std::optional<Secret> value) {
  SecretObject object;
  object.name = "sh.helm.release.v1.web.v3";
  object.name_space = "shop";
  object.uid = "u1";
  object.type = std::string(kReleaseType);
  SecretKey key;
  key.name = std::string(kReleaseKey);
  key.value = std::move(value);
  object.keys.push_back(std::move(key));
  return object;
}

TEST_CASE("a sighting says in which revision of which release it is") {
  YesSink sink;
  const auto scope = sink.begin({.source = "kubernetes", .prefix = "shop"});
  SecretObject object = object_with(Secret(stored(release(R"("config":{"a":{"b":"yes"}})", "superseded"))));
  REQUIRE(is_release(object));
  hand_on_release(object, *scope, sink);
  CHECK(object.keys.empty());
  CHECK(sink.wrong.empty());
  CHECK(sink.scopes.at("shop").gaps.empty());
  REQUIRE(sink.places() == std::vector<std::string>{"shop/u1/@release/config/a/b"});
  const Sighting& one = sink.scopes.at("shop").found.begin()->second;
  CHECK(one.locator == "sh.helm.release.v1.web.v3#release/config/a/b");
  CHECK(one.name == "config/a/b");
  CHECK(one.is_setting);
  CHECK(one.evidence.back().value.find("revision 3 (superseded) of the Helm release web") != std::string::npos);
}

TEST_CASE("a rendered secret's values are judged as a secret's are") {
  YesSink sink;
  const auto scope = sink.begin({.source = "kubernetes", .prefix = "shop"});
  SecretObject object = object_with(
      Secret(stored(release(R"("manifest":"kind: Secret\nmetadata:\n  name: npm\nstringData:\n  TOKEN: yes\n")"))));
  hand_on_release(object, *scope, sink);
  REQUIRE(sink.places() == std::vector<std::string>{"shop/u1/@release/manifest/Secret/npm/stringData/TOKEN"});
  const Sighting& one = sink.scopes.at("shop").found.begin()->second;
  CHECK(one.name == "npm/TOKEN");
  CHECK_FALSE(one.is_setting);
}

TEST_CASE("a release that cannot be read is a gap, and what of it could be read is there") {
  const std::string cut = stored(release(R"("config":{"a":"yes","b":"canary")"));
  const struct {
    const char* what;
    std::optional<std::string> value;
    std::size_t found;
    const char* reason;
  } cases[] = {
      {"it is cut off", cut, 1, "sh.helm.release.v1.web.v3: no release of Helm to be read: no JSON"},
      {"it is not there", std::nullopt, 0, "sh.helm.release.v1.web.v3: no release of Helm to be read: it holds none"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    YesSink sink;
    const auto scope = sink.begin({.source = "kubernetes", .prefix = "shop"});
    SecretObject object = object_with(c.value ? std::optional(Secret(*c.value)) : std::nullopt);
    hand_on_release(object, *scope, sink);
    CHECK(sink.places().size() == c.found);
    REQUIRE(sink.scopes.at("shop").gaps.size() == 1);
    const Gap& gap = sink.scopes.at("shop").gaps.front();
    CHECK(gap.place == "shop/u1");
    CHECK(gap.reason == c.reason);
    CHECK(gap.incomplete);
  }
}

TEST_CASE("releases are told by their type, in ConfigMaps by their name") {
  SecretObject object = object_with(std::nullopt);
  CHECK(is_release(object));
  object.type = "Opaque";
  CHECK_FALSE(is_release(object));
  object.kind = ObjectKind::config_map;
  CHECK(is_release(object));
  object.name = "web";
  CHECK_FALSE(is_release(object));
}

}  // namespace

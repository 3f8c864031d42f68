#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "connectors/kubernetes/page_size.hpp"
#include "connectors/kubernetes/parse.hpp"
#include "connectors/kubernetes/secret_list.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;

/// Writes down what a reader says of a list, in one line for each secret.
class Recorder final : public SecretListener {
 public:
  std::string text;
  ListHead list;
  bool wanted = true;
  std::size_t judged = 0;

  void head(const ListHead& head) override {
    list = head;
    text += "head; ";
  }
  bool wants_values(const SecretObject& secret) override {
    text += secret.uid + "? ";
    return wanted;
  }
  bool may_matter(const SecretObject&, std::string_view, std::string_view bytes) override {
    ++judged;
    return bytes != "bm8=";  // no
  }
  Result<> secret(SecretObject& secret) override {
    text += secret.name_space + "/" + secret.name + " v" + secret.version + " " + secret.type;
    if (secret.immutable) text += " immutable";
    if (!secret.owner.empty()) text += " of " + secret.owner;
    text += " " + std::to_string(secret.key_count) + " keys:";
    for (const SecretKey& key : secret.keys) {
      text += " " + key.name;
      if (key.value) text += "=" + std::string(key.value->reveal());
      if (key.written_before) text += "@" + format_time(*key.written_before);
    }
    if (secret.last_applied) text += " applied";
    text += "; ";
    return {};
  }
};

struct Read {
  std::string text;
  ListHead head;
  std::optional<std::string> error;
};

Read read(std::string_view body, ListForm form = ListForm::values, std::size_t piece = 1 << 20, bool wanted = true) {
  Recorder recorder;
  recorder.wanted = wanted;
  SecretListReader reader(recorder, form);
  reader.begin();
  Result<> result;
  for (std::size_t i = 0; i < body.size() && result; i += piece) result = reader.read(body.substr(i, piece));
  if (result) result = reader.finish();
  return {recorder.text, recorder.list, result ? std::nullopt : std::optional(result.error().what)};
}

std::string list(const std::string& items, const std::string& metadata = R"("resourceVersion":"9")") {
  return R"({"kind":"SecretList","apiVersion":"v1","metadata":{)" + metadata + R"(},"items":[)" + items + "]}";
}

std::string item(const std::string& metadata, const std::string& rest) {
  return R"({"metadata":{"name":"npm","namespace":"shop","uid":"u1","resourceVersion":"7")" + metadata + "}" + rest +
         "}";
}

std::string writer(const std::string& time, const std::string& keys) {
  return R"({"manager":"m","operation":"Update","time":")" + time + R"(","fieldsV1":{"f:data":{".":{})" + keys +
         R"(},"f:metadata":{"f:annotations":{"f:a.b/c":{}}},"f:type":{}}})";
}

TEST_CASE("a list of secrets is read as the API writes it") {
  const struct {
    const char* what;
    std::string body;
    const char* text;
  } cases[] = {
      {"an empty list", list(""), "head; "},
      {"no items at all", R"({"kind":"SecretList","metadata":{},"items":null})", "head; "},
      {"a value", list(item("", R"(,"data":{"TOKEN":"eWVz"},"type":"Opaque")")),
       "head; u1? shop/npm v7 Opaque 1 keys: TOKEN=yes; "},
      {"keys with dots, as files have them", list(item("", R"(,"data":{".npmrc":"eWVz","a.b":"eWVz"})")),
       "head; u1? shop/npm v7  2 keys: .npmrc=yes a.b=yes; "},
      {"keys that look like paths", list(item("", R"(,"data":{"items[].type":"eWVz","{}":"eWVz"})")),
       "head; u1? shop/npm v7  2 keys: items[].type=yes {}=yes; "},
      {"what does not matter is counted, and not kept", list(item("", R"(,"data":{"a":"bm8=","b":"eWVz"})")),
       "head; u1? shop/npm v7  2 keys: b=yes; "},
      {"an empty value", list(item("", R"(,"data":{"a":"","b":null})")), "head; u1? shop/npm v7  2 keys: a=; "},
      {"immutable, and kept by a controller",
       list(item(R"(,"ownerReferences":[{"kind":"Other"},{"kind":"ExternalSecret","controller":true}])",
                 R"(,"immutable":true,"data":{},"type":"Opaque")")),
       "head; u1? shop/npm v7 Opaque immutable of ExternalSecret 0 keys:; "},
      {"each key's time is that of the last of its writers",
       list(item(R"(,"managedFields":[)" + writer("2026-01-01T00:00:00Z", R"(,"f:a":{},"f:b.c":{})") + "," +
                     writer("2026-02-01T00:00:00Z", R"(,"f:a":{})") + "]",
                 R"(,"data":{"a":"eWVz","b.c":"eWVz","d":"eWVz"})")),
       "head; u1? shop/npm v7  3 keys: a=yes@2026-02-01T00:00:00Z b.c=yes@2026-01-01T00:00:00Z d=yes; "},
      {"what kubectl applied last, and no other annotation",
       list(item(R"(,"annotations":{"a/b":"x","kubectl.kubernetes.io/last-applied-configuration":"{}"})", "")),
       "head; u1? shop/npm v7  0 keys: applied; "},
      {"the value in front of its metadata", list(R"({"data":{"a":"eWVz"},)" + item("", "").substr(1)),
       "head; u1? shop/npm v7  1 keys: a=yes; "},
      {"the list's metadata behind its items",
       R"({"kind":"SecretList","items":[)" + item("", "") + R"(],"metadata":{"resourceVersion":"1"}})",
       "u1? shop/npm v7  0 keys:; head; "},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Read whole = read(c.body);
    CHECK_FALSE(whole.error.has_value());
    CHECK(whole.text == c.text);
    CHECK(read(c.body, ListForm::values, 1).text == c.text);
  }
}

TEST_CASE("a list says in front how it goes on") {
  const Read page = read(list("", R"("resourceVersion":"12","continue":"next","remainingItemCount":41)"));
  CHECK(page.head.version == "12");
  CHECK(page.head.next == "next");
  CHECK(page.head.remaining == 41);
}

TEST_CASE("values of what is known are not looked at") {
  const Read page = read(list(item(R"(,"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"})",
                                   R"(,"data":{"a":"eWVz"})")),
                         ListForm::values, 1 << 20, false);
  CHECK(page.text == "head; u1? shop/npm v7  1 keys:; ");
}

TEST_CASE("a table tells names, types and the keys that somebody noted") {
  const std::string object = R"(,"object":{"metadata":{"name":"npm","namespace":"shop","uid":"u1","resourceVersion":"7",
    "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"managedFields":[)" +
                             writer("2026-01-01T00:00:00Z", R"(,"f:b":{},"f:a":{})") + "]}}";
  const std::string body =
      R"({"kind":"Table","metadata":{"resourceVersion":"9"},"columnDefinitions":[{"name":"Name"},{"name":"Type"},{"name":"Data"},{"name":"Age"}],
      "rows":[{"cells":["npm","Opaque",3,"5d"])" +
      object + "}]}";
  const Read page = read(body, ListForm::names);
  CHECK_FALSE(page.error.has_value());
  CHECK(page.text == "head; u1? shop/npm v7 Opaque 3 keys: a@2026-01-01T00:00:00Z b@2026-01-01T00:00:00Z; ");
}

TEST_CASE("what is no list of secrets is refused in one line that quotes nothing") {
  const struct {
    const char* what;
    std::string body;
    const char* error;
  } cases[] = {
      {"nothing", "", "nothing in place of JSON"},
      {"a web page", "<html>canary", "a web page in place of JSON"},
      {"a cut list", R"({"kind":"SecretList","metadata":{},"items":[)", "no JSON"},
      {"another kind", R"({"kind":"Status","canary":1})", "it is no list of secrets in the form that was asked for"},
      {"no kind", R"({"metadata":{},"items":[]})", "it is no list of secrets"},
      {"no metadata", R"({"kind":"SecretList","items":[]})", "a list without metadata"},
      {"a secret without uid", list(R"({"metadata":{"name":"canary","namespace":"n"}})"),
       "a secret without name, namespace, uid or version"},
      {"a secret without metadata", list("{}"), "a secret without metadata"},
      {"an item that is none", list("7"), "an item is no object"},
      {"a value that is no text", list(item("", R"(,"data":{"canary":7})")), "a secret's value is no text"},
      {"a value that is no base64", list(item("", R"(,"data":{"a":"canary!"})")), "a secret's value is no base64"},
      {"a time that is none", list(item(R"(,"creationTimestamp":"canary")", "")),
       "items[].metadata.creationTimestamp is no time"},
      {"a name that is none", list(R"({"metadata":{"name":["canary"]}})"), "items[].metadata.name is no text"},
      {"a key without end", list(item("", R"(,"data":{")" + std::string(2000, 'k') + R"(":""})")),
       "a key is longer than any that belongs there"},
      {"a secret that is too large",
       list(item("", R"(,"data":{"a":")" + std::string(1'400'000, 'A') + R"(","b":")" + std::string(1'400'000, 'A') +
                         R"(","c":")" + std::string(1'400'000, 'A') + R"("})")),
       "a secret is larger than any that Kubernetes takes"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(read(c.body).error == c.error);
  }
}

TEST_CASE("small answers") {
  const auto names = parse_namespaces(
      R"({"metadata":{"continue":"n"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})");
  REQUIRE(names);
  CHECK(names->names == std::vector<std::string>{"a", "b"});
  CHECK(names->next == "n");
  CHECK_FALSE(parse_namespaces(R"({"items":[{"metadata":{}}]})"));
  CHECK_FALSE(parse_namespaces(R"([])"));
  CHECK(parse_uid(R"({"metadata":{"uid":"u"}})").value() == "u");
  CHECK_FALSE(parse_uid(R"({"metadata":{}})"));
  CHECK(continuation_of(R"({"kind":"Status","metadata":{"continue":"c"},"code":410})") == "c");
  CHECK(continuation_of(R"({"kind":"Status","metadata":{}})").empty());
  CHECK(continuation_of("Too many requests").empty());
}

TEST_CASE("pages are as large as what was read bears") {
  const struct {
    const char* what;
    std::size_t bytes, items, limit;
  } cases[] = {
      {"small secrets", 500'000, 500, 500},
      {"middle ones", 4'000'000, 100, 209},
      {"large ones", 60'000'000, 100, 20},
      {"nothing came", 100, 0, 100},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    PageSize size;
    size.came(c.bytes, c.items);
    CHECK(size.limit() == c.limit);
  }
}

}  // namespace

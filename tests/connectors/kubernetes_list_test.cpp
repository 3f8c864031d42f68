#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "base/time.hpp"
#include "connectors/kubernetes/page_size.hpp"
#include "connectors/kubernetes/parse.hpp"
#include "connectors/kubernetes/secret_list.hpp"
#include "tests/support/protobuf_writer.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;
using tokensweep::testing::bytes_field;
using tokensweep::testing::number_field;

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
  bool may_matter(const SecretObject&, std::string_view, std::string_view bytes, Spelling) override {
    ++judged;
    return bytes != "bm8=" && bytes != "no";
  }
  Result<> secret(SecretObject& secret) override {
    text += secret.name_space + "/" + secret.name + " v" + secret.version + " " + secret.type;
    if (secret.immutable) text += " immutable";
    if (!secret.owner.empty()) text += " of " + secret.owner;
    text += " " + std::to_string(secret.key_count) + " keys:";
    for (const SecretKey& key : secret.keys) {
      text += " " + key.name;
      if (key.value) text += "=" + printable(key.value->reveal());
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

Read read(std::string_view body, ListForm form = ListForm::values, std::size_t piece = 1 << 20, bool wanted = true,
          ObjectKind kind = ObjectKind::secret) {
  Recorder recorder;
  recorder.wanted = wanted;
  SecretListReader reader(recorder, form, kind);
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

/// A SecretList in protocol buffers.
std::string framed(std::string_view object, std::string_view kind = "SecretList") {
  return std::string("k8s\0", 4) + bytes_field(1, bytes_field(1, "v1") + bytes_field(2, kind)) +
         bytes_field(2, object) + bytes_field(3, "") + bytes_field(4, "");
}
std::string wire_list(std::string_view items, std::string_view metadata =
                                                  "\x12\x01"
                                                  "9") {
  return framed(bytes_field(1, metadata) + std::string(items));
}
std::string wire_item(std::string_view metadata, std::string_view rest) {
  return bytes_field(2, bytes_field(1, bytes_field(1, "npm") + bytes_field(3, "shop") + bytes_field(5, "u1") +
                                           bytes_field(6, "7") + std::string(metadata)) +
                            std::string(rest));
}
std::string pair(std::uint64_t field, std::string_view key, std::string_view value) {
  return bytes_field(field, bytes_field(1, key) + bytes_field(2, value));
}
std::string wire_writer(std::uint64_t seconds, std::string_view fields) {
  return bytes_field(17, bytes_field(1, "m") + bytes_field(4, number_field(1, seconds)) + bytes_field(6, "FieldsV1") +
                             bytes_field(7, bytes_field(1, fields)));
}

TEST_CASE("a list in protocol buffers says the same") {
  constexpr std::uint64_t kJanuary = 1'767'225'600;  // 2026-01-01
  const std::string type = bytes_field(3, "Opaque");
  const struct {
    const char* what;
    std::string body;
    const char* text;
  } cases[] = {
      {"an empty list", wire_list(""), "head; "},
      {"a value", wire_list(wire_item("", pair(2, "TOKEN", "yes") + type)),
       "head; u1? shop/npm v7 Opaque 1 keys: TOKEN=yes; "},
      {"a value that is no text", wire_list(wire_item("", pair(2, "a", std::string_view("\0\xFF\n", 3)))),
       "head; u1? shop/npm v7  1 keys: a=\\x00\\xff\\x0a; "},
      {"what does not matter is counted, and not kept",
       wire_list(wire_item("", pair(2, "a", "no") + pair(2, "b", "yes"))), "head; u1? shop/npm v7  2 keys: b=yes; "},
      {"an empty value", wire_list(wire_item("", pair(2, "a", "") + bytes_field(2, bytes_field(1, "b")))),
       "head; u1? shop/npm v7  2 keys: a=; "},
      {"immutable, and kept by a controller",
       wire_list(wire_item(bytes_field(13, bytes_field(1, "Other") + number_field(6, 0)) +
                               bytes_field(13, bytes_field(1, "ExternalSecret") + number_field(6, 1)),
                           type + number_field(5, 1))),
       "head; u1? shop/npm v7 Opaque immutable of ExternalSecret 0 keys:; "},
      {"each key's time is that of the last of its writers",
       wire_list(wire_item(wire_writer(kJanuary, R"({"f:data":{".":{},"f:a":{},"f:b.c":{}},"f:type":{}})") +
                               wire_writer(kJanuary + 86'400, R"({"f:data":{"f:a":{}}})") +
                               wire_writer(kJanuary + 99'999, R"({"f:data":{"f:a")"),
                           pair(2, "a", "yes") + pair(2, "b.c", "yes") + pair(2, "d", "yes"))),
       "head; u1? shop/npm v7  3 keys: a=yes@2026-01-02T00:00:00Z b.c=yes@2026-01-01T00:00:00Z d=yes; "},
      {"what kubectl applied last, and no other annotation",
       wire_list(wire_item(
           pair(12, "a/b", std::string(3000, 'x')) + pair(12, "kubectl.kubernetes.io/last-applied-configuration", "{}"),
           "")),
       "head; u1? shop/npm v7  0 keys: applied; "},
      {"several", wire_list(wire_item("", pair(2, "a", "yes")) + wire_item("", "")),
       "head; u1? shop/npm v7  1 keys: a=yes; u1? shop/npm v7  0 keys:; "},
      {"fields of a later API",
       wire_list(wire_item(bytes_field(99, "new") + number_field(98, 1), bytes_field(77, "new") + type)),
       "head; u1? shop/npm v7 Opaque 0 keys:; "},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    for (const std::size_t piece : {std::size_t{1} << 20U, std::size_t{5}, std::size_t{1}}) {
      const Read whole = read(c.body, ListForm::values, piece);
      CHECK_FALSE(whole.error.has_value());
      CHECK(whole.text == c.text);
    }
  }
  const Read page = read(wire_list("", bytes_field(2, "12") + bytes_field(3, "next") + number_field(4, 41)));
  CHECK(page.head.version == "12");
  CHECK(page.head.next == "next");
  CHECK(page.head.remaining == 41);
  CHECK(read(wire_list(wire_item("", pair(2, "a", "yes"))), ListForm::values, 1 << 20, false).text ==
        "head; u1? shop/npm v7  1 keys:; ");
}

TEST_CASE("what is no list in protocol buffers is refused in one line that quotes nothing") {
  const struct {
    const char* what;
    std::string body;
    const char* error;
  } cases[] = {
      {"the frame alone", std::string("k8s\0", 4), "it is no list of what was asked for"},
      {"a cut frame", "k8s", "it ends too early"},
      {"another letter", "k9s canary", "no object of Kubernetes"},
      {"a cut list", wire_list(wire_item("", "")).substr(0, 40), "it ends too early"},
      {"another kind", framed(bytes_field(1, ""), "PodList"), "it is no list in the form that was asked for"},
      {"the kind behind the list", std::string("k8s\0", 4) + bytes_field(2, bytes_field(1, "")),
       "it is no list in the form that was asked for"},
      {"an encoding", wire_list("") + bytes_field(3, "canary"), "it is encoded in a way that was not asked for"},
      {"no metadata", framed(""), "a list without metadata"},
      {"a secret without uid", wire_list(bytes_field(2, bytes_field(1, bytes_field(1, "canary")))),
       "an object without name, namespace, uid or version"},
      {"a secret without metadata", wire_list(bytes_field(2, "")), "an object without metadata"},
      {"a value in front of its key", wire_list(wire_item("", bytes_field(2, bytes_field(2, "canary")))),
       "a secret's value has no key of its own"},
      {"two values of a key",
       wire_list(wire_item("", bytes_field(2, bytes_field(1, "a") + bytes_field(2, "canary") + bytes_field(2, "b")))),
       "a secret's value has no key of its own"},
      {"a time that is none", wire_list(wire_item(bytes_field(8, number_field(1, 1ULL << 62U)), "")), "a time is none"},
      {"a secret that is too large",
       wire_list(wire_item("", pair(2, "a", std::string(1'100'000, 'A')) + pair(2, "b", std::string(1'100'000, 'A')))),
       "an object is larger than any that Kubernetes takes"},
      {"a value that is too large", wire_list(wire_item("", pair(2, "a", std::string(2'100'000, 'A')))),
       "a text is longer than any that belongs there"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(read(c.body).error == c.error);
  }
  CHECK(read(wire_list(""), ListForm::names).error == "no JSON");
}

TEST_CASE("a list of ConfigMaps is read as one of secrets, some of whose values are plain") {
  const std::string head = R"({"kind":"ConfigMapList","metadata":{"resourceVersion":"9"},"items":[)";
  const struct {
    const char* what;
    std::string body;
    const char* text;
  } cases[] = {
      {"an empty list", head + "]}", "head; "},
      {"plain values, and values in base64",
       head + item("", R"(,"data":{".npmrc":"a=\"b\"\n","x":"no"},"binaryData":{"y":"eWVz","z":"bm8="})") + "]}",
       "head; u1? shop/npm v7  4 keys: .npmrc=a=\"b\"\\x0a y=yes; "},
      {"what kubectl applied last, and who wrote which kind of value",
       head +
           item(R"(,"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"managedFields":[)"
                R"({"time":"2026-01-01T00:00:00Z","fieldsV1":{"f:data":{"f:a":{}},"f:binaryData":{"f:b":{}}}}])",
                R"(,"data":{"a":"yes"},"binaryData":{"b":"eWVz"})") +
           "]}",
       "head; u1? shop/npm v7  2 keys: a=yes@2026-01-01T00:00:00Z b=yes@2026-01-01T00:00:00Z applied; "},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const Read whole = read(c.body, ListForm::values, 1 << 20, true, ObjectKind::config_map);
    CHECK_FALSE(whole.error.has_value());
    CHECK(whole.text == c.text);
    CHECK(read(c.body, ListForm::values, 1, true, ObjectKind::config_map).text == c.text);
  }
  const Read table = read(
      R"({"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name"},{"name":"Data"},{"name":"Age"}],"rows":[)"
      R"({"cells":["npm",2,"5d"],"object":{"metadata":{"name":"npm","namespace":"shop","uid":"u1","resourceVersion":"7"}}}]})",
      ListForm::names, 1 << 20, true, ObjectKind::config_map);
  CHECK(table.text == "head; u1? shop/npm v7  2 keys:; ");
  CHECK(read(list(""), ListForm::values, 1 << 20, true, ObjectKind::config_map).error ==
        "it is no list in the form that was asked for");
  CHECK(read(head + item("", R"(,"binaryData":{"a":"canary!"})") + "]}", ListForm::values, 1 << 20, true,
             ObjectKind::config_map)
            .error == "a value is no base64");
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
      {"another kind", R"({"kind":"Status","canary":1})", "it is no list in the form that was asked for"},
      {"no kind", R"({"metadata":{},"items":[]})", "it is no list of what was asked for"},
      {"no metadata", R"({"kind":"SecretList","items":[]})", "a list without metadata"},
      {"a secret without uid", list(R"({"metadata":{"name":"canary","namespace":"n"}})"),
       "an object without name, namespace, uid or version"},
      {"a secret without metadata", list("{}"), "an object without metadata"},
      {"an item that is none", list("7"), "an item is no object"},
      {"a value that is no text", list(item("", R"(,"data":{"canary":7})")), "a value is no text"},
      {"a value that is no base64", list(item("", R"(,"data":{"a":"canary!"})")), "a value is no base64"},
      {"a time that is none", list(item(R"(,"creationTimestamp":"canary")", "")),
       "items[].metadata.creationTimestamp is no time"},
      {"a name that is none", list(R"({"metadata":{"name":["canary"]}})"), "items[].metadata.name is no text"},
      {"a key without end", list(item("", R"(,"data":{")" + std::string(2000, 'k') + R"(":""})")),
       "a key is longer than any that belongs there"},
      {"a secret that is too large",
       list(item("", R"(,"data":{"a":")" + std::string(1'400'000, 'A') + R"(","b":")" + std::string(1'400'000, 'A') +
                         R"(","c":")" + std::string(1'400'000, 'A') + R"("})")),
       "an object is larger than any that Kubernetes takes"},
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
  CHECK(continuation_of(framed(bytes_field(1, bytes_field(3, "c")) + number_field(6, 410), "Status")) == "c");
  CHECK(continuation_of(framed(bytes_field(1, "") + number_field(6, 410), "Status")).empty());
  CHECK(continuation_of("k8s").empty());
}

TEST_CASE("pages are as large as what was read bears") {
  const struct {
    const char* what;
    std::size_t bytes, items, limit;
  } cases[] = {
      {"small secrets", 500'000, 500, 1000},
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

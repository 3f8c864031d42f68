#include "connectors/kubernetes/parse.hpp"

#include <boost/json/value.hpp>
#include <cstdint>

#include "connectors/json_document.hpp"
#include "connectors/kubernetes/protobuf.hpp"

namespace tokensweep::kubernetes {
namespace {

namespace json = boost::json;

Error malformed(std::string_view what) { return {ErrorKind::malformed, std::string(what)}; }

/// A text somewhere in objects; null where it is not there.
const json::string* text_at(const json::value& value, std::string_view object, std::string_view name) {
  const json::object* outer = value.if_object();
  const json::value* inner = outer == nullptr ? nullptr : outer->if_contains(object);
  const json::object* members = inner == nullptr ? nullptr : inner->if_object();
  const json::value* found = members == nullptr ? nullptr : members->if_contains(name);
  return found == nullptr ? nullptr : found->if_string();
}

/// Finds `metadata.continue` of a Status in protocol buffers (k8s.io/apimachinery/pkg/apis/meta/v1, generated.proto).
class StatusReader final : private ProtobufListener {
 public:
  std::string read(std::string_view bytes) {
    FrameStream stream(*this, bytes.size());
    if (!stream.read(bytes) || !stream.finish()) return {};
    return next_;
  }

 private:
  static constexpr ProtobufPath kListMeta = below(kFramedObject, 1);
  static constexpr ProtobufPath kContinue = below(kListMeta, 3);

  [[nodiscard]] ProtobufField field_at(ProtobufPath path) const override {
    if (path == kContinue) return ProtobufField::text;
    return path == kFramedObject || path == kListMeta ? ProtobufField::message : ProtobufField::unwanted;
  }
  Result<> begin(ProtobufPath /*path*/) override { return {}; }
  Result<> end(ProtobufPath /*path*/) override { return {}; }
  Result<> text(ProtobufPath /*path*/, std::string_view bytes) override {
    next_ = bytes;
    return {};
  }
  Result<> number(ProtobufPath /*path*/, std::uint64_t /*value*/) override { return {}; }

  std::string next_;
};

}  // namespace

Result<NamespacePage> parse_namespaces(std::string_view body) {
  TRY(const json::value list, parse_json(body));
  const json::object* members = list.if_object();
  const json::value* items = members == nullptr ? nullptr : members->if_contains("items");
  const json::array* all = items == nullptr ? nullptr : items->if_array();
  if (all == nullptr) return malformed("no list of namespaces");
  NamespacePage page;
  for (const json::value& item : *all) {
    const json::string* name = text_at(item, "metadata", "name");
    if (name == nullptr || name->empty()) return malformed("a namespace without a name");
    page.names.emplace_back(name->data(), name->size());
  }
  if (const json::string* next = text_at(list, "metadata", "continue")) page.next.assign(next->data(), next->size());
  return page;
}

Result<std::string> parse_uid(std::string_view body) {
  TRY(const json::value object, parse_json(body));
  const json::string* uid = text_at(object, "metadata", "uid");
  if (uid == nullptr || uid->empty()) return malformed("an object without a uid");
  return std::string(uid->data(), uid->size());
}

std::string continuation_of(std::string_view status) {
  if (is_protobuf(status)) return StatusReader().read(status);
  const auto read = parse_json(status);
  const json::string* next = read ? text_at(*read, "metadata", "continue") : nullptr;
  return next == nullptr ? std::string() : std::string(next->data(), next->size());
}

}  // namespace tokensweep::kubernetes

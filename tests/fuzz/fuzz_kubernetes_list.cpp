#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/kubernetes/parse.hpp"
#include "connectors/kubernetes/secret_list.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;
using namespace tokensweep::kubernetes;

using tokensweep::testing::require;
using tokensweep::testing::require_one_line;

namespace {

class Counter final : public SecretListener {
 public:
  std::string told;
  void head(const ListHead& head) override { told += "head " + head.version + head.next; }
  bool wants_values(const SecretObject& secret) override {
    require(!secret.name.empty() && !secret.name_space.empty() && !secret.uid.empty() && !secret.version.empty());
    return secret.uid != "known";
  }
  bool may_matter(const SecretObject&, std::string_view key, std::string_view, Spelling) override {
    return key != "plain";
  }
  Result<> secret(SecretObject& secret) override {
    told += "secret " + secret.uid;
    for (const SecretKey& key : secret.keys) told += ' ' + key.name + std::to_string(key.value ? key.value->size() : 0);
    return {};
  }
};

Result<std::string> read(std::string_view body, ListForm form, ObjectKind kind, std::size_t piece) {
  Counter counter;
  SecretListReader reader(counter, form, kind);
  reader.begin();
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) TRY_VOID(reader.read(body.substr(0, piece)));
  TRY_VOID(reader.finish());
  return counter.told;
}

/// What stands in front of the object: `k8s`, and that it is a SecretList.
constexpr std::string_view kFrame{"k8s\0\x0A\x0C\x12\x0ASecretList", 18};

}  // namespace

/// The pieces in which a list comes make no difference, and what is no list is refused in one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const ListForm form : {ListForm::values, ListForm::names}) {
    for (const ObjectKind kind : {ObjectKind::secret, ObjectKind::config_map}) {
      const auto whole = read(body, form, kind, size + 1);
      const auto pieces = read(body, form, kind, 3);
      require_one_line(whole);
      require(whole.has_value() == pieces.has_value());
      if (whole) require(*whole == *pieces);
    }
  }
  // Whatever it is, as the inside of a frame.
  const std::string framed = std::string(kFrame) + std::string(body);
  const auto whole = read(framed, ListForm::values, ObjectKind::secret, framed.size());
  const auto pieces = read(framed, ListForm::values, ObjectKind::secret, 3);
  require_one_line(whole);
  require(whole.has_value() == pieces.has_value());
  if (whole) require(*whole == *pieces);
  require_one_line(parse_namespaces(body));
  require_one_line(parse_uid(body));
  require(continuation_of(body).size() <= size * 4);
  require(continuation_of(framed).size() <= size);
  return 0;
}

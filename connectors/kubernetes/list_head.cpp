#include "connectors/kubernetes/list_head.hpp"

#include <utility>

namespace tokensweep::kubernetes {
namespace {

class HeadOnly final : public SecretListener {
 public:
  ListHead list;
  void head(const ListHead& head) override { list = head; }
  bool wants_values(const SecretObject& /*secret*/) override { return false; }
  bool may_matter(const SecretObject& /*secret*/, std::string_view /*key*/, std::string_view /*bytes*/,
                  Spelling /*spelling*/) override {
    return false;
  }
  Result<> secret(SecretObject& /*secret*/) override { return {}; }
};

}  // namespace

Task<Answer<ListSummary>> read_head(Api& api, ObjectKind kind, std::string name_space) {
  HeadOnly first;
  SecretListReader reader(first, ListForm::names, kind);
  // Only without a selector does a list say how many come behind.
  const ListRequest request{.kind = kind,
                            .name_space = std::move(name_space),
                            .form = ListForm::names,
                            .page = {},
                            .snapshot = {},
                            .secret = {},
                            .every_type = true};
  Api::Page page = co_await api.secrets(request, reader);
  if (!page.answer) co_return Answer<ListSummary>(page.answer.reaction, std::move(page.answer.value).error());
  ListSummary summary{.snapshot = std::move(first.list.version),
                      .items = first.list.remaining.value_or(0) + reader.items()};
  co_return Answer<ListSummary>(std::move(summary));
}

}  // namespace tokensweep::kubernetes

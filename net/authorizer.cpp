#include "net/authorizer.hpp"

#include <string>
#include <utility>

namespace tokensweep {
namespace {

class FixedCredential final : public Authorizer {
 public:
  explicit FixedCredential(std::vector<SecretHeader> headers)
      : credential_(std::make_shared<const std::vector<SecretHeader>>(std::move(headers))) {}

  Task<Result<Credential>> credential(const HttpRequest& /*request*/) override { co_return credential_; }
  Task<bool> renew(Credential /*refused*/, const HttpResponse& /*answer*/) override { co_return false; }

 private:
  Credential credential_;
};

}  // namespace

std::unique_ptr<Authorizer> fixed_credential(std::string_view name, std::string_view prefix, Secret secret) {
  WipedText value;
  value.reserve(prefix.size() + secret.size());
  value.append(prefix);
  value.append(secret.reveal());
  std::vector<SecretHeader> headers;
  headers.push_back({std::string(name), Secret(value.view())});
  return std::make_unique<FixedCredential>(std::move(headers));
}

std::unique_ptr<Authorizer> no_credential() { return std::make_unique<FixedCredential>(std::vector<SecretHeader>()); }

}  // namespace tokensweep

#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "connectors/aws/keys.hpp"
#include "connectors/aws/parse.hpp"
#include "connectors/aws/sts.hpp"
#include "connectors/connector.hpp"
#include "net/client.hpp"
#include "net/task.hpp"
#include "net/url.hpp"

/// AWS as a user of the machine meets it: its files and variables, read as AWS' own tools read them.
namespace tokensweep::aws {

/// What the settings of a source say. What they leave open, AWS' variables and files do.
struct SessionOptions {
  std::optional<std::string> profile;  ///< chosen so, it goes before keys in the environment; AWS_PROFILE does not
  std::optional<std::string> region;
  std::optional<std::filesystem::path> ca_file;
  std::optional<std::string> proxy;             ///< as ClientOptions has it
  std::optional<std::chrono::seconds> timeout;  ///< the same
};

/// What one source does at AWS. It has to outlive the clients, the providers of keys and the tasks that it makes.
/// Errors do not begin with the source's name, but with what was asked: `sts: https://sts.eu-west-1…`.
class Session {
 public:
  /// Reads files and variables; sends nothing. `misconfigured` where a file cannot be read (named, with its line), the
  /// profile is not there, what it says of credentials cannot be followed, or there is nothing to begin with.
  static Result<std::unique_ptr<Session>> open(SessionOptions options, const Services& services);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// The session's own keys, by AWS' chain (connectors/aws/chain.hpp).
  [[nodiscard]] virtual const std::shared_ptr<KeyProvider>& keys() const = 0;
  /// Those of a role, which `base` may take on.
  [[nodiscard]] virtual std::shared_ptr<KeyProvider> keys_of(Role role, std::shared_ptr<KeyProvider> base) const = 0;

  /// The region that option, variables or profile name; empty where none does.
  [[nodiscard]] virtual const std::optional<std::string>& region() const = 0;

  /// Where a service answers in a region: what AWS_ENDPOINT_URL… and the profile say, else AWS' own address.
  /// `misconfigured` where that is no address, or `region` cannot be one.
  [[nodiscard]] virtual Result<Url> endpoint(std::string_view service, std::string_view region) const = 0;

  /// A client for one service in one region at `endpoint`, that signs with `keys`. `service` is the signing name.
  [[nodiscard]] virtual Result<std::unique_ptr<HttpClient>> client(std::string_view service, std::string_view region,
                                                                   const Url& endpoint,
                                                                   std::shared_ptr<KeyProvider> keys,
                                                                   Limits limits) const = 0;

  /// Whose the keys are: one request to STS, which everybody may make. `misconfigured` where AWS does not know them.
  virtual Task<Result<Caller>> caller(std::shared_ptr<KeyProvider> keys) const = 0;
  /// The regions that are enabled for the account of `keys`, sorted. `denied` without `account:ListRegions`.
  virtual Task<Result<std::vector<std::string>>> enabled_regions(std::shared_ptr<KeyProvider> keys) const = 0;
  /// The active accounts of the organisation, sorted by id, for its management account or a delegated one. `denied`
  /// without `organizations:ListAccounts`.
  virtual Task<Result<std::vector<Account>>> accounts(std::shared_ptr<KeyProvider> keys) const = 0;

 protected:
  Session() = default;
};

}  // namespace tokensweep::aws

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "model/model.hpp"
#include "net/clock.hpp"
#include "net/task.hpp"

/// What requests to AWS are signed with, and where it comes from.
namespace tokensweep::aws {

/// One set of access keys.
struct Keys {
  std::string access_key_id;  ///< no secret: it goes over the wire, and into the account's logs
  Secret secret_access_key;
  std::optional<Secret> session_token;  ///< of temporary keys
  std::optional<Time> expires_at;       ///< empty: as long as nobody revokes them
  std::string source;                   ///< for messages: `AWS_ACCESS_KEY_ID`, `profile prod, assume-role`
};

/// The keys of one identity, whatever it takes to have them. Of the network thread.
class KeyProvider {
 public:
  virtual ~KeyProvider() = default;

  /// The keys as they are now, renewed where they end soon: may suspend, and ask AWS through clients of its own. An
  /// error is one line that says from where they should have come, and what the user can do.
  virtual Task<Result<std::shared_ptr<const Keys>>> keys() = 0;

  /// AWS refused `refused`, which keys() gave: it is not given again unless it comes again. False where no others can
  /// be had.
  virtual bool renew(const std::shared_ptr<const Keys>& refused) = 0;
};

/// Gets keys, each time anew, from where they are kept or made.
class KeySource {
 public:
  virtual ~KeySource() = default;
  virtual Task<Result<Keys>> fetch() = 0;
};

/// Keys as they were read somewhere, without an end; an empty `token` is none. `misconfigured`, nothing quoted, where
/// they could not stand in a request's headers.
Result<Keys> make_keys(std::string_view id, Secret secret, std::optional<Secret> token, std::string source);

/// Keys that stay as they are.
std::shared_ptr<KeyProvider> fixed_keys(Keys keys);

/// Keys of `source`, kept as long as they are good. From 15 minutes before their end a new set is fetched, by one
/// request at a time; the others go on with the old one, and wait from 10 minutes before the end. Where fetching fails,
/// the old set serves to its end, and fetching is tried once a minute; so it is where there is no old set. `clock` has
/// to outlive it.
std::shared_ptr<KeyProvider> renewed_keys(std::unique_ptr<KeySource> source, const Clock& clock);

}  // namespace tokensweep::aws

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "connectors/ssm/parse.hpp"
#include "net/client.hpp"
#include "net/paging.hpp"
#include "net/task.hpp"

/// Parameter Store's requests, and what its errors mean.
namespace tokensweep::ssm {

/// What has to follow from an answer.
enum class Reaction : std::uint8_t {
  read,    ///< it is there
  denied,  ///< not for these credentials
  no_key,  ///< a value's key is gone, disabled, or not for these credentials
  off,     ///< the region does not know the account
  stale,   ///< the page's token is not taken (any more)
  failed,  ///< it did not come, or nobody can read it
};

/// What came of a request.
template <class T>
struct Answer {
  Reaction reaction = Reaction::failed;
  Result<T> value;  ///< a value where the reaction is `read`, else why there is none

  explicit Answer(T value_) : reaction(Reaction::read), value(std::move(value_)) {}
  Answer(Reaction reaction_, Error why) : reaction(reaction_), value(std::move(why)) {}
  explicit operator bool() const { return reaction == Reaction::read; }
};

/// So many parameters at most are asked for, or told of, in one request.
inline constexpr std::size_t kListed = 50;
inline constexpr std::size_t kValues = 10;

/// One account's Parameter Store in one region. What comes and cannot be read is asked for once more, and failed then:
/// a proxy's error page passes.
class Api {
 public:
  /// `name`: the client's, which begins its errors, and none of ours.
  Api(HttpClient& client, Url url, std::string_view name)
      : client_(client), url_(std::move(url)), errors_begin_(std::string(name) + ": ") {}

  /// A page of the account's own parameters, or of those that others share with it; the first one without a token.
  Task<Answer<ParameterPage>> describe(std::string_view token, bool shared);
  /// The values of at most kValues parameters, decrypted. One that may not be read costs all of them their answer.
  Task<Answer<ValuePage>> values(std::vector<std::string> names);

 private:
  template <class Page, class Reader>
  Task<Answer<Page>> post(std::string_view operation, std::string body);

  HttpClient& client_;
  Url url_;
  std::string errors_begin_;
};

/// The list of parameters, a page at a time, to its end.
class ParameterList {
 public:
  ParameterList(Api& api, bool shared) : api_(api), shared_(shared) {}

  /// The next page's parameters, perhaps none; empty behind the last one, and after each answer without a value. Each
  /// name comes once: the list may move while it is read, and begins anew, once, where the service forgot where it was.
  /// Pages that go round or never end are `failed`.
  Task<Answer<std::optional<std::vector<Parameter>>>> next();

  [[nodiscard]] std::size_t requests() const { return requests_; }

 private:
  /// 100,000 parameters are all that an account can have in a region; pages may be short.
  static constexpr std::size_t kMostPages = 20'000;

  Api& api_;
  bool shared_;
  PageGuard guard_{kMostPages};
  std::unordered_set<std::string> names_;
  std::string token_;  ///< of the page to come; empty: the first one
  std::size_t requests_ = 0;
  bool began_anew_ = false;
  bool ended_ = false;
};

}  // namespace tokensweep::ssm

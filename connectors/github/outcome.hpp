#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "connectors/github/site.hpp"
#include "net/http.hpp"

namespace tokensweep::github {

/// What is asked for, as far as the meaning of a refusal depends on it.
enum class Asked : std::uint8_t {
  known,        ///< every GitHub has it
  new_feature,  ///< servers are too old for it: agents, an organisation's Codespaces secrets
};

/// What came of a request.
struct Outcome {
  enum class Kind : std::uint8_t {
    fine,
    absent,  ///< this server has no such thing, so nothing is in it
    denied,  ///< there, or perhaps there, and not for us
    failed,  ///< it did not come, or it cannot be read
    ends,    ///< nothing else will come either
  };
  Kind kind = Kind::fine;
  std::string reason;  ///< why it is not fine: one line, made of our own words and of names of permissions
  /// Of what ends the source.
  ErrorKind error = ErrorKind::transient;

  explicit operator bool() const { return kind == Kind::fine || kind == Kind::absent; }
};

/// What an answer's status means, by the table at the top of outcome.cpp.
Outcome judge(const HttpResponse& response, Asked asked, const Site& site);

/// Why there is no answer.
Outcome judge(const Error& error);

/// What a refusal says of what is missing: "needs secrets=read", "needs one of the scopes admin:org", single sign-on,
/// an IP allow list. Only words that have the form of permissions come through. Empty where it says nothing.
std::string missing_permission(const HttpResponse& response);

}  // namespace tokensweep::github

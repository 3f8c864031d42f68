#pragma once

#include <string_view>

#include "net/url.hpp"

namespace tokensweep {

/// Decides which addresses may see a credential: those of one origin. Nothing else decides it.
class OriginPolicy {
 public:
  /// `misconfigured` for an origin that is neither behind TLS nor safe without it (net/url.hpp).
  static Result<OriginPolicy> make(Origin origin);

  [[nodiscard]] const Origin& origin() const { return origin_; }

  /// `misconfigured` for an address of another origin.
  [[nodiscard]] Result<> admit(const Url& url) const;

  /// Where an answer to `asked` leads by its `Location`. `misconfigured` where that is another origin; `malformed`
  /// where it is no address.
  [[nodiscard]] Result<Url> follow(const Url& asked, std::string_view location) const;

 private:
  explicit OriginPolicy(Origin origin) : origin_(std::move(origin)) {}
  Origin origin_;
};

}  // namespace tokensweep

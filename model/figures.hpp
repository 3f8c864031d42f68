#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "model/model.hpp"

namespace tokensweep {

/// What a rotation programme is judged by, at one moment. Tokens are counted once, wherever they are held; what has no
/// readable value (a named secret) counts as a token of its own; references and what is gone do not count.
struct Figures {
  Time at;
  std::int64_t tokens = 0;
  std::int64_t places = 0;                 ///< where they are held
  std::array<std::int64_t, 4> by_class{};  ///< tokens, A to D
  std::array<std::int64_t, 4> overdue_by_class{};
  std::optional<std::int64_t> median_age_days;  ///< empty without a token
  std::int64_t classic = 0;                     ///< to reach 0
  std::int64_t dead = 0;                        ///< stored, but revoked, expired or classic: to reach 0
  std::int64_t without_package_scope = 0;       ///< may write every package, or nobody can tell which: to reach 0
  std::int64_t all_packages = 0;                ///< of those, the ones of which the registry says so
  std::int64_t unfound = 0;                     ///< alive at the registry, stored nowhere that was looked
  std::int64_t repeated = 0;                    ///< held in more than one place
  std::int64_t unused = 0;                      ///< not used for 90 days
  std::int64_t bypass_2fa = 0;
  std::int64_t no_ip_limit = 0;
  std::int64_t shared_expiry = 0;  ///< expires on the same day as another
  std::int64_t exempt = 0;         ///< under an exception of the policy
  std::int64_t references = 0;
  std::int64_t scopes = 0;  ///< that the sweep was to cover
  std::int64_t scopes_complete = 0;
  std::int64_t places_missed = 0;  ///< that could not be read

  friend bool operator==(const Figures&, const Figures&) = default;
};

}  // namespace tokensweep

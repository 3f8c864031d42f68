#pragma once

#include <cstddef>
#include <string>

#include "connectors/connector.hpp"
#include "connectors/ssm/api.hpp"
#include "connectors/ssm/sightings.hpp"

namespace tokensweep::ssm {

struct CrawlOptions {
  std::string name;     ///< the source's
  bool values = true;   ///< whether values are asked for, or names are all that is looked at
  bool shared = false;  ///< whether those that other accounts share are listed too
  std::size_t in_flight = 1;
};

/// Reads the parameters of one store once: one scope, a second one for what is shared. A value whose version is known
/// is not asked for. Names whose value may not be read are looked at, and a gap says why; after kHopeless of them, with
/// no value yet, no more are asked for. What the list named and is gone when its value is asked for is passed over.
///
/// Where values are not asked for, a parameter that is still listed keeps what an earlier sweep found in its value, as
/// `unknown`.
Task<> crawl(Api& api, const Store& store, const CrawlOptions& options, Sink& sink);

inline constexpr std::size_t kHopeless = 30;

}  // namespace tokensweep::ssm

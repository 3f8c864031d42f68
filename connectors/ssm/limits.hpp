#pragma once

#include <cstddef>

/// How fast one account's Parameter Store in one region is asked. Its limits hold for the account and the region as a
/// whole: 40 calls a second that get values, for production and for us together, and an unpublished number that list
/// (refusals were reported at some 20). Whoever uses that up is an outage.
namespace tokensweep::ssm {

/// Calls a second: what is left of 40 is production's.
inline constexpr double kRate = 25;
/// Of the rate, at first: 10 calls a second where 25 are allowed. Each answer adds to it, and a refusal halves it.
inline constexpr double kFirstShare = 0.4;
/// AWS lets a second's worth of calls be saved up: an eighth of that leaves at once, a page of names and the
/// five calls that read what it names.
inline constexpr std::size_t kTogether = 6;
/// More are of no use: the list is a chain of pages, one after the other, and a page names what five calls get.
inline constexpr unsigned kInFlight = 6;

}  // namespace tokensweep::ssm

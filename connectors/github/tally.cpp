#include "connectors/github/tally.hpp"

#include <algorithm>

namespace tokensweep::github {
namespace {

// A repository with a hundred environments that are all refused says it so often, and no more.
constexpr std::size_t kMostReasons = 4;

}  // namespace

void Tally::note(std::string_view part, const Outcome& outcome) {
  if (outcome) {
    ++fine_;
    return;
  }
  ++(outcome.kind == Outcome::Kind::denied ? denied_ : failed_);
  std::string reason(part);
  reason.append(": ").append(outcome.reason);
  if (std::find(reasons_.begin(), reasons_.end(), reason) == reasons_.end()) reasons_.push_back(std::move(reason));
}

ScopeEnd Tally::end() const {
  ScopeEnd end;
  if (denied_ + failed_ == 0) return end;
  end.state = fine_ > 0 ? ScopeState::incomplete : denied_ > 0 ? ScopeState::denied : ScopeState::failed;
  for (std::size_t i = 0; i < std::min(reasons_.size(), kMostReasons); ++i) {
    end.reason.append(i == 0 ? "" : "; ").append(reasons_[i]);
  }
  if (reasons_.size() > kMostReasons) end.reason += "; and more";
  return end;
}

}  // namespace tokensweep::github

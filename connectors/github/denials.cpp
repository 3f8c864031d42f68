#include "connectors/github/denials.hpp"

namespace tokensweep::github {
namespace {

constexpr unsigned kProof = 3;

bool is_limited(Permission permission) { return permission != Permission::unknown && permission != Permission::admin; }

}  // namespace

void Denials::note(Family family, Permission permission, const Outcome& outcome) {
  Seen& seen = seen_[{family, permission}];
  if (outcome.kind == Outcome::Kind::fine) seen.fine = true;
  if (outcome.kind != Outcome::Kind::denied) return;
  ++seen.refused;
  seen.last = outcome;
}

const Outcome* Denials::known(Family family, Permission permission) const {
  if (!is_limited(permission)) return nullptr;
  const auto found = seen_.find({family, permission});
  if (found == seen_.end() || found->second.refused < kProof) return nullptr;
  for (auto lesser = seen_.lower_bound({family, Permission::read}); lesser != std::next(found); ++lesser) {
    if (lesser->second.fine) return nullptr;
  }
  return &found->second.last;
}

}  // namespace tokensweep::github

#pragma once

#include <map>
#include <string>
#include <utility>

#include "connectors/github/outcome.hpp"
#include "connectors/github/parse.hpp"
#include "connectors/github/plan.hpp"

namespace tokensweep::github {

/// Remembers where asking is of no use: what a role may not list in one repository, it may not in the next two thousand
/// (apis.md, 1.4). One refusal may have reasons of its own, so it takes three, and not one success by that role or a
/// lesser one. An administrator may list everything: where he is refused, it is for the repository's own sake, or the
/// token's, which another repository may be open to. The same holds where the role is not known.
class Denials {
 public:
  void note(Family family, Permission permission, const Outcome& outcome);
  /// Why `family` need not be asked for in a repository where the credential has this role; null: it has to be.
  [[nodiscard]] const Outcome* known(Family family, Permission permission) const;

 private:
  struct Seen {
    unsigned refused = 0;
    bool fine = false;
    Outcome last;
  };
  std::map<std::pair<Family, Permission>, Seen> seen_;
};

}  // namespace tokensweep::github

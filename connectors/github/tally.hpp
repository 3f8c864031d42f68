#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/github/outcome.hpp"
#include "model/scope.hpp"

namespace tokensweep::github {

/// What came of the parts of a scope, and how the scope ends by that.
class Tally {
 public:
  /// `part`: what was asked for, for people.
  void note(std::string_view part, const Outcome& outcome);
  /// Something was read though it could not be listed as a whole.
  void read() { ++fine_; }

  /// `complete` where everything was read, `denied` where nothing was and at least one part was refused, `failed` where
  /// nothing came at all, else `incomplete`. The reason names each part once.
  [[nodiscard]] ScopeEnd end() const;

 private:
  unsigned fine_ = 0;
  unsigned denied_ = 0;
  unsigned failed_ = 0;
  std::vector<std::string> reasons_;
};

}  // namespace tokensweep::github

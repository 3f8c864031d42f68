#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "db/sqlite.hpp"

namespace tokensweep {

/// Writing calls, several to a transaction: a sync for each of a hundred thousand scopes would take most of an hour.
/// A transaction is committed when it is large or a second old, by the call that finds it so, and by commit(): always
/// between calls, so each call is whole or not there.
class GroupCommit {
 public:
  explicit GroupCommit(sqlite::Database& database) : database_(database) {}

  /// Does `work`, which returns a Result, as one call. A failure of the storage ends all writing with this object: what
  /// reached the disk is not known then (a commit may have, a sync that failed may have dropped pages), and a later
  /// commit would rest on it. Any other error is misuse, which `work` finds before it changes anything: a savepoint for
  /// each call would make SQLite copy each page that the call touches.
  template <class Work>
  auto call(Work work) -> decltype(work()) {
    if (failed_) return Error(*failed_);
    if (auto begun = begin_call(); !begun) return failure(std::move(begun).error());
    auto done = work();
    if (!done && done.error().kind == ErrorKind::storage) return failure(Error(done.error()));
    if (auto ended = end_call(); !ended) return failure(std::move(ended).error());
    return done;
  }

  /// Everything so far is on disk when this returns.
  Result<> commit();

 private:
  Result<> begin_call();
  Result<> end_call();
  Error failure(Error error);

  sqlite::Database& database_;
  std::optional<sqlite::Transaction> transaction_;
  std::chrono::steady_clock::time_point began_;
  std::int64_t changes_before_ = 0;
  std::optional<Error> failed_;  ///< the first one
};

}  // namespace tokensweep

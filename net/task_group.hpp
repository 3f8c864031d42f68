#pragma once

#include <cstddef>
#include <memory>

#include "net/task.hpp"

namespace tokensweep {

/// Tasks that run side by side, so many at once. `join()` has to be awaited before the group is left: its tasks may
/// refer to what stands beside it.
class TaskGroup {
 public:
  explicit TaskGroup(std::size_t most_at_once);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Starts a task; suspends while as many are running as may.
  Task<> start(Task<> task);
  /// Suspends until all are done. An exception that one of them let out is thrown here, the first of several.
  Task<> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tokensweep

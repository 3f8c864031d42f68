#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "net/task.hpp"

namespace tokensweep {

/// Coroutines that wait for something, first come, first served. What they wait for is not its business. Of the network
/// thread, as every Task. A coroutine that is destroyed leaves the line, and may do so when the line is gone already.
class WaitLine {
 public:
  /// Suspends until it is this one's turn to be woken. Throws `operation_aborted` where the task is cancelled by Asio's
  /// means before that.
  Task<> wait();
  /// The first in line runs soon, not within this call. `wake_one` needs a line that is not empty.
  void wake_one();
  void wake_all();
  [[nodiscard]] bool empty() const { return places_->empty(); }

 private:
  class Place;
  std::shared_ptr<std::list<Place*>> places_ = std::make_shared<std::list<Place*>>();
};

/// Lets so many in at once, in the order in which they came.
class Semaphore {
  struct State;

 public:
  explicit Semaphore(std::size_t most);

  /// Being inside: it ends with this object, or with `leave`.
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&&) noexcept = default;
    Permit& operator=(Permit&& other) noexcept;
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() { leave(); }
    void leave() noexcept;

   private:
    friend class Semaphore;
    explicit Permit(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;  // what is destroyed last may be a coroutine that was inside
  };

  /// Suspends until there is room.
  Task<Permit> enter();
  /// From now on so many; those inside stay.
  void resize(std::size_t most);
  [[nodiscard]] std::size_t inside() const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace tokensweep

#include "net/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "net/wait_line.hpp"

namespace tokensweep {

struct TaskGroup::State {
  explicit State(std::size_t most_at_once) : room(most_at_once) {}

  Semaphore room;
  WaitLine joining;
  std::exception_ptr thrown;

  void ended(std::exception_ptr exception) {
    if (!thrown) thrown = std::move(exception);
    if (room.inside() == 0) joining.wake_all();
  }
};

TaskGroup::TaskGroup(std::size_t most_at_once) : state_(std::make_shared<State>(most_at_once)) {}

Task<> TaskGroup::start(Task<> task) {
  Semaphore::Permit permit = co_await state_->room.enter();
  auto ended = [state = state_, inside = std::move(permit)](std::exception_ptr exception) mutable {
    inside.leave();
    state->ended(std::move(exception));
  };
  boost::asio::co_spawn(co_await boost::asio::this_coro::executor, std::move(task), std::move(ended));
}

Task<> TaskGroup::join() {
  const auto state = state_;
  while (state->room.inside() > 0) co_await state->joining.wait();
  if (state->thrown) std::rethrow_exception(std::exchange(state->thrown, nullptr));
}

}  // namespace tokensweep

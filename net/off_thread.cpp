#include "net/off_thread.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace tokensweep {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class Workers;

/// What the thread leaves for the task, as long as there is one.
class Meeting {
 public:
  explicit Meeting(const asio::any_io_executor& executor) : executor_(executor), guard_(executor), done_(executor, 1) {}

  /// On the thread.
  void end(const std::shared_ptr<Meeting>& self, std::exception_ptr thrown) {
    const std::lock_guard lock(mutex_);
    // Who has gone may have taken the executor with it.
    if (abandoned_) return;
    thrown_ = std::move(thrown);
    asio::post(executor_, [self] { self->done_.try_send(error_code()); });
  }
  /// Of the task.
  Task<> wait() {
    error_code ignored;
    co_await done_.async_receive(asio::redirect_error(asio::use_awaitable, ignored));
    if (thrown_) std::rethrow_exception(thrown_);
  }
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    guard_.reset();
  }

 private:
  std::mutex mutex_;
  bool abandoned_ = false;
  std::exception_ptr thrown_;
  asio::any_io_executor executor_;
  asio::executor_work_guard<asio::any_io_executor> guard_;
  asio::experimental::channel<void(error_code)> done_;
};

/// Ends with the task, and the thread before it.
class Worker {
 public:
  Worker(std::shared_ptr<Meeting> meeting, std::function<void(const std::stop_token&)> work, Workers& all);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  void end() {
    meeting_->abandon();
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::shared_ptr<Meeting> meeting_;
  Workers& all_;
  std::jthread thread_;
};

/// Of a context: ends what is left of them before the context, to which they come back, begins to go.
class Workers final : public asio::execution_context::service {
 public:
  using key_type = Workers;
  static inline asio::execution_context::id id;

  explicit Workers(asio::execution_context& context) : asio::execution_context::service(context) {}
  void add(Worker* worker) { all_.insert(worker); }
  void remove(Worker* worker) { all_.erase(worker); }

 private:
  void shutdown() override {
    for (Worker* const worker : all_) worker->end();
  }
  std::set<Worker*> all_;
};

Worker::Worker(std::shared_ptr<Meeting> meeting, std::function<void(const std::stop_token&)> work, Workers& all)
    : meeting_(std::move(meeting)),
      all_(all),
      thread_([meeting = meeting_, work = std::move(work)](const std::stop_token& stop) {
        std::exception_ptr thrown;
        try {
          work(stop);
        } catch (...) {
          thrown = std::current_exception();
        }
        meeting->end(meeting, thrown);
      }) {
  all_.add(this);
}

Worker::~Worker() {
  all_.remove(this);
  end();
}

}  // namespace

Task<> off_thread(std::function<void(const std::stop_token& stop)> work) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto meeting = std::make_shared<Meeting>(executor);
  auto& all = asio::use_service<Workers>(asio::query(executor, asio::execution::context));
  const Worker worker(meeting, std::move(work), all);
  co_await meeting->wait();
}

}  // namespace tokensweep

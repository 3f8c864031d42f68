#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace tokensweep {

/// Carries items from those that find them to the one that works on them, in their order. Bounded: who is too fast
/// waits.
template <class Item>
class BoundedQueue {
 public:
  struct Batch {
    std::vector<Item> items;
    bool last = false;  ///< nothing comes after it
  };

  /// `take` waits for `batch` items where it may.
  explicit BoundedQueue(std::size_t capacity = 4096, std::size_t batch = 500) : capacity_(capacity), batch_(batch) {}

  /// Waits for room.
  void push(Item item) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return abandoned_ || waiting_.items.size() < capacity_; });
    keep(std::move(item));
  }

  /// For a thread that may not wait: it asks `when_room` before it goes on.
  void push_now(Item item) {
    const std::lock_guard lock(mutex_);
    keep(std::move(item));
  }

  /// True where there is room now; else `call` is made once there is, by the thread that takes.
  bool when_room(std::function<void()> call) {
    const std::lock_guard lock(mutex_);
    if (abandoned_ || waiting_.items.size() < capacity_) return true;
    room_wanted_.push_back(std::move(call));
    return false;
  }

  /// The finders are done.
  void close() {
    const std::lock_guard lock(mutex_);
    waiting_.last = true;
    changed_.notify_all();
  }

  /// Nobody takes any more: what still comes is dropped, and nobody waits for room.
  void abandon() {
    std::unique_lock lock(mutex_);
    abandoned_ = true;
    make_room(lock);
  }

  /// What has come: a whole batch, or less after `patience`, or the rest.
  Batch take(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return waiting_.last || waiting_.items.size() >= batch_; });
    Batch batch = std::move(waiting_);
    waiting_ = {};
    waiting_.last = batch.last;
    make_room(lock);
    return batch;
  }

 private:
  void keep(Item item) {
    if (abandoned_) return;
    waiting_.items.push_back(std::move(item));
    if (waiting_.items.size() >= batch_) changed_.notify_all();
  }

  void make_room(std::unique_lock<std::mutex>& lock) {
    const auto calls = std::exchange(room_wanted_, {});
    changed_.notify_all();
    lock.unlock();
    for (const auto& call : calls) call();
  }

  std::size_t capacity_;
  std::size_t batch_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Batch waiting_;
  std::vector<std::function<void()>> room_wanted_;
  bool abandoned_ = false;
};

}  // namespace tokensweep

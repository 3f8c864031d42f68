#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include "scanner/inspection.hpp"

namespace tokensweep {

/// Carries hits and gaps from the threads that find them to the one that writes them. Bounded: who is too fast waits.
class HitQueue final : public FindingSink {
 public:
  struct Batch {
    std::vector<Hit> hits;
    std::vector<Gap> gaps;
    bool last = false;  ///< nothing comes after it
    [[nodiscard]] bool empty() const { return hits.empty() && gaps.empty(); }
    [[nodiscard]] std::size_t size() const { return hits.size() + gaps.size(); }
  };

  static constexpr std::size_t kCapacity = 4096;
  /// Commit at so many rows, or when a second has passed.
  static constexpr std::size_t kBatch = 500;

  void found(Hit hit) override {
    std::unique_lock lock(mutex_);
    wait_for_room(lock);
    if (!abandoned_) waiting_.hits.push_back(std::move(hit));
    if (waiting_.size() >= kBatch) changed_.notify_all();
  }

  void gap(Gap gap) override {
    std::unique_lock lock(mutex_);
    wait_for_room(lock);
    if (!abandoned_) waiting_.gaps.push_back(std::move(gap));
    if (waiting_.size() >= kBatch) changed_.notify_all();
  }

  /// The finders are done.
  void close() {
    const std::lock_guard lock(mutex_);
    waiting_.last = true;
    changed_.notify_all();
  }

  /// The writer gave up: what still comes is dropped, and nobody waits for room.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

  /// What has come: a whole batch, or less after `patience`, or the rest.
  Batch take(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return waiting_.last || waiting_.size() >= kBatch; });
    Batch batch = std::move(waiting_);
    waiting_ = {};
    waiting_.last = batch.last;
    changed_.notify_all();
    return batch;
  }

 private:
  void wait_for_room(std::unique_lock<std::mutex>& lock) {
    changed_.wait(lock, [this] { return abandoned_ || waiting_.size() < kCapacity; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Batch waiting_;
  bool abandoned_ = false;
};

}  // namespace tokensweep

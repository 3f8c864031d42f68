#pragma once

#include <fmt/core.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace tokensweep {

/// Overwrites memory with zeros in a way that the optimiser may not remove.
void wipe(void* data, std::size_t size) noexcept;

/// A live secret's bytes. It moves but never copies, it is wiped when it dies, and nothing can print or compare it.
/// It owns a heap block rather than a std::string because a moved-from short string keeps its characters.
class Secret {
 public:
  Secret() = default;
  /// Copies `bytes`; wiping the source is its owner's duty.
  explicit Secret(std::string_view bytes);
  Secret(Secret&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// The one way to the bytes. Grep for `reveal` to see every place that touches a secret.
  /// The view may not outlive this object.
  [[nodiscard]] std::string_view reveal() const noexcept { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

/// A buffer for bytes that may hold secrets: fixed capacity, not copyable, wiped when it dies.
class WipedBuffer {
 public:
  explicit WipedBuffer(std::size_t capacity);
  WipedBuffer(WipedBuffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  WipedBuffer& operator=(WipedBuffer&& other) noexcept;
  WipedBuffer(const WipedBuffer&) = delete;
  WipedBuffer& operator=(const WipedBuffer&) = delete;
  ~WipedBuffer();

  [[nodiscard]] char* data() noexcept { return data_.get(); }
  [[nodiscard]] const char* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t capacity() const noexcept { return size_; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
};

}  // namespace tokensweep

/// `fmt::format("{}", secret)` does not compile.
template <>
struct fmt::formatter<tokensweep::Secret> {
  formatter() = delete;
};

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/secret.hpp"

namespace tokensweep {

/// Text that grows and may hold secrets, such as the body of an answer: it moves but never copies, what it leaves
/// behind when it grows is wiped, and so is the rest when it dies. Nothing can print it.
class WipedText {
 public:
  WipedText() = default;
  explicit WipedText(std::string_view bytes) { append(bytes); }
  WipedText(WipedText&& other) noexcept;
  WipedText& operator=(WipedText&& other) noexcept;
  WipedText(const WipedText&) = delete;
  WipedText& operator=(const WipedText&) = delete;
  ~WipedText() { clear(); }

  void append(std::string_view bytes);
  /// Room for `capacity` bytes in all, so that what is known to come is not moved about.
  void reserve(std::size_t capacity);
  /// Wipes it; the room stays.
  void clear() noexcept;

  /// The view may not outlive this object, nor the next change of it.
  [[nodiscard]] std::string_view view() const noexcept { return {data_.get(), size_}; }
  [[nodiscard]] std::span<char> bytes() noexcept { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tokensweep

#include "base/wiped_text.hpp"

#include <algorithm>
#include <utility>

namespace tokensweep {

WipedText::WipedText(WipedText&& other) noexcept
    : data_(std::move(other.data_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

WipedText& WipedText::operator=(WipedText&& other) noexcept {
  if (this == &other) return *this;
  clear();
  data_ = std::move(other.data_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void WipedText::append(std::string_view bytes) {
  if (bytes.size() > capacity_ - size_) reserve(std::max(size_ + bytes.size(), 2 * capacity_));
  std::copy(bytes.begin(), bytes.end(), data_.get() + size_);
  size_ += bytes.size();
}

void WipedText::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::copy_n(data_.get(), size_, larger.get());
  wipe(data_.get(), size_);
  data_ = std::move(larger);
  capacity_ = capacity;
}

void WipedText::clear() noexcept {
  wipe(data_.get(), size_);
  size_ = 0;
}

}  // namespace tokensweep

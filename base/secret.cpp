#include "base/secret.hpp"

#include <cstring>

namespace tokensweep {

void wipe(void* data, std::size_t size) noexcept {
  if (size == 0) return;
  std::memset(data, 0, size);
  // The compiler has to assume that the assembly reads the memory: the memset stays. explicit_bzero is missing on
  // macOS.
  __asm__ __volatile__("" : : "r"(data) : "memory");
}

Secret::Secret(std::string_view bytes)
    : data_(std::make_unique_for_overwrite<char[]>(bytes.size())), size_(bytes.size()) {
  if (!bytes.empty()) std::memcpy(data_.get(), bytes.data(), bytes.size());
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(data_.get(), size_);
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Secret::~Secret() { wipe(data_.get(), size_); }

WipedBuffer::WipedBuffer(std::size_t capacity)
    : data_(std::make_unique_for_overwrite<char[]>(capacity)), size_(capacity) {}

WipedBuffer& WipedBuffer::operator=(WipedBuffer&& other) noexcept {
  if (this != &other) {
    wipe(data_.get(), size_);
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

WipedBuffer::~WipedBuffer() { wipe(data_.get(), size_); }

}  // namespace tokensweep

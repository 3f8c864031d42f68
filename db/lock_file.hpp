#pragma once

#include <chrono>
#include <filesystem>

#include "base/result.hpp"

namespace tokensweep {

/// The right to write an inventory, held by one process at a time: an flock on a file beside it (0600), which says who
/// holds it and since when. The kernel gives it up when the process ends, however it ends; the file stays, because
/// removing it would let two processes lock two files of one name.
class LockFile {
 public:
  /// Waits for another holder for up to `wait`, then says who it is. `for_file` is what the message calls the thing.
  static Result<LockFile> acquire(const std::filesystem::path& lock, const std::filesystem::path& for_file,
                                  std::chrono::milliseconds wait);
  LockFile() = default;
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace tokensweep

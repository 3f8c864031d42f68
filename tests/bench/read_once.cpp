// Walks a tree and reads the bytes of every regular file once, into one reused buffer a thread, and does not look at
// them: what a scanner of every file pays before its analysis.
//
//   g++ -O2 -std=c++20 -Wall -Wextra -Werror -pthread read_once.cpp -o read_once && ./read_once ROOT [THREADS]

#include "bare_walk.hpp"

namespace {

/// Holes of sparse files are read like any other bytes: a scanner without an idea of holes has to.
class ReadFile {
 public:
  void operator()(int directory, const char* name, bare::Counts& counts) {
    const int fd = ::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
      ++counts.errors;
      return;
    }
    for (;;) {
      const ssize_t got = ::read(fd, buffer_.get(), kBuffer);
      if (got > 0) counts.bytes += static_cast<std::uint64_t>(got);
      counts.errors += got < 0;
      if (got < static_cast<ssize_t>(kBuffer)) break;  // a short read of a regular file is its end
    }
    ::close(fd);
  }

 private:
  static constexpr std::size_t kBuffer = 256 * 1024;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(kBuffer);
};

}  // namespace

int main(int argc, char** argv) {
  const auto [root, threads] = bare::arguments(argc, argv);
  bare::print(bare::walk(root, threads, [] { return ReadFile(); }));
}

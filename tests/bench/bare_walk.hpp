#pragma once

// The floor under every scanner of a tree: openat + getdents64 on N threads, no stat, no path strings, one buffer a
// thread. tokensweep's walk is compared with this one, so it is meant to be as fast as we can make it.

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bare {

/// What one thread counted. `bytes` is the visitor's to add to.
struct Counts {
  std::uint64_t files = 0, directories = 0, others = 0, errors = 0, bytes = 0;

  void operator+=(const Counts& more) {
    files += more.files, directories += more.directories, others += more.others;
    errors += more.errors, bytes += more.bytes;
  }
};

/// Open directories that a thread could not keep for itself. A thread shares only while another one has nothing to do.
class Pool {
 public:
  explicit Pool(unsigned threads) : working_(threads) {}

  /// Whether giving a directory away would keep another thread busy. Racy by intent: a wrong answer costs nothing.
  [[nodiscard]] bool hungry() const { return hungry_.load(std::memory_order_relaxed); }

  void give(int fd) {
    const std::lock_guard lock(mutex_);
    shared_.push_back(fd);
    update();
    wake_.notify_one();
  }

  /// The next directory, or -1 when every thread has run dry.
  int take() {
    std::unique_lock lock(mutex_);
    --working_;
    update();
    if (working_ == 0 && shared_.empty()) wake_.notify_all();
    wake_.wait(lock, [this] { return !shared_.empty() || working_ == 0; });
    if (shared_.empty()) return -1;
    const int fd = shared_.back();
    shared_.pop_back();
    ++working_;
    update();
    return fd;
  }

 private:
  void update() { hungry_.store(waiting() > shared_.size(), std::memory_order_relaxed); }
  [[nodiscard]] std::size_t waiting() const { return threads_ - working_; }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<int> shared_;
  unsigned working_;
  const unsigned threads_ = working_;
  std::atomic<bool> hungry_{false};
};

/// One thread's walk: depth first, each directory read to its end and closed before its children are opened by the
/// names that were kept, so that the number of open descriptors is the depth and never the width.
template <class OnFile>
class Walker {
 public:
  Walker(Pool& pool, OnFile on_file) : pool_(pool), on_file_(std::move(on_file)) {}

  Counts run() {
    for (int fd = pool_.take(); fd >= 0; fd = pool_.take()) directory(fd);
    return counts_;
  }

 private:
  struct Entry {  // as the kernel writes it
    std::uint64_t ino;
    std::int64_t off;
    std::uint16_t length;
    std::uint8_t type;
    char name[1];
  };
  static constexpr std::size_t kListing = 64 * 1024;

  void directory(int fd) {  // takes the descriptor over
    const std::size_t mark = names_.size();
    for (;;) {
      const long got = ::syscall(SYS_getdents64, fd, listing_.get(), kListing);
      if (got <= 0) {
        counts_.errors += got < 0;
        break;
      }
      for (long at = 0; at < got;) {
        const auto* entry = reinterpret_cast<const Entry*>(listing_.get() + at);
        at += entry->length;
        one(fd, *entry);
      }
    }
    for (std::size_t at = mark; at < names_.size();) {  // names_ may grow and move below, hence indices
      const int child = ::openat(fd, names_.data() + at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      at += std::strlen(names_.data() + at) + 1;
      if (child < 0) {
        ++counts_.errors;
      } else if (pool_.hungry()) {
        pool_.give(child);
      } else {
        directory(child);
      }
    }
    names_.resize(mark);
    ::close(fd);
  }

  void one(int fd, const Entry& entry) {
    const char* name = entry.name;
    if (entry.type == DT_REG) {
      ++counts_.files;
      on_file_(fd, name, counts_);
    } else if (entry.type == DT_DIR) {
      if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'))) return;
      ++counts_.directories;
      names_.insert(names_.end(), name, name + std::strlen(name) + 1);
    } else {
      ++counts_.others;
    }
  }

  Pool& pool_;
  OnFile on_file_;
  Counts counts_;
  std::vector<char> names_;
  std::unique_ptr<char[]> listing_ = std::make_unique_for_overwrite<char[]>(kListing);
};

/// Walks `root` on `threads` threads. `make_visitor()` gives each thread its own on_file(dirfd, name, counts).
template <class MakeVisitor>
Counts walk(const char* root, unsigned threads, MakeVisitor make_visitor) {
  const int fd = ::open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    std::fprintf(stderr, "%s: %s\n", root, std::strerror(errno));
    std::exit(2);
  }
  Pool pool(threads);
  pool.give(fd);
  std::vector<Counts> counts(threads);
  {
    std::vector<std::jthread> others;
    const auto work = [&](unsigned i) { counts[i] = Walker(pool, make_visitor()).run(); };
    for (unsigned i = 1; i < threads; ++i) others.emplace_back(work, i);
    work(0);
  }
  Counts all;
  for (const Counts& one : counts) all += one;
  return all;
}

/// The command line of both programs: ROOT [THREADS], all cores by default.
inline std::pair<const char*, unsigned> arguments(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s ROOT [THREADS]\n", argv[0]);
    std::exit(2);
  }
  const int asked = argc > 2 ? std::atoi(argv[2]) : static_cast<int>(std::thread::hardware_concurrency());
  return {argv[1], asked > 0 ? static_cast<unsigned>(asked) : 1U};
}

inline void print(const Counts& counts) {
  std::printf("files %ju directories %ju others %ju errors %ju bytes %ju\n", std::uintmax_t{counts.files},
              std::uintmax_t{counts.directories}, std::uintmax_t{counts.others}, std::uintmax_t{counts.errors},
              std::uintmax_t{counts.bytes});
}

}  // namespace bare

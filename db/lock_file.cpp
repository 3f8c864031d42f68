#include "db/lock_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "base/time.hpp"
#include "identity/private_path.hpp"

namespace tokensweep {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr mode_t kPrivateFile = 0600;
// flock has no time limit of its own, and an alarm signal belongs to the program, not to this file.
constexpr milliseconds kRetryEvery{20};

Error failure(std::string_view doing, const fs::path& lock, int error) {
  return {ErrorKind::storage,
          fmt::format("{} lock file {}: {}", doing, lock.native(), std::generic_category().message(error))};
}

/// What the holder wrote: "1234 2026-11-22T05:40:38Z". Empty where it was not yet written.
std::string holder_of(int fd) {
  std::array<char, 64> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  if (size <= 0) return {};
  std::string line(text.data(), static_cast<std::size_t>(size));
  line.resize(std::min(line.size(), line.find('\n')));
  // Only what we write ourselves is repeated to a person.
  return line.find_first_not_of("0123456789 -:TZ") == std::string::npos ? line : std::string();
}

Error held(int fd, const fs::path& for_file) {
  const std::string holder = holder_of(fd);
  const std::size_t space = holder.find(' ');
  const std::string who = space == std::string::npos
                              ? std::string("another process")
                              : fmt::format("process {} since {}", holder.substr(0, space), holder.substr(space + 1));
  return {ErrorKind::storage,
          fmt::format("{} is being written by {}; wait for it or use another --db", for_file.native(), who)};
}

/// Tells who we are. It is for messages alone: where it fails, the lock still holds.
void sign(int fd) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string line = fmt::format("{} {}\n", ::getpid(), format_time(now));
  if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, line.data(), line.size(), 0);
}

}  // namespace

Result<LockFile> LockFile::acquire(const fs::path& lock, const fs::path& for_file, milliseconds wait) {
  TRY_VOID(check_private_file(lock, Sharing::may_be_read));
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kPrivateFile);
  if (fd < 0) return failure("open", lock, errno);
  LockFile file(fd);
  const Clock::time_point until = Clock::now() + wait;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return failure("take", lock, errno);
    if (Clock::now() >= until) return held(fd, for_file);
    std::this_thread::sleep_for(std::min<Clock::duration>(kRetryEvery, until - Clock::now()));
  }
  if (::fchmod(fd, kPrivateFile) != 0) return failure("set the mode of", lock, errno);
  sign(fd);
  return file;
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace tokensweep

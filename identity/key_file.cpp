#include "identity/key_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "identity/crypto.hpp"
#include "identity/private_path.hpp"

namespace tokensweep {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPrivateFile = 0600;

/// An open file, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error failure(std::string_view doing, const fs::path& path, int error) {
  return {ErrorKind::storage,
          fmt::format("{} key file {}: {}", doing, path.native(), std::generic_category().message(error))};
}

/// Reads up to `buffer.capacity()` bytes; how many there were.
Result<std::size_t> read_all(int fd, WipedBuffer& buffer, const fs::path& file) {
  std::size_t size = 0;
  while (size < buffer.capacity()) {
    const ssize_t got = ::read(fd, buffer.data() + size, buffer.capacity() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", file, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

Result<Secret> read_key(const fs::path& file, const KeyFileAdvice& advice) {
  TRY_VOID(check_private_file(file, Sharing::none));
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!opened) return failure("open", file, errno);
  WipedBuffer buffer(kKeySize + 1);  // one more byte than a key has shows a file that is too long
  TRY(const std::size_t size, read_all(opened.get(), buffer, file));
  if (size != kKeySize) {
    return Error{ErrorKind::malformed,
                 fmt::format("key file {} is damaged ({} a key of {} bytes): {}", file.native(),
                             size < kKeySize ? "shorter than" : "longer than", kKeySize, advice.damaged)};
  }
  return Secret({buffer.data(), size});
}

Result<> write_and_sync(int fd, const Secret& key, const fs::path& file) {
  const std::string_view bytes = key.reveal();
  for (std::size_t written = 0; written < bytes.size();) {
    const ssize_t put = ::write(fd, bytes.data() + written, bytes.size() - written);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failure("write", file, errno);
    written += static_cast<std::size_t>(put);
  }
  if (::fchmod(fd, kPrivateFile) != 0) return failure("set the mode of", file, errno);
  if (::fsync(fd) != 0) return failure("write", file, errno);
  return {};
}

Result<> sync_directory(const fs::path& directory) {
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.get()) != 0) return failure("write the directory of", directory, errno);
  return {};
}

/// Puts a new key in place, or leaves the one that another process has put there meanwhile: whoever comes second reads
/// it. A crash leaves no half key, because the file gets its name only when its bytes are on disk.
Result<> create_key(const fs::path& file) {
  const Secret key = random_key();
  const fs::path unfinished = fmt::format("{}.{}.new", file.native(), ::getpid());
  ::unlink(unfinished.c_str());  // of a process with our id that was killed
  const Descriptor made(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kPrivateFile));
  if (!made) return failure("make", unfinished, errno);
  Result<> done = write_and_sync(made.get(), key, unfinished);
  // link(), unlike rename(), never replaces: of two processes that start together, both use the key that came first.
  if (done && ::link(unfinished.c_str(), file.c_str()) != 0 && errno != EEXIST) {
    done = failure("make", file, errno);
    // FAT and some network file systems have no links; there a rename has to do.
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) {
      done = ::rename(unfinished.c_str(), file.c_str()) == 0 ? Result<>() : failure("make", file, errno);
    }
  }
  ::unlink(unfinished.c_str());
  if (!done) return done;
  return sync_directory(file.parent_path());
}

bool is_there(const fs::path& file) {
  struct stat status {};
  return ::lstat(file.c_str(), &status) == 0;
}

}  // namespace

Secret random_key() {
  WipedBuffer bytes(kKeySize);
  crypto_must(RAND_priv_bytes(reinterpret_cast<unsigned char*>(bytes.data()), kKeySize) == 1);
  return Secret({bytes.data(), bytes.capacity()});
}

Result<Secret> load_key_file(const fs::path& file, const KeyFileAdvice& advice) {
  if (!is_there(file)) {
    return Error{ErrorKind::storage, fmt::format("key file {} is missing: {}", file.native(), advice.missing)};
  }
  TRY(const fs::path resolved, resolve_directory(file));
  TRY_VOID(check_private_directory(resolved.parent_path()));
  return read_key(resolved, advice);
}

Result<Secret> load_or_create_key_file(const fs::path& file, const KeyFileAdvice& advice) {
  TRY_VOID(make_private_directory(file.parent_path()));
  TRY(const fs::path resolved, resolve_directory(file));
  TRY_VOID(check_private_directory(resolved.parent_path()));
  if (!is_there(resolved)) TRY_VOID(create_key(resolved));
  return read_key(resolved, advice);
}

}  // namespace tokensweep

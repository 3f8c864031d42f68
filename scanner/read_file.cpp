#include "scanner/read_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace tokensweep {
namespace {

Error refused(std::string why) { return {ErrorKind::misconfigured, std::move(why)}; }

Error unreadable(int error) {
  return refused(fmt::format("cannot be read: {}", std::generic_category().message(error)));
}

/// Of an open file.
Result<std::string> read_ordinary(int descriptor, std::size_t most) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return unreadable(errno);
  if (!S_ISREG(status.st_mode)) return refused("is no ordinary file");
  // One byte more than it has shows the end without another allocation, and a file that grows meanwhile.
  std::string text(std::min(static_cast<std::size_t>(status.st_size), most) + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& file, std::size_t most) {
  std::error_code unknown;
  if (std::filesystem::is_directory(file, unknown)) return refused("is a directory");
  std::ifstream in(file, std::ios::binary);
  if (!in) return refused("cannot be opened for reading");
  std::string text(most + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return refused("cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

Result<std::string> read_ordinary_file(const std::filesystem::path& file, std::size_t most) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0 && errno == ELOOP) return refused("is a symbolic link");
  if (descriptor < 0) return unreadable(errno);
  auto text = read_ordinary(descriptor, most);
  ::close(descriptor);
  return text;
}

}  // namespace tokensweep

#include "report/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.hpp"

namespace tokensweep {
namespace {

std::string words(int error) { return std::generic_category().message(error); }

/// Writes all of `bytes`; returns 0 or errno.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

Error refused(const std::filesystem::path& target, std::string_view why) {
  return {ErrorKind::misconfigured, fmt::format("cannot write {}: {}", printable(target.native()), why)};
}

/// A name that no other process of this machine uses at the moment; O_EXCL settles the rest.
std::string temporary_name(int attempt) { return fmt::format(".tokensweep-{}-{}.tmp", ::getpid(), attempt); }

constexpr int kAttempts = 100;

}  // namespace

DescriptorOutput::DescriptorOutput(int descriptor, std::string name)
    : descriptor_(descriptor), name_(std::move(name)) {}

void DescriptorOutput::write(std::string_view bytes) {
  if (error_ == 0) error_ = write_all(descriptor_, bytes);
}

Result<> DescriptorOutput::finish() {
  if (error_ == 0) return {};
  return Error{ErrorKind::storage, fmt::format("cannot write to {}: {}", name_, words(error_))};
}

Result<std::unique_ptr<FileOutput>> FileOutput::create(const std::filesystem::path& target, Readers readers) {
  const std::string name = target.filename().native();
  if (name.empty() || name == "." || name == "..") return refused(target, "it names a directory");
  const std::filesystem::path parent = target.has_parent_path() ? target.parent_path() : ".";
  const int directory = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return refused(target, "its directory: " + words(errno));

  struct stat status {};
  const bool exists = ::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    ::close(directory);
    return refused(target, S_ISLNK(status.st_mode)   ? "it is a symbolic link; name the file that it points to"
                           : S_ISDIR(status.st_mode) ? "it is a directory"
                                                     : "it is no ordinary file");
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string temporary = temporary_name(attempt);
    const int file = ::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) break;
    return std::unique_ptr<FileOutput>(new FileOutput(directory, file, std::move(temporary), target, readers));
  }
  const int error = errno;
  ::close(directory);
  return refused(target, words(error));
}

FileOutput::FileOutput(int directory, int file, std::string temporary, const std::filesystem::path& target,
                       Readers readers)
    : directory_(directory), file_(file), temporary_(std::move(temporary)), target_(target), readers_(readers) {}

FileOutput::~FileOutput() {
  ::close(file_);
  if (!temporary_.empty()) ::unlinkat(directory_, temporary_.c_str(), 0);
  ::close(directory_);
}

void FileOutput::write(std::string_view bytes) {
  if (error_ == 0) error_ = write_all(file_, bytes);
}

Result<> FileOutput::finish() {
  if (error_ != 0) return failure("write", error_);
  if (readers_ == Readers::everybody && ::fchmod(file_, 0644) != 0) return failure("write", error_ = errno);
  if (::fsync(file_) != 0) return failure("write", error_ = errno);
  if (::renameat(directory_, temporary_.c_str(), directory_, target_.filename().c_str()) != 0) {
    return failure("rename the finished file to", error_ = errno);
  }
  temporary_.clear();
  ::fsync(directory_);  // the name; some file systems cannot, and the bytes are safe either way
  return {};
}

Result<> FileOutput::failure(const char* doing, int error) const {
  return Error{ErrorKind::storage, fmt::format("cannot {} {}: {}", doing, printable(target_.native()), words(error))};
}

}  // namespace tokensweep

#include "identity/private_path.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace tokensweep {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kPrivateDirectory = 0700;
constexpr mode_t kWritableForOthers = S_IWGRP | S_IWOTH;
constexpr mode_t kAnythingForOthers = S_IRWXG | S_IRWXO;

Error refused(std::string what) { return {ErrorKind::storage, std::move(what)}; }

Error system_failure(std::string_view doing, const fs::path& path, int error) {
  return refused(fmt::format("{} {}: {}", doing, path.native(), std::generic_category().message(error)));
}

bool is_ours(const struct stat& status) { return status.st_uid == geteuid() || status.st_uid == 0; }

unsigned mode_bits(const struct stat& status) { return status.st_mode & 07777U; }

Result<> check_one_directory(const fs::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return system_failure("look at", directory, errno);
  if (!S_ISDIR(status.st_mode)) return refused(fmt::format("{} is not a directory", directory.native()));
  if (!is_ours(status)) {
    return refused(fmt::format("directory {} belongs to another user (uid {}): keep tokensweep's files elsewhere",
                               directory.native(), status.st_uid));
  }
  const bool sticky = (status.st_mode & S_ISVTX) != 0;
  if ((status.st_mode & kWritableForOthers) != 0 && !sticky) {
    return refused(fmt::format(
        "others can write to directory {} (mode {:04o}): chmod go-w it, or keep tokensweep's files elsewhere",
        directory.native(), mode_bits(status)));
  }
  return {};
}

Result<> check_status(const struct stat& status, std::string_view name, mode_t forbidden) {
  if (!S_ISREG(status.st_mode)) return refused(fmt::format("{} is not a regular file", name));
  if (!is_ours(status)) {
    return refused(fmt::format("{} belongs to another user (uid {}): use one of your own", name, status.st_uid));
  }
  if ((status.st_mode & forbidden) != 0) {
    const bool reading = (forbidden & S_IROTH) != 0;
    return refused(fmt::format("others can {} {} (mode {:04o}): chmod 600 it, after asking who has used it",
                               reading ? "read or write" : "write", name, mode_bits(status)));
  }
  return {};
}

mode_t forbidden_by(Sharing sharing) { return sharing == Sharing::none ? kAnythingForOthers : kWritableForOthers; }

/// Where the way up may end: what is above the user's home is the system's business, and in a container not always
/// root's.
fs::path home() {
  const char* name = std::getenv("HOME");
  if (name == nullptr || *name == '\0') return {};
  std::error_code ignored;
  return fs::weakly_canonical(name, ignored);
}

}  // namespace

Result<> make_private_directory(const fs::path& directory) {
  if (directory.empty() || ::access(directory.c_str(), F_OK) == 0) return {};
  TRY_VOID(make_private_directory(directory.parent_path()));
  if (::mkdir(directory.c_str(), kPrivateDirectory) != 0) {
    if (errno == EEXIST) return {};  // another tokensweep was faster, or the path ends with a slash
    return system_failure("make directory", directory, errno);
  }
  // A strange umask may have taken bits of ours away.
  if (::chmod(directory.c_str(), kPrivateDirectory) != 0) return system_failure("set the mode of", directory, errno);
  return {};
}

Result<> check_private_file(const fs::path& file, Sharing sharing) {
  struct stat status {};
  if (::lstat(file.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return system_failure("look at", file, errno);
  }
  if (S_ISLNK(status.st_mode)) {
    return refused(fmt::format("{} is a symbolic link: name the file that it leads to", file.native()));
  }
  return check_status(status, file.native(), forbidden_by(sharing));
}

Result<> check_private_descriptor(int descriptor, std::string_view name, Sharing sharing) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return system_failure("look at", fs::path(name), errno);
  mode_t forbidden = forbidden_by(sharing);
  if (status.st_uid == 0 && status.st_gid == 0) forbidden &= ~static_cast<mode_t>(S_IRGRP);
  return check_status(status, name, forbidden);
}

Result<> check_private_directory(const fs::path& directory) {
  std::error_code failed;
  fs::path at = fs::canonical(directory.empty() ? fs::path(".") : directory, failed);
  if (failed) return system_failure("look at", directory, failed.value());
  const fs::path last = home();
  for (;; at = at.parent_path()) {
    TRY_VOID(check_one_directory(at));
    if (at == last || at == at.parent_path()) return {};
  }
}

Result<fs::path> resolve_directory(const fs::path& file) {
  std::error_code failed;
  const fs::path parent = file.parent_path();
  const fs::path directory = fs::canonical(parent.empty() ? fs::path(".") : parent, failed);
  if (failed) return system_failure("look at", parent, failed.value());
  return directory / file.filename();
}

}  // namespace tokensweep

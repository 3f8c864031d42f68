#include "connectors/filesystem/system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#if defined(__linux__)
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

namespace tokensweep::filesystem {
namespace {

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

#if defined(O_NOATIME)
constexpr int kNoAccessTime = O_NOATIME;
#else
constexpr int kNoAccessTime = 0;
#endif

EntryType type_of(unsigned char d_type) {
  switch (d_type) {
    case DT_REG:
      return EntryType::file;
    case DT_DIR:
      return EntryType::directory;
    case DT_LNK:
      return EntryType::link;
    default:
      return EntryType::other;
  }
}

/// For file systems that leave d_type empty.
EntryType ask_type(int directory, const char* name) {
  struct stat facts {};
  if (fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) != 0) return EntryType::other;
  if (S_ISREG(facts.st_mode)) return EntryType::file;
  if (S_ISDIR(facts.st_mode)) return EntryType::directory;
  return S_ISLNK(facts.st_mode) ? EntryType::link : EntryType::other;
}

bool is_dots(const char* name) { return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0)); }

Opened opened_from_errno() {
  if (errno == ENOENT) return Opened::vanished;
  // The listing said directory: a link or a file stands there now.
  if (errno == ELOOP || errno == ENOTDIR) return Opened::vanished;
  return Opened::failed;
}

/// Access times stay as they are where we own the directory (or are root); elsewhere the kernel says EPERM.
template <class Open>
int without_access_time(bool& allowed, const Open& open) {
  if (allowed && kNoAccessTime != 0) {
    const int number = open(kNoAccessTime);
    if (number >= 0 || errno != EPERM) return number;
    allowed = false;  // whole trees tend to have one owner: do not ask twice for each of its directories
  }
  return open(0);
}

class PosixSystem : public System {
 public:
  explicit PosixSystem(int root) {
    struct stat facts {};
    if (fstat(root, &facts) == 0) device_ = facts.st_dev;
  }

  Opened open_directory(int at, const char* path, bool cross, Directory& opened) override {
    Descriptor descriptor(
        without_access_time(no_access_time_, [&](int flags) { return openat(at, path, kDirectoryFlags | flags); }));
    if (!descriptor) return opened_from_errno();
    struct stat facts {};
    if (fstat(descriptor.get(), &facts) != 0) return Opened::failed;
    if (facts.st_dev != device_) {
      if (!cross) return Opened::boundary;
      if (on_pseudo_file_system(descriptor.get())) return Opened::pseudo;
    }
    DIR* stream = fdopendir(descriptor.get());
    if (stream == nullptr) return Opened::failed;
    (void)descriptor.release();  // the stream owns it now
    opened = Directory(stream);
    return Opened::yes;
  }

  Directory adopt(Descriptor root) override { return Directory(fdopendir(root.release())); }

  bool list(Directory& directory, std::vector<Entry>& entries) override {
    entries.clear();
    std::size_t used = 0;
    while (used + sizeof(dirent::d_name) <= names_.size()) {
      errno = 0;
      const dirent* entry = readdir(directory.stream());
      if (entry == nullptr) return errno == 0;
      if (is_dots(entry->d_name)) continue;
      const std::size_t length = std::strlen(entry->d_name);
      char* name = names_.data() + used;
      std::memcpy(name, entry->d_name, length + 1);
      used += length + 1;
      const EntryType type =
          entry->d_type == DT_UNKNOWN ? ask_type(directory.descriptor(), name) : type_of(entry->d_type);
      entries.push_back({.name = name, .length = static_cast<std::uint32_t>(length), .type = type});
    }
    return true;
  }

  [[nodiscard]] bool takes_paths() const override { return false; }

 private:
  dev_t device_ = 0;
  bool no_access_time_ = true;
  std::array<char, 32768> names_{};
};

#if defined(__linux__)

/// As the kernel writes it: getdents64(2).
struct KernelEntry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t record_length;
  unsigned char type;
  char name[1];  // really up to the record's end
};

class LinuxSystem : public System {
 public:
  Opened open_directory(int at, const char* path, bool cross, Directory& opened) override {
    // The kernel itself refuses to leave the file system, so that no directory needs a stat.
    open_how how{};
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (cross ? 0U : RESOLVE_NO_XDEV);
    Descriptor descriptor(without_access_time(no_access_time_, [&](int flags) {
      how.flags = static_cast<std::uint64_t>(kDirectoryFlags | flags);
      return static_cast<int>(syscall(SYS_openat2, at, path, &how, sizeof how));
    }));
    if (!descriptor) return errno == EXDEV ? Opened::boundary : opened_from_errno();
    if (cross && on_pseudo_file_system(descriptor.get())) return Opened::pseudo;
    opened = Directory(std::move(descriptor));
    return Opened::yes;
  }

  Directory adopt(Descriptor root) override { return Directory(std::move(root)); }

  bool list(Directory& directory, std::vector<Entry>& entries) override {
    entries.clear();
    while (entries.empty()) {
      const long got = syscall(SYS_getdents64, directory.descriptor(), buffer_.data(), buffer_.size());
      if (got < 0) return errno == ENOENT;  // removed while it was open: what is left of it is nothing
      if (got == 0) return true;
      for (long at = 0; at < got;) {
        const auto* entry = reinterpret_cast<const KernelEntry*>(buffer_.data() + at);
        at += entry->record_length;
        const char* name = static_cast<const char*>(entry->name);
        if (is_dots(name)) continue;
        const EntryType type =
            entry->type == DT_UNKNOWN ? ask_type(directory.descriptor(), name) : type_of(entry->type);
        entries.push_back({.name = name, .length = static_cast<std::uint32_t>(std::strlen(name)), .type = type});
      }
    }
    return true;
  }

  [[nodiscard]] bool takes_paths() const override { return true; }

  /// Kernels before 5.6 and some containers do not have it.
  static bool available(int root) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(kDirectoryFlags);
    how.resolve = RESOLVE_BENEATH;
    return static_cast<bool>(Descriptor(static_cast<int>(syscall(SYS_openat2, root, ".", &how, sizeof how))));
  }

 private:
  bool no_access_time_ = true;
  alignas(KernelEntry) std::array<char, 65536> buffer_{};
};

#endif

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (number_ >= 0) close(number_);
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

std::unique_ptr<System> make_system(Backend backend, int root) {
#if defined(__linux__)
  if (backend == Backend::linux_fast && LinuxSystem::available(root)) return std::make_unique<LinuxSystem>();
#endif
  (void)backend;
  return std::make_unique<PosixSystem>(root);
}

Descriptor open_file(int at, const char* name) {
  bool try_without = true;
  return Descriptor(without_access_time(try_without, [&](int flags) {
    return openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
  }));
}

Descriptor open_directory(int at, const char* path, int flags) {
  bool try_without = true;
  return Descriptor(without_access_time(
      try_without, [&](int more) { return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags | more); }));
}

bool on_pseudo_file_system(int descriptor) {
#if defined(__linux__)
  // linux/magic.h and the kernel's sources, for those without a name there.
  constexpr std::array<std::uint64_t, 22> kPseudo = {
      PROC_SUPER_MAGIC,        SYSFS_MAGIC,        DEVPTS_SUPER_MAGIC,  DEBUGFS_MAGIC,
      TRACEFS_MAGIC,           CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC,
      SECURITYFS_MAGIC,        SELINUX_MAGIC,      SMACK_MAGIC,         PSTOREFS_MAGIC,
      EFIVARFS_MAGIC,          HUGETLBFS_MAGIC,    BINFMTFS_MAGIC,      NSFS_MAGIC,
      RDTGROUP_SUPER_MAGIC,    PIPEFS_MAGIC,       SOCKFS_MAGIC,        0x62656570 /* configfs */,
      0x19800202 /* mqueue */, 0x65735543 /* fusectl */};
  struct statfs facts {};
  if (fstatfs(descriptor, &facts) != 0) return false;
  const auto type = static_cast<std::uint64_t>(static_cast<std::uint32_t>(facts.f_type));
  return std::find(kPseudo.begin(), kPseudo.end(), type) != kPseudo.end();
#else
  struct statfs facts {};
  if (fstatfs(descriptor, &facts) != 0) return false;
  const std::string_view type(facts.f_fstypename);
  return type == "devfs" || type == "procfs" || type == "autofs" || type == "linprocfs" || type == "linsysfs";
#endif
}

std::string describe_errno(int number) { return std::generic_category().message(number); }

}  // namespace tokensweep::filesystem

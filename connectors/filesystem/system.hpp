#pragma once

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/filesystem/walk.hpp"

/// What the walk asks of the operating system, in two ways: see Backend.
namespace tokensweep::filesystem {

/// An open descriptor, closed when it dies.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// An open directory: its descriptor, and for readdir the stream that owns it.
class Directory {
 public:
  Directory() = default;
  explicit Directory(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  explicit Directory(DIR* stream) : stream_(stream) {}

  [[nodiscard]] int descriptor() const { return stream_ ? dirfd(stream_.get()) : descriptor_.get(); }
  [[nodiscard]] DIR* stream() const { return stream_.get(); }
  explicit operator bool() const { return descriptor() >= 0; }

 private:
  struct Close {
    void operator()(DIR* stream) const { closedir(stream); }
  };
  Descriptor descriptor_;
  std::unique_ptr<DIR, Close> stream_;
};

enum class EntryType : std::uint8_t { file, directory, link, other };

/// The name lives until the next call of System::list.
struct Entry {
  const char* name = nullptr;
  std::uint32_t length = 0;
  EntryType type = EntryType::other;

  [[nodiscard]] std::string_view view() const { return {name, length}; }
};

/// What came of opening a directory.
enum class Opened : std::uint8_t { yes, boundary, pseudo, vanished, failed };

/// One thread's access to directories.
class System {
 public:
  virtual ~System() = default;

  /// Opens the directory `path` below `at`: no link in any component, and no other file system unless `cross`.
  /// `failed` leaves errno.
  virtual Opened open_directory(int at, const char* path, bool cross, Directory& opened) = 0;

  /// Makes a directory of the open root.
  virtual Directory adopt(Descriptor root) = 0;

  /// Replaces `entries` with the next of `directory`, without `.` and `..`; none: it is read to its end. False, and
  /// errno: it failed.
  virtual bool list(Directory& directory, std::vector<Entry>& entries) = 0;

  /// Whether open_directory may be given several components at once: the portable way can vouch for the last one only.
  [[nodiscard]] virtual bool takes_paths() const = 0;
};

/// `root` is an open descriptor of the root: its device is the one that is not left.
std::unique_ptr<System> make_system(Backend backend, int root);

/// Opens a regular file in the directory `at` without following a link, waiting for a FIFO's writer or touching a
/// device, and where the system allows it without changing its access time. -1 and errno where it fails.
Descriptor open_file(int at, const char* name);

/// Opens a directory, with `flags` such as O_NOFOLLOW, and where the system allows it without changing its access time.
Descriptor open_directory(int at, const char* path, int flags);

/// Whether the open descriptor is on a file system that holds no files of people: proc, sysfs, ...
bool on_pseudo_file_system(int descriptor);

/// What errno means, in words, from the system's own table.
std::string describe_errno(int number);

}  // namespace tokensweep::filesystem

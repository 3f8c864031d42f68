#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "model/model.hpp"
#include "model/scope.hpp"

/// Walks a directory tree with all cores, relative to directory file descriptors. It reads, and changes nothing: no
/// access times where the system allows it, no device or FIFO opened, no link followed out of the root.
namespace tokensweep::filesystem {

/// What the system says of an open file.
struct FileFacts {
  std::uint64_t size = 0;  ///< bytes, when it was opened: a file that grows is read up to here
  Time modified_at;
  std::uint32_t mode = 0;  ///< permission bits
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

/// A directory on the way: its name and its parent's are what a file's kind may depend on.
struct DirectoryNames {
  std::string_view parent;
  std::string_view grandparent;
};

/// One regular file, open for reading for as long as the visit lasts.
class File {
 public:
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  /// Asks the system at the first call: most files of a tree are read, found empty of interest and never asked about.
  [[nodiscard]] virtual const FileFacts& facts() = 0;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual DirectoryNames directories() const = 0;
  /// Relative to the root, bytes as the system has them; of any length, so it may be longer than PATH_MAX.
  [[nodiscard]] virtual std::string path() const = 0;
  /// The next bytes; 0 at the end. Fewer than fit: the end, or a hole of a sparse file. Holes beyond the first piece
  /// are passed over, each as one NUL byte.
  virtual Result<std::size_t> read(std::span<char> to) = 0;
  /// Begins again: the next read gives the first bytes.
  virtual void rewind() = 0;
  /// The link that led here, where one did: its name tells what the file is, not the file's own.
  [[nodiscard]] virtual const std::optional<std::string>& linked_from() const = 0;
  /// Says that the visit is not the end of it: the file could not be read, or something is told of it only after the
  /// walk. Then no directory above it counts as read whole, and a walk that goes on after a stop visits it again.
  virtual void unfinished() = 0;

 protected:
  File() = default;
};

/// Why the walk did not look somewhere.
enum class Skip : std::uint8_t {
  unreadable,    ///< permissions, an I/O error: the sweep is incomplete
  boundary,      ///< another file system, not asked for
  pseudo,        ///< proc, sysfs and the like
  special,       ///< a FIFO, socket or device under a name that would have been read
  outside_link,  ///< a link under such a name that leads out of the root or nowhere
};

/// One thread's side of the walk. Its functions are called by one thread at a time.
class Visitor {
 public:
  virtual ~Visitor() = default;
  /// Whether to open a regular file of this name: called for every entry of the tree, so it has some nanoseconds.
  virtual bool selects(std::string_view name, DirectoryNames directories) noexcept = 0;
  /// Whether a link (or FIFO, or device) of this name stands where something would have been read.
  virtual bool selects_irregular(std::string_view name, DirectoryNames directories) noexcept = 0;
  /// Whether reading `target` through `link` (both relative to the root) tells more than reading it under its own name.
  virtual bool follows(std::string_view link, std::string_view target) noexcept = 0;
  virtual void visit(File& file) = 0;
  /// `path` is relative to the root, `reason` in words.
  virtual void skipped(std::string path, Skip skip, std::string reason) = 0;
};

/// Running figures, for progress and coverage; any thread may read them at any time.
struct WalkCounters {
  std::atomic<std::uint64_t> directories{0};
  std::atomic<std::uint64_t> files{0};  ///< entries that are no directories
  std::atomic<std::uint64_t> files_read{0};
  std::atomic<std::uint64_t> bytes_read{0};
  std::atomic<std::uint64_t> directories_before{0};  ///< that an earlier walk read; the others count what it saw there
};

/// What an earlier walk of the same root read whole, by path relative to the root.
using TreesRead = std::unordered_map<std::string, TreeFigures>;

/// How the system is asked. Both give the same answers.
enum class Backend : std::uint8_t {
  posix,  ///< readdir, openat, fstat: macOS, the BSDs, and any Linux
#if defined(__linux__)
  linux_fast,  ///< getdents64 into one buffer, openat2: no stat for a directory
#endif
};

#if defined(__linux__)
inline constexpr Backend kFastestBackend = Backend::linux_fast;
#else
inline constexpr Backend kFastestBackend = Backend::posix;
#endif

struct WalkOptions {
  unsigned threads = 0;  ///< 0: one for each core
  bool cross_file_systems = false;
  std::vector<std::string>
      exclude;  ///< shell patterns; matched with paths relative to the root, and with names where they hold no slash
  Backend backend = kFastestBackend;
  std::size_t directories_in_memory =
      4096;                                ///< of one directory's children, before they are walked and the rest is read
  int open_directories = 40;               ///< kept open for their children; deeper ones are reached from above again
  const TreesRead* read_before = nullptr;  ///< passed over; borrowed
  /// Told, by any of the walk's threads, of directories that were read whole (their paths are relative to the root),
  /// after all visits there. A directory stands for all below it that were told before. The root itself is never told.
  std::function<void(std::vector<TreeRead>)> on_read;
  /// How much is lost at the most, for each directory on the way down to where a walk is stopped, in steps: an entry
  /// listed, a file opened, 64 KiB read. Small directories are told together when they come to so much.
  std::uint64_t steps_between_telling = 4096;
};

/// Whether a walk with these patterns passes over `path` (relative to the root), or over a directory above it.
bool is_excluded(const std::vector<std::string>& patterns, const std::string& path);

/// A root that exists: its canonical path, and whether it is a directory or one file.
struct Root {
  std::string path;
  bool is_file = false;
};

/// Resolves what the user named, following links in the name itself. An error says what is wrong with it: it does not
/// exist, is neither file nor directory, is a pseudo file system.
Result<Root> resolve_root(const std::string& path);

/// Walks `root` until it is done or `stop` becomes true. `make_visitor` is called once for each thread.
/// A file inside the root that a selected link leads to is visited once, under its own path, after everything else.
/// Returns an error only where the root itself cannot be opened.
Result<> walk(const Root& root, const WalkOptions& options, WalkCounters& counters, const std::atomic<bool>& stop,
              const std::function<std::unique_ptr<Visitor>()>& make_visitor);

/// Reads one small file below the root, following no link: what a visitor wants to know of a neighbour
/// (`package.json`). Nothing where it does not exist, is no regular file, is larger than `limit` bytes or cannot be
/// read.
std::optional<std::string> read_below(const Root& root, const std::string& path, std::size_t limit);

}  // namespace tokensweep::filesystem

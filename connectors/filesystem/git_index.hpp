#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Is a file tracked by git? A token in a tracked file is, or soon will be, in every clone.
///
/// Git's index is read as gitformat-index(5) describes it, without a library: libgit2 would bring network libraries
/// into a program that starts in milliseconds, and running `git` on a foreign repository runs what its configuration
/// names.
///
/// What it does not see: a split index's shared part, files inside the collapsed directories of a sparse index, and
/// work trees that are configured elsewhere (core.worktree). Such files count as not tracked.
namespace tokensweep::filesystem {

/// The paths in a git index of version 2, 3 or 4, in constant memory however large the index is.
class IndexReader {
 public:
  /// Fills the front of a buffer and returns how many bytes that was: 0 at the end, and upon an error.
  using Source = std::function<std::size_t(std::span<char>)>;

  /// `hash_size` is that of the repository's object names: 20, or 32 where it uses SHA-256. The index does not say.
  IndexReader(Source source, std::size_t hash_size);
  IndexReader(const IndexReader&) = delete;
  IndexReader& operator=(const IndexReader&) = delete;
  ~IndexReader() = default;

  /// The next path, relative to the work tree; it lives until the next call. Empty at the end, and where no more can be
  /// understood: then `malformed()`.
  std::optional<std::string_view> next();
  [[nodiscard]] bool malformed() const { return malformed_; }

 private:
  bool read_header();
  bool read_entry();
  bool read_name();
  bool read_until_nul();
  bool skip(std::size_t count);
  std::optional<std::uint8_t> byte();
  std::optional<std::uint64_t> big_endian(std::size_t size);
  std::optional<std::size_t> variable_width();
  bool refill();

  Source source_;
  std::size_t hash_size_;
  std::uint64_t version_ = 0;  ///< 0: the header was not read yet
  std::uint64_t left_ = 0;     ///< entries that are still to come
  bool malformed_ = false;
  std::string name_;
  std::vector<char> buffer_;
  std::span<const char> unread_;  // of buffer_
};

/// Answers for the files below one root. Any thread may ask; one answer is worked out at a time.
/// What an index said is kept for the last few repositories, as hashes of its paths.
class TrackedFiles {
 public:
  /// `root`: an absolute path without links, `.` or `..` in it. Repositories that begin above it count too.
  explicit TrackedFiles(std::string root);

  /// Whether the index of the repository that `absolute_path` lies in names it. No when in doubt: an index that is
  /// damaged, out of reach or absurdly large tracks nothing.
  bool tracked(std::string_view absolute_path);

 private:
  struct Repository {
    std::string work_tree;
    std::string index_file;
    std::size_t hash_size = 0;
    bool too_large_to_keep = false;
    std::vector<std::uint64_t> paths;  // hashes, sorted
  };

  /// A work tree, and the directory that git keeps its records in.
  struct Place {
    std::string work_tree;
    std::string git_directory;
  };

  Repository* enclosing(std::string_view directory);
  std::optional<Place> find(std::string_view directory);
  Repository& open(Place place);
  void make_room();

  std::string root_;
  std::mutex mutex_;
  std::optional<Place> around_root_;  ///< the work tree that the root itself lies in, looked for once
  bool looked_around_root_ = false;
  std::list<Repository> recent_;  ///< the last one asked for comes first
};

}  // namespace tokensweep::filesystem

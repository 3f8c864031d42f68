#include "connectors/filesystem/git_index.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "connectors/filesystem/system.hpp"

namespace tokensweep::filesystem {
namespace {

constexpr std::size_t kBuffer = 64 << 10;
constexpr std::size_t kLongestPath = 64 << 10;
constexpr std::size_t kMaxIndexBytes = std::size_t{1} << 30;
constexpr std::size_t kMaxConfigBytes = 64 << 10;
constexpr std::size_t kSha1 = 20;
constexpr std::size_t kSha256 = 32;
constexpr std::size_t kKeptRepositories = 8;
constexpr std::size_t kKeptPaths = 512 << 10;  // over all of them: 4 MiB

// An entry of the index: what stat told (10 numbers), the object's name, flags, more flags, the path.
constexpr std::size_t kStatSize = 40;
constexpr std::size_t kFlagsSize = 2;
constexpr std::uint64_t kExtendedFlag = 0x4000;

std::uint64_t hash_of(std::string_view path) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : path) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return hash;
}

// A regular file, and nothing that opening or reading could block on or change.
Descriptor open_file(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
#ifdef O_NOATIME
  Descriptor file(::open(path.c_str(), kFlags | O_NOATIME));
  if (!file && errno == EPERM) file = Descriptor(::open(path.c_str(), kFlags));  // another user's file
#else
  Descriptor file(::open(path.c_str(), kFlags));
#endif
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  return file;
}

std::size_t read_some(const Descriptor& file, std::span<char> into) {
  ssize_t size = 0;
  do size = ::read(file.get(), into.data(), into.size());
  while (size < 0 && errno == EINTR);
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}

// A small file's text; empty where there is none.
std::string read_small(const std::string& path) {
  const Descriptor file = open_file(path);
  if (!file) return {};
  std::string text(kMaxConfigBytes, '\0');
  std::size_t size = 0;
  while (const std::size_t more = read_some(file, std::span(text).subspan(size))) size += more;
  text.resize(size);
  return text;
}

IndexReader::Source bounded_source(Descriptor file) {
  auto shared = std::make_shared<Descriptor>(std::move(file));  // std::function wants to be copied
  return [shared, left = kMaxIndexBytes](std::span<char> into) mutable {
    const std::size_t size = read_some(*shared, into.first(std::min(into.size(), left)));
    left -= size;
    return size;
  };
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? std::string_view("/") : path.substr(0, slash);
}

bool is_inside(std::string_view path, std::string_view directory) {
  if (!path.starts_with(directory)) return false;
  return directory.ends_with('/') || path.size() == directory.size() || path[directory.size()] == '/';
}

std::string join(std::string_view directory, std::string_view name) {
  if (name.starts_with('/')) return std::string(name);
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  return path += name;
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

// The git directory of a work tree, or empty where `directory` is none: `.git` is that directory or, in submodules and
// linked work trees, a file that names it.
std::string git_directory_of(std::string_view directory) {
  constexpr std::string_view kPointer = "gitdir:";
  const std::string dot_git = join(directory, ".git");
  struct stat status {};
  if (stat(dot_git.c_str(), &status) != 0) return {};
  std::string found = dot_git;
  if (!S_ISDIR(status.st_mode)) {
    const std::string text = read_small(dot_git);
    if (!text.starts_with(kPointer)) return {};
    found = join(directory, trimmed(std::string_view(text).substr(kPointer.size())));
  }
  return exists(join(found, "HEAD")) ? found : std::string();  // git itself passes over a .git that is no repository
}

// The length of the repository's object names: `extensions.objectformat` of its configuration says which hash it uses.
std::size_t hash_size_of(const std::string& git_directory) {
  const std::string common = read_small(join(git_directory, "commondir"));  // of a linked work tree
  const std::string config = read_small(join(join(git_directory, trimmed(common)), "config"));
  bool in_extensions = false;
  for (std::string_view rest = config; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
    std::string_view line = trimmed(rest.substr(0, end + 1));
    rest.remove_prefix(end + 1);
    if (line.starts_with('[')) {
      const std::size_t close = std::min(line.find(']'), line.size() - 1);
      in_extensions = lower(line.substr(0, close + 1)) == "[extensions]";
      line = trimmed(line.substr(close + 1));  // a key may follow on the same line
    }
    const std::size_t equals = line.find('=');
    if (!in_extensions || equals == std::string_view::npos) continue;
    if (lower(trimmed(line.substr(0, equals))) != "objectformat") continue;
    return lower(trimmed(line.substr(equals + 1))) == "sha256" ? kSha256 : kSha1;
  }
  return kSha1;
}

}  // namespace

TrackedFiles::TrackedFiles(std::string root) : root_(std::move(root)) {}

bool TrackedFiles::tracked(std::string_view absolute_path) {
  const std::lock_guard lock(mutex_);
  const Repository* repository = enclosing(parent_of(absolute_path));
  if (repository == nullptr) return false;
  std::string_view path = absolute_path.substr(repository->work_tree.size());
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));

  if (!repository->too_large_to_keep) return std::ranges::binary_search(repository->paths, hash_of(path));
  Descriptor file = open_file(repository->index_file);
  if (!file) return false;
  IndexReader index(bounded_source(std::move(file)), repository->hash_size);
  while (const auto name = index.next()) {
    if (*name == path) return true;
  }
  return false;
}

TrackedFiles::Repository* TrackedFiles::enclosing(std::string_view directory) {
  std::optional<Place> place = find(directory);
  if (!place) return nullptr;
  const auto known = std::ranges::find(recent_, place->work_tree, &Repository::work_tree);
  if (known == recent_.end()) return &open(*std::move(place));
  recent_.splice(recent_.begin(), recent_, known);
  return &recent_.front();
}

std::optional<TrackedFiles::Place> TrackedFiles::find(std::string_view directory) {
  const auto search_up = [](std::string_view from, std::string_view last) -> std::optional<Place> {
    for (;; from = parent_of(from)) {
      if (std::string found = git_directory_of(from); !found.empty()) return Place{std::string(from), std::move(found)};
      if (from == last || from == "/") return std::nullopt;
    }
  };
  if (!is_inside(directory, root_)) return search_up(directory, "/");
  if (auto found = search_up(directory, root_)) return found;
  if (!std::exchange(looked_around_root_, true)) around_root_ = search_up(parent_of(root_), "/");
  return around_root_;
}

TrackedFiles::Repository& TrackedFiles::open(Place place) {
  Repository repository{.work_tree = std::move(place.work_tree),
                        .index_file = join(place.git_directory, "index"),
                        .hash_size = hash_size_of(place.git_directory),
                        .too_large_to_keep = false,
                        .paths = {}};
  if (Descriptor file = open_file(repository.index_file)) {
    IndexReader index(bounded_source(std::move(file)), repository.hash_size);
    std::vector<std::uint64_t>& paths = repository.paths;
    while (const auto name = index.next()) {
      repository.too_large_to_keep = paths.size() == kKeptPaths;
      if (repository.too_large_to_keep) break;
      paths.push_back(hash_of(*name));
    }
    if (index.malformed() || repository.too_large_to_keep) paths.clear();
    paths.shrink_to_fit();
    std::ranges::sort(paths);
  }
  recent_.push_front(std::move(repository));
  make_room();
  return recent_.front();
}

// Forgets those that were not asked for longest; the newest stays.
void TrackedFiles::make_room() {
  std::size_t paths = 0;
  for (const Repository& repository : recent_) paths += repository.paths.size();
  while (recent_.size() > 1 && (recent_.size() > kKeptRepositories || paths > kKeptPaths)) {
    paths -= recent_.back().paths.size();
    recent_.pop_back();
  }
}

IndexReader::IndexReader(Source source, std::size_t hash_size)
    : source_(std::move(source)), hash_size_(hash_size), buffer_(kBuffer) {}

std::optional<std::string_view> IndexReader::next() {
  if (malformed_) return std::nullopt;
  if (version_ == 0) malformed_ = !read_header();
  if (malformed_ || left_ == 0) return std::nullopt;
  --left_;
  malformed_ = !read_entry();
  if (malformed_) return std::nullopt;
  return name_;
}

bool IndexReader::read_header() {
  constexpr std::uint64_t kSignature = 0x44495243;  // DIRC
  const auto signature = big_endian(4);
  const auto version = big_endian(4);
  const auto count = big_endian(4);
  if (signature != kSignature || !version || *version < 2 || *version > 4 || !count) return false;
  version_ = *version;
  left_ = *count;
  return true;
}

bool IndexReader::read_entry() {
  if (!skip(kStatSize + hash_size_)) return false;
  const auto flags = big_endian(kFlagsSize);
  if (!flags) return false;
  const bool extended = (*flags & kExtendedFlag) != 0;
  if (extended && (version_ < 3 || !skip(kFlagsSize))) return false;
  if (!read_name()) return false;
  if (version_ == 4) return true;
  // Up to version 3, 1 to 8 NULs fill an entry up to a multiple of 8 bytes; the first one ended the name.
  const std::size_t size = kStatSize + hash_size_ + kFlagsSize + (extended ? kFlagsSize : 0) + name_.size();
  return skip(7 - size % 8);
}

// Version 4 says how many bytes to drop from the end of the name before, and then what to append.
bool IndexReader::read_name() {
  std::size_t kept = 0;
  if (version_ == 4) {
    const auto dropped = variable_width();
    if (!dropped || *dropped > name_.size()) return false;
    kept = name_.size() - *dropped;
  }
  name_.resize(kept);
  return read_until_nul();
}

bool IndexReader::read_until_nul() {
  for (;;) {
    if (unread_.empty() && !refill()) return false;
    const auto* end = static_cast<const char*>(std::memchr(unread_.data(), 0, unread_.size()));
    const std::size_t size = end == nullptr ? unread_.size() : static_cast<std::size_t>(end - unread_.data());
    if (name_.size() + size > kLongestPath) return false;
    name_.append(unread_.data(), size);
    unread_ = unread_.subspan(size + (end == nullptr ? 0 : 1));
    if (end != nullptr) return true;
  }
}

bool IndexReader::skip(std::size_t count) {
  while (count > 0) {
    if (unread_.empty() && !refill()) return false;
    const std::size_t size = std::min(count, unread_.size());
    unread_ = unread_.subspan(size);
    count -= size;
  }
  return true;
}

std::optional<std::uint8_t> IndexReader::byte() {
  if (unread_.empty() && !refill()) return std::nullopt;
  const auto value = static_cast<std::uint8_t>(unread_.front());
  unread_ = unread_.subspan(1);
  return value;
}

std::optional<std::uint64_t> IndexReader::big_endian(std::size_t size) {
  std::uint64_t value = 0;
  while (size-- > 0) {
    const auto next = byte();
    if (!next) return std::nullopt;
    value = value << 8 | *next;
  }
  return value;
}

// As in packs ("offset encoding"): seven bits a byte, and each further byte adds one so that no number has two forms.
std::optional<std::size_t> IndexReader::variable_width() {
  std::size_t value = 0;
  for (;;) {
    const auto next = byte();
    if (!next || value > kLongestPath) return std::nullopt;
    value = value << 7 | (*next & 0x7f);
    if ((*next & 0x80) == 0) return value;
    ++value;
  }
}

bool IndexReader::refill() {
  unread_ = std::span<const char>(buffer_).first(std::min(source_(buffer_), buffer_.size()));
  return !unread_.empty();
}

}  // namespace tokensweep::filesystem

#include "connectors/filesystem/walk.hpp"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "connectors/filesystem/subtree.hpp"
#include "connectors/filesystem/system.hpp"

namespace tokensweep::filesystem {
namespace {

/// A directory that is to be walked, is being walked, or has children that are.
struct Node {
  Node(std::shared_ptr<Node> above, std::string_view its_name, const ReadTelling& telling, std::atomic<int>& counter)
      : parent(std::move(above)),
        name(its_name),
        subtree(parent ? &parent->subtree : nullptr, name, telling),
        open_directories(counter) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() {
    (void)take_directory();
    // A chain of a million directories must not be freed by a million nested calls: the outermost one frees them in
    // turn, and those inside only hand it their parent.
    static thread_local std::shared_ptr<Node>* next = nullptr;
    if (next != nullptr) {
      *next = std::move(parent);
      return;
    }
    std::shared_ptr<Node> above = std::move(parent);
    next = &above;
    while (above != nullptr) {
      const std::shared_ptr<Node> last = std::move(above);
    }
    next = nullptr;
  }

  void hold(Directory opened) {
    directory = std::move(opened);
    open_directories.fetch_add(1, std::memory_order_relaxed);
  }
  Directory take_directory() {
    if (directory) open_directories.fetch_sub(1, std::memory_order_relaxed);
    return std::exchange(directory, {});
  }

  std::shared_ptr<Node> parent;  // none: the root
  std::string name;
  Subtree subtree;
  std::atomic<int>& open_directories;
  Directory directory;   // open while it is listed, and for its children while there are descriptors to spare
  bool listing = false;  // listed in part: the rest comes after the children found so far
};
using NodePointer = std::shared_ptr<Node>;

std::string path_of(const Node* node, std::string_view leaf) {
  std::string path = node->subtree.path_of(leaf);
  return path.empty() ? "." : path;
}

/// Patterns without a slash are for the last name, the others for the whole path.
bool matches_any(const std::vector<std::string>& patterns, const std::string& path) {
  const std::size_t leaf = path.rfind('/') + 1;  // npos + 1 is 0
  return std::any_of(patterns.begin(), patterns.end(), [&path, leaf](const std::string& pattern) {
    const bool whole = pattern.find('/') != std::string::npos;
    return fnmatch(pattern.c_str(), path.c_str() + (whole ? 0 : leaf), FNM_PATHNAME) == 0;
  });
}

FileFacts facts_of(const struct stat& from) {
  FileFacts facts;
  facts.size = static_cast<std::uint64_t>(from.st_size);
  facts.modified_at = Time(std::chrono::seconds(from.st_mtime));
  facts.mode = from.st_mode & 07777U;
  facts.device = static_cast<std::uint64_t>(from.st_dev);
  facts.inode = static_cast<std::uint64_t>(from.st_ino);
  return facts;
}

/// A file that is open, wherever it was found.
class OpenedFile final : public File {
 public:
  OpenedFile(Descriptor descriptor, WalkCounters& counters) : descriptor_(std::move(descriptor)), counters_(counters) {}

  /// Where it stands: for the walk by its directory, for links and single files by its path.
  void stands_in(const Node& node, std::string_view name, DirectoryNames directories) {
    node_ = &node;
    name_ = name;
    directories_ = directories;
  }
  void stands_at(std::string path, DirectoryNames directories, std::optional<std::string> linked_from) {
    path_ = std::move(path);
    name_ = std::string_view(path_).substr(path_.rfind('/') + 1);
    directories_ = directories;
    linked_from_ = std::move(linked_from);
  }

  [[nodiscard]] const FileFacts& facts() override {
    if (asked_) return facts_;
    asked_ = true;
    struct stat status {};
    // What is no regular file took its place after the listing: it has no size, so no more of it is read.
    if (fstat(descriptor_.get(), &status) == 0 && S_ISREG(status.st_mode)) {
      facts_ = facts_of(status);
      sparse_ = static_cast<std::uint64_t>(status.st_blocks) * 512 < facts_.size;
    }
    return facts_;
  }
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string path() const override { return node_ != nullptr ? path_of(node_, name_) : path_; }
  [[nodiscard]] const std::optional<std::string>& linked_from() const override { return linked_from_; }
  void unfinished() override { unfinished_ = true; }
  [[nodiscard]] bool is_unfinished() const { return unfinished_; }
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] DirectoryNames directories() const override { return directories_; }

  void rewind() override {
    offset_ = 0;
    ended_ = false;
  }

  Result<std::size_t> read(std::span<char> to) override {
    if (ended_) return std::size_t{0};
    if (offset_ == 0 && !asked_) return read_first(to);
    const std::uint64_t size = facts().size;
    std::size_t filled = 0;
    if (sparse_ && offset_ < size) filled = skip_hole(to);
    // A file that grows while it is read would never end: what came after the opening belongs to the next sweep.
    while (filled < to.size() && offset_ < size) {
      TRY(const std::size_t got,
          read_here(to.subspan(filled, std::min<std::uint64_t>(to.size() - filled, size - offset_))));
      if (got == 0) break;  // it shrank
      filled += got;
      if (sparse_) break;  // the next piece may begin with a hole
    }
    return filled;
  }

 private:
  /// Of a regular file a read gives all that fits; less is all there is, and no stat has to tell.
  Result<std::size_t> read_first(std::span<char> to) {
    TRY(const std::size_t got, read_here(to));
    ended_ = got < to.size();
    return got;
  }

  Result<std::size_t> read_here(std::span<char> to) {
    for (;;) {
      const ssize_t got = pread(descriptor_.get(), to.data(), to.size(), static_cast<off_t>(offset_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Error{ErrorKind::denied, describe_errno(errno)};
      offset_ += static_cast<std::uint64_t>(got);
      bytes_read_ += static_cast<std::uint64_t>(got);
      counters_.bytes_read.fetch_add(static_cast<std::uint64_t>(got), std::memory_order_relaxed);
      return static_cast<std::size_t>(got);
    }
  }

  std::size_t skip_hole(std::span<char> to) {
    const off_t data = lseek(descriptor_.get(), static_cast<off_t>(offset_), SEEK_DATA);
    if (data < 0 && errno == ENXIO) offset_ = facts_.size;  // a hole up to the end
    if (data <= static_cast<off_t>(offset_)) return 0;
    offset_ = static_cast<std::uint64_t>(data);
    to[0] = 0;
    return 1;
  }

  Descriptor descriptor_;
  WalkCounters& counters_;
  FileFacts facts_;
  bool asked_ = false;
  bool sparse_ = false;
  bool ended_ = false;
  bool unfinished_ = false;
  std::uint64_t offset_ = 0;
  std::uint64_t bytes_read_ = 0;  // again, where it was begun again
  const Node* node_ = nullptr;
  std::string_view name_;
  std::string path_;
  DirectoryNames directories_;
  std::optional<std::string> linked_from_;
};

/// What the threads share.
struct Shared {
  const Root& root;
  const WalkOptions& options;
  WalkCounters& counters;
  const std::atomic<bool>& stop;
  Descriptor descriptor;   // of the root, open for as long as the walk lasts
  std::string above_root;  // the name of the directory that the root stands in
  unsigned threads = 1;
  ReadTelling telling{.on_read = options.on_read, .steps_between = options.steps_between_telling};
  std::atomic<int> open_directories{0};
  std::atomic<bool> somebody_waits{false};

  std::mutex mutex;  // for what follows
  std::condition_variable changed;
  std::vector<NodePointer> waiting;  // given away by busy threads
  std::vector<std::string> links;    // under selected names: looked into after the walk
  std::exception_ptr failure;
  unsigned idle = 0;
  bool done = false;
};

class Worker {
 public:
  Worker(Shared& shared, Visitor& visitor)
      : shared_(shared), system_(make_system(shared.options.backend, shared.descriptor.get())), visitor_(visitor) {}

  void run() {
    try {
      while (NodePointer node = next()) {
        if (!shared_.stop.load(std::memory_order_relaxed)) walk(node);
        node.reset();
        if (shared_.somebody_waits.load(std::memory_order_relaxed)) give_away();
      }
    } catch (...) {
      // Out of memory, or a bug: walk() throws it again, where somebody can turn it into a line for the user.
      const std::lock_guard lock(shared_.mutex);
      shared_.failure = std::current_exception();
      shared_.done = true;
      shared_.waiting.clear();
      shared_.changed.notify_all();
    }
  }

 private:
  NodePointer next() {
    if (!mine_.empty()) {
      NodePointer node = std::move(mine_.back());
      mine_.pop_back();
      return node;
    }
    recent_ = {};
    std::unique_lock lock(shared_.mutex);
    ++shared_.idle;
    while (shared_.waiting.empty() && !shared_.done) {
      if (shared_.idle == shared_.threads) {
        shared_.done = true;
        shared_.changed.notify_all();
        break;
      }
      shared_.somebody_waits = true;
      shared_.changed.wait(lock);
    }
    if (shared_.waiting.empty()) return nullptr;
    --shared_.idle;
    NodePointer node = std::move(shared_.waiting.back());
    shared_.waiting.pop_back();
    return node;
  }

  /// The older half of what is ours: those are nearest to the root, and so the largest pieces.
  void give_away() {
    if (mine_.size() < 2) return;
    const auto half = static_cast<std::ptrdiff_t>(mine_.size() / 2);
    const std::lock_guard lock(shared_.mutex);
    shared_.waiting.insert(shared_.waiting.end(), std::make_move_iterator(mine_.begin()),
                           std::make_move_iterator(mine_.begin() + half));
    mine_.erase(mine_.begin(), mine_.begin() + half);
    shared_.somebody_waits = false;
    shared_.changed.notify_all();
  }

  void walk(const NodePointer& node) {
    listing_ = {};
    walk_listing(node);
    // A walk that is stopped has not listed it all, whatever the system said.
    listing_.unfinished = listing_.unfinished || shared_.stop.load(std::memory_order_relaxed);
    listing_.children = children_.size();
    listing_.more = node->listing;
    node->subtree.listed(listing_);
    std::move(children_.begin(), children_.end(), std::back_inserter(mine_));
    children_.clear();
  }

  void walk_listing(const NodePointer& node) {
    const bool goes_on = node->listing;
    if (!goes_on) {
      if (!open(*node)) return;
      listing_.figures.directories = 1;
      shared_.counters.directories.fetch_add(1, std::memory_order_relaxed);
    }
    node->listing = list(node);
    if (node->listing) {
      // Its children so far go first, the rest of it afterwards: a directory of a million others never stands in memory
      // whole.
      mine_.push_back(node);
    } else if (goes_on) {
      // Other threads have children of it, and open them through it: it is closed when the last of them is done.
    } else if (shared_.open_directories.load(std::memory_order_relaxed) > shared_.options.open_directories) {
      recent_ = {.node = node, .directory = node->take_directory()};
    }
  }

  /// Lists until the end, or until enough children wait. True: there is more to list.
  bool list(const NodePointer& node) {
    std::uint64_t files = 0;
    bool more = true;
    while (more && children_.size() < shared_.options.directories_in_memory) {
      const bool listed = system_->list(node->directory, entries_);
      const int failure = errno;
      for (const Entry& entry : entries_) {
        if (entry.type == EntryType::directory) {
          if (!excluded(*node, entry.view()) && !was_read_before(*node, entry.view())) {
            children_.push_back(std::make_shared<Node>(node, entry.view(), shared_.telling, shared_.open_directories));
          }
        } else {
          ++files;
          consider(*node, entry);
        }
      }
      if (!listed) skip(path_of(node.get(), ""), Skip::unreadable, describe_errno(failure));
      more = listed && !entries_.empty();
      if (shared_.stop.load(std::memory_order_relaxed)) more = false;
    }
    listing_.figures.files_seen += files;
    shared_.counters.files.fetch_add(files, std::memory_order_relaxed);
    return more;
  }

  void consider(const Node& node, const Entry& entry) {
    const DirectoryNames directories{
        .parent = node.name,
        .grandparent = node.parent ? std::string_view(node.parent->name) : std::string_view(shared_.above_root)};
    const bool regular = entry.type == EntryType::file;
    const bool selected =
        regular ? visitor_.selects(entry.view(), directories) : visitor_.selects_irregular(entry.view(), directories);
    if (!selected || excluded(node, entry.view())) return;
    if (regular) return visit(node, entry, directories);
    std::string path = path_of(&node, entry.view());
    if (entry.type != EntryType::link) return skip(std::move(path), Skip::special, "not a regular file");
    listing_.unfinished = true;  // it is followed after the walk
    const std::lock_guard lock(shared_.mutex);
    shared_.links.push_back(std::move(path));
  }

  void visit(const Node& node, const Entry& entry, DirectoryNames directories) {
    Descriptor descriptor = open_file(node.directory.descriptor(), entry.name);
    if (!descriptor) {
      // Gone between the listing and the opening is gone, and a link that took its place is not ours to follow.
      if (errno == ENOENT || errno == ELOOP) return;
      return skip(path_of(&node, entry.view()), Skip::unreadable, describe_errno(errno));
    }
    ++listing_.figures.files_read;
    shared_.counters.files_read.fetch_add(1, std::memory_order_relaxed);
    OpenedFile file(std::move(descriptor), shared_.counters);
    file.stands_in(node, entry.view(), directories);
    visitor_.visit(file);
    listing_.figures.bytes_read += file.bytes_read();
    listing_.unfinished = listing_.unfinished || file.is_unfinished();
  }

  /// What could not be looked at is tried again by a walk that goes on with this one.
  void skip(std::string path, Skip skip, std::string reason) {
    listing_.unfinished = true;
    visitor_.skipped(std::move(path), skip, std::move(reason));
  }

  /// An earlier walk's word for a directory counts as this one's.
  bool was_read_before(const Node& node, std::string_view name) {
    const TreesRead* before = shared_.options.read_before;
    if (before == nullptr || before->empty()) return false;
    const auto found = before->find(path_of(&node, name));
    if (found == before->end()) return false;
    const TreeFigures& figures = found->second;
    listing_.figures += figures;
    shared_.counters.directories.fetch_add(figures.directories, std::memory_order_relaxed);
    shared_.counters.directories_before.fetch_add(figures.directories, std::memory_order_relaxed);
    shared_.counters.files.fetch_add(figures.files_seen, std::memory_order_relaxed);
    shared_.counters.files_read.fetch_add(figures.files_read, std::memory_order_relaxed);
    shared_.counters.bytes_read.fetch_add(figures.bytes_read, std::memory_order_relaxed);
    return true;
  }

  bool excluded(const Node& node, std::string_view name) {
    const auto& patterns = shared_.options.exclude;
    return !patterns.empty() && matches_any(patterns, path_of(&node, name));
  }

  bool open(Node& node) {
    Directory directory;
    switch (open(node, directory)) {
      case Opened::yes:
        node.hold(std::move(directory));
        return true;
      case Opened::vanished:
        return false;
      case Opened::failed:
        skip(path_of(&node, ""), Skip::unreadable, describe_errno(errno));
        return false;
      case Opened::boundary:
        skip(path_of(&node, ""), Skip::boundary, "another file system");
        return false;
      case Opened::pseudo:
        skip(path_of(&node, ""), Skip::pseudo, "a pseudo file system");
        return false;
    }
    return false;
  }

  Opened open(const Node& node, Directory& directory) {
    if (!node.parent) {
      directory = system_->adopt(Descriptor(fcntl(shared_.descriptor.get(), F_DUPFD_CLOEXEC, 0)));
      return directory ? Opened::yes : Opened::failed;
    }
    const Directory& above = node.parent->directory        ? node.parent->directory
                             : recent_.node == node.parent ? recent_.directory
                                                           : node.directory;
    if (!above) return open_from_above(node, directory);
    return system_->open_directory(above.descriptor(), node.name.c_str(), shared_.options.cross_file_systems,
                                   directory);
  }

  /// From the nearest ancestor that is still open, in steps that the system takes: a path may be longer than PATH_MAX.
  Opened open_from_above(const Node& node, Directory& directory) {
    std::vector<const Node*> names{&node};
    const Node* above = node.parent.get();
    for (; above->parent && !above->directory; above = above->parent.get()) names.push_back(above);
    const int from = above->directory ? above->directory.descriptor() : shared_.descriptor.get();
    while (!names.empty()) {
      std::string path = names.back()->name;
      names.pop_back();
      while (system_->takes_paths() && !names.empty() && path.size() + names.back()->name.size() + 2 < PATH_MAX) {
        path.append("/").append(names.back()->name);
        names.pop_back();
      }
      Directory next;
      const int at = directory ? directory.descriptor() : from;
      const Opened opened = system_->open_directory(at, path.c_str(), shared_.options.cross_file_systems, next);
      if (opened != Opened::yes) return opened;
      directory = std::move(next);
    }
    return Opened::yes;
  }

  /// The last directory that was closed to others for want of descriptors: in a deep chain its child comes next.
  struct Recent {
    NodePointer node;
    Directory directory;
  };

  Shared& shared_;
  std::unique_ptr<System> system_;
  Visitor& visitor_;
  std::vector<NodePointer> mine_;
  std::vector<NodePointer> children_;
  Listing listing_;  // of the directory that is being walked
  std::vector<Entry> entries_;
  Recent recent_;
};

Descriptor open_root(const std::string& path) { return open_directory(AT_FDCWD, path.c_str(), 0); }

/// Opens the file at `path` below the root, one component at a time, following no link.
Descriptor open_below_root(int root, const std::string& path) {
  Descriptor at;
  std::size_t begin = 0;
  for (std::size_t slash; (slash = path.find('/', begin)) != std::string::npos; begin = slash + 1) {
    const std::string name = path.substr(begin, slash - begin);
    Descriptor next = open_directory(at ? at.get() : root, name.c_str(), O_NOFOLLOW);
    if (!next) return next;
    at = std::move(next);
  }
  return open_file(at ? at.get() : root, path.c_str() + begin);
}

/// The names of the two directories above the last component of a path relative to `root`.
DirectoryNames directories_above(const Root& root, std::string_view path) {
  const auto last_of = [](std::string_view& rest) {
    const std::size_t slash = rest.rfind('/');
    const std::string_view name = rest.substr(slash + 1);  // npos + 1 is 0
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(0, slash);
    return name;
  };
  std::string_view above = root.path;
  last_of(path);
  DirectoryNames names;
  names.parent = path.empty() ? last_of(above) : last_of(path);
  names.grandparent = path.empty() ? last_of(above) : last_of(path);
  return names;
}

struct FreeResolved {
  void operator()(char* text) const { std::free(text); }  // NOLINT(cppcoreguidelines-no-malloc): realpath's
};
using Resolved = std::unique_ptr<char, FreeResolved>;

Resolved resolve(const std::string& path) { return Resolved(realpath(path.c_str(), nullptr)); }

/// Visits one file by its path. Its own name does not decide: the user or a link chose it.
void visit_one(const Root& directory, int descriptor_of_directory, const std::string& path,
               std::optional<std::string> linked_from, WalkCounters& counters, Visitor& visitor) {
  Descriptor descriptor = open_below_root(descriptor_of_directory, path);
  struct stat facts {};
  if (!descriptor || fstat(descriptor.get(), &facts) != 0) {
    return visitor.skipped(path, Skip::unreadable, describe_errno(errno));
  }
  if (!S_ISREG(facts.st_mode)) return visitor.skipped(path, Skip::special, "not a regular file");
  counters.files_read.fetch_add(1, std::memory_order_relaxed);
  OpenedFile file(std::move(descriptor), counters);
  file.stands_at(path, directories_above(directory, path), std::move(linked_from));
  visitor.visit(file);
}

/// Reads what selected links lead to: each target once, and only where that tells more than its own name did.
void follow_links(Shared& shared, Visitor& visitor) {
  std::sort(shared.links.begin(), shared.links.end());
  std::unordered_set<std::string> seen;
  const std::string inside = shared.root.path == "/" ? "/" : shared.root.path + "/";
  for (const std::string& link : shared.links) {
    if (shared.stop.load(std::memory_order_relaxed)) return;
    const Resolved target = resolve(inside + link);
    if (target == nullptr && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)) {
      visitor.skipped(link, Skip::outside_link, "the link leads nowhere");
    } else if (target == nullptr) {
      visitor.skipped(link, Skip::unreadable, "the link cannot be resolved: " + describe_errno(errno));
    } else if (const std::string_view to = target.get(); !to.starts_with(inside)) {
      visitor.skipped(link, Skip::outside_link, "the link leads out of the root");
    } else {
      const std::string path(to.substr(inside.size()));
      if (!visitor.follows(link, path) || !seen.insert(path).second) continue;
      visit_one(shared.root, shared.descriptor.get(), path, link, shared.counters, visitor);
    }
  }
}

Result<> visit_root_file(const Root& root, WalkCounters& counters, Visitor& visitor) {
  const std::size_t slash = root.path.rfind('/');
  const Root directory{.path = slash == 0 ? "/" : root.path.substr(0, slash), .is_file = false};
  const Descriptor descriptor = open_root(directory.path);
  if (!descriptor) return Error{ErrorKind::denied, describe_errno(errno)};
  counters.files.fetch_add(1, std::memory_order_relaxed);
  visit_one(directory, descriptor.get(), root.path.substr(slash + 1), std::nullopt, counters, visitor);
  return {};
}

}  // namespace

bool is_excluded(const std::vector<std::string>& patterns, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (matches_any(patterns, path.substr(0, slash))) return true;
  }
  return matches_any(patterns, path);
}

Result<Root> resolve_root(const std::string& path) {
  const Resolved resolved = resolve(path);
  struct stat facts {};
  if (resolved == nullptr || stat(resolved.get(), &facts) != 0) {
    return Error{ErrorKind::misconfigured, describe_errno(errno)};
  }
  if (S_ISREG(facts.st_mode)) return Root{.path = resolved.get(), .is_file = true};
  if (!S_ISDIR(facts.st_mode)) return Error{ErrorKind::misconfigured, "neither a directory nor a regular file"};
  if (const Descriptor root = open_root(resolved.get()); root && on_pseudo_file_system(root.get())) {
    return Error{ErrorKind::misconfigured, "a pseudo file system holds no files of anybody; name a directory of files"};
  }
  return Root{.path = resolved.get(), .is_file = false};
}

Result<> walk(const Root& root, const WalkOptions& options, WalkCounters& counters, const std::atomic<bool>& stop,
              const std::function<std::unique_ptr<Visitor>()>& make_visitor) {
  if (root.is_file) return visit_root_file(root, counters, *make_visitor());

  Descriptor descriptor = open_root(root.path);
  if (!descriptor) return Error{ErrorKind::denied, describe_errno(errno)};
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  // The root's own name counts as a directory's, so that `--path ~/.docker` knows config.json for what it is.
  const DirectoryNames names = directories_above(root, "x");
  Shared shared{.root = root,
                .options = options,
                .counters = counters,
                .stop = stop,
                .descriptor = std::move(descriptor),
                .above_root = std::string(names.grandparent),
                .threads = options.threads == 0 ? cores : options.threads};
  shared.waiting.push_back(std::make_shared<Node>(nullptr, names.parent, shared.telling, shared.open_directories));

  std::vector<std::unique_ptr<Visitor>> visitors;
  for (unsigned i = 0; i < shared.threads; ++i) visitors.push_back(make_visitor());
  {
    std::vector<std::jthread> threads;
    for (const auto& visitor : visitors) {
      threads.emplace_back([&shared, &visitor] { Worker(shared, *visitor).run(); });
    }
  }
  if (shared.failure) std::rethrow_exception(shared.failure);
  follow_links(shared, *visitors.front());
  return {};
}

std::optional<std::string> read_below(const Root& root, const std::string& path, std::size_t limit) {
  const Descriptor directory = open_root(root.path);
  if (!directory) return std::nullopt;
  const Descriptor descriptor = open_below_root(directory.get(), path);
  struct stat facts {};
  if (!descriptor || fstat(descriptor.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
  if (static_cast<std::uint64_t>(facts.st_size) > limit) return std::nullopt;
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(descriptor.get(), text.data() + filled, text.size() - filled);
    if (got <= 0) return std::nullopt;
    filled += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace tokensweep::filesystem

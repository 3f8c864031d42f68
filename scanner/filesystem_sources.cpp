#include "scanner/filesystem_sources.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <filesystem>

#include "db/place_range.hpp"
#include "scanner/inspector.hpp"
#include "scanner/package_settings.hpp"
#include "scanner/sweep_writer.hpp"

namespace tokensweep {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "localhost";
  return name.data();
}

Scope scope_of(const std::string& source, const std::string& host, const std::string& path,
               const std::string& directory) {
  return {.source = "filesystem",
          .name = source,
          .store = host + ":" + directory,
          .realm = "filesystem:" + host,
          .prefix = path};
}

/// $HOME as the paths below a root are spelled: without links.
std::string without_links(const std::string& home) {
  const auto resolved = home.empty() ? Result<filesystem::Root>(Error{}) : filesystem::resolve_root(home);
  return resolved ? resolved->path : home;
}

/// What a walk did, of counters that go on from root to root.
struct Tally {
  std::uint64_t files;
  std::uint64_t files_read;
  std::uint64_t bytes_read;

  explicit Tally(const filesystem::WalkCounters& counters)
      : files(counters.files), files_read(counters.files_read), bytes_read(counters.bytes_read) {}
};

/// Whether a place was to be looked at, where some were to be passed over.
std::function<bool(std::string_view)> covers(const std::vector<std::string>& exclude, const std::string& root) {
  if (exclude.empty()) return {};
  const std::size_t root_size = root == "/" ? 1 : root.size() + 1;
  return [exclude, root_size](std::string_view place) {
    return place.size() < root_size || !filesystem::is_excluded(exclude, std::string(place.substr(root_size)));
  };
}

}  // namespace

std::vector<std::string> rules_in_force(const Detector& detector) {
  std::vector<std::string> all;
  for (const Rule& rule : detector.rules.rules()) all.push_back(rule.id);
  for (const std::string_view rule : reader_rules()) all.emplace_back(rule);
  return all;
}

filesystem::TreesRead trees_below(std::string_view prefix, const std::vector<TreeRead>& trees) {
  const std::size_t above = normal_prefix(prefix).size() + 1;
  filesystem::TreesRead below;
  for (const TreeRead& tree : trees) {
    if (tree.place.size() > above) below.emplace(tree.place.substr(above), tree.figures);
  }
  return below;
}

FilesystemSources::FilesystemSources(const SweepContext& context, const std::string& own_home)
    : context_(context), host_(host_name()), own_home_(without_links(own_home)) {}

void FilesystemSources::run(std::span<const FilesystemJob> jobs) {
  for (const FilesystemJob& job : jobs) {
    for (const auto& [path, reason] : job.missing) give_up(job, path, reason);
    for (const filesystem::Root& root : job.roots) {
      if (!context_.stop.load()) sweep(job, root);
    }
  }
}

void FilesystemSources::sweep(const FilesystemJob& job, const filesystem::Root& root) {
  const std::string directory = root.is_file ? std::filesystem::path(root.path).parent_path().string() : root.path;
  const Scope scope = scope_of(job.name, host_, root.path, directory);
  if (context_.done.contains(key_of(scope))) return;
  const std::uint32_t number = context_.numbers++;
  begin(number, scope);
  ScopeSink sink(context_.queue, number);
  const Inspection inspection{.detector = *job.detector,
                              .keys = context_.keys,
                              .classification = context_.classification,
                              .root = root,
                              .host = host_,
                              .store = scope.store,
                              .source_name = job.name,
                              .own_home = own_home_,
                              .deep = job.options.deep,
                              .sink = sink};
  UserFiles user_files(inspection);
  filesystem::TrackedFiles tracked(root.path);
  const auto read_before = context_.read_before.find(key_of(scope));
  const std::string inside = std::string(normal_prefix(root.path)) + "/";
  const filesystem::WalkOptions options{
      .threads = job.options.threads,
      .cross_file_systems = job.options.cross_file_systems,
      .exclude = job.options.exclude,
      .read_before = read_before != context_.read_before.end() ? &read_before->second : nullptr,
      .on_read = [&](std::vector<TreeRead> trees) {
        for (TreeRead& tree : trees) tree.place.insert(0, inside);
        context_.queue.push({number, std::move(trees)});
      }};
  const Tally before(counters_);
  Result<> walked;
  try {
    walked = filesystem::walk(root, options, counters_, context_.stop,
                              [&] { return std::make_unique<Inspector>(inspection, user_files, tracked); });
    user_files.finish();
  } catch (const std::exception& bug) {
    walked = Error{ErrorKind::internal, fmt::format("the walk failed: {}", bug.what())};
  }
  const Tally after(counters_);
  ScopeEnd how{.deep = job.options.deep,
               .rules = rules_in_force(*job.detector),
               .covers = covers(job.options.exclude, root.path),
               .files_seen = after.files - before.files,
               .files_read = after.files_read - before.files_read,
               .bytes_read = after.bytes_read - before.bytes_read};
  if (!walked) {
    how.state = walked.error().kind == ErrorKind::denied ? ScopeState::denied : ScopeState::failed;
    how.reason = walked.error().what;
  } else if (context_.stop.load()) {
    how.state = ScopeState::incomplete;
    how.reason = "interrupted";
  }
  end(number, std::move(how));
}

/// A source whose path is not there costs the others nothing: its scope says why, and the sweep is incomplete.
void FilesystemSources::give_up(const FilesystemJob& job, const std::string& path, const std::string& reason) {
  const std::string absolute = std::filesystem::absolute(path).lexically_normal().string();
  const std::uint32_t number = context_.numbers++;
  begin(number, scope_of(job.name, host_, absolute, absolute));
  end(number, {.state = ScopeState::failed, .reason = reason});
}

}  // namespace tokensweep

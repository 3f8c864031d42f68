#include "scanner/source_types.hpp"

#include <array>

#include "connectors/registry.hpp"

namespace tokensweep {
namespace {

constexpr std::array kFilesystem = {
    KeySpec{.name = "path",
            .kind = KeyKind::path,
            .summary = "a directory or a file to sweep",
            .required = true,
            .one_of = "path"},
    KeySpec{.name = "paths", .kind = KeyKind::paths, .summary = "several of them", .required = true, .one_of = "path"},
    KeySpec{.name = "deep",
            .kind = KeyKind::flag,
            .summary = "read every text file, not only those that package managers and people keep tokens in"},
    KeySpec{.name = "exclude",
            .kind = KeyKind::texts,
            .summary = "shell patterns of what to leave out, relative to each path"},
    KeySpec{.name = "cross_file_systems",
            .kind = KeyKind::flag,
            .summary = "go into other file systems that are mounted below a path"},
    KeySpec{.name = "rules",
            .kind = KeyKind::paths,
            .summary = "rule files, beside the built-in rules; a rule with a known id takes its place"},
    KeySpec{.name = "threads",
            .kind = KeyKind::count,
            .summary = "how many threads read; else one for each core",
            .one_of = "threads",
            .most = 256},
    KeySpec{.name = "concurrency",
            .kind = KeyKind::count,
            .summary = "the same, as the other types of sources call it",
            .one_of = "threads",
            .most = 256},
};

/// What the documentation of the format names.
constexpr std::array kNamed = {"github", "circleci", "kubernetes", "ssm"};

std::vector<TypeSpec> all_types() {
  std::vector<TypeSpec> all{{.id = "filesystem", .summary = "directories on this machine", .keys = kFilesystem}};
  for (const char* id : kNamed) {
    const ConnectorEntry* entry = connector_entry(id);
    all.push_back(entry == nullptr ? TypeSpec{.id = id} : entry->spec);
  }
  return all;
}

}  // namespace

std::span<const TypeSpec> source_types() {
  static const std::vector<TypeSpec> kTypes = all_types();
  return kTypes;
}

const ConnectorEntry* connector_entry(std::string_view type) {
  for (const ConnectorEntry& entry : connector_entries()) {
    if (entry.spec.id == type) return &entry;
  }
  return nullptr;
}

FilesystemSource filesystem_source(const Settings& settings) {
  FilesystemSource source{.paths = settings.paths("paths"),
                          .deep = settings.flag("deep"),
                          .exclude = settings.texts("exclude"),
                          .cross_file_systems = settings.flag("cross_file_systems"),
                          .rules = settings.paths("rules")};
  if (const auto path = settings.path("path")) source.paths.push_back(*path);
  source.threads = static_cast<unsigned>(settings.count("threads", settings.count("concurrency", 0)));
  return source;
}

}  // namespace tokensweep

#include "db/trees_read.hpp"

#include <string>

#include "db/place_range.hpp"

namespace tokensweep {

Result<> keep_trees(sqlite::Database& database, ScopeId scope, std::span<const TreeRead> trees) {
  TRY(auto* below,
      database.prepared("keep what was read", "DELETE FROM tree_read WHERE scope = ?1 AND place > ?2 AND place < ?3"));
  TRY(auto* keep, database.prepared("keep what was read",
                                    "INSERT OR REPLACE INTO tree_read "
                                    "(scope, place, directories, files_seen, files_read, bytes_read) "
                                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  for (const TreeRead& tree : trees) {
    TRY_VOID(below->reset().bind(scope).bind(tree.place + "/").bind(end_of_range(tree.place)).run());
    const TreeFigures& figures = tree.figures;
    keep->reset().bind(scope).bind(tree.place);
    keep->bind(static_cast<std::int64_t>(figures.directories)).bind(static_cast<std::int64_t>(figures.files_seen));
    keep->bind(static_cast<std::int64_t>(figures.files_read)).bind(static_cast<std::int64_t>(figures.bytes_read));
    TRY_VOID(keep->run());
  }
  return {};
}

Result<std::vector<TreeRead>> trees_read(sqlite::Database& database, ScopeId scope) {
  TRY(auto* rows, database.prepared("read what was read",
                                    "SELECT place, directories, files_seen, files_read, bytes_read FROM tree_read "
                                    "WHERE scope = ?1 ORDER BY place"));
  rows->bind(scope);
  std::vector<TreeRead> all;
  for (;;) {
    TRY(const bool more, rows->step());
    if (!more) return all;
    const auto count = [&](int column) { return static_cast<std::uint64_t>(rows->integer(column)); };
    all.push_back(
        {.place = std::string(rows->text(0)),
         .figures = {.directories = count(1), .files_seen = count(2), .files_read = count(3), .bytes_read = count(4)}});
  }
}

Result<> forget_trees(sqlite::Database& database, ScopeId scope) {
  TRY(auto* forget, database.prepared("forget what was read", "DELETE FROM tree_read WHERE scope = ?1"));
  return forget->bind(scope).run();
}

Result<> forget_all_trees(sqlite::Database& database) {
  return database.execute("forget what was read", "DELETE FROM tree_read");
}

}  // namespace tokensweep

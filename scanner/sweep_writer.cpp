#include "scanner/sweep_writer.hpp"

#include <iterator>
#include <utility>

#include "db/place_range.hpp"

namespace tokensweep {
namespace {

using std::chrono::steady_clock;

/// Written at so many rows, or when a second has passed.
constexpr std::size_t kBatch = 500;
constexpr std::chrono::seconds kBetweenWrites{1};
constexpr std::size_t kExamples = 5;

}  // namespace

std::string key_of(const Scope& scope) {
  std::string key;
  const std::string_view prefix = normal_prefix(scope.prefix);
  for (const std::string_view part : {std::string_view(scope.source), std::string_view(scope.name),
                                      std::string_view(scope.store), std::string_view(scope.realm), prefix}) {
    key.append(std::to_string(part.size())).append(":").append(part);
  }
  return key;
}

bool SweepWriter::has_ended(const Scope& scope) const { return ended_.contains(key_of(scope)); }

Result<> SweepWriter::take(std::vector<SweepEvent> events) {
  for (SweepEvent& event : events) {
    auto taken = std::visit([&](auto& what) { return take(event.scope, std::move(what)); }, event.what);
    if (!taken) return taken;
  }
  const auto now = steady_clock::now();
  for (auto& [number, scope] : open_) {
    if (now - scope.written >= kBetweenWrites) TRY_VOID(flush(scope));
  }
  return {};
}

Result<> SweepWriter::take(std::uint32_t number, Scope scope) {
  TRY(const ScopeId id, inventory_.open_scope(sweep_, scope));
  const auto now = steady_clock::now();
  open_.emplace(number, OpenScope{.scope = std::move(scope), .id = id, .began = now, .written = now});
  return {};
}

Result<> SweepWriter::take(std::uint32_t number, Hit hit) {
  OpenScope& scope = open_.at(number);
  ++account_.hits;
  scope.hits.push_back(std::move(hit));
  return scope.hits.size() < kBatch ? Result<>() : flush(scope);
}

Result<> SweepWriter::take(std::uint32_t number, Gap gap) {
  OpenScope& scope = open_.at(number);
  scope.missed = scope.missed || gap.incomplete;
  scope.gaps.push_back(std::move(gap));
  return scope.gaps.size() < kBatch ? Result<>() : flush(scope);
}

Result<> SweepWriter::take(std::uint32_t number, std::vector<TreeRead> trees) {
  OpenScope& scope = open_.at(number);
  std::move(trees.begin(), trees.end(), std::back_inserter(scope.trees));
  return {};
}

Result<> SweepWriter::take(std::uint32_t number, PlaceVersions versions) {
  open_.at(number).versions = std::move(versions);
  return {};
}

Result<> SweepWriter::take(std::uint32_t number, ScopeEnd end) {
  OpenScope& scope = open_.at(number);
  if (end.state == ScopeState::complete && scope.missed) {
    end.state = ScopeState::incomplete;
    end.reason = "some places could not be read";
  }
  if (end.state == ScopeState::complete) scope.trees.clear();
  TRY_VOID(flush(scope));
  TRY_VOID(keep_versions(scope, end.state == ScopeState::complete));
  account_.incomplete = account_.incomplete || (end.state != ScopeState::complete && end.state != ScopeState::skipped);
  if (end.state == ScopeState::denied || end.state == ScopeState::failed) {
    on_failure_(scope.scope, end);
    if (scope.scope.source != "filesystem") {
      ++account_.unread;
      if (account_.unread_examples.size() < kExamples) {
        account_.unread_examples.emplace_back(scope.scope.store, end.reason);
      }
    }
  }
  account_.files_seen += end.files_seen;
  account_.files_read += end.files_read;
  ++account_.scopes;
  TRY_VOID(inventory_.close_scope(sweep_, scope.id, end, now_()));
  ended_.insert(key_of(scope.scope));
  const bool took_long = steady_clock::now() - scope.began >= kBetweenWrites;
  open_.erase(number);
  // On disk before the next one begins: what took its time is not read again after a kill.
  return took_long ? inventory_.commit() : Result<>();
}

Result<> SweepWriter::keep_versions(const OpenScope& scope, bool is_whole) {
  if (scope.versions.places.empty()) return {};
  std::unordered_map<Mark, SweepId, MarkHash> unchanged;
  std::vector<Mark> read;
  for (const PlaceVersions::Place& one : scope.versions.places) {
    read.push_back(one.version);
    if (one.unchanged_since) unchanged.emplace(one.place, *one.unchanged_since);
  }
  const auto unchanged_since = [&unchanged](std::string_view place) {
    std::optional<SweepId> since;
    for_place_and_above(place, [&](const Mark& mark) {
      const auto found = unchanged.find(mark);
      if (found != unchanged.end()) since = found->second;
      return !since;
    });
    return since;
  };
  return inventory_.keep_versions(sweep_, scope.id, std::move(read), is_whole, unchanged_since, now_());
}

Result<> SweepWriter::flush(OpenScope& scope) {
  scope.written = steady_clock::now();
  if (!scope.hits.empty() || !scope.gaps.empty()) {
    TRY_VOID(inventory_.write(sweep_, scope.id, scope.hits, scope.gaps, now_()));
    scope.hits.clear();
    scope.gaps.clear();
  }
  TRY_VOID(inventory_.keep_trees(sweep_, scope.id, scope.trees));
  scope.trees.clear();
  return {};
}

}  // namespace tokensweep

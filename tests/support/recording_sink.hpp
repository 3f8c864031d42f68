#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "connectors/connector.hpp"

namespace tokensweep::testing {

/// A scope as a connector left it.
struct SeenScope {
  Scope scope;
  std::map<std::string, Sighting> found;  ///< by place
  std::vector<Gap> gaps;
  std::optional<ScopeEnd> end;
};

/// Writes down what a connector says, and what it does that none may.
class RecordingSink : public Sink {
 public:
  std::map<std::string, SeenScope> scopes;              ///< by prefix
  std::set<std::string> read_before;                    ///< prefixes of scopes that need not be read
  std::set<std::pair<std::string, std::string>> known;  ///< places and their versions that an earlier sweep has read
  std::vector<std::string> wrong;                       ///< what no connector may do

  std::optional<ScopeNumber> begin(const Scope& scope) override {
    if (read_before.contains(scope.prefix)) return std::nullopt;
    if (!scopes.emplace(scope.prefix, SeenScope{.scope = scope}).second)
      wrong.push_back("begun twice: " + scope.prefix);
    prefixes_.push_back(scope.prefix);
    return static_cast<ScopeNumber>(prefixes_.size() - 1);
  }
  void found(ScopeNumber scope, Sighting sighting) override {
    SeenScope& seen = scopes.at(prefixes_.at(scope));
    if (seen.end) wrong.push_back("found behind the end: " + sighting.place);
    if (!sighting.place.starts_with(seen.scope.prefix + "/"))
      wrong.push_back("outside of its scope: " + sighting.place);
    std::string place = sighting.place;
    if (!seen.found.emplace(place, std::move(sighting)).second) wrong.push_back("found twice: " + place);
  }
  void gap(ScopeNumber scope, Gap gap) override { scopes.at(prefixes_.at(scope)).gaps.push_back(std::move(gap)); }
  Task<> end(ScopeNumber scope, ScopeEnd how) override {
    SeenScope& seen = scopes.at(prefixes_.at(scope));
    if (seen.end) wrong.push_back("ended twice: " + seen.scope.prefix);
    if ((how.state == ScopeState::complete) != how.reason.empty())
      wrong.push_back("an odd reason: " + seen.scope.prefix);
    seen.end = std::move(how);
    co_return;
  }
  bool is_known(ScopeNumber, std::string_view place, std::string_view version) override {
    return known.contains({std::string(place), std::string(version)});
  }
  bool knows_any(std::string_view) override { return !known.empty(); }
  Task<> room() override { co_return; }
  bool may_matter(std::string_view, std::string_view bytes, Spelling) override {
    return bytes.find("npm_") != std::string_view::npos;
  }

  [[nodiscard]] std::map<std::string, ScopeState> states() const {
    std::map<std::string, ScopeState> states;
    for (const auto& [prefix, seen] : scopes) states[prefix] = seen.end ? seen.end->state : ScopeState::open;
    return states;
  }
  /// The scope of that prefix; null where it was not begun.
  [[nodiscard]] const SeenScope* at(const std::string& prefix) const {
    const auto seen = scopes.find(prefix);
    return seen == scopes.end() ? nullptr : &seen->second;
  }
  /// Everything, a line for each scope, sighting and gap, the scopes by prefix.
  [[nodiscard]] std::string text() const {
    constexpr std::string_view kStates[] = {"open", "complete", "incomplete", "denied", "failed", "skipped"};
    std::string all;
    for (const auto& [prefix, seen] : scopes) {
      std::string line = prefix + " | " + seen.scope.store + " | ";
      line += seen.end ? kStates[static_cast<std::size_t>(seen.end->state)] : "never ended";
      if (seen.end && !seen.end->reason.empty()) line += ": " + seen.end->reason;
      line += '\n';
      for (const auto& [place, sighting] : seen.found) line += "  " + text(sighting);
      for (const Gap& gap : seen.gaps) {
        line += "  " + gap.place + (gap.incomplete ? ": missed: " : ": ") + gap.reason + '\n';
      }
      all += line;
    }
    return all;
  }
  /// Every place, in the order of scopes.
  [[nodiscard]] std::vector<std::string> places() const {
    std::vector<std::string> lines;
    for (const auto& [prefix, seen] : scopes) {
      for (const auto& [place, sighting] : seen.found) lines.push_back(place);
    }
    return lines;
  }
  /// All reasons and gaps: what a user may get to see.
  [[nodiscard]] std::string words() const {
    std::string words;
    for (const auto& [prefix, seen] : scopes) {
      if (seen.end) words += seen.end->reason + "\n";
      for (const Gap& gap : seen.gaps) words += gap.place + gap.reason + "\n";
    }
    return words;
  }

 private:
  static std::string text(const Sighting& sighting) {
    std::string line = sighting.place + " " + sighting.name + " …" + sighting.ending + " ";
    line += std::string(to_string(sighting.age_basis));
    if (sighting.created_at) line += " created " + format_time(*sighting.created_at);
    if (sighting.updated_at) line += " updated " + format_time(*sighting.updated_at);
    for (const std::string_view flag : names(sighting.flags)) line += " " + std::string(flag);
    for (const Evidence& evidence : sighting.evidence) {
      line +=
          " [" + std::string(to_string(evidence.kind)) + (evidence.value.empty() ? "" : ": ") + evidence.value + "]";
    }
    return line + '\n';
  }

  std::vector<std::string> prefixes_;
};

}  // namespace tokensweep::testing

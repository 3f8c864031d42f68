#pragma once

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "connectors/github/api.hpp"

namespace tokensweep::github {

/// An organisation's repositories, a page at a time: by GraphQL, which tells their environments too, and where that is
/// refused by REST. Each repository comes once, whatever the pages do.
class Listing {
 public:
  /// `protection`: environments by name and with what protects them; else only how many there are.
  Listing(Api& api, std::string organisation, bool protection)
      : api_(api), organisation_(std::move(organisation)), protection_(protection) {}

  /// The next page; nothing behind the last one, and where no more can be had: outcome() says why.
  Task<std::optional<std::vector<RepositoryRow>>> next();

  /// Fine while pages come, and where the last one has come.
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }
  /// Whether every repository was listed that the credential sees: to the end, and as many as the service says.
  [[nodiscard]] bool whole() const { return ended_ && outcome_ && !partial_; }
  [[nodiscard]] bool by_rest() const { return by_rest_; }
  /// What the service says there is; empty where it does not say, or has not yet.
  [[nodiscard]] std::optional<std::int64_t> total() const { return total_; }
  [[nodiscard]] const std::string& viewer() const { return viewer_; }
  [[nodiscard]] const std::unordered_set<std::int64_t>& ids() const { return ids_; }

 private:
  Task<std::optional<std::vector<RepositoryRow>>> next_by_query();
  Task<std::optional<std::vector<RepositoryRow>>> next_by_rest();
  Task<Answer<RepositoryPage>> query_page();
  std::vector<RepositoryRow> fresh(std::vector<RepositoryRow> rows);
  void fall_back_to_rest();

  Api& api_;
  std::string organisation_;
  bool protection_;
  bool by_rest_ = false;
  unsigned first_ = 100;
  std::string page_;  ///< the cursor or number of the page to come; empty: the first one
  PageGuard guard_{2000};
  std::unordered_set<std::int64_t> ids_;
  std::optional<std::int64_t> total_;
  std::string viewer_;
  bool ended_ = false;
  bool partial_ = false;
  Outcome outcome_;
};

}  // namespace tokensweep::github

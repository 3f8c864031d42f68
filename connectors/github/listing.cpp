#include "connectors/github/listing.hpp"

#include <utility>

#include "connectors/github/plan.hpp"

namespace tokensweep::github {
namespace {

using Kind = Outcome::Kind;
using Rows = std::vector<RepositoryRow>;

// A page that takes longer than ten seconds is ended by GitHub: half as many repositories then.
constexpr unsigned kFewest = 6;
constexpr unsigned kMostLimited = 5;

}  // namespace

Task<std::optional<Rows>> Listing::next() {
  if (ended_ || !outcome_) co_return std::nullopt;
  if (!by_rest_) {
    auto rows = co_await next_by_query();
    if (!by_rest_) co_return rows;
  }
  co_return co_await next_by_rest();
}

Task<std::optional<Rows>> Listing::next_by_query() {
  if (!guard_.enter(page_)) {
    outcome_ = wrong_list("the list of repositories goes round");
    co_return std::nullopt;
  }
  auto answer = co_await query_page();
  RepositoryPage& page = answer.document;
  if (answer.outcome.kind == Kind::ends || !api_.answered()) {
    outcome_ = std::move(answer.outcome);
    co_return std::nullopt;
  }
  if (answer.outcome && page.fault == QueryFault::not_found) {
    outcome_ = {.kind = Kind::denied, .reason = "there is no such organisation, or it is hidden from this credential"};
    co_return std::nullopt;
  }
  // Whatever else it is, REST may still be allowed.
  if (!answer.outcome || !page.found || !page.total) {
    fall_back_to_rest();
    co_return std::nullopt;
  }
  partial_ = partial_ || page.partial || page.fault != QueryFault::none;
  total_ = page.total;
  viewer_ = std::move(page.viewer);
  ended_ = !page.has_next;
  page_ = std::move(page.end_cursor);
  Rows rows = fresh(std::move(page.rows));
  if (ended_ && static_cast<std::uint64_t>(*total_) != ids_.size()) partial_ = true;
  co_return rows;
}

/// A page by GraphQL; where that takes GitHub too long, a smaller one; where its limit is used up, after the pause that
/// the client makes of the answer.
Task<Answer<RepositoryPage>> Listing::query_page() {
  for (unsigned limited = 0;;) {
    auto answer =
        co_await api_.query(repositories_query(organisation_, page_, first_, protection_), &repository_page_reader);
    const bool too_long = answer.outcome.kind == Kind::failed && answer.outcome.error == ErrorKind::transient;
    if (too_long && api_.answered() && first_ / 2 >= kFewest) {
      first_ /= 2;
      continue;
    }
    if (answer.outcome && answer.document.fault == QueryFault::rate_limited && ++limited < kMostLimited) continue;
    co_return answer;
  }
}

Task<std::optional<Rows>> Listing::next_by_rest() {
  if (!guard_.enter(page_.empty() ? "1" : page_)) {
    outcome_ = wrong_list("the list of repositories goes round");
    co_return std::nullopt;
  }
  auto answer = co_await api_.page(Asked::known, repositories_of(organisation_), page_, &repositories_reader, false);
  outcome_ = std::move(answer.outcome);
  if (!outcome_) co_return std::nullopt;
  ended_ = !answer.next;
  page_ = std::move(answer.next).value_or(std::string());
  co_return fresh(std::move(answer.document.rows));
}

void Listing::fall_back_to_rest() {
  by_rest_ = true;
  page_.clear();
  guard_ = PageGuard(2000);
  partial_ = false;
  total_.reset();
}

/// Those that no page before had.
Rows Listing::fresh(Rows rows) {
  std::erase_if(rows, [this](const RepositoryRow& row) { return !ids_.insert(row.id).second; });
  return rows;
}

}  // namespace tokensweep::github

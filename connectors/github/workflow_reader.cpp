#include "connectors/github/workflow_reader.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace tokensweep::github {
namespace {

using Kind = Outcome::Kind;

constexpr unsigned kMostLimited = 5;

Outcome refusal() { return {.kind = Kind::denied, .reason = "GraphQL refuses it; it needs contents=read"}; }

/// Why a whole answer is of no use; fine where it is.
Outcome outcome_of(const Answer<WorkflowPage>& answer) {
  const WorkflowPage& page = answer.document;
  if (!answer.outcome || !page.rows.empty()) return answer.outcome;
  switch (page.fault) {
    case QueryFault::none:
    case QueryFault::not_found:
      return {};
    case QueryFault::rate_limited:
      return {.kind = Kind::failed, .reason = "GraphQL's limit is used up"};
    case QueryFault::saml:
      return {.kind = Kind::denied, .reason = "the token is not authorised for the organisation's single sign-on"};
    case QueryFault::denied:
      return refusal();
    case QueryFault::other:
      break;
  }
  // What takes too long ends so as well.
  return {.kind = Kind::failed, .reason = "GraphQL answered with an error"};
}

/// What an answer says of one repository. Beside an error, nothing there may be something that was refused.
ReadWorkflows row_of(WorkflowPage& page, const RepositoryRow& repository) {
  const auto row = std::find_if(page.rows.begin(), page.rows.end(),
                                [&](const RepositoryWorkflows& one) { return one.id == repository.id; });
  ReadWorkflows read;
  if (row == page.rows.end()) {
    read.outcome = {.kind = Kind::denied, .reason = "gone, or hidden from this credential"};
  } else if (!row->has_folder && page.errors > page.not_found) {
    read.outcome = refusal();
  } else {
    read.files = std::move(*row);
  }
  return read;
}

}  // namespace

Task<std::vector<ReadWorkflows>> WorkflowReader::read(std::vector<RepositoryRow> repositories) {
  std::vector<ReadWorkflows> all;
  std::size_t most = at_once_;
  while (all.size() < repositories.size()) {
    if (refused_) {
      all.push_back({.outcome = *refused_});
      continue;
    }
    const auto begin = repositories.begin() + static_cast<std::ptrdiff_t>(all.size());
    const std::size_t size = std::min(most, repositories.size() - all.size());
    std::vector<std::string> ids;
    std::transform(begin, begin + static_cast<std::ptrdiff_t>(size), std::back_inserter(ids),
                   [](const RepositoryRow& one) { return one.node_id; });
    auto answer = co_await ask(ids);
    const Outcome outcome = outcome_of(answer);
    if (outcome.kind == Kind::failed && size > 1) {
      most = size / 2;
      // A query that takes longer than ten seconds is ended by GitHub; what cannot be read is one repository's fault.
      if (outcome.error == ErrorKind::transient) at_once_ = std::min(at_once_, most);
      continue;
    }
    if (outcome.kind == Kind::denied) refused_ = outcome;
    for (std::size_t i = 0; i < size; ++i) {
      const RepositoryRow& repository = *(begin + static_cast<std::ptrdiff_t>(i));
      all.push_back(outcome ? row_of(answer.document, repository) : ReadWorkflows{.outcome = outcome, .files = {}});
    }
  }
  co_return all;
}

/// Asks again where the limit is used up, after the pause that the client makes of the answer.
Task<Answer<WorkflowPage>> WorkflowReader::ask(const std::vector<std::string>& ids) {
  for (unsigned limited = 1;; ++limited) {
    auto answer = co_await api_.query(workflows_query(ids), &workflow_page_reader);
    const bool is_limited = answer.outcome && answer.document.fault == QueryFault::rate_limited;
    if (!is_limited || limited == kMostLimited) co_return answer;
  }
}

}  // namespace tokensweep::github

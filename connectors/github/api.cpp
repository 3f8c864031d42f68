#include "connectors/github/api.hpp"

#include <algorithm>
#include <string_view>

#include "net/limit_signs.hpp"

namespace tokensweep::github {
namespace {

using Kind = Outcome::Kind;

// So many failures one after the other, each after the client's own tries: the service is gone, and two thousand scopes
// would each wait for it.
constexpr unsigned kMostFailuresInARow = 20;

bool has_scope(std::string_view scopes, std::string_view scope) {
  while (!scopes.empty()) {
    const std::size_t end = std::min(scopes.find(','), scopes.size());
    std::string_view one = scopes.substr(0, end);
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (one == scope) return true;
    scopes.remove_prefix(std::min(end + 1, scopes.size()));
  }
  return false;
}

/// `2026-02-20 14:18:07 UTC`, and nothing else.
bool is_expiry(std::string_view text) {
  constexpr std::size_t kLongest = 32;
  return text.size() <= kLongest && text.find_first_not_of("0123456789-+: UTC") == std::string_view::npos;
}

}  // namespace

Outcome wrong_list(std::string why) {
  return {.kind = Kind::failed, .reason = std::move(why), .error = ErrorKind::malformed};
}

bool is_page_number(std::string_view page) {
  constexpr std::size_t kLongest = 9;
  return !page.empty() && page.size() <= kLongest && page.find_first_not_of("0123456789") == std::string_view::npos;
}

HttpRequest Api::query_request(std::string_view body) const {
  HttpRequest request{.method = "POST", .url = site_.query(), .body = WipedText(body)};
  request.headers.push_back({"Accept", "application/vnd.github+json"});
  request.headers.push_back({"Content-Type", "application/json"});
  return request;
}

HttpRequest Api::get_request(const std::string& target, bool keeps) const {
  HttpRequest request{.url = site_.at(target), .keeps_answer = keeps};
  request.headers.push_back({"Accept", "application/vnd.github+json"});
  request.headers.push_back({"X-GitHub-Api-Version", "2022-11-28"});
  return request;
}

Task<Outcome> Api::send(Asked asked, const HttpRequest& request, HttpResponse& response) {
  if (ended_) co_return *ended_;
  auto answer = co_await client_.send(request);
  if (!answer) {
    Outcome outcome = judge(answer.error());
    if (outcome.reason.starts_with(name_ + ": ")) outcome.reason.erase(0, name_.size() + 2);
    co_return outcome;
  }
  answered_ = true;
  response = std::move(*answer);
  notice(response);
  co_return judge(response, asked, site_);
}

void Api::notice(const HttpResponse& response) {
  if (const std::string_view scopes = response.header("X-OAuth-Scopes"); !scopes.empty()) {
    signs_.classic = true;
    signs_.organisation_owner = has_scope(scopes, "admin:org") && has_scope(scopes, "repo");
  }
  if (const auto date = parse_http_date(response.header("Date"))) their_time_ = date;
  if (response.header("X-GitHub-SSO").starts_with("partial-results")) signs_.partial_sso = true;
  const std::string_view expires = response.header("github-authentication-token-expiration");
  if (!expires.empty() && is_expiry(expires)) signs_.expires = expires;
}

Outcome Api::note(Outcome outcome) {
  failures_in_a_row_ = outcome.kind == Kind::failed ? failures_in_a_row_ + 1 : 0;
  if (failures_in_a_row_ >= kMostFailuresInARow) outcome.kind = Kind::ends;
  if (outcome.kind == Kind::ends && !ended_) ended_ = outcome;
  return outcome;
}

}  // namespace tokensweep::github

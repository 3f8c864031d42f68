#include "connectors/circleci/api.hpp"

#include <algorithm>
#include <array>

#include "connectors/circleci/followed_projects.hpp"

namespace tokensweep::circleci {
namespace {

/// What statuses mean. Those that are worth another try have had it, and a token that is not accepted is an error of
/// the client's, as are those that stay (net/client.hpp).
struct StatusRow {
  int status;
  Reaction reaction;
  std::string_view meaning;
};
constexpr std::array<StatusRow, 3> kStatuses = {{
    {200, Reaction::read, ""},
    {403, Reaction::denied, "the token's user may not see it"},
    {404, Reaction::absent, "not there, or not for the token's user to see"},
}};

constexpr std::size_t kLargestPage = std::size_t{4} << 20U;
/// Each followed project brings its branches' builds: some 20 KB.
constexpr std::size_t kLargestProjectList = std::size_t{512} << 20U;

Answer<HttpResponse> judge(HttpResponse response) {
  const auto* row = std::ranges::find(kStatuses, response.status, &StatusRow::status);
  if (row == kStatuses.end()) {
    return {Reaction::failed, {ErrorKind::malformed, "HTTP " + std::to_string(response.status)}};
  }
  if (row->reaction == Reaction::read) return Answer(std::move(response));
  return {row->reaction, {ErrorKind::denied, "HTTP " + std::to_string(row->status) + ": " + std::string(row->meaning)}};
}

/// Of what kept an answer from coming, only what the user has to change ends the source: the rest is this request's.
Answer<HttpResponse> judge(Error error) {
  const bool ends = error.kind == ErrorKind::misconfigured;
  return {ends ? Reaction::ends_source : Reaction::failed, std::move(error)};
}

std::string encoded_slug(std::string_view slug) {
  std::string encoded;
  for (;;) {
    const std::size_t end = slug.find('/');
    encoded += percent_encoded(slug.substr(0, end));
    if (end == std::string_view::npos) return encoded;
    encoded += '/';
    slug.remove_prefix(end + 1);
  }
}

std::string context_path(std::string_view id) { return "/api/v2/context/" + percent_encoded(id); }

}  // namespace

Task<Answer<HttpResponse>> Api::get(std::string target, BodyReader* reader) {
  HttpRequest request;
  request.url = base_.at(target);
  request.headers.push_back({"Accept", "application/json"});
  request.reader = reader;
  request.largest_body = reader == nullptr ? kLargestPage : kLargestProjectList;
  auto response = co_await client_.send(request);
  if (!response) {
    Error error = std::move(response).error();
    if (error.what.starts_with(errors_begin_)) error.what.erase(0, errors_begin_.size());
    co_return judge(std::move(error));
  }
  co_return judge(std::move(*response));
}

template <class T>
Task<Answer<T>> Api::get(std::string target, Result<T> (*parse)(std::string_view body)) {
  for (bool again = false;; again = true) {
    auto response = co_await get(target, nullptr);
    if (!response) co_return Answer<T>(response.reaction, std::move(response.value).error());
    auto value = parse(response.value->body.view());
    if (value) co_return Answer<T>(std::move(*value));
    if (again) co_return Answer<T>(Reaction::failed, std::move(value).error());
  }
}

static Error endless() { return {ErrorKind::malformed, "its pages go round or never end"}; }

template <class Item>
Task<Answer<std::optional<std::vector<Item>>>> Pages<Item>::next() {
  using Items = std::optional<std::vector<Item>>;
  if (ended_) co_return Answer<Items>(Items());
  ended_ = true;
  if (!guard_.enter(token_)) co_return Answer<Items>(Reaction::failed, endless());
  std::string target = target_;
  if (!token_.empty()) {
    target += target.find('?') == std::string::npos ? '?' : '&';
    target += "page-token=" + percent_encoded(token_);
  }
  auto page = co_await api_->template get<Page<Item>>(std::move(target), parse_);
  if (!page) co_return Answer<Items>(page.reaction, std::move(page.value).error());
  ended_ = !page.value->next;
  token_ = page.value->next.value_or("");
  co_return Answer<Items>(Items(std::move(page.value->items)));
}

template class Pages<Context>;
template class Pages<Variable>;
template class Pages<Restriction>;

Task<Answer<std::string>> Api::user() { return get("/api/v2/me", parse_user); }

Task<Answer<std::vector<Organisation>>> Api::organisations() {
  return get("/api/v2/me/collaborations", parse_organisations);
}

Task<Answer<std::vector<std::string>>> Api::followed_projects() {
  using Slugs = std::vector<std::string>;
  FollowedProjects projects;
  auto response = co_await get("/api/v1.1/projects", &projects);
  if (!response) co_return Answer<Slugs>(response.reaction, std::move(response.value).error());
  auto slugs = projects.finish();
  if (!slugs) co_return Answer<Slugs>(Reaction::failed, std::move(slugs).error());
  co_return Answer<Slugs>(std::move(*slugs));
}

Pages<Context> Api::contexts(std::string_view organisation_slug) {
  return {*this, "/api/v2/context?owner-slug=" + percent_encoded(organisation_slug), parse_contexts};
}

Task<Answer<ContextDetail>> Api::context(std::string_view id) { return get(context_path(id), parse_context); }

Pages<Variable> Api::context_variables(std::string_view id) {
  return {*this, context_path(id) + "/environment-variable", parse_context_variables};
}

Pages<Restriction> Api::restrictions(std::string_view id) {
  return {*this, context_path(id) + "/restrictions", parse_restrictions};
}

Pages<Variable> Api::project_variables(std::string_view slug) {
  return {*this, "/api/v2/project/" + encoded_slug(slug) + "/envvar", parse_project_variables};
}

}  // namespace tokensweep::circleci

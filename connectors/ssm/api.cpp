#include "connectors/ssm/api.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "connectors/aws/error_code.hpp"

namespace tokensweep::ssm {
namespace {

/// What errors mean, by their code. Those that are worth another try have had it (net/client.hpp, aws/limits.hpp), keys
/// that have ended were renewed (aws/sigv4.hpp), and keys that nobody knows were tried out before (targets.hpp).
struct ErrorRow {
  std::string_view code;
  Reaction reaction;
  std::string_view meaning;
};
constexpr std::array<ErrorRow, 10> kErrors = {{
    {"AccessDeniedException", Reaction::denied, "not allowed"},
    {"AccessDenied", Reaction::denied, "not allowed"},
    {"KMSAccessDeniedException", Reaction::no_key, "its key may not be used"},
    {"KMSDisabledException", Reaction::no_key, "its key is disabled"},
    {"KMSInvalidStateException", Reaction::no_key, "its key cannot be used as it is"},
    {"KMSNotFoundException", Reaction::no_key, "its key is gone"},
    {"InvalidKeyId", Reaction::no_key, "its key is gone, or may not be used"},
    {"InvalidNextToken", Reaction::stale, "a page's token is not taken"},
    {"UnrecognizedClientException", Reaction::off, "it does not know the keys: is it enabled for the account?"},
    {"InvalidClientTokenId", Reaction::off, "it does not know the keys: is it enabled for the account?"},
}};

constexpr std::size_t kLargestAnswer = std::size_t{4} << 20U;

Answer<HttpResponse> judge(HttpResponse response) {
  if (response.status == 200) return Answer(std::move(response));
  const std::string code = aws::error_code(response);
  const std::string what = "HTTP " + std::to_string(response.status) + (code.empty() ? "" : " " + code);
  const auto* row = std::ranges::find(kErrors, code, &ErrorRow::code);
  if (row == kErrors.end()) {
    if (response.status == 403) return {Reaction::denied, {ErrorKind::denied, what + ": not allowed"}};
    return {Reaction::failed, {ErrorKind::malformed, what}};
  }
  // A key that may not be used is refused as a parameter is; only the words tell.
  const bool is_key =
      row->reaction == Reaction::denied && response.body.view().find("kms:Decrypt") != std::string_view::npos;
  const std::string_view meaning = is_key ? "its key may not be used" : row->meaning;
  return {is_key ? Reaction::no_key : row->reaction, {ErrorKind::denied, what + ": " + std::string(meaning)}};
}

}  // namespace

template <class Page, class Reader>
Task<Answer<Page>> Api::post(std::string_view operation, std::string body) {
  for (bool again = false;; again = true) {
    Reader reader;
    HttpRequest request;
    request.method = "POST";
    request.url = url_;
    request.headers.push_back({"Content-Type", "application/x-amz-json-1.1"});
    request.headers.push_back({"X-Amz-Target", "AmazonSSM." + std::string(operation)});
    request.body.append(body);
    request.reader = &reader;
    request.largest_body = kLargestAnswer;
    auto response = co_await client_.send(request);
    if (!response) {
      Error error = std::move(response).error();
      if (!again && error.kind == ErrorKind::malformed) continue;
      if (error.what.starts_with(errors_begin_)) error.what.erase(0, errors_begin_.size());
      co_return Answer<Page>(Reaction::failed, std::move(error));
    }
    auto judged = judge(std::move(*response));
    if (!judged) co_return Answer<Page>(judged.reaction, std::move(judged.value).error());
    auto page = reader.finish();
    if (page) co_return Answer<Page>(std::move(*page));
    if (again) co_return Answer<Page>(Reaction::failed, std::move(page).error());
  }
}

Task<Answer<ParameterPage>> Api::describe(std::string_view token, bool shared) {
  boost::json::object body{{"MaxResults", kListed}};
  if (!token.empty()) body["NextToken"] = boost::json::string_view(token.data(), token.size());
  if (shared) body["Shared"] = true;
  return post<ParameterPage, ParameterReader>("DescribeParameters", boost::json::serialize(body));
}

Task<Answer<ValuePage>> Api::values(std::vector<std::string> names) {
  boost::json::array listed(names.begin(), names.end());
  const boost::json::object body{{"Names", std::move(listed)}, {"WithDecryption", true}};
  return post<ValuePage, ValueReader>("GetParameters", boost::json::serialize(body));
}

Task<Answer<std::optional<std::vector<Parameter>>>> ParameterList::next() {
  using Page = std::optional<std::vector<Parameter>>;
  if (ended_) co_return Answer<Page>(Page());
  ended_ = true;
  std::optional<Answer<ParameterPage>> answer;
  for (;;) {
    if (!guard_.enter(token_)) {
      co_return Answer<Page>(Reaction::failed, Error{ErrorKind::malformed, "its pages go round or never end"});
    }
    ++requests_;
    answer.emplace(co_await api_.describe(token_, shared_));
    if (answer->reaction != Reaction::stale || began_anew_ || token_.empty()) break;
    began_anew_ = true;
    guard_ = PageGuard(kMostPages);
    token_.clear();
  }
  Answer<ParameterPage>& page = *answer;
  if (!page) co_return Answer<Page>(page.reaction, std::move(page.value).error());
  std::vector<Parameter> fresh;
  fresh.reserve(page.value->parameters.size());
  for (Parameter& parameter : page.value->parameters) {
    if (names_.insert(parameter.name).second) fresh.push_back(std::move(parameter));
  }
  ended_ = !page.value->next;
  token_ = page.value->next.value_or("");
  co_return Answer<Page>(Page(std::move(fresh)));
}

}  // namespace tokensweep::ssm

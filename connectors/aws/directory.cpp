#include "connectors/aws/directory.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "connectors/aws/error_code.hpp"
#include "connectors/aws/sigv4.hpp"
#include "net/paging.hpp"

namespace tokensweep::aws {
namespace {

constexpr std::size_t kLargestPage = std::size_t{1} << 20U;
// An organisation has some 10,000 accounts at most, and pages of 20.
constexpr std::size_t kMostPages = 5'000;

/// One of the services that a partition has once, in its home region.
class HomeService {
 public:
  static Result<HomeService> open(const Outside& outside, std::string_view service, std::shared_ptr<KeyProvider> keys) {
    const std::string home(partition_of(outside.region.value_or("")).home);
    TRY(Url url, outside.endpoints.of(service, home));
    auto authorizer = sigv4_authorizer(std::move(keys), {home, std::string(service)}, outside.services.clock);
    TRY(auto client, outside.client(service, url.origin, std::move(authorizer)));
    return HomeService(std::string(service), std::move(url), std::move(client));
  }

  /// The body of the answer to `request`, which has its headers and its body.
  Task<Result<WipedText>> post(HttpRequest request, std::string_view target) {
    request.method = "POST";
    request.url = url_.at(target);
    request.largest_body = kLargestPage;
    CO_TRY(HttpResponse response, co_await client_->send(request));
    if (response.status == 200) co_return std::move(response.body);
    const std::string code = error_code(response);
    const bool is_denied = code.starts_with("AccessDenied") || code == "AWSOrganizationsNotInUseException";
    co_return Error{is_denied ? ErrorKind::denied : ErrorKind::misconfigured,
                    service_ + ": refuses: " + (code.empty() ? "HTTP " + std::to_string(response.status) : code)};
  }

  [[nodiscard]] const std::string& service() const { return service_; }

 private:
  HomeService(std::string service, Url url, std::unique_ptr<HttpClient> client)
      : service_(std::move(service)), url_(std::move(url)), client_(std::move(client)) {}

  std::string service_;
  Url url_;
  std::unique_ptr<HttpClient> client_;
};

/// `fields` and the token of the page, as a JSON object.
WipedText page_request(std::string_view fields, std::string_view token) {
  WipedText body("{");
  body.append(fields);
  if (!token.empty()) {
    body.append(R"(,"NextToken":")");
    body.append(token);  // needs no escapes (RegionPage)
    body.append("\"");
  }
  body.append("}");
  return body;
}

Error endless(const std::string& service) {
  return {ErrorKind::malformed, service + ": its pages go round or never end"};
}

}  // namespace

Task<Result<std::vector<std::string>>> enabled_regions(const Outside& outside, std::shared_ptr<KeyProvider> keys) {
  CO_TRY(HomeService service, HomeService::open(outside, "account", std::move(keys)));
  std::vector<std::string> regions;
  PageGuard guard(kMostPages);
  std::string token;
  do {
    if (!guard.enter(token)) co_return endless(service.service());
    HttpRequest request;
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = page_request(R"("RegionOptStatusContains":["ENABLED","ENABLED_BY_DEFAULT"],"MaxResults":50)", token);
    CO_TRY(const WipedText body, co_await service.post(std::move(request), "/listRegions"));
    auto page = parse_regions(body.view());
    if (!page) co_return std::move(page).error().within(service.service());
    std::ranges::move(page->regions, std::back_inserter(regions));
    token = std::move(page->next);
  } while (!token.empty());
  std::ranges::sort(regions);
  co_return regions;
}

Task<Result<std::vector<Account>>> accounts(const Outside& outside, std::shared_ptr<KeyProvider> keys) {
  CO_TRY(HomeService service, HomeService::open(outside, "organizations", std::move(keys)));
  std::vector<Account> all;
  PageGuard guard(kMostPages);
  std::string token;
  do {
    if (!guard.enter(token)) co_return endless(service.service());
    HttpRequest request;
    request.headers.push_back({"Content-Type", "application/x-amz-json-1.1"});
    request.headers.push_back({"X-Amz-Target", "AWSOrganizationsV20161128.ListAccounts"});
    request.body = page_request(R"("MaxResults":20)", token);
    CO_TRY(const WipedText body, co_await service.post(std::move(request), "/"));
    auto page = parse_accounts(body.view());
    if (!page) co_return std::move(page).error().within(service.service());
    std::ranges::move(page->accounts, std::back_inserter(all));
    token = std::move(page->next);
  } while (!token.empty());
  std::ranges::sort(all, {}, &Account::id);
  co_return all;
}

}  // namespace tokensweep::aws

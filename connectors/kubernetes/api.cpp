#include "connectors/kubernetes/api.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace tokensweep::kubernetes {
namespace {

using namespace std::chrono_literals;

/// What statuses mean. Those that are worth another try have had it, and a credential that is not accepted is an error
/// of the client's, as are those that stay (net/client.hpp).
struct StatusRow {
  int status;
  Reaction reaction;
  std::string_view meaning;
};
constexpr std::array<StatusRow, 4> kStatuses = {{
    {200, Reaction::read, ""},
    {403, Reaction::denied, "the cluster's roles do not allow it"},
    {406, Reaction::failed, "the cluster does not offer this form of the list"},
    {410, Reaction::expired, "what the list shows is older than the cluster remembers"},
}};

constexpr std::string_view kJson = "application/json";
/// What an API server makes with a third of the work; not everything that stands in front of one knows it.
constexpr std::string_view kProtobufOrJson = "application/vnd.kubernetes.protobuf, application/json";
constexpr std::string_view kTable = "application/json;as=Table;g=meta.k8s.io;v=v1";
constexpr std::string_view kMetadata =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// Of a page that is read while it comes: 500 secrets of the largest size.
constexpr std::size_t kLargestPage = std::size_t{1} << 30U;
/// An API server may think about a list for a minute.
constexpr std::chrono::milliseconds kFirstByte = 60s;

constexpr std::size_t kNamespacesPerPage = 500;
constexpr std::size_t kMostNamespacePages = 1000;

/// A release of Helm holds rendered manifests, up to 1 MiB each, and a service account's token is no npm token.
constexpr std::string_view kNoReleases = "type!=helm.sh/release.v1,";
constexpr std::string_view kNoAccounts = "type!=kubernetes.io/service-account-token";

/// What a list is to leave out; ConfigMaps have no types.
std::string selector_of(const ListRequest& request) {
  if (!request.secret.empty()) return "metadata.name=" + request.secret;
  if (request.every_type || request.kind == ObjectKind::config_map) return {};
  return std::string(request.releases ? std::string_view() : kNoReleases) + std::string(kNoAccounts);
}

template <class T>
Answer<T> judged(const HttpResponse& response) {
  const auto* row = std::ranges::find(kStatuses, response.status, &StatusRow::status);
  const std::string status = "HTTP " + std::to_string(response.status);
  if (row == kStatuses.end()) return {Reaction::failed, {ErrorKind::malformed, status}};
  return {row->reaction, {ErrorKind::denied, status + ": " + std::string(row->meaning)}};
}

/// Of what kept an answer from coming, only what the user has to change ends the cluster: the rest is this request's.
template <class T>
Answer<T> judged(Error error) {
  const bool ends = error.kind == ErrorKind::misconfigured;
  return {ends ? Reaction::ends_cluster : Reaction::failed, std::move(error)};
}

std::string target_of(const ListRequest& request) {
  std::string path = "/api/v1/";
  if (!request.name_space.empty()) path += "namespaces/" + percent_encoded(request.name_space) + "/";
  path += request.kind == ObjectKind::secret ? "secrets" : "configmaps";
  path += "?limit=" + std::to_string(request.limit);
  const std::string fields = selector_of(request);
  if (!fields.empty()) path += "&fieldSelector=" + percent_encoded(fields);
  if (!request.page.empty()) {
    path += "&continue=" + percent_encoded(request.page);
  } else if (!request.snapshot.empty()) {
    path += "&resourceVersion=" + percent_encoded(request.snapshot) + "&resourceVersionMatch=Exact";
  }
  return path;
}

}  // namespace

Task<Result<HttpResponse>> Api::get(std::string path, std::string_view accept, BodyReader* reader, bool plain) {
  HttpRequest request;
  request.url = cluster_.at(path);
  request.headers.push_back({"Accept", std::string(accept)});
  if (plain) request.headers.push_back({"Accept-Encoding", "identity"});
  request.reader = reader;
  request.first_byte = kFirstByte;
  if (reader != nullptr) request.largest_body = kLargestPage;
  auto response = co_await client_.send(request);
  if (response) co_return response;
  Error error = std::move(response).error();
  if (error.what.starts_with(errors_begin_)) error.what.erase(0, errors_begin_.size());
  co_return error;
}

template <class T>
Task<Answer<T>> Api::read(std::string path, std::string_view accept, Result<T> (*parse)(std::string_view body)) {
  for (bool again = false;; again = true) {
    auto response = co_await get(path, accept, nullptr);
    if (!response) co_return judged<T>(std::move(response).error());
    if (response->status != 200) co_return judged<T>(*response);
    auto value = parse(response->body.view());
    if (value) co_return Answer<T>(std::move(*value));
    if (again) co_return Answer<T>(Reaction::failed, std::move(value).error());
  }
}

Task<Answer<std::string>> Api::uid() { return read("/api/v1/namespaces/kube-system", kJson, parse_uid); }

Task<Answer<std::vector<std::string>>> Api::namespaces(std::string snapshot) {
  using Names = std::vector<std::string>;
  Names all;
  std::string page;
  for (std::size_t pages = 0; pages < kMostNamespacePages; ++pages) {
    std::string path = "/api/v1/namespaces?limit=" + std::to_string(kNamespacesPerPage);
    if (!page.empty()) {
      path += "&continue=" + percent_encoded(page);
    } else if (!snapshot.empty()) {
      path += "&resourceVersion=" + percent_encoded(snapshot) + "&resourceVersionMatch=Exact";
    }
    auto answer = co_await read(std::move(path), kMetadata, parse_namespaces);
    if (!answer) co_return Answer<Names>(answer.reaction, std::move(answer.value).error().within("namespaces"));
    all.insert(all.end(), answer.value->names.begin(), answer.value->names.end());
    page = std::move(answer.value->next);
    if (page.empty()) co_return Answer<Names>(std::move(all));
  }
  co_return Answer<Names>(Reaction::failed, Error{ErrorKind::malformed, "namespaces: its pages never end"});
}

Task<Api::Page> Api::secrets(const ListRequest& request, SecretListReader& reader) {
  // Values hardly shrink, and compressing them costs the API server more than all else that it does for a list.
  const bool values = request.form == ListForm::values;
  const bool maps = request.kind == ObjectKind::config_map;
  const Accepts accepts{.first = !values ? kTable : maps ? kJson : kProtobufOrJson, .again = values ? kJson : kTable};
  return read_list(target_of(request), accepts, reader, values);
}

Task<Api::Page> Api::workloads(const WorkloadListRequest& request, WorkloadListReader& reader) {
  std::string target = path_of(request.kind, request.name_space) + "?limit=" + std::to_string(request.limit);
  if (!request.page.empty()) target += "&continue=" + percent_encoded(request.page);
  return read_list(std::move(target), {.first = kJson, .again = kJson}, reader, false);
}

template <class Reader>
Task<Api::Page> Api::read_list(std::string target, Accepts accepts, Reader& reader, bool plain) {
  for (bool again = false;; again = true) {
    auto response = co_await get(target, again ? accepts.again : accepts.first, &reader, plain);
    if (!response) {
      if (!again && response.error().kind == ErrorKind::malformed) continue;
      co_return Page{judged<bool>(std::move(response).error()), {}};
    }
    if (response->status != 200) {
      co_return Page{judged<bool>(*response), response->status == 410 ? continuation_of(response->body.view()) : ""};
    }
    auto whole = reader.finish();
    if (whole) co_return Page{Answer<bool>(true), {}};
    if (again) co_return Page{Answer<bool>(Reaction::failed, std::move(whole).error()), {}};
  }
}

}  // namespace tokensweep::kubernetes

#pragma once

#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/github/outcome.hpp"
#include "connectors/github/parse.hpp"
#include "connectors/github/site.hpp"
#include "net/client.hpp"
#include "net/paging.hpp"
#include "net/task.hpp"

namespace tokensweep::github {

/// What came of asking for a document: what was read of it, all of it where the outcome is fine.
template <class Document>
struct Answer {
  Outcome outcome;
  Document document{};
  std::optional<std::string> next;  ///< the page behind it
};

/// Makes a reader: one of the functions of parse.hpp.
template <class Document>
using ReaderOf = Reader<Document> (*)();

/// Since when an answer that was kept is known to be right without asking (HttpRequest::right_since).
using RightSince = std::optional<std::chrono::sys_seconds>;

/// What answers say of the credential, beside what they were asked for.
struct CredentialSigns {
  bool classic = false;             ///< a classic token: it says its scopes
  bool organisation_owner = false;  ///< it has the scopes `admin:org` and `repo`
  bool partial_sso = false;         ///< organisations are left out of its view
  std::string expires;              ///< `2026-02-20 14:18:07 UTC`; empty: it does not say
};

/// One credential's requests to one GitHub. What cannot be read is asked for once more. After an outcome that ends
/// the source, and after too many failures in a row, nothing is sent any more, and all that is asked for ends so.
class Api {
 public:
  /// `client` has to outlive it. `name` is the source's, which stands before each of the client's errors, and not
  /// before the reasons here.
  Api(HttpClient& client, Site site, std::string name)
      : client_(client), site_(std::move(site)), name_(std::move(name)) {}

  /// One document. `keeps`: it shows no values and changes seldom, so it may be kept to be asked for again. `page_by`:
  /// the parameter that names the page behind it.
  template <class Document>
  Task<Answer<Document>> get(Asked asked, std::string target, ReaderOf<Document> reader, bool keeps,
                             RightSince right_since = {}, std::string_view page_by = kPageNumber);

  /// A list, to its end. A page that fails fails the list, whose rows up to there are there. Lists whose pages go
  /// round or never end, and those that are shorter or longer than they say, are `failed`.
  template <class Row>
  Task<Answer<Page<Row>>> list(Asked asked, std::string target, ReaderOf<Page<Row>> reader, bool keeps,
                               RightSince right_since = {});

  /// One page of a list: the one that `page` names, the first where it is empty.
  template <class Row>
  Task<Answer<Page<Row>>> page(Asked asked, std::string target, std::string page, ReaderOf<Page<Row>> reader,
                               bool keeps, RightSince right_since = {});

  /// A GraphQL query. Its errors are in the document.
  template <class Document>
  Task<Answer<Document>> query(std::string body, ReaderOf<Document> reader);

  [[nodiscard]] const CredentialSigns& signs() const { return signs_; }
  /// Why nothing is asked for any more.
  [[nodiscard]] const std::optional<Outcome>& ended() const { return ended_; }
  /// Whether any answer has come: until then nobody may be there, and it is of no use to ask in another way.
  [[nodiscard]] bool answered() const { return answered_; }
  /// What time it was there when it answered last; empty where it does not say.
  [[nodiscard]] const std::optional<std::chrono::sys_seconds>& their_time() const { return their_time_; }
  [[nodiscard]] const Site& site() const { return site_; }
  /// Whether answers that are kept can only be asked for again with the same credential.
  [[nodiscard]] bool has_strange_etags() const { return client_.counters().strange_etags; }

 private:
  // More than an organisation has secrets or repositories.
  static constexpr std::size_t kMostPages = 2000;
  static constexpr std::string_view kPageNumber = "page";

  template <class Document>
  Task<Answer<Document>> read(Asked asked, HttpRequest request, Reader<Document> reader, std::string_view page_by);
  Task<Outcome> send(Asked asked, const HttpRequest& request, HttpResponse& response);
  [[nodiscard]] HttpRequest query_request(std::string_view body) const;
  [[nodiscard]] HttpRequest get_request(const std::string& target, bool keeps) const;
  void notice(const HttpResponse& response);
  Outcome note(Outcome outcome);

  HttpClient& client_;
  Site site_;
  std::string name_;
  CredentialSigns signs_;
  std::optional<Outcome> ended_;
  bool answered_ = false;
  std::optional<std::chrono::sys_seconds> their_time_;
  unsigned failures_in_a_row_ = 0;
};

/// The outcome of a list that is not what it says.
Outcome wrong_list(std::string why);
/// Whether a next page's name is a number, as GitHub's are.
bool is_page_number(std::string_view page);

template <class Document>
Task<Answer<Document>> Api::read(Asked asked, HttpRequest request, Reader<Document> reader, std::string_view page_by) {
  Answer<Document> answer;
  for (const bool last : {false, true}) {
    // An answer that is kept comes as a whole; one that cannot be read is not asked for as "has it changed" again.
    request.keeps_answer = request.keeps_answer && !last;
    request.reader = request.keeps_answer ? nullptr : reader.get();
    HttpResponse response;
    answer.outcome = co_await send(asked, request, response);
    if (answer.outcome.kind == Outcome::Kind::failed && answer.outcome.error == ErrorKind::malformed && !last) continue;
    if (answer.outcome.kind != Outcome::Kind::fine) break;
    auto document = request.keeps_answer ? read_answer(*reader, response.body.view()) : reader->finish();
    auto next = next_page(response, request.url, page_by);
    if (document && next) {
      answer.document = std::move(*document);
      answer.next = std::move(*next);
      break;
    }
    answer.outcome = judge(document ? next.error() : document.error());
  }
  answer.outcome = note(std::move(answer.outcome));
  co_return answer;
}

template <class Document>
Task<Answer<Document>> Api::query(std::string body, ReaderOf<Document> reader) {
  HttpRequest request = query_request(body);
  co_return co_await read(Asked::known, std::move(request), reader(), kPageNumber);
}

template <class Document>
Task<Answer<Document>> Api::get(Asked asked, std::string target, ReaderOf<Document> reader, bool keeps,
                                RightSince right_since, std::string_view page_by) {
  HttpRequest request = get_request(target, keeps);
  request.right_since = right_since;
  co_return co_await read(asked, std::move(request), reader(), page_by);
}

template <class Row>
Task<Answer<Page<Row>>> Api::page(Asked asked, std::string target, std::string page, ReaderOf<Page<Row>> reader,
                                  bool keeps, RightSince right_since) {
  if (!page.empty()) target.append("&page=").append(page);
  auto answer = co_await get(asked, std::move(target), reader, keeps, right_since);
  if (answer.next && !is_page_number(*answer.next)) answer.outcome = wrong_list("the next page has no number");
  co_return answer;
}

template <class Row>
Task<Answer<Page<Row>>> Api::list(Asked asked, std::string target, ReaderOf<Page<Row>> reader, bool keeps,
                                  RightSince right_since) {
  Answer<Page<Row>> all;
  PageGuard guard(kMostPages);
  for (std::string page;;) {
    if (!guard.enter(page.empty() ? "1" : page)) {
      all.outcome = wrong_list("its pages go round");
      co_return all;
    }
    auto answer = co_await this->page(asked, target, page, reader, keeps, right_since);
    all.outcome = std::move(answer.outcome);
    if (!all.outcome) co_return all;
    auto& rows = answer.document.rows;
    all.document.rows.insert(all.document.rows.end(), std::make_move_iterator(rows.begin()),
                             std::make_move_iterator(rows.end()));
    if (answer.document.total) all.document.total = answer.document.total;
    if (!answer.next) break;
    page = *std::move(answer.next);
  }
  const auto& total = all.document.total;
  if (total && static_cast<std::uint64_t>(*total) != all.document.rows.size()) {
    all.outcome = wrong_list("it says that it has " + std::to_string(*total) + " and gives " +
                             std::to_string(all.document.rows.size()));
  }
  co_return all;
}

}  // namespace tokensweep::github

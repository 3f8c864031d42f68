#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "connectors/circleci/parse.hpp"
#include "net/client.hpp"
#include "net/paging.hpp"
#include "net/task.hpp"

/// CircleCI's requests: which address answers what, and what a status means.
namespace tokensweep::circleci {

/// What has to follow from an answer.
enum class Reaction : std::uint8_t {
  read,         ///< it is there
  absent,       ///< not there, or not for this token to know of
  denied,       ///< there, and not for this token
  failed,       ///< it did not come, or nobody can read it
  ends_source,  ///< nothing else will come either
};

/// What came of a request.
template <class T>
struct Answer {
  Reaction reaction = Reaction::failed;
  Result<T> value;  ///< a value where the reaction is `read`, else why there is none

  explicit Answer(T value_) : reaction(Reaction::read), value(std::move(value_)) {}
  Answer(Reaction reaction_, Error why) : reaction(reaction_), value(std::move(why)) {}
  explicit operator bool() const { return reaction == Reaction::read; }
};

class Api;

/// A list, a page at a time, to its end.
template <class Item>
class Pages {
 public:
  using Parse = Result<Page<Item>> (*)(std::string_view body);

  Pages(Api& api, std::string target, Parse parse) : api_(&api), target_(std::move(target)), parse_(parse) {}

  /// The next page's items; empty behind the last one, and after each answer without a value. Pages that go round or
  /// never end are `failed`.
  Task<Answer<std::optional<std::vector<Item>>>> next();

 private:
  /// 20 to a page: more contexts than any organisation has.
  static constexpr std::size_t kMostPages = 1000;

  Api* api_;
  std::string target_;
  Parse parse_;
  PageGuard guard_{kMostPages};
  std::string token_;  ///< of the page to come; empty: the first one
  bool ended_ = false;
};

/// One origin, one credential. What comes and cannot be read is asked for once more, and failed then: a proxy's error
/// page passes.
class Api {
 public:
  /// `name`: the source's, which begins the client's errors, and none of ours.
  Api(HttpClient& client, Origin origin, std::string_view name)
      : client_(client), base_{std::move(origin)}, errors_begin_(std::string(name) + ": ") {}

  Task<Answer<std::string>> user();
  Task<Answer<std::vector<Organisation>>> organisations();
  /// The slugs of the projects that the token's user follows.
  Task<Answer<std::vector<std::string>>> followed_projects();
  Pages<Context> contexts(std::string_view organisation_slug);
  Task<Answer<ContextDetail>> context(std::string_view id);
  Pages<Variable> context_variables(std::string_view id);
  Pages<Restriction> restrictions(std::string_view id);
  Pages<Variable> project_variables(std::string_view slug);

 private:
  template <class Item>
  friend class Pages;

  Task<Answer<HttpResponse>> get(std::string target, BodyReader* reader);
  template <class T>
  Task<Answer<T>> get(std::string target, Result<T> (*parse)(std::string_view body));

  HttpClient& client_;
  Url base_;
  std::string errors_begin_;
};

}  // namespace tokensweep::circleci

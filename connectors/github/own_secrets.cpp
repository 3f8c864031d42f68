#include "connectors/github/own_secrets.hpp"

#include <utility>

#include "connectors/github/plan.hpp"
#include "connectors/github/sightings.hpp"
#include "connectors/github/tally.hpp"

namespace tokensweep::github {
namespace {

constexpr std::string_view kWhat = "Codespaces secrets of the user";

Task<Answer<User>> ask_user(Api& api) { co_return co_await api.get(Asked::known, "/user", &user_reader, false); }

Task<Answer<Page<StoredSecret>>> ask_secrets(Api& api) {
  co_return co_await api.list(Asked::new_feature, own_codespaces_list(), &secrets_reader, true);
}

}  // namespace

Task<> crawl_own_secrets(Api& api, Sink& sink, std::string source) {
  if (api.ended()) co_return;
  const auto user = co_await ask_user(api);
  // Somebody without a number has no place, but that nothing was read has to be seen.
  const std::string prefix = "users/" + (user.outcome ? std::to_string(user.document.id) : "unknown");
  const auto scope = sink.begin({.source = "github",
                                 .name = std::move(source),
                                 .store = user.outcome ? user.document.login : "the token's user",
                                 .realm = "github:" + api.site().host,
                                 .prefix = prefix});
  if (!scope) co_return;
  Tally tally;
  tally.note("the user", user.outcome);
  if (user.outcome) {
    const auto answer = co_await ask_secrets(api);
    tally.note(kWhat, answer.outcome);
    for (const StoredSecret& row : answer.document.rows) sink.found(*scope, own_codespaces_sighting(prefix, row));
  }
  auto end = tally.end();
  // Nothing was read but a name.
  if (end.state == ScopeState::incomplete) end.state = ScopeState::denied;
  end.covers = [prefix](std::string_view place) { return family_of(place, prefix) == Family::codespaces; };
  co_await sink.end(*scope, std::move(end));
}

Task<> check_own_secrets(Api& api, SourceCheck& check) {
  if (api.ended()) co_return;
  check.plan.push_back({.what = std::string(kWhat), .requests = 2});
  const auto answer = co_await ask_secrets(api);
  if (!answer.outcome) check.missing.push_back(std::string(kWhat) + ": " + answer.outcome.reason);
}

}  // namespace tokensweep::github

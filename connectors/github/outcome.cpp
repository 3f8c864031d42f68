#include "connectors/github/outcome.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "connectors/github/parse.hpp"

namespace tokensweep::github {
namespace {

using Kind = Outcome::Kind;

/// Of what a row of the table speaks.
enum class Of : std::uint8_t { everything, new_feature_of_server };

/// What a status says of something that was asked for.
struct Rule {
  int status;
  Of of;
  Kind kind;
  std::string_view words;
};

// The first row that fits counts. 429, 5xx and refusals for a limit's sake are the client's: what of them comes here
// did not go away.
constexpr Rule kRules[] = {
    {200, Of::everything, Kind::fine, ""},
    {401, Of::everything, Kind::ends, "does not accept the credential (HTTP 401)"},
    {403, Of::everything, Kind::denied, "HTTP 403"},
    // GitHub says 404 of what one may not know of. Only what a server is too old for is certain not to be there.
    {404, Of::new_feature_of_server, Kind::absent, ""},
    {404, Of::everything, Kind::denied, "HTTP 404: gone, or hidden from this credential"},
    {410, Of::everything, Kind::denied, "HTTP 410: switched off there"},
    {451, Of::everything, Kind::denied, "HTTP 451: blocked for legal reasons"},
    // The client follows a redirect once, so that a repository that was renamed is still read.
    {301, Of::everything, Kind::failed, "HTTP 301: moved more than once"},
    {302, Of::everything, Kind::failed, "HTTP 302: moved more than once"},
    {307, Of::everything, Kind::failed, "HTTP 307: moved more than once"},
    {308, Of::everything, Kind::failed, "HTTP 308: moved more than once"},
    {400, Of::everything, Kind::failed, "HTTP 400: an API version that it does not know?"},
    {422, Of::everything, Kind::failed, "HTTP 422"},
};

bool is_word(std::string_view word, std::string_view characters) {
  constexpr std::size_t kLongest = 64;
  return !word.empty() && word.size() <= kLongest && word.front() >= 'a' && word.front() <= 'z' &&
         word.find_first_not_of(characters) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

/// The words of a list that have the form they should have.
std::vector<std::string_view> words_in(std::string_view list, char separator, std::string_view characters) {
  std::vector<std::string_view> words;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    const std::string_view word = trimmed(list.substr(0, end));
    if (is_word(word, characters)) words.push_back(word);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return words;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  std::string out;
  for (const std::string_view word : words) out.append(out.empty() ? "" : separator).append(word);
  return out;
}

/// `X-Accepted-GitHub-Permissions: secrets=read,metadata=read; …`: a comma means and, a semicolon or.
std::string permissions_in(std::string_view header) {
  std::string out;
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    const auto words = words_in(header.substr(0, end), ',', "abcdefghijklmnopqrstuvwxyz_=");
    if (!words.empty()) out.append(out.empty() ? "" : " or ").append(joined(words, " and "));
    header.remove_prefix(std::min(end + 1, header.size()));
  }
  return out;
}

}  // namespace

std::string missing_permission(const HttpResponse& response) {
  if (response.header("X-GitHub-SSO").starts_with("required")) {
    return "the token is not authorised for the organisation's single sign-on";
  }
  switch (phrase_of(response.body.view())) {
    case Phrase::ip_allow_list:
      return "this machine's address is not on the organisation's IP allow list";
    case Phrase::saml:
      return "the token is not authorised for the organisation's single sign-on";
    case Phrase::blocked:
      return "GitHub has blocked access";
    case Phrase::none:
    case Phrase::not_accessible:
    case Phrase::secondary_limit:
      break;
  }
  if (const std::string needed = permissions_in(response.header("X-Accepted-GitHub-Permissions")); !needed.empty()) {
    return "needs " + needed;
  }
  constexpr std::string_view kScope = "abcdefghijklmnopqrstuvwxyz_:";
  const auto accepted = words_in(response.header("X-Accepted-OAuth-Scopes"), ',', kScope);
  const auto has = words_in(response.header("X-OAuth-Scopes"), ',', kScope);
  const bool fits = std::any_of(accepted.begin(), accepted.end(), [&](std::string_view scope) {
    return std::find(has.begin(), has.end(), scope) != has.end();
  });
  if (accepted.empty() || fits) return {};
  return (accepted.size() == 1 ? "needs the scope " : "needs one of the scopes ") + joined(accepted, ", ");
}

Outcome judge(const HttpResponse& response, Asked asked, const Site& site) {
  const bool new_to_server = asked == Asked::new_feature && site.product == Product::server;
  const auto* const rule = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& one) {
    return one.status == response.status && (one.of == Of::everything || new_to_server);
  });
  if (rule == std::end(kRules)) return {.kind = Kind::failed, .reason = "HTTP " + std::to_string(response.status)};
  Outcome outcome{.kind = rule->kind, .reason = std::string(rule->words)};
  if (outcome.kind == Kind::ends) outcome.error = ErrorKind::misconfigured;
  if (outcome.kind == Kind::denied) {
    if (const std::string missing = missing_permission(response); !missing.empty()) outcome.reason += ": " + missing;
  }
  return outcome;
}

Outcome judge(const Error& error) {
  const bool ends =
      error.kind == ErrorKind::throttled || error.kind == ErrorKind::storage || error.kind == ErrorKind::internal;
  return {.kind = ends ? Kind::ends : Kind::failed, .reason = error.what, .error = error.kind};
}

}  // namespace tokensweep::github

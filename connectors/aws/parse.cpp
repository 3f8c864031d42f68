#include "connectors/aws/parse.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/time.hpp"
#include "connectors/aws/endpoints.hpp"
#include "connectors/aws/xml.hpp"
#include "connectors/json_document.hpp"

namespace tokensweep::aws {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

Error lacks(std::string_view key) { return malformed("lacks " + std::string(key) + ", or it is none"); }

/// What needs no escape in a JSON string, nor in a header.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// `2026-01-02T03:04:05Z`; old versions of AWS' tools wrote UTC in place of Z.
std::optional<Time> time_of(std::string_view text) {
  if (!text.ends_with("UTC")) return parse_time(text);
  return parse_time(std::string(text.substr(0, text.size() - 3)) + "Z");
}

/// A document whose outermost value is an object.
class Document {
 public:
  static Result<Document> parse(std::string_view text) {
    TRY(json::value value, parse_json(text));
    if (!value.is_object()) return malformed("JSON that is no object");
    return Document(std::move(value));
  }
  [[nodiscard]] const json::object& root() const { return value_.get_object(); }

 private:
  explicit Document(json::value value) : value_(std::move(value)) {}
  json::value value_;
};

/// A member that is a text; empty where there is none.
std::string_view text_at(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

std::optional<Secret> secret_at(const json::object& object, std::string_view key) {
  const std::string_view text = text_at(object, key);
  if (text.empty()) return std::nullopt;
  return Secret(text);
}

/// The members in which all but SSO spell keys. `end` says until when they are good.
Result<Keys> keys_at(const json::object& object, std::string_view token_key, std::string source) {
  TRY(Keys keys, make_keys(text_at(object, "AccessKeyId"), Secret(text_at(object, "SecretAccessKey")),
                           secret_at(object, token_key), std::move(source)));
  if (const std::string_view end = text_at(object, "Expiration"); !end.empty()) {
    keys.expires_at = time_of(end);
    if (!keys.expires_at) return lacks("Expiration");
  }
  return keys;
}

const Secret* leaf(const std::vector<XmlLeaf>& leaves, std::string_view path_end) {
  const auto found =
      std::ranges::find_if(leaves, [path_end](const XmlLeaf& one) { return one.path.ends_with(path_end); });
  return found == leaves.end() || found->text.empty() ? nullptr : &found->text;
}

Result<std::string> next_token(const json::object& root) {
  const std::string_view next = text_at(root, "NextToken");
  if (!is_plain(next)) return malformed("NextToken: characters that no token has");
  return std::string(next);
}

/// The elements of a list, each of which has to be an object.
Result<std::vector<const json::object*>> objects_at(const json::object& root, std::string_view key) {
  const json::value* const value = root.if_contains(key);
  if (value == nullptr || !value->is_array()) return lacks(key);
  std::vector<const json::object*> objects;
  for (const json::value& one : value->get_array()) {
    if (!one.is_object()) return lacks(key);
    objects.push_back(&one.get_object());
  }
  return objects;
}

}  // namespace

Result<Keys> parse_role_keys(std::string_view body, std::string source) {
  TRY(const auto leaves, read_xml(body));
  const Secret* const id = leaf(leaves, "Result/Credentials/AccessKeyId");
  const Secret* const secret = leaf(leaves, "Result/Credentials/SecretAccessKey");
  const Secret* const token = leaf(leaves, "Result/Credentials/SessionToken");
  const Secret* const end = leaf(leaves, "Result/Credentials/Expiration");
  if (id == nullptr || secret == nullptr || token == nullptr || end == nullptr) return lacks("Credentials");
  TRY(Keys keys, make_keys(id->reveal(), Secret(secret->reveal()), Secret(token->reveal()), std::move(source)));
  keys.expires_at = time_of(end->reveal());
  if (!keys.expires_at) return lacks("Expiration");
  return keys;
}

Result<Caller> parse_caller(std::string_view body) {
  TRY(const auto leaves, read_xml(body));
  const Secret* const account = leaf(leaves, "GetCallerIdentityResult/Account");
  const Secret* const arn = leaf(leaves, "GetCallerIdentityResult/Arn");
  if (account == nullptr || !is_account(account->reveal())) return lacks("Account");
  if (arn == nullptr || !arn->reveal().starts_with("arn:") || !is_plain(arn->reveal())) return lacks("Arn");
  return Caller{std::string(account->reveal()), std::string(arn->reveal())};
}

Result<Keys> parse_metadata_keys(std::string_view body, std::string source) {
  TRY(const Document document, Document::parse(body));
  const std::string_view code = text_at(document.root(), "Code");
  if (!code.empty() && code != "Success") return malformed("has no keys at the moment");
  return keys_at(document.root(), "Token", std::move(source));
}

Result<Keys> parse_process_keys(std::string_view output, std::string source) {
  TRY(const Document document, Document::parse(output));
  const json::value* const version = document.root().if_contains("Version");
  if (version == nullptr || !version->is_int64() || version->get_int64() != 1) {
    return malformed("prints another Version than 1");
  }
  return keys_at(document.root(), "SessionToken", std::move(source));
}

Result<Keys> parse_sso_keys(std::string_view body, std::string source) {
  TRY(const Document document, Document::parse(body));
  const json::value* const inner = document.root().if_contains("roleCredentials");
  if (inner == nullptr || !inner->is_object()) return lacks("roleCredentials");
  const json::object& object = inner->get_object();
  const json::value* const end = object.if_contains("expiration");
  if (end == nullptr || !end->is_int64() || end->get_int64() < 0) return lacks("expiration");
  TRY(Keys keys, make_keys(text_at(object, "accessKeyId"), Secret(text_at(object, "secretAccessKey")),
                           secret_at(object, "sessionToken"), std::move(source)));
  keys.expires_at = Time(seconds(end->get_int64() / 1'000));
  return keys;
}

Result<SsoToken> parse_sso_cache(std::string_view text) {
  TRY(const Document document, Document::parse(text));
  const json::object& root = document.root();
  SsoToken token{.access_token = Secret(text_at(root, "accessToken")), .expires_at = {}};
  const auto end = time_of(text_at(root, "expiresAt"));
  if (token.access_token.empty() || !is_plain(token.access_token.reveal())) return lacks("accessToken");
  if (!end) return lacks("expiresAt");
  token.expires_at = *end;
  token.client_id = text_at(root, "clientId");
  token.client_secret = Secret(text_at(root, "clientSecret"));
  token.registration_ends = time_of(text_at(root, "registrationExpiresAt"));
  auto refresh = secret_at(root, "refreshToken");
  const bool can_refresh = refresh && is_plain(refresh->reveal()) && !token.client_id.empty() &&
                           is_plain(token.client_id) && !token.client_secret.empty() &&
                           is_plain(token.client_secret.reveal()) && token.registration_ends;
  if (can_refresh) token.refresh_token = std::move(refresh);
  return token;
}

Result<SsoToken> parse_refreshed_token(std::string_view body, Time now) {
  TRY(const Document document, Document::parse(body));
  const json::object& root = document.root();
  SsoToken token{.access_token = Secret(text_at(root, "accessToken")), .expires_at = {}};
  if (token.access_token.empty() || !is_plain(token.access_token.reveal())) return lacks("accessToken");
  const json::value* const lives = root.if_contains("expiresIn");
  constexpr std::int64_t kLongest = 366LL * 24 * 3600;
  if (lives == nullptr || !lives->is_int64() || lives->get_int64() <= 0 || lives->get_int64() > kLongest) {
    return lacks("expiresIn");
  }
  token.expires_at = now + seconds(lives->get_int64());
  if (auto refresh = secret_at(root, "refreshToken"); refresh && is_plain(refresh->reveal())) {
    token.refresh_token = std::move(refresh);
  }
  return token;
}

Result<RegionPage> parse_regions(std::string_view body) {
  TRY(const Document document, Document::parse(body));
  RegionPage page;
  TRY(page.next, next_token(document.root()));
  TRY(const auto regions, objects_at(document.root(), "Regions"));
  for (const json::object* const one : regions) {
    const std::string_view name = text_at(*one, "RegionName");
    if (!is_region(name)) return lacks("RegionName");
    page.regions.emplace_back(name);
  }
  return page;
}

Result<AccountPage> parse_accounts(std::string_view body) {
  TRY(const Document document, Document::parse(body));
  AccountPage page;
  TRY(page.next, next_token(document.root()));
  TRY(const auto accounts, objects_at(document.root(), "Accounts"));
  for (const json::object* const one : accounts) {
    const std::string_view id = text_at(*one, "Id");
    if (!is_account(id)) return lacks("Id");
    // `State` takes the place of `Status`, which AWS is going to drop.
    const std::string_view state = text_at(*one, "State");
    const std::string_view status = text_at(*one, "Status");
    if ((state.empty() ? status : state) != "ACTIVE") continue;
    page.accounts.push_back({std::string(id), std::string(text_at(*one, "Name"))});
  }
  return page;
}

}  // namespace tokensweep::aws

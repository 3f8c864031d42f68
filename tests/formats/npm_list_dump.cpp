// Prints what our readers make of npm's lists, as JSON for tests/npm_oracle/token_lists.py:
//
//   npm_list_dump tokens|packages ACCOUNT FILE
//
// A list that is refused is `{"error": "…"}`.

#include <fmt/core.h>

#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"
#include "formats/npm_package_list.hpp"
#include "formats/npm_token_list.hpp"

namespace {

using namespace tokensweep;
namespace json = boost::json;

std::string read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

json::value time(const std::optional<Time>& at) { return at ? json::value(format_time(*at)) : json::value(nullptr); }

json::value dump(const RegistryToken& token) {
  constexpr std::array kAccess = {"unknown", "none", "read", "stage", "write"};
  constexpr std::array kTypes = {"package", "scope", "organisation"};
  json::array scopes;
  for (const RegistryScope& scope : token.scopes) {
    scopes.push_back(json::array{kTypes.at(static_cast<std::size_t>(scope.type)), scope.name});
  }
  return {{"account", token.account},
          {"key", token.key},
          {"name", token.name},
          {"first", token.first},
          {"last", token.last},
          {"access", kAccess.at(static_cast<std::size_t>(token.access))},
          {"all_packages", token.all_packages},
          {"scopes", std::move(scopes)},
          {"bypass_2fa", token.bypass_2fa},
          {"classic", token.classic},
          {"revoked", token.revoked},
          {"ip_ranges", json::array(token.ip_ranges.begin(), token.ip_ranges.end())},
          {"created_at", time(token.created_at)},
          {"updated_at", time(token.updated_at)},
          {"accessed_at", time(token.accessed_at)},
          {"expires_at", time(token.expires_at)}};
}

json::value dump(const WritablePackage& package) { return {{"account", package.account}, {"name", package.name}}; }

template <class T>
json::value dump(const Result<std::vector<T>>& list) {
  if (!list) return {{"error", list.error().what}};
  json::array out;
  for (const T& one : *list) out.push_back(dump(one));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string text = read_file(argv[3]);
  const json::value out = std::string_view(argv[1]) == "tokens" ? dump(read_npm_token_list(text, argv[2]))
                                                                : dump(read_npm_package_list(text, argv[2]));
  fmt::print("{}\n", json::serialize(out));
  return 0;
}

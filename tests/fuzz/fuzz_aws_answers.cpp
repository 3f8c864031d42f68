#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/aws/error_code.hpp"
#include "connectors/aws/parse.hpp"
#include "connectors/aws/xml.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;
using namespace tokensweep::aws;

using tokensweep::testing::require;

namespace {

template <class T>
bool is_read(const Result<T>& read) {
  if (read) return true;
  const std::string& what = read.error().what;
  require(!what.empty() && what.find('\n') == std::string::npos && what.size() < 200);
  return false;
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

void check_keys(const Result<Keys>& keys) {
  if (!is_read(keys)) return;
  require(!keys->access_key_id.empty() && is_plain(keys->access_key_id));
  require(!keys->secret_access_key.empty() && is_plain(keys->secret_access_key.reveal()));
  require(!keys->session_token || (!keys->session_token->empty() && is_plain(keys->session_token->reveal())));
}

void check_token(const Result<SsoToken>& token) {
  if (!is_read(token)) return;
  require(!token->access_token.empty() && is_plain(token->access_token.reveal()));
  require(!token->refresh_token || is_plain(token->refresh_token->reveal()));
}

}  // namespace

/// Each answer is tried with each reader: what is no answer of its kind is refused in one line, and what is read can
/// stand where it is going to be sent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto leaves = read_xml(body); is_read(leaves)) {
    for (const XmlLeaf& leaf : *leaves) require(!leaf.path.empty() && leaf.text.size() <= size);
  }
  check_keys(parse_role_keys(body, "x"));
  check_keys(parse_metadata_keys(body, "x"));
  check_keys(parse_process_keys(body, "x"));
  check_keys(parse_sso_keys(body, "x"));
  check_token(parse_sso_cache(body));
  check_token(parse_refreshed_token(body, Time()));
  if (const auto caller = parse_caller(body); is_read(caller)) require(caller->account.size() == 12);
  if (const auto page = parse_regions(body); is_read(page)) require(is_plain(page->next));
  if (const auto page = parse_accounts(body); is_read(page)) require(is_plain(page->next));
  HttpResponse response;
  response.status = 400;
  response.body = WipedText(body);
  require(is_plain(error_code(response)));
  return 0;
}

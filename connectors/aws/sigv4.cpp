#include "connectors/aws/sigv4.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/time.hpp"
#include "base/wiped_text.hpp"
#include "connectors/aws/error_code.hpp"
#include "identity/encoding.hpp"
#include "net/limit_signs.hpp"

namespace tokensweep::aws {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
// AWS takes signatures that are up to five minutes off; what differs less than this is not what was refused.
constexpr seconds kSkewThatMatters = std::chrono::minutes(2);

using Digest = std::array<std::uint8_t, 32>;

std::string_view text_of(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

Digest sha256(std::string_view text) {
  Digest digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

/// HMAC-SHA-256; what comes is a key itself in most cases.
class Mac {
 public:
  Mac(std::string_view key, std::string_view text) {
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), digest_.data(), nullptr);
  }
  Mac(const Mac&) = delete;
  Mac& operator=(const Mac&) = delete;
  ~Mac() { wipe(digest_.data(), digest_.size()); }
  [[nodiscard]] std::string_view view() const { return text_of(digest_); }
  [[nodiscard]] const Digest& digest() const { return digest_; }

 private:
  Digest digest_{};
};

/// `20260102T030405Z`.
std::string amz_date(sys_seconds time) {
  std::string text = format_time(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered;
}

struct SignedHeader {
  std::string name;  ///< lower case
  std::string_view value;
};

std::string_view host_of(std::string_view origin) { return origin.substr(origin.find("://") + 3); }

/// What is signed, by name. The values lie in the arguments.
std::vector<SignedHeader> signed_headers(const HttpRequest& request, std::string_view host, std::string_view date,
                                         const std::optional<Secret>& token) {
  std::vector<SignedHeader> headers{{"host", host}, {"x-amz-date", date}};
  if (token) headers.push_back({"x-amz-security-token", token->reveal()});
  for (const HttpHeader& header : request.headers) {
    std::string name = lower_case(header.name);
    if (name == "content-type" || name.starts_with("x-amz-")) headers.push_back({std::move(name), header.value});
  }
  std::ranges::sort(headers, {}, &SignedHeader::name);
  return headers;
}

/// Without spaces at its ends, and one where there are more.
void append_trimmed(WipedText& out, std::string_view value) {
  bool any = false;
  while (true) {
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    if (value.empty()) return;
    const std::string_view word = value.substr(0, value.find(' '));
    if (any) out.append(" ");
    out.append(word);
    any = true;
    value.remove_prefix(word.size());
  }
}

/// AWS encodes the path, which is encoded already, once more.
std::string canonical_path(std::string_view path) {
  std::string encoded;
  while (true) {
    const std::size_t slash = path.find('/');
    encoded += percent_encoded(path.substr(0, slash));
    if (slash == std::string_view::npos) return encoded;
    encoded += '/';
    path.remove_prefix(slash + 1);
  }
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) pairs.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  std::ranges::sort(pairs);
  std::string joined;
  for (const auto& [key, value] : pairs) {
    if (!joined.empty()) joined += '&';
    joined.append(key).append("=").append(value);
  }
  return joined;
}

WipedText canonical_request(const HttpRequest& request, const std::vector<SignedHeader>& headers,
                            std::string_view names) {
  const std::string_view target = request.url.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  WipedText text(request.method);
  text.append("\n");
  text.append(canonical_path(target.substr(0, mark)));
  text.append("\n");
  text.append(canonical_query(target.substr(std::min(mark + 1, target.size()))));
  text.append("\n");
  for (const SignedHeader& header : headers) {
    text.append(header.name);
    text.append(":");
    append_trimmed(text, header.value);
    text.append("\n");
  }
  text.append("\n");
  text.append(names);
  text.append("\n");
  text.append(to_hex(sha256(request.body.view())));
  return text;
}

Digest signature_of(std::string_view text, const Secret& secret, std::string_view day, const SigningScope& scope) {
  WipedText first("AWS4");
  first.append(secret.reveal());
  const Mac by_day(first.view(), day);
  const Mac by_region(by_day.view(), scope.region);
  const Mac by_service(by_region.view(), scope.service);
  const Mac key(by_service.view(), "aws4_request");
  return Mac(key.view(), text).digest();
}

/// The headers, and what they were made of: a refusal has to be held against that.
struct Signature : std::vector<SecretHeader> {
  std::shared_ptr<const Keys> keys;
  seconds skew{0};
};

bool is_about_signature(std::string_view code) {
  constexpr std::array<std::string_view, 4> kCodes = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                                      "RequestExpired", "RequestTimeTooSkewed"};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

bool is_about_end(std::string_view code) { return code == "ExpiredToken" || code == "ExpiredTokenException"; }

class SigV4Authorizer final : public Authorizer {
 public:
  SigV4Authorizer(std::shared_ptr<KeyProvider> keys, SigningScope scope, const Clock& clock)
      : keys_(std::move(keys)), scope_(std::move(scope)), clock_(clock) {}

  Task<Result<Credential>> credential(const HttpRequest& request) override {
    CO_TRY(auto keys, co_await keys_->keys());
    auto signature = std::make_shared<Signature>();
    static_cast<std::vector<SecretHeader>&>(*signature) = sign(request, *keys, scope_, wall() + skew_);
    signature->keys = std::move(keys);
    signature->skew = skew_;
    co_return signature;
  }

  [[nodiscard]] bool is_refusal(const HttpResponse& answer) const override {
    if (answer.status == 401) return true;
    if (answer.status != 400 && answer.status != 403) return false;
    const std::string code = error_code(answer);
    return is_about_signature(code) || is_about_end(code);
  }

  Task<bool> renew(Credential refused, const HttpResponse& answer) override {
    const auto& signature = static_cast<const Signature&>(*refused);
    if (is_about_signature(error_code(answer)) && corrects_clock(signature, answer)) co_return true;
    co_return keys_->renew(signature.keys);
  }

 private:
  [[nodiscard]] sys_seconds wall() const { return std::chrono::floor<seconds>(clock_.wall()); }

  /// Whether the time was wrong that it was signed with, and is known better now.
  bool corrects_clock(const Signature& signature, const HttpResponse& answer) {
    if (signature.skew != skew_) return true;  // by the answer to another request
    const auto date = parse_http_date(answer.header("Date"));
    if (!date) return false;
    const seconds skew = *date - wall();
    if (std::chrono::abs(skew - skew_) < kSkewThatMatters) return false;
    skew_ = skew;
    return true;
  }

  std::shared_ptr<KeyProvider> keys_;
  SigningScope scope_;
  const Clock& clock_;
  seconds skew_{0};  // what AWS' clock is ahead of ours
};

}  // namespace

std::vector<SecretHeader> sign(const HttpRequest& request, const Keys& keys, const SigningScope& scope,
                               sys_seconds time) {
  const std::string date = amz_date(time);
  const std::string day = date.substr(0, 8);
  const std::string origin = to_string(request.url.origin);
  const auto headers = signed_headers(request, host_of(origin), date, keys.session_token);
  std::string names;
  for (const SignedHeader& header : headers) names.append(names.empty() ? "" : ";").append(header.name);

  const std::string credential_scope = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const WipedText canonical = canonical_request(request, headers, names);
  const std::string to_sign =
      std::string(kAlgorithm) + "\n" + date + "\n" + credential_scope + "\n" + to_hex(sha256(canonical.view()));
  const std::string signature = to_hex(signature_of(to_sign, keys.secret_access_key, day, scope));

  std::vector<SecretHeader> made;
  made.push_back({"Authorization", Secret(std::string(kAlgorithm) + " Credential=" + keys.access_key_id + "/" +
                                          credential_scope + ", SignedHeaders=" + names + ", Signature=" + signature)});
  made.push_back({"X-Amz-Date", Secret(date)});
  if (keys.session_token) made.push_back({"X-Amz-Security-Token", Secret(keys.session_token->reveal())});
  return made;
}

std::unique_ptr<Authorizer> sigv4_authorizer(std::shared_ptr<KeyProvider> keys, SigningScope scope,
                                             const Clock& clock) {
  return std::make_unique<SigV4Authorizer>(std::move(keys), std::move(scope), clock);
}

}  // namespace tokensweep::aws

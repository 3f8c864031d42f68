#include "net/condition_layer.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "net/limit_signs.hpp"

namespace tokensweep {
namespace {

// So many disagreements in a row and the service's ETags are made in another way.
constexpr unsigned kMostDisagreements = 5;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) { must(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr)); }

  void update(std::string_view bytes) { must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size())); }

  std::string hex() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::array<unsigned char, 32> digest{};
    must(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
    std::string text;
    for (const unsigned char byte : digest) {
      text.push_back(kHex[byte >> 4U]);
      text.push_back(kHex[byte & 15U]);
    }
    return text;
  }

 private:
  static void must(int done) {
    if (done != 1) throw std::bad_alloc();  // the only way in which a digest fails
  }
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// `W/"…"` and `"…"` without what stands around it. A proxy or compression makes a strong ETag weak.
std::string_view opaque_tag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') return etag.substr(1, etag.size() - 2);
  return etag;
}

/// What is kept of an answer's headers: what connectors read of an answer's body's place in a list, and when it was.
std::vector<HttpHeader> kept_headers(const HttpResponse& answer) {
  std::vector<HttpHeader> kept;
  for (const HttpHeader& header : answer.headers) {
    if (same_name(header.name, "Link") || same_name(header.name, "Date")) kept.push_back(header);
  }
  return kept;
}

/// Notes that the far side has confirmed a kept answer, where it says when.
bool confirm(KeptAnswer& kept, const HttpResponse& unchanged) {
  const std::string_view date = unchanged.header("Date");
  if (date.empty()) return false;
  std::erase_if(kept.headers, [](const HttpHeader& header) { return same_name(header.name, "Date"); });
  kept.headers.push_back({.name = "Date", .value = std::string(date)});
  return true;
}

/// A kept answer as if it had come now: with the headers that did (RFC 9111, 4.3.4), limits among them.
void restore(HttpResponse& answer, KeptAnswer kept) {
  const std::vector<HttpHeader> came = answer.headers;
  for (HttpHeader& header : kept.headers) {
    if (value_of(came, header.name).empty()) answer.headers.push_back(std::move(header));
  }
  answer.status = 200;
  answer.body = WipedText(kept.body);
  answer.unchanged = true;
}

}  // namespace

std::string github_etag(const HttpRequest& request, std::span<const SecretHeader> credential, std::string_view body) {
  Sha256 digest;
  for (const std::string_view name : {"Accept", "Authorization", "Cookie"}) {
    for (const HttpHeader& header : request.headers) {
      if (!same_name(header.name, name)) continue;
      digest.update(header.value);
      digest.update(":");
    }
    for (const SecretHeader& header : credential) {
      if (!same_name(header.name, name)) continue;
      digest.update(header.value.reveal());
      digest.update(":");
    }
  }
  digest.update(body);
  return digest.hex();
}

bool ConditionLayer::keeps(const HttpRequest& request) const {
  return store_ != nullptr && request.keeps_answer && request.method == "GET" && request.reader == nullptr;
}

std::optional<HttpResponse> ConditionLayer::known(const HttpRequest& request) {
  if (!request.right_since || !keeps(request)) return std::nullopt;
  std::optional<KeptAnswer> kept = store_->find(key_of(request.url));
  const auto date = kept ? parse_http_date(value_of(kept->headers, "Date")) : std::nullopt;
  if (!date || *date < *request.right_since) return std::nullopt;
  HttpResponse answer;
  restore(answer, *std::move(kept));
  return answer;
}

Task<Result<HttpResponse>> ConditionLayer::send(const HttpRequest& request, std::span<const SecretHeader> credential) {
  const bool keeps = this->keeps(request);
  const std::string key = keeps ? key_of(request.url) : std::string();
  std::optional<KeptAnswer> kept = keeps ? store_->find(key) : std::nullopt;
  std::optional<HttpRequest> conditional;
  if (kept) {
    conditional = copy_of(request);
    conditional->headers.push_back({"If-None-Match", condition_for(*kept, request, credential)});
  }

  auto answer = co_await next_.send(conditional ? *conditional : request, credential);
  if (!answer) co_return answer;
  if (answer->status == 304) {
    if (!kept) {
      co_return Error{ErrorKind::malformed,
                      to_string(request.url.origin) + " says \"unchanged\" of what it was not asked"};
    }
    ++counters_.unchanged;
    if (request.right_since && confirm(*kept, *answer)) store_->keep(key, *kept);
    restore(*answer, *std::move(kept));
  } else if (answer->status == 200 && keeps && !answer->header("ETag").empty()) {
    check(*answer, request, credential);
    KeptAnswer fresh;
    fresh.etag = answer->header("ETag");
    fresh.headers = kept_headers(*answer);
    fresh.body = answer->body.view();
    store_->keep(key, fresh);
  }
  co_return answer;
}

/// Neither an origin nor an address has a line break, so no two keys are the same.
std::string ConditionLayer::key_of(const Url& url) const {
  return to_string(url.origin).append("\n").append(identity_).append("\n").append(url.target);
}

std::string ConditionLayer::condition_for(const KeptAnswer& kept, const HttpRequest& request,
                                          std::span<const SecretHeader> credential) const {
  if (disagreed_in_a_row_ >= kMostDisagreements) return kept.etag;
  return '"' + github_etag(request, credential, kept.body) + '"';
}

void ConditionLayer::check(const HttpResponse& answer, const HttpRequest& request,
                           std::span<const SecretHeader> credential) {
  if (disagreed_in_a_row_ >= kMostDisagreements) return;
  const bool agrees = opaque_tag(answer.header("ETag")) == github_etag(request, credential, answer.body.view());
  disagreed_in_a_row_ = agrees ? 0 : disagreed_in_a_row_ + 1;
  counters_.strange_etags = disagreed_in_a_row_ >= kMostDisagreements;
}

}  // namespace tokensweep

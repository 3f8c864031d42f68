#include "connectors/aws/keys.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/wait_line.hpp"

namespace tokensweep::aws {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using KeysPtr = std::shared_ptr<const Keys>;

constexpr seconds kEarly = 15min;
constexpr seconds kWaited = 10min;
constexpr seconds kBetweenTries = 1min;
constexpr std::size_t kLongestId = 128;  // by AWS' own description of its API

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

class FixedKeys final : public KeyProvider {
 public:
  explicit FixedKeys(Keys keys) : keys_(std::make_shared<const Keys>(std::move(keys))) {}
  Task<Result<KeysPtr>> keys() override { co_return keys_; }
  bool renew(const KeysPtr& /*refused*/) override { return false; }

 private:
  KeysPtr keys_;
};

class RenewedKeys final : public KeyProvider {
 public:
  RenewedKeys(std::unique_ptr<KeySource> source, const Clock& clock) : source_(std::move(source)), clock_(clock) {}

  Task<Result<KeysPtr>> keys() override {
    if (auto known = at_hand()) co_return *std::move(known);
    if (renewing_.inside() > 0 && left() > kWaited) co_return current_;
    const auto turn = co_await renewing_.enter();
    // While it waited, whoever was before it may have fetched them.
    if (auto known = at_hand()) co_return *std::move(known);
    auto fetched = co_await source_->fetch();
    next_try_ = clock_.now() + kBetweenTries;
    failed_.reset();
    if (!fetched) {
      failed_ = std::move(fetched).error();
    } else if (left(*fetched) <= 0s) {
      failed_ = Error{ErrorKind::misconfigured, fetched->source + ": gives keys that have ended"};
    } else {
      current_ = std::make_shared<const Keys>(std::move(*fetched));
    }
    if (left() > 0s) co_return current_;
    co_return *failed_;
  }

  bool renew(const KeysPtr& refused) override {
    if (refused == current_) {
      current_.reset();
      failed_.reset();
    }
    return true;
  }

 private:
  /// What need not be fetched now: the keys, or why there are none.
  [[nodiscard]] std::optional<Result<KeysPtr>> at_hand() const {
    if (left() > kEarly) return current_;
    if (clock_.now() >= next_try_) return std::nullopt;
    if (left() > 0s) return current_;
    if (failed_) return *failed_;
    return std::nullopt;
  }

  [[nodiscard]] seconds left() const { return current_ ? left(*current_) : 0s; }
  [[nodiscard]] seconds left(const Keys& keys) const {
    if (!keys.expires_at) return seconds::max();
    return *keys.expires_at - std::chrono::floor<seconds>(clock_.wall());
  }

  std::unique_ptr<KeySource> source_;
  const Clock& clock_;
  KeysPtr current_;
  std::optional<Error> failed_;  // of the last try
  Clock::Instant next_try_{};
  Semaphore renewing_{1};
};

}  // namespace

Result<Keys> make_keys(std::string_view id, Secret secret, std::optional<Secret> token, std::string source) {
  if (token && token->empty()) token.reset();
  const bool fine = is_id(id) && !secret.empty() && is_plain(secret.reveal()) && (!token || is_plain(token->reveal()));
  if (!fine) return Error{ErrorKind::misconfigured, "they are no access keys"};
  return Keys{std::string(id), std::move(secret), std::move(token), std::nullopt, std::move(source)};
}

std::shared_ptr<KeyProvider> fixed_keys(Keys keys) { return std::make_shared<FixedKeys>(std::move(keys)); }

std::shared_ptr<KeyProvider> renewed_keys(std::unique_ptr<KeySource> source, const Clock& clock) {
  return std::make_shared<RenewedKeys>(std::move(source), clock);
}

}  // namespace tokensweep::aws

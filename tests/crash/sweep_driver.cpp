// What kill_points.py kills: two sweeps of made-up hits into one inventory. The second one misses some and finds
// others.
//
//   sweep_driver sweep FILE   exit 0: both sweeps are reported complete; 4: the inventory could not be written
//   sweep_driver dump FILE    the inventory as lines of text that do not depend on how often it was interrupted
#include <fmt/core.h>

#include <cstdlib>
#include <string_view>
#include <vector>

#include "db/inventory.hpp"

namespace {

using namespace tokensweep;

constexpr int kStorageFailure = 4;
constexpr int kBatch = 4;
constexpr int kHits = 16;
constexpr int kMissing = 4;  ///< hits of the first sweep that the second one does not find
constexpr Time kNow{std::chrono::seconds(1'770'000'000)};

Hit hit_of(int i) {
  Fingerprint fingerprint{};
  fingerprint.fill(static_cast<std::uint8_t>(i / 2));
  Hit hit;
  hit.id = fmt::format("h{:016x}", i * 2654435761U);
  hit.klass = i % 4 == 1 ? Class::A : Class::B;  // some tokens have two places that disagree
  hit.reason = "It was made up.";
  hit.rule = "rule";
  hit.kind = "npm-token";
  hit.place = fmt::format("/home/{:03}/.npmrc", i);
  hit.locator = hit.place + ":1";
  hit.fingerprint = fingerprint;
  hit.preview = "npm_aBcD…9aZ4";
  return hit;
}

/// One sweep of the hits [from, to), with a gap outside of the scope that is complete.
Result<> sweep(Inventory& inventory, int from, int to) {
  TRY(const SweepId id, inventory.begin_sweep(kNow, "crash test", "digest"));
  const auto strictest = [](const TokenSubject& subject) {
    return std::optional(TokenVerdict{.klass = subject.hits.front().hit.klass, .reason = "The strictest place."});
  };
  TRY_VOID(inventory.conclude_at_once(strictest));
  const auto scope_of = [](std::string prefix) {
    return Scope{
        .source = "filesystem", .name = "filesystem", .store = "host:" + prefix, .realm = "host", .prefix = prefix};
  };
  TRY(const ScopeId home, inventory.open_scope(id, scope_of("/home")));
  std::vector<Hit> batch;
  for (int i = from; i < to; ++i) {
    batch.push_back(hit_of(i));
    if (batch.size() == kBatch || i + 1 == to) {
      TRY_VOID(inventory.write(id, home, batch, {}, kNow));
      const TreeRead tree{.place = "/home/" + std::string(batch.back().place, 6, 3)};
      TRY_VOID(inventory.keep_trees(id, home, {&tree, 1}));
      TRY_VOID(inventory.commit());  // for more moments at which to be killed
      batch.clear();
    }
  }
  TRY_VOID(inventory.close_scope(id, home, {.state = ScopeState::complete, .rules = {"rule"}}, kNow));
  TRY_VOID(inventory.commit());
  TRY(const ScopeId mail, inventory.open_scope(id, scope_of("/var/mail")));
  const Gap gap{.place = "/var/mail/root", .reason = "Permission denied"};
  TRY_VOID(inventory.write(id, mail, {}, std::span(&gap, 1), kNow));
  TRY_VOID(inventory.close_scope(id, mail, {.state = ScopeState::incomplete, .reason = "1 place"}, kNow));
  TRY_VOID(inventory.settle_classes(id, strictest, kNow));
  return inventory.finish_sweep(id, SweepState::incomplete, kNow);
}

Result<> sweep_twice(const char* file) {
  TRY(Inventory inventory, Inventory::open(file, {.access = Inventory::Access::write, .key_id = "0123456789abcdef"}));
  TRY_VOID(sweep(inventory, 0, kHits));
  return sweep(inventory, kMissing, kHits + kMissing);
}

/// Times of the history are left out only where an interruption may change them: there are none, the clock stands
/// still.
Result<> dump(const char* file) {
  TRY(const Inventory inventory, Inventory::open(file, {}));
  return inventory.for_each_hit({.state = std::nullopt}, [](const HitRow& row) {
    fmt::print("{} {} {} {} {} {}\n", row.hit.id, row.hit.locator, row.hit.store, row.token.value_or("-"),
               to_string(row.hit.klass), to_string(row.state));
    return true;
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view command = argv[1];
  const Result<> done = command == "sweep" ? sweep_twice(argv[2]) : dump(argv[2]);
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().what);
  return kStorageFailure;
}

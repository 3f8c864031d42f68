// One sweep into an inventory, to be measured from outside: `inventory_bench FILE HITS SCOPES`. Again into the same
// file, it is the sweep of a day later, which finds nothing changed. tests/bench/inventory.py runs it beside the floor.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <vector>

#include "db/inventory.hpp"
#include "tests/db/bench_hits.hpp"

namespace {

using namespace tokensweep;

/// The strictest class of a token's places.
std::optional<TokenVerdict> strictest(const TokenSubject& subject) {
  return TokenVerdict{.klass = subject.hits.front().hit.klass, .reason = subject.hits.front().hit.reason};
}

Result<> sweep_scope(Inventory& inventory, SweepId sweep, std::uint64_t first, std::uint64_t size, Time now) {
  constexpr std::uint64_t kBatch = 500;  // as scanner/hit_queue.hpp has it
  const std::string home = fmt::format("/home/someone/{:07}", first / size);
  TRY(const ScopeId scope,
      inventory.open_scope(
          sweep,
          {.source = "filesystem", .name = "filesystem", .store = "host:" + home, .realm = "host", .prefix = home}));
  std::vector<Hit> batch(std::min(size, kBatch));
  for (std::uint64_t done = 0; done < size; done += batch.size()) {
    const std::uint64_t some = std::min<std::uint64_t>(batch.size(), size - done);
    for (std::uint64_t k = 0; k < some; ++k) bench::fill(batch[k], first + done + k, home);
    TRY_VOID(inventory.write(sweep, scope, std::span(batch).first(some), {}, now));
  }
  return inventory.close_scope(
      sweep, scope, {.state = ScopeState::complete, .reason = {}, .rules = {"npm-access-token"}, .covers = {}}, now);
}

Result<> sweep(const std::filesystem::path& file, std::uint64_t hits, std::uint64_t scopes) {
  TRY(auto inventory, Inventory::open(file, {.access = Inventory::Access::write, .key_id = "0123456789abcdef"}));
  TRY(const auto before, inventory.sweeps());
  const Time now = bench::kNow + std::chrono::days(before.size());
  TRY(const SweepId id, inventory.begin_sweep(now, "bench", "digest"));
  TRY_VOID(inventory.conclude_at_once(strictest));
  const std::uint64_t size = hits / scopes;
  for (std::uint64_t scope = 0; scope < scopes; ++scope) {
    TRY_VOID(sweep_scope(inventory, id, scope * size, size, now));
  }
  TRY_VOID(inventory.settle_classes(id, strictest, now));
  return inventory.finish_sweep(id, SweepState::complete, now);
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t hits = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const std::uint64_t scopes = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  if (scopes == 0 || hits < scopes) {
    fmt::print(stderr, "usage: inventory_bench FILE HITS SCOPES\n");
    return 2;
  }
  const auto done = sweep(argv[1], hits, scopes);
  if (done) return 0;
  fmt::print(stderr, "inventory_bench: {}\n", done.error().what);
  return 1;
}

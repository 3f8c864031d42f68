// The inventory's figures, by hand: `build/tests/db/inventory_bench [HITS [BATCH]]`. It writes to a directory of its
// own in $TMPDIR: point that at the disk that is to be measured.
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "db/inventory.hpp"

namespace {

using namespace tokensweep;
using Clock = std::chrono::steady_clock;

constexpr Time kNow{std::chrono::seconds(1'770'000'000)};

double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

/// 64 bits that look random and follow from `i`.
std::uint64_t mix(std::uint64_t i) {
  i = (i ^ (i >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  i = (i ^ (i >> 27U)) * 0x94d049bb133111ebULL;
  return i ^ (i >> 31U);
}

/// A hit as a home directory gives them: a path of 60 characters in the order of a walk, every fourth token new.
void fill(Hit& hit, std::uint64_t i) {
  hit.id = fmt::format("h{:016x}", mix(i + 1));
  hit.klass = static_cast<Class>(mix(i) % 4);
  hit.confidence = Confidence::assumed;
  hit.reason = "Nothing says what it can do: the stricter class is assumed.";
  hit.rule = "npm-access-token";
  hit.kind = "npm-token";
  hit.place = fmt::format("/home/someone/src/project-{:06}/packages/part-{:03}/.npmrc", i / 100, i % 100);
  hit.locator = hit.place + ":3";
  hit.name = "//registry.corp.example/:_authToken";
  hit.registry = "registry.corp.example";
  Fingerprint fingerprint{};
  for (std::size_t byte = 0; byte < fingerprint.size(); ++byte) {
    fingerprint[byte] = static_cast<std::uint8_t>(mix(mix(i / 4) + byte / 8) >> (byte % 8 * 8));
  }
  hit.fingerprint = fingerprint;
  hit.preview = "npm_aBcD…9aZ4";
  hit.updated_at = kNow - std::chrono::seconds(mix(i) % 100'000'000);
  hit.age_basis = AgeBasis::file_mtime;
}

void must(const char* what, const auto& result) {
  if (result) return;
  fmt::print(stderr, "{}: {}\n", what, result.error().what);
  std::exit(1);
}

/// One sweep of `count` hits from opening to the end; the seconds.
double sweep(const std::filesystem::path& file, std::uint64_t count, std::uint64_t batch_size) {
  const auto start = Clock::now();
  auto inventory = Inventory::open(file, {.access = Inventory::Access::write, .key_id = "0123456789abcdef"});
  must("open", inventory);
  const auto id = inventory->begin_sweep(kNow, "bench", "digest");
  must("begin", id);
  const auto scope = inventory->open_scope(
      *id, {.source = "filesystem", .name = "filesystem", .store = "host:/home", .realm = "host", .prefix = "/home"});
  must("scope", scope);
  std::vector<Hit> batch(batch_size);
  for (std::uint64_t i = 0; i < count; i += batch_size) {
    const std::uint64_t size = std::min(batch_size, count - i);
    for (std::uint64_t k = 0; k < size; ++k) fill(batch[k], i + k);
    must("write", inventory->write(*id, *scope, std::span(batch).first(size), {}, kNow));
  }
  must("close",
       inventory->close_scope(*id, *scope, {.state = ScopeState::complete, .rules = {"npm-access-token"}}, kNow));
  must("finish", inventory->finish_sweep(*id, SweepState::complete, kNow));
  return seconds(start);
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::uint64_t batch = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 500;
  std::string name = (std::filesystem::temp_directory_path() / "tokensweep-bench-XXXXXX").native();
  if (mkdtemp(name.data()) == nullptr) return 1;
  const std::filesystem::path file = std::filesystem::path(name) / "inventory.db";

  const double first = sweep(file, count, batch);
  fmt::print("first sweep:  {} hits in {:.3f} s, {:.0f}/s, batches of {}\n", count, first, double(count) / first,
             batch);
  const double again = sweep(file, count, batch);
  fmt::print("second sweep: {:.3f} s, {:.0f}/s\n", again, double(count) / again);
  fmt::print("peak memory: {} KiB; file {} KiB\n", peak_kib(), std::filesystem::file_size(file) / 1024);

  const auto start = Clock::now();
  auto inventory = Inventory::open(file, {});
  must("open", inventory);
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  must("read", inventory->for_each_hit({}, [&](const HitRow& row) {
    ++rows;
    bytes += row.hit.locator.size();
    return true;
  }));
  const double read = seconds(start);
  fmt::print("read:         {} hits ({} bytes of locators) in {:.3f} s, {:.0f}/s; peak memory {} KiB\n", rows, bytes,
             read, double(rows) / read, peak_kib());
  std::filesystem::remove_all(name);
}

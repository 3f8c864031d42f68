// The inventory's figures, by hand: `build/tests/db/inventory_bench [HITS [SCOPES [keep]]]`. It writes to a directory
// of its own in $TMPDIR (point that at the disk that is to be measured), and says where, if it is to be kept. Wall and
// CPU seconds.
#include <fmt/core.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
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

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// The strictest class of a token's places.
std::optional<TokenVerdict> strictest(const TokenSubject& subject) {
  return TokenVerdict{.klass = subject.hits.front().hit.klass, .reason = subject.hits.front().hit.reason};
}

/// 64 bits that look random and follow from `i`.
std::uint64_t mix(std::uint64_t i) {
  i = (i ^ (i >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  i = (i ^ (i >> 27U)) * 0x94d049bb133111ebULL;
  return i ^ (i >> 31U);
}

/// A hit as a home directory gives them: a path of 60 characters in the order of a walk, every fourth token new.
void fill(Hit& hit, std::uint64_t i, const std::string& home) {
  hit.id = fmt::format("h{:016x}", mix(i + 1));
  hit.klass = static_cast<Class>(mix(i) % 4);
  hit.confidence = Confidence::assumed;
  hit.reason = "Nothing says what it can do: the stricter class is assumed.";
  hit.rule = "npm-access-token";
  hit.kind = "npm-token";
  hit.place = fmt::format("{}/src/project/packages/part-{:06}/.npmrc", home, i);
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

struct Cost {
  double wall = 0;
  double cpu = 0;
};

/// One sweep of `count` hits in `scopes` scopes, from opening to the end.
Cost sweep(const std::filesystem::path& file, std::uint64_t count, std::uint64_t scopes) {
  const auto start = Clock::now();
  const double cpu = cpu_seconds();
  auto inventory = Inventory::open(file, {.access = Inventory::Access::write, .key_id = "0123456789abcdef"});
  must("open", inventory);
  const auto id = inventory->begin_sweep(kNow, "bench", "digest");
  must("begin", id);
  const std::uint64_t size = std::max<std::uint64_t>(count / scopes, 1);
  std::vector<Hit> batch(std::min<std::uint64_t>(size, 500));
  for (std::uint64_t i = 0; i < count; i += size) {
    const std::string home = fmt::format("/home/someone/{:07}", i / size);
    const auto scope = inventory->open_scope(
        *id, {.source = "filesystem", .name = "filesystem", .store = "host:" + home, .realm = "host", .prefix = home});
    must("scope", scope);
    for (std::uint64_t done = 0; done < size; done += batch.size()) {
      const std::uint64_t some = std::min<std::uint64_t>(batch.size(), size - done);
      for (std::uint64_t k = 0; k < some; ++k) fill(batch[k], i + done + k, home);
      must("write", inventory->write(*id, *scope, std::span(batch).first(some), {}, kNow));
    }
    must("close",
         inventory->close_scope(*id, *scope, {.state = ScopeState::complete, .rules = {"npm-access-token"}}, kNow));
  }
  must("settle", inventory->settle_classes(*id, strictest, kNow));
  must("finish", inventory->finish_sweep(*id, SweepState::complete, kNow));
  return {.wall = seconds(start), .cpu = cpu_seconds() - cpu};
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::uint64_t scopes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  const bool keep = argc > 3;
  std::string name = (std::filesystem::temp_directory_path() / "tokensweep-bench-XXXXXX").native();
  if (mkdtemp(name.data()) == nullptr) return 1;
  const std::filesystem::path file = std::filesystem::path(name) / "inventory.db";

  const Cost first = sweep(file, count, scopes);
  const auto size = std::filesystem::file_size(file);
  fmt::print("first sweep:  {} hits in {} scopes in {:.2f} s (CPU {:.2f} s), {:.0f}/s\n", count, scopes, first.wall,
             first.cpu, double(count) / first.wall);
  const Cost again = sweep(file, count, scopes);
  const auto grown = std::filesystem::file_size(file);
  fmt::print("second sweep: {:.2f} s (CPU {:.2f} s), {:.0f}/s; the file grew by {:.1f} % to {} MiB\n", again.wall,
             again.cpu, double(count) / again.wall, 100.0 * (double(grown) / double(size) - 1), grown >> 20U);
  fmt::print("peak memory:  {} MiB\n", peak_kib() / 1024);

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
  fmt::print("read:         {} hits ({} bytes of locators) in {:.2f} s, {:.0f}/s; peak memory {} MiB\n", rows, bytes,
             read, double(rows) / read, peak_kib() / 1024);
  if (keep) {
    fmt::print("{}\n", file.native());
    return 0;
  }
  std::filesystem::remove_all(name);
}

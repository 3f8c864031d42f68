#include "merge/sealed_export.hpp"

#include <fmt/core.h>

#include <utility>

#include "db/place_range.hpp"

namespace tokensweep {
namespace {

constexpr ScopeFlag kConcluded[] = {ScopeFlag::dead,   ScopeFlag::unfound,       ScopeFlag::repeated,
                                    ScopeFlag::unused, ScopeFlag::shared_expiry, ScopeFlag::ambiguous,
                                    ScopeFlag::exempt};

ScopeFlags without_concluded(ScopeFlags flags) {
  ScopeFlags concluded;
  for (const ScopeFlag flag : kConcluded) concluded.add(flag);
  return ScopeFlags(flags.bits() & ~concluded.bits());
}

}  // namespace

SealedExport::SealedExport(Output& output, const InventoryKey& key, const CollectorPublicKey& collector,
                           std::string tool, Time generated_at)
    : output_(output), signer_(key), collector_(collector) {
  write(to_line(SealedHead{
      .collector = collector.id(), .sender = signer_.sender(), .tool = std::move(tool), .generated_at = generated_at}));
}

std::uint64_t SealedExport::scope(SealedScope scope) {
  scope.scope.prefix = normal_prefix(scope.scope.prefix);
  if (scope.scope.prefix.size() > kLongestSealedPlace) {
    refuse(fmt::format("a root of more than {} bytes cannot be handed over", kLongestSealedPlace));
  }
  if (counts_.scopes == kMostSealedScopes) refuse(fmt::format("there are more than {} scopes", kMostSealedScopes));
  write(to_line(std::move(scope)));
  return counts_.scopes++;
}

void SealedExport::gap(std::uint64_t scope, const Gap& gap) {
  if (counts_.gaps == kMostSealedGaps) refuse(fmt::format("there are more than {} gaps", kMostSealedGaps));
  write(to_line(SealedGap{.scope = scope, .gap = gap}));
  ++counts_.gaps;
}

void SealedExport::hit(std::uint64_t scope, const HitRow& row) {
  if (row.state == State::gone) return;
  if (counts_.hits == kMostSealedHits) refuse(fmt::format("there are more than {} hits", kMostSealedHits));
  SealedHit line{
      .scope = scope, .state = row.state, .first_seen = row.first_seen, .last_seen = row.last_seen, .hit = row.hit};
  line.hit.scope = without_concluded(line.hit.scope);
  if (line.hit.sealed && !is_sealed_for(*line.hit.sealed, collector_)) line.hit.sealed.reset();
  if (row.token && !line.hit.sealed) ++unsealed_;
  write(to_line(std::move(line)));
  ++counts_.hits;
}

Result<> SealedExport::end() {
  if (refused_) return *refused_;
  counts_.signature = signer_.finish();
  output_.write(to_line(counts_));
  return {};
}

void SealedExport::write(const std::string& line) {
  size_ += line.size();
  if (size_ > kLargestSealedFile - kLongestSealedLine) {
    refuse(fmt::format("it would be larger than {} MiB", kLargestSealedFile >> 20U));
  }
  if (refused_) return;
  signer_.add(line);
  output_.write(line);
}

void SealedExport::refuse(std::string why) {
  if (!refused_) {
    refused_ = Error{ErrorKind::misconfigured,
                     fmt::format("this inventory is too large to be handed over: {}; sweep and export parts of it with "
                                 "a --db of their own",
                                 why)};
  }
}

}  // namespace tokensweep

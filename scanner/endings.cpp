#include "scanner/endings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kEllipsis = "…";

const Evidence* ending_of(const Hit& hit) {
  const auto found = std::find_if(hit.evidence.begin(), hit.evidence.end(),
                                  [](const Evidence& one) { return one.kind == EvidenceKind::ending; });
  return found == hit.evidence.end() ? nullptr : &*found;
}

}  // namespace

Evidence ending_evidence(std::string_view ending, const Fingerprinter& fingerprinter) {
  return {.kind = EvidenceKind::ending, .value = fingerprinter.hit_id({"ending", ending})};
}

Result<KnownEndings> KnownEndings::of(const Inventory& inventory, const Fingerprinter& fingerprinter) {
  KnownEndings known;
  TRY_VOID(inventory.for_each_hit({}, [&](const HitRow& row) {
    if (row.token && row.hit.preview) known.add(fingerprinter, *row.hit.preview, *row.token, true);
    return true;
  }));
  TRY_VOID(inventory.for_each_unfound([&](const HitRow& row) {
    if (row.hit.preview)
      known.add(fingerprinter, *row.hit.preview, "of the registry's list of " + row.hit.store, false);
    return true;
  }));
  return known;
}

void KnownEndings::add(const Fingerprinter& fingerprinter, std::string_view preview, std::string token,
                       bool is_stored) {
  const std::size_t at = preview.rfind(kEllipsis);
  if (at == std::string_view::npos) return;
  const std::string_view ending = preview.substr(at + kEllipsis.size());
  if (ending.empty()) return;
  auto& same = tokens_[ending_evidence(ending, fingerprinter).value];
  // Two listed tokens of one account that end alike are two.
  if (!is_stored && same.contains(token)) token = fmt::format("{}, number {}", token, same.size() + 1);
  same[std::move(token)] += is_stored ? 1 : 0;
}

std::optional<Link> KnownEndings::link_for(const Hit& hit) const {
  const Evidence* const ending = ending_of(hit);
  const auto found = ending == nullptr ? tokens_.end() : tokens_.find(ending->value);
  if (found == tokens_.end()) return std::nullopt;
  Link link{.kind = LinkKind::ending};
  if (found->second.size() > 1) {
    link.what = fmt::format("ends like {} known tokens: it may be any of them, or none", grouped(found->second.size()));
    return link;
  }
  const auto& [token, places] = *found->second.begin();
  link.what = fmt::format("ends like token {}, found at {}: weak, four characters are all that is known of it", token,
                          places == 0 ? "no place" : counted(places, "place"));
  return link;
}

}  // namespace tokensweep

#include "model/evidence.hpp"

#include <iterator>

namespace tokensweep {
namespace {

constexpr std::string_view kKinds[] = {"build-file", "ci-secret", "infrastructure",     "personal", "package",
                                       "publishes",  "installs",  "trusted-publishing", "note",     "ending"};
static_assert(std::size(kKinds) == static_cast<std::size_t>(EvidenceKind::count_));

}  // namespace

std::string_view to_string(EvidenceKind value) { return kKinds[static_cast<std::size_t>(value)]; }

std::optional<EvidenceKind> parse_evidence_kind(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    if (kKinds[i] == text) return static_cast<EvidenceKind>(i);
  }
  return std::nullopt;
}

}  // namespace tokensweep

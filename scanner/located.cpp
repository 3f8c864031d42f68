#include "scanner/located.hpp"

#include <algorithm>
#include <utility>

#include "base/registry_host.hpp"
#include "db/inventory.hpp"
#include "formats/auth_value.hpp"

namespace tokensweep {

Located locate(const Detector& detector, Finding finding, std::uint32_t line) {
  const Rule& rule = detector.rules.rules()[finding.rule];
  Located located{.line = line,
                  .inner = std::move(finding.inner),
                  .rule = rule.id,
                  .kind = rule.kind,
                  .value = std::move(finding.value),
                  .name = std::move(finding.key),
                  .registry = std::move(finding.registry),
                  .checksum = finding.checksum};
  if (finding.commented_out) located.flags.add(ScopeFlag::commented_out);
  if (located.kind == kReferenceKind) {
    located.reference = located.value.reveal();
    located.value = {};
    located.flags.add(ScopeFlag::reference);
  } else if (located.kind == kBasicKind) {
    const std::string_view raw = located.value.reveal();
    if (located.name.find("_password") != std::string::npos) {
      located.value = decode_password(raw);
    } else {
      located.value =
          raw.find(':') != std::string_view::npos ? split_basic_auth(raw).password : decode_basic_auth(raw).password;
    }
    take_shape(detector, located);
  }
  return located;
}

std::vector<Located> locate_all(const Detector& detector, std::vector<Finding> findings, std::string_view text,
                                std::uint32_t first_line) {
  std::vector<Located> all;
  std::uint32_t line = first_line;
  std::size_t counted = 0;
  for (Finding& finding : findings) {
    const std::size_t begin = std::min(finding.begin, text.size());
    line += line_breaks(text.substr(counted, begin - counted));
    counted = begin;
    Located located = locate(detector, std::move(finding), line);
    const bool repeats = std::any_of(all.begin(), all.end(), [&located](const Located& other) {
      return other.line == located.line && !located.value.empty() && other.inner != located.inner &&
             other.value.reveal() == located.value.reveal();
    });
    if (!repeats) all.push_back(std::move(located));
  }
  return all;
}

bool take_shape(const Detector& detector, Located& located) {
  const auto shape = detector.rules.shape_of(located.value.reveal());
  if (!shape) return true;
  const Rule& rule = detector.rules.rules()[shape->rule];
  if (shape->allowed) return false;
  const bool is_password = located.kind == kBasicKind;
  if (is_password && rule.kind != kTokenKind && rule.kind != kLegacyKind) return true;
  located.rule = rule.id;
  located.kind = rule.kind;
  located.checksum = shape->checksum;
  return true;
}

void identify(Hit& hit, const Located& located, std::string_view realm, const ValueKeys& keys, Ordinals& ordinals) {
  std::string identity = "name:" + hit.name;
  if (!located.value.empty()) {
    hit.fingerprint = keys.fingerprinter.fingerprint(located.value.reveal());
    if (keys.sealer != nullptr) hit.sealed = keys.sealer->seal(*hit.fingerprint, located.value.reveal());
    hit.preview = preview(located.value.reveal());
    identity = token_id(*hit.fingerprint);
  }
  const std::string ordinal = std::to_string(ordinals[identity]++);
  hit.id = keys.fingerprinter.hit_id({hit.source, realm, hit.place, identity, ordinal});
}

bool is_public(const std::optional<std::string>& registry) {
  return registry &&
         (*registry == kPublicRegistryHost || registry->starts_with(std::string(kPublicRegistryHost) + "/"));
}

}  // namespace tokensweep

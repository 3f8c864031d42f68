#include "scanner/package_settings.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/registry_host.hpp"
#include "formats/readers.hpp"

namespace tokensweep {
namespace {

// Rules of the format readers, for values that no rule of the rule set knows by their shape.
constexpr std::string_view kTokenRule = "registry-token";
constexpr std::string_view kBasicRule = "npm-basic-auth";
constexpr std::string_view kReferenceRule = "npm-token-reference";
constexpr std::string_view kCertificateRule = "npm-client-certificate";

using Reader = Result<Reading> (*)(std::string_view);

Reader reader_of(FileFormat format) {
  switch (format) {
    case FileFormat::npmrc:
      return read_npmrc;
    case FileFormat::yarnrc_yml:
      return read_yarnrc_yml;
    case FileFormat::yarnrc:
      return read_yarnrc;
    case FileFormat::pnpm_config:
      return read_pnpm_config;
    case FileFormat::bunfig:
      return read_bunfig;
    case FileFormat::text:
      return nullptr;
  }
  return nullptr;
}

/// The registry that the file's unbound credentials are for.
std::string default_registry_of(const Reading& reading) {
  for (const auto& [scope, registry] : reading.registries) {
    if (scope.empty()) return registry;
  }
  return std::string(kPublicRegistryHost);
}

/// One credential of a package manager's file; nothing for a placeholder.
std::optional<Located> locate_credential(const Detector& detector, FileFormat format, Credential credential,
                                         const std::string& default_registry, const std::vector<Located>& by_rules) {
  Located located{.line = credential.line,
                  .value = std::move(credential.value),
                  .name = std::move(credential.key),
                  .registry = std::move(credential.registry)};
  if (credential.commented_out) located.flags.add(ScopeFlag::commented_out);
  if (credential.unscoped) located.flags.add(ScopeFlag::unscoped);
  if (credential.inert) located.flags.add(ScopeFlag::inert);
  if (credential.shadowed && !credential.commented_out) {
    located.flags.add(ScopeFlag::shadowed);
    located.remark = "another credential in this file wins over it for the same registry";
  }
  if (!located.registry && credential.unscoped && format == FileFormat::npmrc) {
    located.registry = default_registry;
  }
  if (credential.reference && located.value.empty()) {
    located.rule = kReferenceRule;
    located.kind = kReferenceKind;
    located.reference = std::move(*credential.reference);
    located.flags.add(ScopeFlag::reference);
    return located;
  }
  if (credential.auth == AuthKind::certificate) {
    located.rule = kCertificateRule;
    located.kind = "client-certificate";
    return located;
  }
  const bool is_token = credential.auth == AuthKind::token;
  located.rule = is_token ? kTokenRule : kBasicRule;
  located.kind = is_token ? "registry-token" : kBasicKind;
  if (located.value.empty()) return std::nullopt;
  if (!detector.rules.shape_of(located.value.reveal())) {
    // Nothing about the value says that it is a token; where the rules do not vouch for it either, it is a placeholder.
    const bool vouched = std::any_of(by_rules.begin(), by_rules.end(),
                                     [&located](const Located& other) { return other.line == located.line; });
    if (is_token && !vouched) return std::nullopt;
    return located;
  }
  if (!take_shape(detector, located)) return std::nullopt;
  return located;
}

}  // namespace

std::span<const std::string_view> reader_rules() {
  static constexpr std::array kRules = {kTokenRule, kBasicRule, kReferenceRule, kCertificateRule};
  return kRules;
}

std::optional<Reading> read_settings(FileFormat format, std::string_view text) {
  const Reader reader = reader_of(format);
  if (reader == nullptr) return std::nullopt;
  auto reading = reader(text);
  return reading ? std::move(*reading) : Reading{};
}

std::vector<LocatedSetting> locate_settings(const Detector& detector, FileFormat format, Reading reading,
                                            std::vector<Located> by_rules) {
  const std::string default_registry = default_registry_of(reading);
  std::vector<LocatedSetting> all;
  for (std::size_t i = 0; i < reading.credentials.size(); ++i) {
    auto located = locate_credential(detector, format, std::move(reading.credentials[i]), default_registry, by_rules);
    if (located) all.push_back({std::move(*located), static_cast<int>(i)});
  }
  // What the rules found where the reader saw the same thing is the reader's; a comment behind it may hold another
  // token.
  const auto end_of_credentials = static_cast<std::ptrdiff_t>(all.size());
  for (Located& located : by_rules) {
    const bool known =
        std::any_of(all.begin(), all.begin() + end_of_credentials, [&located](const LocatedSetting& setting) {
          return setting.located.line == located.line &&
                 (located.kind != kTokenKind || setting.located.value.reveal() == located.value.reveal());
        });
    if (!known) all.push_back({std::move(located), -1});
  }
  return all;
}

}  // namespace tokensweep

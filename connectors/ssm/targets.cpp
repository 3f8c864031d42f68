#include "connectors/ssm/targets.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tokensweep::ssm {
namespace {

constexpr std::size_t kAccountDigits = 12;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `eu-west-1`, `us-gov-east-1`: what can stand in a host's name.
bool is_region(std::string_view text) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; };
  return text.size() > 4 && text.size() < 40 && std::ranges::all_of(text, fits) && text[2] == '-' &&
         is_digit(text.back());
}

/// The parts of an ARN before its resource: `arn`, partition, service, region, account. The rest is the last one.
std::array<std::string_view, 6> parts_of(std::string_view arn) {
  std::array<std::string_view, 6> parts;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::size_t colon = std::min(arn.find(':'), arn.size());
    parts[i] = arn.substr(0, colon);
    arn.remove_prefix(std::min(colon + 1, arn.size()));
  }
  parts.back() = arn;
  return parts;
}

bool is_role(std::string_view arn) {
  const auto [word, partition, service, region, account, resource] = parts_of(arn);
  return word == "arn" && partition.starts_with("aws") && service == "iam" && region.empty() &&
         account.size() == kAccountDigits && std::ranges::all_of(account, is_digit) && resource.starts_with("role/") &&
         resource.size() > 5 && std::ranges::all_of(resource, [](char c) { return c > ' ' && c <= '~'; });
}

Error wrong(std::string_view key, std::size_t index, std::string_view expected) {
  return {ErrorKind::misconfigured,
          std::string(key) + ": entry " + std::to_string(index + 1) + ": expected " + std::string(expected)};
}

Holder holder_of(std::string_view arn, std::string account, std::shared_ptr<aws::KeyProvider> keys) {
  return {.account = std::move(account), .partition = std::string(parts_of(arn)[1]), .keys = std::move(keys)};
}

}  // namespace

Result<Targets> read_targets(const Settings& settings) {
  Targets targets;
  const auto regions = settings.has("regions") ? settings.texts("regions") : std::vector<std::string>();
  if (regions == std::vector<std::string>{"*"}) {
    targets.all_regions = true;
  } else {
    for (std::size_t i = 0; i < regions.size(); ++i) {
      if (!is_region(regions[i])) return wrong("regions", i, "a region, such as eu-west-1, or \"*\" alone for all");
      if (std::ranges::find(targets.regions, regions[i]) == targets.regions.end()) {
        targets.regions.push_back(regions[i]);
      }
    }
  }
  const auto roles = settings.has("roles") ? settings.texts("roles") : std::vector<std::string>();
  for (std::size_t i = 0; i < roles.size(); ++i) {
    if (!is_role(roles[i])) return wrong("roles", i, "a role's ARN, such as arn:aws:iam::123456789012:role/tokensweep");
    aws::Role role{.arn = roles[i]};
    if (settings.has("external_id")) role.external_id = settings.text("external_id");
    const std::string_view account = parts_of(roles[i])[4];
    const auto same = [&](const aws::Role& other) { return parts_of(other.arn)[4] == account; };
    if (std::ranges::any_of(targets.roles, same)) return wrong("roles", i, "a role of an account that no other is of");
    targets.roles.push_back(std::move(role));
  }
  return targets;
}

Holder holder_of(const aws::Role& role, std::shared_ptr<aws::KeyProvider> keys) {
  return holder_of(role.arn, std::string(parts_of(role.arn)[4]), std::move(keys));
}

Holder holder_of(const aws::Caller& caller, std::shared_ptr<aws::KeyProvider> keys) {
  return holder_of(caller.arn, caller.account, std::move(keys));
}

Task<Result<std::vector<std::string>>> regions_of(const Holder& holder, const Targets& targets,
                                                  const aws::Session& session) {
  if (targets.all_regions) {
    CO_TRY(std::vector<std::string> enabled, co_await session.enabled_regions(holder.keys));
    if (!enabled.empty()) co_return enabled;
    co_return Error{ErrorKind::malformed, "AWS names no region that is enabled"};
  }
  if (!targets.regions.empty()) co_return targets.regions;
  if (session.region()) co_return std::vector<std::string>{*session.region()};
  co_return Error{ErrorKind::misconfigured, "no region: name some by `regions`, or set AWS_REGION"};
}

}  // namespace tokensweep::ssm

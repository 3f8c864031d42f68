#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "model/model.hpp"

/// What the inventory is measured with: hits that follow from their number.
namespace tokensweep::bench {

inline constexpr Time kNow{std::chrono::seconds(1'770'000'000)};

/// 64 bits that look random and follow from `i`.
inline std::uint64_t mix(std::uint64_t i) {
  i = (i ^ (i >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  i = (i ^ (i >> 27U)) * 0x94d049bb133111ebULL;
  return i ^ (i >> 31U);
}

/// A hit as a home directory gives them: a path of 60 characters in the order of a walk, every fourth token new, and
/// its places seldom of one class: the case in which most is to be concluded.
inline void fill(Hit& hit, std::uint64_t i, const std::string& home) {
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

}  // namespace tokensweep::bench

#pragma once

#include <span>
#include <string>

#include "connectors/settings.hpp"
#include "model/policy.hpp"
#include "scanner/settings_reader.hpp"

namespace tokensweep {

/// The keys of `[policy]`.
std::span<const KeySpec> policy_keys();

/// The policy that the settings of a file say, in which its keys are called `policy.…`. What contradicts itself goes to
/// `problems`, with both lines.
Policy policy_of(const Settings& file, Problems& problems);

/// The policy as TOML that `parse_config` reads as the same one: what an inventory keeps of it.
std::string policy_text(const Policy& policy);

}  // namespace tokensweep

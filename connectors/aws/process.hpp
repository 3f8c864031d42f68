#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/aws/keys.hpp"
#include "connectors/aws/outside.hpp"

namespace tokensweep::aws {

/// The words of a `credential_process`, split as a shell splits them, and nothing else of a shell: quotes of both kinds
/// and backslashes (Python's shlex, which botocore uses). Nothing where a quote or a backslash is left open.
std::optional<std::vector<std::string>> split_command(std::string_view command);

/// Keys that a program prints. It is run without a shell.
std::unique_ptr<KeySource> process_keys(const Outside& outside, std::vector<std::string> command, std::string source);

}  // namespace tokensweep::aws

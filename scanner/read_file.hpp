#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.hpp"

/// Files that the command line names. Of one that is too large, one byte more than `most` is read: the caller says what
/// it is too large for. Errors (ErrorKind::misconfigured) do not repeat the file's name.
namespace tokensweep {

/// What a user has, a pipe (`<(npm token list --json)`) or a link included.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t most);

/// What somebody else may have put there: an ordinary file and nothing else, so that no link leads elsewhere and no
/// FIFO makes the run wait.
Result<std::string> read_ordinary_file(const std::filesystem::path& file, std::size_t most);

}  // namespace tokensweep

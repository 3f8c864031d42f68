#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

#include "base/result.hpp"
#include "base/wiped_text.hpp"
#include "identity/private_path.hpp"

namespace tokensweep {

/// What a file for its owner alone holds: another tool's settings with a token in them, a key. Nothing where there is
/// no such file. Errors (`misconfigured`) say what is wrong with it (it is no file, others may do more with it than
/// `sharing` says, it is larger than `largest`), without its name and what it holds.
Result<std::optional<WipedText>> read_private_file(const std::filesystem::path& file, std::size_t largest,
                                                   Sharing sharing = Sharing::none);

}  // namespace tokensweep

#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "base/result.hpp"
#include "base/secret.hpp"

/// Keys in files of their own: 32 random bytes, for their owner alone.
namespace tokensweep {

inline constexpr std::size_t kKeySize = 32;

/// What an error's line tells people to do.
struct KeyFileAdvice {
  std::string_view missing;
  std::string_view damaged;
};

/// kKeySize new random bytes that are kept nowhere.
Secret random_key();

/// Reads a key. Refuses a file that others can read or write, one that is a link, or one in a directory where others
/// can write (sshd's StrictModes), and says which mode it wants. A missing one is an error.
Result<Secret> load_key_file(const std::filesystem::path& file, const KeyFileAdvice& advice);

/// The same, and makes a key (0600, whatever the umask) where the file is missing, and its directory, 0700. Of
/// processes that start together all get the same one.
Result<Secret> load_or_create_key_file(const std::filesystem::path& file, const KeyFileAdvice& advice);

}  // namespace tokensweep

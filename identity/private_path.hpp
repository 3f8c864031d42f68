#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.hpp"

/// Who may touch the files that tokensweep trusts: sshd's StrictModes, for the inventory and its key, for the
/// configuration and what it takes credentials from.
namespace tokensweep {

/// What a file's mode may grant to others than its owner.
enum class Sharing : std::uint8_t {
  none,         ///< nothing: a key
  may_be_read,  ///< reading, where its owner chose so: an inventory, a configuration
};

/// Makes `directory` and what is missing above it, each 0700 whatever the umask. What exists is left as it is.
Result<> make_private_directory(const std::filesystem::path& directory);

/// Refuses `file` where it exists and is no regular file of ours (a symbolic link, another user's, open to others
/// beyond `sharing`). A file that does not exist is fine. Owners that count as ours are the effective user and root.
Result<> check_private_file(const std::filesystem::path& file, Sharing sharing);

/// The same for a file that is open: another file may take its name's place between a look at the name and the opening.
/// Messages call it `name`. What belongs to root and its group may be read by that group whatever `sharing` says: this
/// is how the access list looks by which systemd hands a service its credentials.
Result<> check_private_descriptor(int descriptor, std::string_view name, Sharing sharing);

/// Refuses a directory in which others could put a file of theirs in the place of ours: each one from `directory` up to
/// the user's home, or else to the root, has to be ours and not writable for group or others. Unlike sshd, a directory
/// with the sticky bit may be writable (`/tmp`): nobody can rename or remove there what is not his. What others could
/// create there beforehand, `check_private_file` refuses by its owner.
Result<> check_private_directory(const std::filesystem::path& directory);

/// `file` with its directory resolved (no links left above the last name). The directory has to exist.
Result<std::filesystem::path> resolve_directory(const std::filesystem::path& file);

}  // namespace tokensweep

#pragma once

#include <filesystem>

namespace tokensweep {

/// Whether `directory` lies on a network file system (NFS, SMB, AFS, 9P, Ceph, FUSE such as sshfs). SQLite's WAL needs
/// memory that all its users share, which those do not give; there the inventory uses a rollback journal. Where the
/// system does not say, the answer is yes: the journal is slower and right everywhere.
bool is_on_network(const std::filesystem::path& directory);

/// The same for a file system's number, as statfs(2) gives it on Linux.
bool is_network_file_system(unsigned long magic);

}  // namespace tokensweep

#include "db/file_system.hpp"

#ifdef __linux__
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#include <algorithm>
#include <iterator>

namespace tokensweep {

bool is_network_file_system(unsigned long magic) {
  // From linux/magic.h and the file systems' own headers, which are not all in every distribution's.
  constexpr unsigned long kMagics[] = {
      0x6969,      // NFS
      0x517B,      // SMB
      0xFF534D42,  // CIFS
      0xFE534D42,  // SMB2
      0x5346414F,  // AFS
      0x6B414653,  // AFS, the kernel's
      0x73757245,  // Coda
      0x01021997,  // 9P
      0x00C36400,  // Ceph
      0x65735546,  // FUSE: sshfs and others; which one, it does not say
      0x47504653,  // GPFS
      0x0BD00BD0,  // Lustre
  };
  // Some architectures give the number as a signed 32-bit one.
  return std::find(std::begin(kMagics), std::end(kMagics), magic & 0xFFFFFFFFUL) != std::end(kMagics);
}

bool is_on_network(const std::filesystem::path& directory) {
  struct statfs status {};
  if (::statfs(directory.c_str(), &status) != 0) return true;
#ifdef __linux__
  return is_network_file_system(static_cast<unsigned long>(status.f_type));
#else
  return (status.f_flags & MNT_LOCAL) == 0;
#endif
}

}  // namespace tokensweep

// Giving up root. Order in main(): prepare_state_directory, read keys, take the lock, open ports and the control
// socket, then drop_privileges, then open the databases as the user. After a drop the process has no capability, cannot
// regain one (no_new_privs, empty bounding set), and this is verified rather than assumed.
//
// setresuid() reaches every thread (glibc); capabilities of threads other than the caller go with their user id.
#pragma once

#include <string>

#include "base/result.hpp"

namespace aip::daemons {

// Makes the directory (mode 0700) and what is in it belong to `user`; an empty user means ours. Contents are handed
// over only if the directory itself was not the user's, so the user can plant nothing for root to chown.
Result<void> prepare_state_directory(const std::string& path, const std::string& user);

// To `user` and its groups. Empty, or already that user: only capabilities go. kDenied when not permitted.
Result<void> drop_privileges(const std::string& user);

}  // namespace aip::daemons

#include "daemons/privileges.hpp"

#include <ftw.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace aip::daemons {
namespace {

struct User {
    std::string name;
    uid_t uid;
    gid_t gid;
};

Error os_error(const std::string& what) {
    return {errno == EPERM || errno == EACCES ? ErrorCode::kDenied : ErrorCode::kIo,
            "cannot " + what + ": " + std::strerror(errno)};
}

Result<User> find_user(const std::string& name) {
    const passwd* entry = getpwnam(name.c_str());  // before any thread runs
    if (entry == nullptr)
        return Error{ErrorCode::kNotFound, "no user '" + name + "'; make one with: adduser --system --group " + name};
    return User{name, entry->pw_uid, entry->pw_gid};
}

thread_local User chown_to;  // nftw() passes no context

int chown_one(const char* path, const struct stat*, int, FTW*) { return lchown(path, chown_to.uid, chown_to.gid); }

Result<void> give_tree(const std::string& path, const User& user) {
    constexpr int kOpenDirectoriesMax = 16;
    chown_to = user;
    if (nftw(path.c_str(), chown_one, kOpenDirectoriesMax, FTW_PHYS) != 0)
        return os_error("give " + path + " to user " + user.name);
    return {};
}

Result<void> become(const User& user) {
    if (geteuid() == user.uid && getuid() == user.uid) return {};
    if (initgroups(user.name.c_str(), user.gid) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
        setresuid(user.uid, user.uid, user.uid) != 0)
        return os_error("become user " + user.name);
    return {};
}

__user_cap_header_struct this_thread() { return {_LINUX_CAPABILITY_VERSION_3, 0}; }

// The bounding set goes first: dropping from it needs CAP_SETPCAP, which is gone afterwards.
void empty_bounding_set() {
    for (int cap = 0; cap <= CAP_LAST_CAP; ++cap) static_cast<void>(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0));
}

Result<void> clear_capabilities() {
    auto header = this_thread();
    const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capset, &header, none) != 0) return os_error("give up capabilities");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return os_error("give up capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return os_error("set no_new_privs");
    return {};
}

Result<void> verify_dropped(const std::string& user) {
    auto header = this_thread();
    __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3] = {};
    if (syscall(SYS_capget, &header, now) != 0) return os_error("read capabilities");
    bool clean = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    for (const auto& set : now) clean = clean && (set.effective | set.permitted | set.inheritable) == 0;
    if (!user.empty()) clean = clean && (getuid() == 0 || setuid(0) != 0);
    if (!clean) return Error{ErrorCode::kDenied, "privileges are still there after giving them up; not going on"};
    return {};
}

}  // namespace

Result<void> prepare_state_directory(const std::string& path, const std::string& user) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return os_error("create " + path);
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0) return os_error("look at " + path);
    if (!S_ISDIR(info.st_mode)) return Error{ErrorCode::kInvalid, path + " is not a directory"};
    if (user.empty()) return {};
    AIP_ASSIGN(const User target, find_user(user));
    if (info.st_uid == target.uid) return {};
    return give_tree(path, target);
}

Result<void> drop_privileges(const std::string& user) {
    empty_bounding_set();
    if (!user.empty()) {
        AIP_ASSIGN(const User target, find_user(user));
        AIP_TRY(become(target));
    }
    AIP_TRY(clear_capabilities());
    return verify_dropped(user);
}

}  // namespace aip::daemons

#include "daemons/privileges.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace aip::daemons {
namespace {

constexpr const char* kUser = "nobody";

class PrivilegesTest : public testing::Test {
protected:
    PrivilegesTest() {
        char pattern[] = "/tmp/aip-privileges-XXXXXX";
        directory_ = mkdtemp(pattern);
    }
    ~PrivilegesTest() override { std::filesystem::remove_all(directory_); }

    std::string directory_;
};

uid_t owner(const std::string& path) {
    struct stat info {};
    return lstat(path.c_str(), &info) == 0 ? info.st_uid : static_cast<uid_t>(-1);
}

// Runs `body` in a child, since what it does cannot be undone; its exit status.
template <class F>
int in_child(F body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(PrivilegesTest, MakesAPrivateStateDirectory) {
    const std::string path = directory_ + "/state";
    ASSERT_TRUE(prepare_state_directory(path, ""));
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    EXPECT_TRUE(prepare_state_directory(path, ""));
}

TEST_F(PrivilegesTest, RefusesAFileWhereTheDirectoryShouldBe) {
    const std::string path = directory_ + "/state";
    std::ofstream(path) << "x";
    const auto result = prepare_state_directory(path, "");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().text, path + " is not a directory");
}

TEST_F(PrivilegesTest, SaysHowToMakeAMissingUser) {
    const auto result = prepare_state_directory(directory_, "no-such-user-here");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(result.error().text,
              "no user 'no-such-user-here'; make one with: adduser --system --group no-such-user-here");
}

TEST_F(PrivilegesTest, HandsOverTheDirectoryWithoutFollowingLinks) {
    if (getuid() != 0) GTEST_SKIP() << "needs root";
    const std::string state = directory_ + "/state";
    const std::string outside = directory_ + "/outside";
    std::ofstream(outside) << "x";
    ASSERT_TRUE(prepare_state_directory(state, ""));
    std::ofstream(state + "/inside") << "x";
    std::filesystem::create_symlink(outside, state + "/link");
    ASSERT_TRUE(prepare_state_directory(state, kUser));
    const uid_t nobody = getpwnam(kUser)->pw_uid;
    EXPECT_EQ(owner(state), nobody);
    EXPECT_EQ(owner(state + "/inside"), nobody);
    EXPECT_EQ(owner(state + "/link"), nobody);
    EXPECT_EQ(owner(outside), 0u);
}

TEST_F(PrivilegesTest, LeavesNoWayBackToRoot) {
    if (getuid() != 0) GTEST_SKIP() << "needs root";
    const std::string secret = directory_ + "/secret";
    std::ofstream(secret) << "x";
    ASSERT_EQ(chmod(secret.c_str(), 0600), 0);
    EXPECT_EQ(in_child([&] {
                  if (!drop_privileges(kUser)) return 1;
                  if (getuid() != getpwnam(kUser)->pw_uid || getgroups(0, nullptr) > 1) return 2;
                  if (setuid(0) == 0) return 3;
                  if (access(secret.c_str(), R_OK) == 0) return 4;
                  return prctl(PR_CAPBSET_READ, 0, 0, 0, 0) == 0 ? 0 : 5;
              }),
              0);
}

TEST_F(PrivilegesTest, CapabilitiesGoEvenWithoutAUser) {
    EXPECT_EQ(in_child([] {
                  if (!drop_privileges("")) return 1;
                  return chroot("/") == 0 ? 2 : 0;
              }),
              0);
}

}  // namespace
}  // namespace aip::daemons

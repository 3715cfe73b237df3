#include "base/owned_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace aip {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }
int open_something() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(OwnedFd, ClosesAtTheEndOfItsLife) {
    const int fd = open_something();
    { const OwnedFd owner(fd); }
    EXPECT_FALSE(is_open(fd));
}

TEST(OwnedFd, MovesOwnershipAndClosesWhatItHadBefore) {
    OwnedFd a(open_something()), b(open_something());
    const int first = a.get(), second = b.get();
    a = std::move(b);
    EXPECT_FALSE(is_open(first));
    EXPECT_TRUE(is_open(second));
    EXPECT_EQ(a.get(), second);
    OwnedFd& same = a;
    a = std::move(same);
    EXPECT_TRUE(is_open(second));
}

TEST(OwnedFd, LetsGoOfWhatItReleases) {
    OwnedFd owner(open_something());
    const int fd = owner.release();
    EXPECT_FALSE(owner);
    EXPECT_TRUE(is_open(fd));
    close(fd);
}

}  // namespace
}  // namespace aip

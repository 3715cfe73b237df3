#include "base/state_lock.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace aip {
namespace {

class StateLockTest : public testing::Test {
protected:
    StateLockTest() {
        char pattern[] = "/tmp/aip-state-XXXXXX";
        directory_ = mkdtemp(pattern);
    }
    ~StateLockTest() override { std::filesystem::remove_all(directory_); }

    std::string directory_;
};

TEST_F(StateLockTest, RefusesASecondHolderAndNamesTheFirst) {
    const auto first = StateLock::take(directory_);
    ASSERT_TRUE(first) << first.error().text;
    const auto second = StateLock::take(directory_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kExists);
    EXPECT_EQ(second.error().text, "aipacketd is already running with state directory " + directory_ + " (pid " +
                                       std::to_string(getpid()) + ")");
}

TEST_F(StateLockTest, LetsGoAtTheEndOfItsLife) {
    { ASSERT_TRUE(StateLock::take(directory_)); }
    EXPECT_TRUE(StateLock::take(directory_));
}

TEST_F(StateLockTest, MovesWithoutLettingGo) {
    auto first = StateLock::take(directory_);
    ASSERT_TRUE(first);
    const StateLock moved = std::move(*first);
    EXPECT_FALSE(StateLock::take(directory_));
}

TEST_F(StateLockTest, IsNotStaleAfterTheHolderWasKilled) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        const auto lock = StateLock::take(directory_);
        const char told = lock ? 'y' : 'n';
        static_cast<void>(!write(ready[1], &told, 1));
        for (;;) pause();
    }
    char told = 0;
    ASSERT_EQ(read(ready[0], &told, 1), 1);
    ASSERT_EQ(told, 'y');
    EXPECT_FALSE(StateLock::take(directory_));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(StateLock::take(directory_));
    close(ready[0]);
    close(ready[1]);
}

TEST_F(StateLockTest, NeedsTheDirectory) {
    const auto lock = StateLock::take(directory_ + "/missing");
    ASSERT_FALSE(lock);
    EXPECT_EQ(lock.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace aip

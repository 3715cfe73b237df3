#include "learning/model_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace aip::learning {
namespace {

TEST(ModelFile, ReadsBackWhatWasSealed) {
    const Bytes bytes(100'000, 42);
    const OwnedFd file = sealed_model_file(bytes).value();
    EXPECT_EQ(read_model_file(file.get()).value(), bytes);
    EXPECT_EQ(read_model_file(file.get()).value(), bytes) << "the position must not matter";
}

TEST(ModelFile, NobodyCanChangeASealedFile) {
    const OwnedFd file = sealed_model_file(Bytes(10)).value();
    EXPECT_LT(pwrite(file.get(), "x", 1, 0), 0);
    EXPECT_LT(ftruncate(file.get(), 0), 0);
}

TEST(ModelFile, RefusesWhatIsNoRegularFile) {
    const OwnedFd directory(open("/", O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(read_model_file(directory.get()));
    EXPECT_FALSE(read_model_file(-1));
}

}  // namespace
}  // namespace aip::learning

#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace aip {
namespace {

Result<int> half(int n) {
    if (n % 2 != 0) return Error{ErrorCode::kInvalid, std::to_string(n) + " is odd"};
    return n / 2;
}

Result<void> must_be_even(int n) {
    AIP_TRY(half(n));
    return {};
}

Result<int> quarter(int n) {
    AIP_ASSIGN(const int once, half(n));
    AIP_ASSIGN(const int twice, half(once));
    return twice;
}

TEST(Result, HoldsAValueOrTheReason) {
    EXPECT_TRUE(half(4));
    EXPECT_EQ(*half(4), 2);
    EXPECT_FALSE(half(3));
    EXPECT_EQ(half(3).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(half(3).error().text, "3 is odd");
}

TEST(Result, PassesTheFirstErrorUp) {
    EXPECT_EQ(*quarter(8), 2);
    EXPECT_EQ(quarter(6).error().text, "3 is odd");
    EXPECT_EQ(quarter(5).error().text, "5 is odd");
    EXPECT_TRUE(must_be_even(2));
    EXPECT_EQ(must_be_even(7).error().text, "7 is odd");
}

TEST(Result, OwnsWhatCannotBeCopied) {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = std::move(result).value();
    EXPECT_EQ(*taken, 5);
}

TEST(Error, GetsAFrameAroundIt) {
    const Error error = half(3).error().within("offer from fd00::1");
    EXPECT_EQ(error.text, "offer from fd00::1: 3 is odd");
    EXPECT_EQ(error.code, ErrorCode::kInvalid);
}

TEST(ErrorCode, EveryOneHasItsOwnName) {
    std::set<std::string_view> names;
    for (unsigned char code = 1; code <= 11; ++code) names.insert(error_code_name(ErrorCode{code}));
    EXPECT_EQ(names.size(), 11u);
    EXPECT_FALSE(names.contains("unknown"));
    EXPECT_EQ(error_code_name(ErrorCode{0}), "unknown");
}

TEST(ResultDeathTest, StopsOnAValueThatIsNotThere) {
    EXPECT_DEATH(static_cast<void>(half(3).value()), "internal error: has_value\\(\\) does not hold");
    EXPECT_DEATH(static_cast<void>(half(4).error()), "does not hold");
}

}  // namespace
}  // namespace aip

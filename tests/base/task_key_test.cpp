#include "base/task_key.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.hpp"

namespace aip {
namespace {

TEST(TaskKey, NamesAreShortAndOfFewCharacters) {
    EXPECT_TRUE(is_task_name("fashion-mnist_2.0"));
    EXPECT_TRUE(is_task_name(std::string(limits::kTaskNameMax, 'a')));
    EXPECT_FALSE(is_task_name(std::string(limits::kTaskNameMax + 1, 'a')));
    for (const auto* name : {"", "Fashion", "a b", "a/b", "ü", "a@b"}) EXPECT_FALSE(is_task_name(name)) << name;
}

TEST(TaskKey, IsANameOrANameWithTheDigitsOfItsRecord) {
    const std::string digits = "0123456789abcdef0123456789abcdef";
    EXPECT_TRUE(is_task_key("fashion"));
    EXPECT_TRUE(is_task_key("fashion@" + digits));
    EXPECT_EQ(task_name("fashion@" + digits), "fashion");
    EXPECT_EQ(task_digits("fashion@" + digits), digits);
    EXPECT_EQ(task_name("fashion"), "fashion");
    EXPECT_EQ(task_digits("fashion"), "");
    EXPECT_EQ(std::string(limits::kTaskNameMax, 'a').size() + 1 + digits.size(), limits::kTaskKeyMax);
}

TEST(TaskKey, RefusesAnythingElse) {
    for (const std::string& text :
         {std::string(), std::string("@0123456789abcdef0123456789abcdef"), std::string("fashion@"),
          std::string("fashion@0123"), "fashion@" + std::string(31, 'a'), "fashion@" + std::string(33, 'a'),
          "fashion@" + std::string(32, 'A'), "fashion@" + std::string(32, 'g'), "fa@" + std::string(29, 'a') + "@aa"})
        EXPECT_FALSE(is_task_key(text)) << text;
}

}  // namespace
}  // namespace aip

#include "dataplane/link_address.hpp"

#include <gtest/gtest.h>

namespace aip::dataplane {
namespace {

TEST(LinkAddress, TextComesBack) {
    for (const char* text : {"none", "everyone", "02:00:5e:10:00:ff", "127.0.0.1:7001", "192.0.2.255:65535",
                             "[::1]:7001", "[2001:db8::1]:0"}) {
        const auto address = LinkAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->text(), text);
    }
}

TEST(LinkAddress, RefusesWhatIsNone) {
    for (const char* text :
         {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0:1", "1.2.3.4.5:1", "256.0.0.1:1", "010.0.0.1:1",
          "[::1]", "[::1:7001", "::1:7001", "[fe80::1%eth0]:1", "02:00:5e:10:00", "02-00-5e-10-00-ff",
          "02:00:5e:10:00:fg", "localhost:7001", "127.0.0.1:7001 "}) {
        EXPECT_FALSE(LinkAddress::parse(text)) << text;
    }
}

TEST(LinkAddress, KnowsLoopback) {
    EXPECT_TRUE(LinkAddress::parse("127.3.0.1:1")->is_loopback());
    EXPECT_TRUE(LinkAddress::parse("[::1]:1")->is_loopback());
    EXPECT_FALSE(LinkAddress::parse("128.0.0.1:1")->is_loopback());
    EXPECT_FALSE(LinkAddress::parse("[::2]:1")->is_loopback());
    EXPECT_FALSE(LinkAddress::everyone().is_loopback());
}

TEST(LinkAddress, DiffersByKindHostAndPort) {
    const auto a = *LinkAddress::parse("127.0.0.1:1");
    const auto b = *LinkAddress::parse("127.0.0.1:2");
    EXPECT_NE(a, b);
    EXPECT_NE(std::hash<LinkAddress>{}(a), std::hash<LinkAddress>{}(b));
    EXPECT_NE(LinkAddress{}, LinkAddress::everyone());
    EXPECT_EQ(a, *LinkAddress::parse("127.0.0.1:1"));
}

}  // namespace
}  // namespace aip::dataplane

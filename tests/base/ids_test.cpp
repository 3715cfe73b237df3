#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace aip {
namespace {

const NetworkId kNetwork{{0x12, 0x34, 0x56, 0x78, 0x9a}};

TEST(Address, PutsNetworkAndInterfaceIntoAUniqueLocalAddress) {
    const Address a = Address::make(kNetwork, InterfaceId{0x0102030405060708});
    EXPECT_EQ(to_hex(a.view()), "fd123456789a00000102030405060708");
    EXPECT_EQ(a.text(), "fd12:3456:789a:0:102:304:506:708");
    EXPECT_EQ(a.network(), kNetwork);
    EXPECT_EQ(a.interface_id(), InterfaceId{0x0102030405060708});
    EXPECT_TRUE(a.is_node());
}

TEST(Address, ParsesWhatItPrints) {
    const Address a = Address::make(kNetwork, InterfaceId{1});
    EXPECT_EQ(a.text(), "fd12:3456:789a::1");
    EXPECT_EQ(Address::parse(a.text()), a);
    EXPECT_EQ(Address::parse("FD12:3456:789A:0:0:0:0:1"), a);
}

TEST(Address, RefusesWhatIsNoAddress) {
    for (const char* bad : {"", "fd12", "fd12::1::2", "1.2.3.4", "fd12::1 ", " fd12::1", "fd12::1%eth0", "fd12::1/64"})
        EXPECT_FALSE(Address::parse(bad)) << bad;
    EXPECT_FALSE(Address::parse(std::string_view("fd12::1\0x", 9)));
    EXPECT_FALSE(Address::from(Bytes(15)));
    EXPECT_FALSE(Address::from(Bytes(17)));
}

TEST(Address, KnowsWhatIsANode) {
    EXPECT_FALSE(Address::parse("fc12:3456:789a::1")->is_node());
    EXPECT_FALSE(Address::parse("fd12:3456:789a:1::1")->is_node());  // reserved bits
    EXPECT_FALSE(Address::parse("ff02::1")->is_node());
    EXPECT_TRUE(Address::parse("ff02::1")->is_multicast());
    EXPECT_TRUE(Address::parse("::")->is_zero());
}

TEST(Address, HasTheSameEndOnEveryLink) {
    const Address a = Address::link_local(InterfaceId{0x0102030405060708});
    EXPECT_EQ(a.text(), "fe80::102:304:506:708");
    EXPECT_TRUE(a.is_link_local());
    EXPECT_FALSE(a.is_node());
    EXPECT_TRUE(Address::parse("febf::1")->is_link_local());
    EXPECT_FALSE(Address::parse("fec0::1")->is_link_local());
    EXPECT_FALSE(Address::make(kNetwork, InterfaceId{1}).is_link_local());
    EXPECT_EQ(a.solicited_node_group().text(), "ff02::1:ff06:708");
    EXPECT_EQ(Address::make(kNetwork, a.interface_id()).solicited_node_group(), a.solicited_node_group());
}

TEST(FixedBytes, TakesItsExactLengthOnly) {
    EXPECT_FALSE(Digest::from(Bytes(31)));
    EXPECT_FALSE(Digest::from(Bytes(33)));
    EXPECT_TRUE(Digest::from(Bytes(32))->is_zero());
    EXPECT_FALSE(Digest::parse_hex(std::string(62, '0')));
    EXPECT_EQ(Digest::parse_hex(std::string(64, 'a'))->hex(), std::string(64, 'a'));
    EXPECT_EQ(Digest::parse_hex("0123456789abcdef" + std::string(48, '0'))->short_hex(), "0123456789ab");
}

TEST(FixedBytes, OfDifferentMeaningDoNotMix) {
    static_assert(!std::is_convertible_v<Digest, VersionId> && !std::is_constructible_v<VersionId, Digest>);
    std::unordered_set<Digest> set{Digest{}, Digest{{1}}, Digest{{1}}};
    EXPECT_EQ(set.size(), 2u);
    EXPECT_LT(Digest{}, Digest{{1}});
}

}  // namespace
}  // namespace aip

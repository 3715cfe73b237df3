#include "dataplane/dpdk/device_string.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "dataplane/dpdk/eal.hpp"

namespace aip::dataplane {
namespace {

TEST(DeviceString, ReadsNameAndParameters) {
    const auto device = DeviceString::parse("net_af_packet0,iface=eth0,framesz=2048,flag");
    ASSERT_TRUE(device);
    EXPECT_EQ(device->name, "net_af_packet0");
    EXPECT_EQ(*device->find("iface"), "eth0");
    EXPECT_EQ(device->number("framesz", 0).value(), 2048u);
    EXPECT_EQ(device->number("blocksz", 7).value(), 7u);
    EXPECT_EQ(device->find("nothing"), nullptr);
    EXPECT_EQ(device->text(), "net_af_packet0,iface=eth0,framesz=2048,flag");
}

TEST(DeviceString, TakesThePciAddressOfACard) { EXPECT_EQ(DeviceString::parse("0000:03:00.0")->name, "0000:03:00.0"); }

TEST(DeviceString, RefusesWhatIsNone) {
    for (const char* text : {"", ",iface=a", "net_ring0,", "net_ring0,,x=1", "net_ring0,=1", "=net_ring0"}) {
        EXPECT_FALSE(DeviceString::parse(text)) << text;
    }
    EXPECT_FALSE(DeviceString::parse("d,framesz=2k")->number("framesz", 0));
}

TEST(AfPacketGeometry, HoldsTheMtuInWholeBlocksAndPages) {
    for (uint32_t mtu = limits::kPortMtuMin; mtu <= limits::kEthernetMtuMax; ++mtu) {
        const auto g = AfPacketGeometry::for_mtu(mtu);
        ASSERT_GE(g.mtu(), mtu);
        ASSERT_EQ(g.frame_bytes % 16, 0u);
        ASSERT_EQ(g.block_bytes % 4096, 0u);
        ASSERT_EQ(g.block_bytes % g.frame_bytes, 0u);
        ASSERT_EQ(g.frames % (g.block_bytes / g.frame_bytes), 0u);
    }
    const auto jumbo = AfPacketGeometry::for_mtu(9000);
    EXPECT_EQ(jumbo.frame_bytes, 9216u);
    EXPECT_EQ(jumbo.block_bytes, 36864u);
}

TEST(AfPacketGeometry, CompletesWhatIsMissingAndKeepsWhatIsGiven) {
    auto device = *DeviceString::parse("net_af_packet0,iface=a,framesz=4096,framecnt=64");
    const auto g = complete_af_packet(device, 9000);
    ASSERT_TRUE(g) << g.error().text;
    EXPECT_EQ(device.text(), "net_af_packet0,iface=a,framesz=4096,framecnt=64,blocksz=4096");
}

TEST(AfPacketGeometry, RefusesRingsThatTheDriverWouldMisread) {
    for (const char* text : {"d,framesz=2050", "d,framesz=0", "d,framesz=64", "d,framesz=99984",
                             "d,framesz=2048,blocksz=6144", "d,framesz=9216,blocksz=16384",
                             "d,framesz=2048,blocksz=4096,framecnt=3", "d,framecnt=0", "d,blocksz=0", "d,framesz=x"}) {
        auto device = *DeviceString::parse(text);
        EXPECT_FALSE(complete_af_packet(device, 1500)) << text;
    }
}

TEST(EalArguments, NeedNeitherHugePagesNorFilesNorAPinnedCore) {
    const std::vector<std::string> expected = {
        "aipacketd",         "--no-huge",       "-m", "64", "--no-shconf", "--no-pci", "--no-telemetry",
        "--log-level=error", "--lcores=0@(0,1)"};
    EXPECT_EQ(eal_arguments({}, {0, 1}), expected);
}

TEST(EalArguments, GivenOptionsReplaceOurs) {
    const auto arguments = eal_arguments({.arguments = {"--in-memory", "-m", "1024", "-a", "0000:03:00.0"}}, {0});
    const std::vector<std::string> expected = {
        "aipacketd", "--no-telemetry", "--log-level=error", "--lcores=0@(0)", "--in-memory", "-m", "1024",
        "-a",        "0000:03:00.0"};
    EXPECT_EQ(arguments, expected);
}

}  // namespace
}  // namespace aip::dataplane

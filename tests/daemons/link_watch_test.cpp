#include "daemons/link_watch.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace aip::daemons {
namespace {

TEST(KernelInterface, IsTheOneTheDeviceNames) {
    EXPECT_EQ(kernel_interface("net_af_packet0,iface=eth1"), "eth1");
    EXPECT_EQ(kernel_interface("net_af_xdp0,iface=veth7,start_queue=0"), "veth7");
    EXPECT_EQ(kernel_interface("0000:03:00.0"), "");
    EXPECT_EQ(kernel_interface("net_ring0"), "");
}

// Interfaces that go down need a namespace: tests/system/links.sh. The loopback is up, others may not exist.
TEST(LinkWatch, TellsOnlyWhatDiffersFromUp) {
    auto watch = LinkWatch::open();
    ASSERT_TRUE(watch) << watch.error().text;
    watch->add(3, "lo");
    watch->add(4, "no-such-if");
    pollfd ready{watch->wake_fd(), POLLIN, 0};
    ASSERT_EQ(poll(&ready, 1, 10'000), 1) << "the kernel answers the first question";
    for (const LinkWatch::Change& change : watch->poll()) EXPECT_FALSE(change.up);
}

}  // namespace
}  // namespace aip::daemons

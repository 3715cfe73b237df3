// One process, one EAL. The packet sockets run on a pair of veths in a network namespace of the test's own, which an
// ordinary user gets too where the kernel allows user namespaces:
//
//   [ net_ring0 ] loops onto itself            vA ======== vB   mtu 9000, the kernel's IPv6 off
//                                         net_af_packet0   net_af_packet1
//
// Rings of 128 frames: the driver locks them in memory, and 8 MiB is all an ordinary user may lock.
#include "dataplane/dpdk/dpdk_port.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "dataplane/forwarder.hpp"
#include "dataplane/memory_port.hpp"
#include "tests/dataplane/conformance.hpp"

namespace aip::dataplane::test {
namespace {

bool write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    return static_cast<bool>(file.flush());
}

bool enter_namespace() {
    if (::unshare(CLONE_NEWNET) == 0) return true;
    const std::string user = std::to_string(::getuid()), group = std::to_string(::getgid());
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", "0 " + user + " 1") &&
           write_file("/proc/self/gid_map", "0 " + group + " 1");
}

bool make_veths() {
    return enter_namespace() &&
           std::system(  // NOLINT: fixed text
               "ip link add vA mtu 9000 type veth peer name vB mtu 9000 && ip link set vA up && ip link set vB up && "
               "ip link add vKernel type veth && "
               "echo 1 > /proc/sys/net/ipv6/conf/vA/disable_ipv6 && echo 1 > "
               "/proc/sys/net/ipv6/conf/vB/disable_ipv6") == 0;
}

class DpdkPortTest : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        has_veths_ = make_veths();
        if (!has_veths_)
            std::puts("no network namespace of our own (not root?): af_packet is NOT covered, net_ring only");
        auto started = DpdkEal::start({});
        ASSERT_TRUE(started) << started.error().text;
        eal_.emplace(std::move(*started));
    }
    static void TearDownTestSuite() { eal_.reset(); }

    static std::unique_ptr<DpdkPort> open_port(const std::string& device, uint32_t mtu = 0) {
        auto port = DpdkPort::open(*eal_, {.name = "p", .device = device, .mtu = mtu});
        EXPECT_TRUE(port) << port.error().text;
        return std::move(*port);
    }
    static void expect_refused(const DpdkPortConfig& config, ErrorCode code, const std::string& text) {
        const auto port = DpdkPort::open(*eal_, config);
        ASSERT_FALSE(port) << config.device;
        EXPECT_EQ(port.error().code, code) << port.error().text;
        EXPECT_NE(port.error().text.find(text), std::string::npos) << port.error().text;
    }

    static bool has_veths_;
    static std::optional<DpdkEal> eal_;
};
bool DpdkPortTest::has_veths_ = false;
std::optional<DpdkEal> DpdkPortTest::eal_;

TEST_F(DpdkPortTest, RingConforms) {
    const auto ring = open_port("net_ring0", 9000);
    EXPECT_EQ(ring->info().mtu, 9000u);
    conforms(*ring, *ring);
}

TEST_F(DpdkPortTest, AfPacketConformsAtMtu9000) {
    if (!has_veths_) return;
    const auto a = open_port("net_af_packet0,iface=vA,framecnt=128");
    const auto b = open_port("net_af_packet1,iface=vB,framecnt=128");
    EXPECT_EQ(a->info().mtu, 9000u);
    EXPECT_TRUE(a->info().warnings.empty()) << a->info().warnings[0];
    ASSERT_FALSE(a->info().notes.empty());
    EXPECT_EQ(a->info().notes[0],
              "vA has mtu 9000; opened as net_af_packet0,iface=vA,framecnt=128,framesz=9216,blocksz=36864");
    conforms(*a, *b);
    conforms(*b, *a);
}

TEST_F(DpdkPortTest, OpensAgainAfterClosing) {
    for (int i = 0; i < 3; ++i) {
        const auto ring = open_port("net_ring0");
        EXPECT_EQ(ring->info().mtu, 1500u);
        if (!has_veths_) continue;
        EXPECT_EQ(open_port("net_af_packet0,iface=vA,framecnt=128", 1400)->info().mtu, 1400u);
    }
}

TEST_F(DpdkPortTest, CountsFramesThatTheDriverCut) {
    if (!has_veths_) return;
    const auto large = open_port("net_af_packet0,iface=vA,framecnt=128");
    const auto small = open_port("net_af_packet1,iface=vB,framesz=2048,blocksz=4096,framecnt=512");
    EXPECT_EQ(small->info().mtu, 2048u - 80u);
    ASSERT_EQ(small->info().warnings.size(), 1u);
    std::vector<Outgoing> batch;
    for (const size_t size : {size_t{4000}, size_t{small->info().mtu + 1}, size_t{small->info().mtu}}) {
        batch.push_back(outgoing(*large, small->info().address, ipv6(node(1), node(2), size)));
    }
    EXPECT_EQ(large->send(batch), 3u);
    const auto got = receive_until(*small, 1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_LE(got[0].packet.size(), small->info().mtu + 1);
    EXPECT_GE(small->counters().rx_truncated, 1u);
    EXPECT_EQ(small->counters().rx_errors, 0u);
}

TEST_F(DpdkPortTest, LeavesFramesForOthersAlone) {
    if (!has_veths_) return;
    const auto a = open_port("net_af_packet0,iface=vA,framecnt=128");
    const auto b = open_port("net_af_packet1,iface=vB,framecnt=128");
    const LinkAddress other = LinkAddress::mac(std::array<uint8_t, 6>{2, 9, 9, 9, 9, 9});
    std::vector<Outgoing> batch;
    batch.push_back(outgoing(*a, other, ipv6(node(1), node(2), 100)));
    batch.push_back(outgoing(*a, b->info().address, ipv6(node(1), node(2), 100)));
    EXPECT_EQ(a->send(batch), 2u);
    EXPECT_EQ(receive_until(*b, 1).size(), 1u);
    EXPECT_EQ(b->counters().rx_not_ours, 1u);
}

TEST_F(DpdkPortTest, ForwardsTheSameBufferWithoutACopy) {
    const auto in = open_port("net_ring0");
    const auto out = open_port("net_ring1");
    std::vector<Outgoing> batch;
    batch.push_back(outgoing(*in, in->info().address, ipv6(node(1), node(2), 700)));
    const uint8_t* const place = batch[0].packet.data();
    in->send(batch);
    auto got = receive_until(*in, 1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].packet.data(), place);
    batch[0] = {std::move(got[0].packet), out->info().address, 0};
    EXPECT_EQ(out->send(batch), 1u);
    got = receive_until(*out, 1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].packet.data(), place);
}

// memory port 0 -> [ node 1 ] -> port 1, net_ring0: kinds differ, so the packet is copied once on its way out.
TEST_F(DpdkPortTest, ForwardsFromAnotherKindOfPort) {
    struct : LocalSink {
        void on_packet(PortIndex, const LinkAddress&, ByteView) override { ++delivered; }
        int delivered = 0;
    } sink;
    Dataplane dataplane(node(1));
    auto memory = std::make_unique<MemoryPort>(MemoryPortConfig{});
    MemoryPort& entry = *memory;
    ASSERT_TRUE(dataplane.add_port(std::move(memory)));
    auto ring = open_port("net_ring0");
    const LinkAddress to = ring->info().address;
    ASSERT_TRUE(dataplane.add_port(std::move(ring)));
    FibBuilder routes;
    ASSERT_TRUE(routes.add(node(2).interface_id(), {1, 1500, to}));
    dataplane.set_fib(routes.build());
    ASSERT_TRUE(entry.inject(ipv6(node(3), node(2), 1500, 3), LinkAddress{}));
    for (int round = 0; round < 5; ++round) dataplane.poll(sink);  // the ring brings it back until its hops are spent
    EXPECT_EQ(dataplane.traffic(1).forwarded, (Traffic{2, 3000}));
    EXPECT_EQ(dataplane.port(1).counters().tx_packets, 2u);
    EXPECT_EQ(dataplane.dropped(DropReason::kHopLimit), 1u);
    EXPECT_EQ(sink.delivered, 0);
}

TEST_F(DpdkPortTest, SaysWhyADeviceCannotBeOpened) {
    expect_refused({.name = "p", .device = "net_nonsense0"}, ErrorCode::kNotFound,
                   "port p: device net_nonsense0: probe failed: ");
    expect_refused({.device = "net_af_packet0,iface=nope"}, ErrorCode::kNotFound,
                   "device net_af_packet0: probe failed: interface nope does not exist");
    expect_refused({.device = "net_af_packet0"}, ErrorCode::kInvalid, "iface is missing");
    expect_refused({.device = "net_af_packet0,iface=../all"}, ErrorCode::kInvalid, "no interface name");
    expect_refused({.device = ""}, ErrorCode::kInvalid, "is not DRIVER");
    expect_refused({.device = "net_ring0", .mtu = 9601}, ErrorCode::kInvalid, "mtu 9601 is not in 1280..9600");
    expect_refused({.device = "net_ring0", .buffers = 100}, ErrorCode::kInvalid, "buffers 100");
    expect_refused({.device = "net_ring0", .buffers = 60'000}, ErrorCode::kNoSpace, "raise dpdk.memory_mb");
    expect_refused({.device = "net_memif0,bsize=1024"}, ErrorCode::kInvalid, "bsize=1024");
    if (has_veths_) {
        expect_refused({.device = "net_af_packet0,iface=vA", .mtu = 9001}, ErrorCode::kInvalid,
                       "mtu 9001 is not in 1280..9000");
    }
}

TEST_F(DpdkPortTest, RefusesToOpenADeviceTwice) {
    const auto ring = open_port("net_ring0");
    expect_refused({.device = "net_ring0"}, ErrorCode::kIo, "already opened");
    EXPECT_TRUE(ring->alloc());
}

TEST_F(DpdkPortTest, WarnsWhenTheKernelWouldAnswerForUs) {
    if (!has_veths_) return;
    const auto port = open_port("net_af_packet0,iface=vKernel,framecnt=128");
    const auto& warnings = port->info().warnings;
    ASSERT_EQ(warnings.size(), 2u);  // it is down, too
    EXPECT_NE(warnings[0].find("net.ipv6.conf.vKernel.disable_ipv6=1"), std::string::npos);
    EXPECT_NE(warnings[1].find("ip link set vKernel up"), std::string::npos);
}

TEST_F(DpdkPortTest, StartsDpdkOnlyOnce) {
    const auto again = DpdkEal::start({});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kExists) << again.error().text;
}

}  // namespace
}  // namespace aip::dataplane::test

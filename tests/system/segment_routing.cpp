// Three of our dataplanes, each on a port of net_af_packet, around a stock kernel router (segment_routing.sh):
//
//     A ----- [ kernel, a segment R ] ----- C
//                      |
//                      B
//
//   segment_routing IFACE-A MAC IFACE-B MAC IFACE-C MAC      the interfaces, and the router's MAC on each link
//
// Sends A -> R -> B -> C and A -> B -> R -> C, and wants the packet at C as if it had come straight, each stop's hop
// spent; then B trusts no link, and nothing passes it. Prints what was seen; the exit status is the answer.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "aipacket/wire.hpp"
#include "dataplane/dpdk/dpdk_port.hpp"
#include "dataplane/forwarder.hpp"
#include "dataplane/segment_routing.hpp"

namespace {

using namespace aip;
using namespace aip::dataplane;

Address address(uint64_t n) { return Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{n}); }
const Address kA = address(0xa), kB = address(0xb), kC = address(0xc), kRouter = address(0xf);

struct Node final : LocalSink {
    explicit Node(const Address& self) : dataplane(self) {}

    Result<void> open(DpdkEal& eal, const std::string& device, const LinkAddress& router) {
        AIP_ASSIGN(auto port, DpdkPort::open(eal, {.name = "p", .device = device}));
        AIP_ASSIGN(const PortIndex index, dataplane.add_port(std::move(port)));
        FibBuilder routes;
        for (const Address& to : {kA, kB, kC, kRouter})
            AIP_ASSERT(routes.add(to.interface_id(), {index, 1500, router}));
        dataplane.set_fib(routes.build());
        dataplane.set_steering_links({{index, router}});
        return {};
    }
    void on_packet(PortIndex, const LinkAddress&, ByteView bytes) override {
        aipacket::PacketView packet;
        if (aipacket::decode(bytes, packet) != aipacket::DropReason::kNone) return;
        ++arrived;
        hop_limit = packet.hop_limit;
    }
    void send(const std::vector<Address>& via) {  // from A to C
        Packet packet = dataplane.alloc(0);
        AIP_ASSERT(packet && packet.capacity() >= 1000);
        std::fill_n(packet.data() + aipacket::kPacketOverhead, 500, uint8_t{42});
        aipacket::Header header;
        header.kind = aipacket::Kind::kQuery;
        packet.set_size(aipacket::encode(packet.room(), {kA, kC}, header, 500));
        AIP_ASSERT(insert_segments(packet, via) && dataplane.send(std::move(packet)));
        dataplane.flush();
    }

    Dataplane dataplane;
    uint64_t arrived = 0;
    uint8_t hop_limit = 0;
};

// Sends every 200 ms until `seen`, at most 5 s.
template <class Seen>
bool send_until(Node& a, Node& b, Node& c, const std::vector<Address>& via, Seen seen) {
    for (int round = 0; round < 250; ++round) {
        if (round % 10 == 0) a.send(via);
        for (Node* node : {&a, &b, &c}) node->dataplane.poll(*node);
        if (seen()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

bool check(const char* what, bool good) {
    std::printf("%s: %s\n", good ? "ok" : "FAILED", what);
    return good;
}

Result<bool> run(char** arguments) {
    AIP_ASSIGN(auto eal, DpdkEal::start({}));
    Node a(kA), b(kB), c(kC);
    Node* const nodes[] = {&a, &b, &c};
    for (size_t i = 0; i < 3; ++i) {
        const auto router = LinkAddress::parse(arguments[2 * i + 1]);
        if (!router) return Error{ErrorCode::kInvalid, std::string("no MAC: ") + arguments[2 * i + 1]};
        const std::string device = "net_af_packet" + std::to_string(i) + ",iface=" + arguments[2 * i] + ",framecnt=128";
        AIP_TRY(nodes[i]->open(eal, device, *router));
    }
    bool good = check("A -> R -> B -> C, the kernel's End before ours",
                      send_until(a, b, c, {kRouter, kB}, [&] { return c.arrived > 0; }));
    good &= check("three hops were spent", c.hop_limit == 61);
    good &= check("B passed it on", b.dataplane.traffic(0).forwarded.packets > 0);
    c.arrived = 0;
    good &= check("A -> B -> R -> C, ours before the kernel's",
                  send_until(a, b, c, {kB, kRouter}, [&] { return c.arrived > 0; }));
    good &= check("R, B, R: three hops again", c.hop_limit == 61);
    const auto refused = [&] { return b.dataplane.dropped(DropReason::kSteering); };
    good &= check("nothing was refused", refused() == 0);
    b.dataplane.set_steering_links({});
    good &=
        check("B refuses a link it does not trust", send_until(a, b, c, {kRouter, kB}, [&] { return refused() > 0; }));
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::fprintf(stderr, "usage: %s IFACE-A MAC IFACE-B MAC IFACE-C MAC\n", argv[0]);
        return 2;
    }
    const auto good = run(argv + 1);
    if (!good) std::fprintf(stderr, "FAILED: %s\n", good.error().text.c_str());
    return good && *good ? 0 : 1;
}

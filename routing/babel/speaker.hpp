// Speaker: one Babel router (RFC 8966) that announces one address, its own, and routes to node addresses of its
// network. Metric: ETX from Hello history (Appendix A.2.2, nominal cost 96) plus a bounded penalty for delay (RFC
// 9616).
//
// Invariants. The feasibility condition (RFC 8966 section 3.5.1) holds for every selected route, so that the routes of
// all speakers together never form a loop, whatever is lost, reordered or repeated; an update whose router id is not
// the interface id of its prefix is refused, so an address has one originator. Seqnos are never used before they were
// reserved (seqno_wanted), so a restart goes on above them. Every table is bounded (base/limits.hpp).
//
// Sans-I/O: the host calls on_packet(), and poll() at the latest at next_wakeup(), and sends what comes out as UDP from
// link-local address and port 6696. Loop thread. Profile and parameters: rfc/0009.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "dataplane/fib.hpp"
#include "routing/babel/mac.hpp"
#include "routing/babel/packet.hpp"

namespace aip::routing::babel {

struct SpeakerOptions {
    Address self;                   // announced with router id = its interface id
    uint16_t first_seqno = 0;       // above every one used before
    uint16_t seqnos_reserved = 64;  // how many from first_seqno on may be used before reserve_seqnos()
    bool check_feasibility = true;  // false only in the test that shows loops appear without it
    // This node ran before, and its feasibility distances are gone while neighbours may still route through it: until
    // they must have forgotten (9 Hello intervals and half a second), only a destination itself is taken as next hop.
    bool restarted = false;
};

struct InterfaceOptions {
    uint16_t mtu = 1500;                                 // of IPv6 packets
    Duration hello_interval = Duration::seconds(1);      // IHU: every third Hello, and at once when the cost changes
    Duration update_interval = Duration::seconds(16);    // full table; changes go out within urgent_delay
    Duration urgent_delay = Duration::milliseconds(20);  // of triggered updates, to gather several; jittered
    uint16_t cost = 96;                                  // of a link that loses nothing
    bool delay_penalty = true;
    Duration rtt_min = Duration::milliseconds(10);   // no penalty below
    Duration rtt_max = Duration::milliseconds(120);  // full penalty from here on
    uint16_t penalty_max = 150;
    std::vector<MacKey> keys;  // none: no MAC
};

struct PacketOut {
    uint16_t port = 0;
    Address destination;        // kGroup, or a neighbour's link-local address
    dataplane::LinkAddress to;  // everyone() for kGroup
    Bytes payload;              // of UDP, ports 6696
};

enum class PacketVerdict : uint8_t {
    kAccepted = 0,
    kUnknownPort,
    kNotLinkLocal,
    kNotBabel,
    kTruncated,
    kNoMac,
    kBadMac,
    kReplay,
    kChallenged,
    kTableFull
};
inline constexpr size_t kPacketVerdicts = 10;
std::string_view packet_verdict_name(PacketVerdict verdict);

// Updates that were not taken, by cause.
enum class Refusal : uint8_t { kOwnAddress = 0, kNotNode, kWrongOriginator, kUnfeasible, kTableFull, kForeignNextHop };
inline constexpr size_t kRefusals = 6;
std::string_view refusal_name(Refusal refusal);

struct NeighbourView {
    uint16_t port = 0;
    Address address;  // link-local
    dataplane::LinkAddress link;
    uint16_t rx_cost = kInfinity;  // ours, of what we hear
    uint16_t tx_cost = kInfinity;  // what it says it hears of us
    uint16_t cost = kInfinity;     // of the link, delay penalty included
    uint16_t history = 0;          // newest Hello is the highest bit
    double loss = 0;               // estimate, 0..1
    std::optional<Duration> rtt;   // smoothed
    Instant last_heard;
};

struct RouteView {
    Address destination;
    RouterId router_id = 0;
    uint16_t port = 0;
    Address next_hop;  // link-local address of the neighbour
    dataplane::LinkAddress link;
    uint16_t seqno = 0;
    uint16_t advertised_metric = kInfinity;
    uint16_t metric = kInfinity;  // with the cost of the link
    uint16_t smoothed_metric = kInfinity;
    bool feasible = false;
    bool selected = false;
    Instant expires;
};

class Speaker {
public:
    Speaker(SpeakerOptions options, Rng& rng);
    ~Speaker();

    void add_interface(uint16_t port, InterfaceOptions options, Instant now);
    void remove_interface(uint16_t port, Instant now);  // link down: its routes are gone at once
    // A neighbour that was just heard of some other way: a unicast Hello, IHU and a request for its table go out now.
    void greet(uint16_t port, const Address& link_local, const dataplane::LinkAddress& link, Instant now);
    void drop_neighbour(uint16_t port, const Address& link_local, Instant now);

    PacketVerdict on_packet(uint16_t port, const dataplane::LinkAddress& from, const Address& source,
                            const Address& destination, ByteView payload, Instant now);
    std::vector<PacketOut> poll(Instant now);
    Instant next_wakeup() const;

    // Seqnos: the host makes a higher limit durable and then says so.
    bool seqno_wanted() const;           // half of what was reserved is used
    void reserve_seqnos(uint16_t more);  // from now on this many more may be used
    uint16_t seqno() const;

    bool changed();                           // the selected routes differ from those at the last call
    std::vector<RouteView> selected() const;  // one per destination, by address; own address excluded
    std::vector<RouteView> routes() const;    // all there are, by destination
    std::vector<NeighbourView> neighbours() const;
    // What would be loop-free to use for this destination now: for the checkers of the simulator.
    std::optional<RouteView> route_to(const Address& destination) const;

    uint64_t count(PacketVerdict verdict) const;
    uint64_t count(Refusal refusal) const;
    uint64_t bytes_out() const;       // UDP payload
    uint64_t tables_delayed() const;  // since too many neighbours of a port wanted one

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace aip::routing::babel

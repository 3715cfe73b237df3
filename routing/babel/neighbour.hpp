// One neighbour on one port, and what waits to be sent to it alone. The cost of its link is worked out from what we
// hear (HelloHistory), what it says it hears (IHU) and the round trip time; `cost` is the figure in use, which follows
// the measured one in steps of an eighth so that noise makes no work.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ids.hpp"
#include "dataplane/link_address.hpp"
#include "routing/babel/hello_history.hpp"
#include "routing/babel/packet.hpp"
#include "routing/babel/rtt.hpp"

namespace aip::routing::babel {

inline constexpr Instant kLongAgo = Instant::from_ns(INT64_MIN / 2);

struct Neighbour {
    uint32_t id = 0;  // never used again
    uint16_t port = 0;
    Address address;
    dataplane::LinkAddress link;
    Instant last_heard;

    HelloHistory hellos;
    Rtt rtt;
    uint16_t tx_cost = kInfinity;
    Instant tx_expires = Instant::never();
    uint16_t cost = kInfinity;
    uint32_t routes = 0;  // learnt from it

    uint16_t rx_cost_said = kInfinity;  // in our last IHU
    uint8_t ihus_eager = 3;             // this many more Hellos carry an IHU, whatever their turn
    bool table_wanted = true;           // ask for its table until an update comes
    uint8_t table_asks = 0;

    struct Outbox {
        bool hello = false;  // with IHU
        bool ask = false;    // for its table, if still wanted
        bool table = false;  // all routes
        std::vector<Tlv> tlvs;
        std::vector<InterfaceId> updates;
        Instant due = Instant::never();
    } outbox;
    struct Sent {  // by unicast; kept when it restarts, so that no storm comes of restarts
        uint16_t hello_seqno = 0;
        Instant hello_at = kLongAgo;
        Instant table_at = kLongAgo;
    } sent;
    Instant distrusted_until = kLongAgo;        // it restarted: what it said before may still arrive
    Instant probation_ends = Instant::never();  // no Hello by then: it was none

    Instant armed = Instant::never();

    Instant deadline() const { return std::min({hellos.deadline(), tx_expires, outbox.due, probation_ends}); }
    bool usable() const { return cost != kInfinity; }
};

}  // namespace aip::routing::babel

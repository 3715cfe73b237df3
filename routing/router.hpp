// Router: what makes the routes of a node. Introductions say who is at the other end of a link (Neighbours), Babel says
// how good the link is and who is reached through it (babel::Speaker), and what Babel selects are the Routes. On tunnel
// ports that learn peers, Peering finds them.
//
// Babel packets are heard from links that were introduced by a node of our network. On a port with a network key the
// MAC decides instead, and on a port that is open to foreign routers everybody is heard. Whatever is not heard is
// counted, and asked to introduce itself.
//
// Loop thread; no clock, no socket: packets out are values.
#pragma once

#include <map>
#include <vector>

#include "dataplane/forwarder.hpp"
#include "routing/babel/speaker.hpp"
#include "routing/neighbours.hpp"
#include "routing/peering.hpp"
#include "routing/routes.hpp"

namespace aip::routing {

struct RouterOptions {
    Duration hello_interval = Duration::seconds(1);  // of Babel
    uint64_t first_sequence = 0;                     // of introductions: max(saved, wall clock ms)
    uint16_t first_seqno = 0;                        // of Babel: above every one used before
    uint16_t seqnos_reserved = 64;
    bool restarted = false;  // this node ran before
};

struct RouterPort {
    uint16_t mtu = 1500;
    std::vector<babel::MacKey> keys;  // RFC 8967; none: links are introduced
    bool foreign = false;             // hear Babel routers that are no nodes of ours
    bool learn_peers = false;         // a tunnel port whose peers are not all configured
    PeeringPort peering{};
};

struct RouterOut {
    uint16_t port = 0;
    enum class What : uint8_t { kBabel, kIntroduction, kJoin } what = What::kBabel;
    Address destination;  // of a Babel datagram
    dataplane::LinkAddress to;
    Bytes payload;
};

class Router {
public:
    Router(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, RouterOptions options);

    void add_port(uint16_t port, RouterPort options, Instant now);
    void remove_port(uint16_t port, Instant now);

    void on_introduction(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                         WallTime wall);
    void on_join(uint16_t port, const dataplane::LinkAddress& from, ByteView payload, Instant now, WallTime wall);
    void on_babel(uint16_t port, const dataplane::LinkAddress& from, const Address& source, const Address& destination,
                  ByteView payload, Instant now);

    std::vector<RouterOut> poll(Instant now, WallTime wall);
    Instant next_wakeup() const {
        return std::min({neighbours_.next_wakeup(), peering_.next_wakeup(), speaker_.next_wakeup()});
    }
    // To be told to the ports before what poll() returned is sent.
    std::vector<LearnedPeers> take_learned_peers() { return peering_.take_changes(); }

    bool changed();  // the routes differ from those at the last call
    void measure();  // brings the round trip times of the routes up to date
    const Routes& routes() const { return routes_; }
    const Neighbours& neighbours() const { return neighbours_; }
    const Peering& peering() const { return peering_; }
    const babel::Speaker& speaker() const { return speaker_; }
    babel::Speaker& speaker() { return speaker_; }
    // That work both ways and have proven who they are, by an introduction or by the MAC.
    std::vector<dataplane::SteeringLink> authenticated_links() const;
    uint64_t strangers() const { return strangers_; }  // Babel packets from links nobody introduced

private:
    void greet_newcomers(Instant now);
    RouteView view(const babel::RouteView& route) const;

    Neighbours neighbours_;
    Peering peering_;
    babel::Speaker speaker_;
    std::map<uint16_t, RouterPort> ports_;
    RouterOptions options_;
    Routes routes_;
    uint64_t strangers_ = 0;
};

}  // namespace aip::routing

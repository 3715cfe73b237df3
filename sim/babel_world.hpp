// BabelWorld: Babel speakers and nothing else of a node, on simulated links, for questions about routes that need many
// speakers or very many events. After every event the routes of all speakers together are checked: following the
// selected next hops of any destination never leads back to a node that was passed.
//
// The check is exact and cheap: an event changes the table of one speaker, so a loop that is there after it and was not
// before passes through that speaker, by a route that has just changed; only those are followed.
//
// Links lose, delay, reorder and duplicate packets as LinkOptions say; they die silently, in one direction or both, or
// go down with both ends told. A speaker restarts with or without its sequence numbers; its feasibility distances are
// always lost with it. A liar says of every route it tells that it is at its door: loops that pass through it are
// counted apart, since nothing can prevent them. Everything from one seed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "routing/babel/speaker.hpp"
#include "sim/event_queue.hpp"
#include "sim/network.hpp"

namespace aip::sim {

struct BabelWorldOptions {
    uint64_t seed = 1;
    bool check_feasibility = true;  // false: loops are counted and the run goes on
    routing::babel::InterfaceOptions interface;
};

class BabelWorld {
public:
    explicit BabelWorld(BabelWorldOptions options) : options_(std::move(options)), rng_(options_.seed) {}
    ~BabelWorld();

    size_t add_node();                                     // running from now on
    size_t link(size_t a, size_t b, LinkOptions options);  // up at once; returns its number
    LinkOptions& way(size_t link, size_t from);            // one direction
    void block(size_t link, size_t from, bool blocked);    // silently
    void set_silent(size_t link, bool dead);               // both ways, nobody is told
    void set_down(size_t link, bool down);                 // both ends are told
    bool carries(size_t link) const;                       // both ways
    void stop(size_t node);                                // power cut
    void start(size_t node, bool knows_seqno);
    void set_liar(size_t node, bool lies) { nodes_[node].lies = lies; }
    bool running(size_t node) const { return nodes_[node].speaker != nullptr; }

    bool run_one();
    // False: the time was up first.
    bool run(Duration limit, const std::function<bool()>& done);

    size_t size() const { return nodes_.size(); }
    size_t links() const { return links_.size(); }
    size_t other_end(size_t link, size_t node) const;  // one of the two if `node` is neither
    std::optional<size_t> next_hop(size_t from, size_t to) const;
    bool reaches(size_t from, size_t to) const;  // following next hops over links that carry
    bool tables_are_full() const;                // everybody who is connected is reached
    const routing::babel::Speaker& speaker(size_t node) const { return *nodes_[node].speaker; }
    Address address(size_t node) const;

    EventQueue& queue() { return queue_; }
    Rng& rng() { return rng_; }
    uint64_t events() const { return queue_.count(); }
    uint64_t loops() const { return loops_; }  // of honest nodes alone
    uint64_t loops_through_liars() const { return loops_through_liars_; }
    const std::string& first_loop() const { return first_loop_; }
    uint64_t packets() const { return packets_; }
    uint64_t wire_bytes() const { return wire_bytes_; }  // Ethernet, IPv6 and UDP headers included

private:
    struct End {
        size_t node = 0;
        uint16_t port = 0;
        LinkOptions options;  // of packets that leave here
        bool blocked = false;
    };
    struct Link {
        End ends[2];
        bool down = false;
    };
    struct Node {
        std::unique_ptr<routing::babel::Speaker> speaker;
        bool lies = false;
        uint64_t life = 0;  // events of an earlier life do nothing
        uint16_t seqno = 0;
        Instant wake_at = Instant::never();
        std::vector<size_t> links;                     // by port
        std::vector<std::optional<size_t>> next_link;  // by destination
    };

    void settle(size_t node);
    void poll(size_t node);
    void carry(size_t link, int from, const routing::babel::PacketOut& packet);
    void arrive(size_t link, int to, const Address& destination, const Bytes& payload);
    void check(size_t node, size_t destination);
    dataplane::LinkAddress link_address(size_t node) const;

    BabelWorldOptions options_;
    SeededRng rng_;
    EventQueue queue_;
    std::vector<Node> nodes_;
    std::vector<Link> links_;
    uint64_t loops_ = 0;
    uint64_t loops_through_liars_ = 0;
    uint64_t packets_ = 0;
    uint64_t wire_bytes_ = 0;
    std::string first_loop_;
};

}  // namespace aip::sim

// Fib: which wire takes a packet nearer to node X? Exact match of the 64-bit interface id. Built once from the routes,
// immutable after, so any number of readers share it without a lock; SharedFib replaces it under them.
//
// Open addressing, at most half full, linear probing. A slot is 16 bytes and never crosses a cache line: the id and a
// pointer to a next hop, of which each different one is stored once (a node has many routes and few neighbours).
// find_bulk() hashes a whole burst and asks for all its slots before it reads the first one, so the misses of the cache
// overlap. `salt` (random in a daemon, fixed in the simulator) spreads ids that somebody chose to collide.
// Thread: any, for reading. rfc/0003 fills it; the packet path reads it. Figures: docs/performance.md.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "dataplane/link_address.hpp"

namespace aip::dataplane {

using PortIndex = uint16_t;
inline constexpr PortIndex kNoPort = 0xffff;

struct NextHop {
    PortIndex port = kNoPort;
    uint16_t mtu = 0;  // bytes of the largest packet for this hop
    LinkAddress to;

    auto operator<=>(const NextHop&) const = default;
};

class Fib {
public:
    Fib(const Fib&) = delete;  // slots point into it
    Fib& operator=(const Fib&) = delete;

    // Null if there is no route; valid as long as the table.
    const NextHop* find(InterfaceId id) const;
    // The same for ids[i] into hops[i]; equal lengths, any number.
    void find_bulk(std::span<const InterfaceId> ids, std::span<const NextHop*> hops) const;

    size_t size() const { return size_; }
    size_t next_hops() const { return hops_.size(); }
    size_t longest_probe() const;  // slots the slowest lookup of a known id reads

private:
    friend class FibBuilder;
    struct Route {
        InterfaceId id;
        NextHop hop;
    };
    struct Slot {
        InterfaceId id{};
        const NextHop* hop = nullptr;  // null: empty
    };
    static_assert(sizeof(Slot) == 16);

    Fib(const std::vector<Route>& routes, uint64_t salt);
    size_t home_of(InterfaceId id) const;
    const NextHop* find_from(size_t at, InterfaceId id) const;
    void insert(InterfaceId id, const NextHop* hop);

    std::vector<NextHop> hops_;  // sorted; never changes once slots point here
    std::vector<Slot> slots_;
    size_t mask_;
    size_t size_ = 0;
    uint64_t salt_;
};

class FibBuilder {
public:
    explicit FibBuilder(uint64_t salt = 0) : salt_(salt) {}

    // The last one of an id counts. False: kRoutesMax reached, or hop.port is kNoPort.
    bool add(InterfaceId id, const NextHop& hop);
    std::unique_ptr<const Fib> build() const;

private:
    uint64_t salt_;
    std::vector<Fib::Route> routes_;
};

}  // namespace aip::dataplane

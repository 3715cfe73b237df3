// Fib: which wire takes a packet nearer to node X? Exact match of the 64-bit interface id. Built once from the routes,
// immutable after, and replaced as a whole by its owner, so a reader sees one consistent table and takes no lock.
// Open addressing, at most half full, linear probing. `salt` (random in a daemon, fixed in the simulator) spreads ids
// that somebody chose to collide. Thread: any, for reading. rfc/0003 fills it; the packet path reads it.
#pragma once

#include <memory>
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

    bool operator==(const NextHop&) const = default;
};

class Fib {
public:
    // Null if there is no route; valid as long as the table.
    const NextHop* find(InterfaceId id) const;
    size_t size() const { return size_; }

private:
    friend class FibBuilder;
    struct Slot {
        InterfaceId id{};
        NextHop hop;  // port == kNoPort: empty
    };

    Fib(size_t routes, uint64_t salt);
    size_t slot_of(InterfaceId id) const;
    void insert(InterfaceId id, const NextHop& hop);

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
    std::vector<Fib::Slot> routes_;
};

}  // namespace aip::dataplane

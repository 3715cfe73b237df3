// Which nodes were visited in this lap, of those whose visits a journey record no longer counts one by one: a Bloom
// filter (rfc/0003 section 4.2), so that a lap through a network of thousands still ends.
//
// 32,768 bits and 4 hashes, salted with the lap: a node that is not in it seems to be with a probability of 10^-5 in a
// network of 1,000 nodes, 1.6 % in one of 4,096, as many as an interest table holds; such a node waits for the next
// lap, which has another salt. 4 KiB in the record once a lap has seen more than limits::kJourneyVisitsMax nodes,
// nothing before. Interface ids are hashes of keys, so they are only mixed, not hashed again. A value; any thread.
#pragma once

#include "base/ids.hpp"

namespace aip::routing {

class VisitFilter {
public:
    static constexpr size_t kBytes = 4096;

    bool empty() const { return bits_.empty(); }
    void clear() { bits_.clear(); }
    void add(const Address& node, uint32_t lap);
    bool contains(const Address& node, uint32_t lap) const;
    void merge(const VisitFilter& other);  // of the same lap

    ByteView bytes() const { return bits_; }  // none or kBytes
    static VisitFilter from(ByteView bytes);
    bool operator==(const VisitFilter&) const = default;

private:
    Bytes bits_;
};

}  // namespace aip::routing

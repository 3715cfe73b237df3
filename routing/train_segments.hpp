// A planned journey as a segment list (rfc/0012 section 6): each stop still to come is one segment with the behaviour
// End.Train, a node's address whose 16 reserved bits hold the behaviour's code, and the task as its argument. One to
// one: the stop can be read back. It is for showing plans in terms that others know; no packet carries such a
// segment, since a model is sent to its next stop alone, and a dataplane refuses one. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"

namespace aip::routing {

inline constexpr uint16_t kEndTrain = 0x8001;  // private use: 32768 to 34815 (RFC 8986 section 10.2)

struct TrainSegment {
    Address sid;
    std::string task;

    bool operator==(const TrainSegment&) const = default;
};

std::vector<TrainSegment> train_segments(const std::vector<Address>& itinerary, const std::string& task);
// The node that trains there; nothing if `sid` is no segment of End.Train.
std::optional<Address> train_stop(const Address& sid);

}  // namespace aip::routing

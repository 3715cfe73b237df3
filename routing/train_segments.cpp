#include "routing/train_segments.hpp"

#include "base/assert.hpp"

namespace aip::routing {
namespace {

constexpr size_t kReserved = 6;  // of an address: fd, network id, then these two bytes

}  // namespace

std::vector<TrainSegment> train_segments(const std::vector<Address>& itinerary, const std::string& task) {
    std::vector<TrainSegment> segments;
    for (const Address& stop : itinerary) {
        AIP_ASSERT(stop.is_node());
        segments.push_back({stop, task});
        store_be16(&segments.back().sid.bytes[kReserved], kEndTrain);
    }
    return segments;
}

std::optional<Address> train_stop(const Address& sid) {
    if (load_be16(&sid.bytes[kReserved]) != kEndTrain) return std::nullopt;
    Address stop = sid;
    store_be16(&stop.bytes[kReserved], 0);
    return stop.is_node() ? std::optional(stop) : std::nullopt;
}

}  // namespace aip::routing

// Distances and the feasibility condition (RFC 8966 sections 3.2.1, 3.5.1, 3.7.3): a node may use a route only if its
// advertised distance is strictly better than the best the node itself ever sent for that source. That alone keeps the
// routes of all nodes free of loops. One source per destination here, since an address has one originator.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "routing/babel/packet.hpp"

namespace aip::routing::babel {

// Modulo 2^16: a is newer when it is less than half the circle ahead of b.
constexpr bool seqno_newer(uint16_t a, uint16_t b) { return a != b && static_cast<uint16_t>(a - b) < 0x8000; }

struct Distance {
    uint16_t seqno = 0;
    uint16_t metric = kInfinity;

    constexpr bool better_than(const Distance& other) const {
        return seqno_newer(seqno, other.seqno) || (seqno == other.seqno && metric < other.metric);
    }
    bool operator==(const Distance&) const = default;
};

// The entry of the source table. Forgotten three minutes after the last finite update was sent, long after every route
// that anyone learnt from that update has expired (kRouteHoldMax).
class Source {
public:
    static constexpr Duration kForgetAfter = Duration::seconds(180);

    bool feasible(const Distance& advertised) const {
        return advertised.metric == kInfinity || !best_ || advertised.better_than(*best_);
    }
    void sent(const Distance& distance, Instant now) {
        if (!best_ || distance.better_than(*best_)) best_ = distance;
        forget_at_ = now + kForgetAfter;
    }
    bool forget_if_due(Instant now) {
        if (now < forget_at_) return false;
        best_.reset();
        forget_at_ = Instant::never();
        return true;
    }
    const std::optional<Distance>& best() const { return best_; }
    Instant forget_at() const { return forget_at_; }

private:
    std::optional<Distance> best_;
    Instant forget_at_ = Instant::never();
};

}  // namespace aip::routing::babel

// Round trip time to one neighbour from the timestamps of Hellos and IHUs (RFC 9616), without synchronised clocks:
// (t2 - t1) - (t2' - t1'), all modulo 2^32 microseconds, smoothed. Timestamps older than three minutes, from the future
// or that contradict each other give no sample. A neighbour's clock that jumps tells that it restarted.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "routing/babel/packet.hpp"

namespace aip::routing::babel {

class Rtt {
public:
    // A Hello came at `received_us` of our clock. False: its clock is not the one we knew.
    bool hello(uint32_t sent_us, uint32_t received_us);
    // The IHU of the same packet.
    void sample(const IhuTlv::Echo& echo, uint32_t sent_us, uint32_t received_us);
    // What to say in the next IHU.
    std::optional<IhuTlv::Echo> echo(uint32_t now_us) const;
    std::optional<Duration> smoothed() const { return smoothed_; }

    // Linear between the two, nothing below, penalty_max above.
    static uint16_t penalty(Duration rtt, Duration rtt_min, Duration rtt_max, uint16_t penalty_max);

private:
    std::optional<IhuTlv::Echo> last_;
    std::optional<Duration> smoothed_;
};

}  // namespace aip::routing::babel

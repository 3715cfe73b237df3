// How fast: round trip estimate (RFC 9002 section 5), window, pacing. RateControl is the seam where controllers for
// bad links go; AimdWindow is for clean ones: slow start, one packet per round trip, times 0.7 at most once per round
// trip on loss, never below 32 packets (so that random loss cannot stop it).
#pragma once

#include <algorithm>

#include "base/limits.hpp"
#include "base/time.hpp"

namespace aip::aipacket {

inline constexpr uint32_t kBurstPackets = 32;
inline constexpr Duration kRttUnknown = Duration::milliseconds(100);
inline constexpr Duration kTimerGranularity = Duration::milliseconds(1);

class RttEstimator {
public:
    void sample(Duration rtt, Duration ack_delay);
    void guess(Duration rtt) { guess_ = rtt; }  // stands until the first sample

    bool known() const { return known_; }
    Duration smoothed() const { return known_ ? smoothed_ : guess_; }
    Duration latest() const { return known_ ? latest_ : guess_; }
    Duration minimum() const { return known_ ? minimum_ : guess_; }
    Duration loss_delay() const { return std::max(std::max(smoothed(), latest()) * 9 / 8, kTimerGranularity); }
    Duration probe_timeout(Duration ack_delay_max) const;

private:
    bool known_ = false;
    Duration guess_ = kRttUnknown;
    Duration smoothed_;
    Duration variation_;
    Duration latest_;
    Duration minimum_;
};

class RateControl {
public:
    virtual ~RateControl() = default;
    virtual void on_acknowledged(uint64_t wire_bytes, uint64_t in_flight_before, const RttEstimator& rtt) = 0;
    virtual void on_lost(uint32_t packets, Instant newest_sent, Instant now) = 0;
    virtual void on_silence() = 0;  // several probe timeouts in a row
    virtual uint64_t window_bytes() const = 0;
    virtual double bytes_per_second(const RttEstimator& rtt) const = 0;  // 0: as fast as the window allows
};

class AimdWindow final : public RateControl {
public:
    explicit AimdWindow(uint32_t packet_bytes);
    void on_acknowledged(uint64_t wire_bytes, uint64_t in_flight_before, const RttEstimator& rtt) override;
    void on_lost(uint32_t packets, Instant newest_sent, Instant now) override;
    void on_silence() override;
    uint64_t window_bytes() const override { return window_; }
    double bytes_per_second(const RttEstimator& rtt) const override;

private:
    bool slow_start() const { return window_ < threshold_; }

    const uint64_t packet_;
    const uint64_t floor_;
    uint64_t window_;
    uint64_t threshold_ = limits::kWindowBytesMax;
    uint64_t grown_ = 0;  // bytes acknowledged towards the next packet of window
    Instant recovery_since_ = Instant::from_ns(INT64_MIN);
};

// Lets bursts of up to kBurstPackets through and spaces them at the rate given.
class Pacer {
public:
    explicit Pacer(uint32_t packet_bytes)
        : burst_(static_cast<double>(packet_bytes) * kBurstPackets), credit_(burst_) {}

    void refill(Instant now, double bytes_per_second);
    bool open() const { return credit_ > 0; }
    void sent(uint64_t wire_bytes) { credit_ -= static_cast<double>(wire_bytes); }
    Instant opens_at() const;  // as of the last refill

private:
    double burst_;
    double credit_;
    double rate_ = 0;
    Instant refilled_;
};

}  // namespace aip::aipacket

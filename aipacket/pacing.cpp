#include "aipacket/pacing.hpp"

namespace aip::aipacket {
namespace {

Duration distance(Duration a, Duration b) { return a > b ? a - b : b - a; }

}  // namespace

void RttEstimator::sample(Duration rtt, Duration ack_delay) {
    latest_ = std::max(rtt, Duration::microseconds(1));
    if (!known_) {
        known_ = true;
        minimum_ = latest_;
        smoothed_ = latest_;
        variation_ = latest_ / 2;
        return;
    }
    minimum_ = std::min(minimum_, latest_);
    if (latest_ - ack_delay >= minimum_) latest_ = latest_ - ack_delay;
    variation_ = (variation_ * 3 + distance(smoothed_, latest_)) / 4;
    smoothed_ = (smoothed_ * 7 + latest_) / 8;
}

Duration RttEstimator::probe_timeout(Duration ack_delay_max) const {
    const Duration spread = known_ ? variation_ * 4 : guess_ * 2;
    return smoothed() + std::max(spread, kTimerGranularity) + ack_delay_max;
}

AimdWindow::AimdWindow(uint32_t packet_bytes)
    : packet_(packet_bytes), floor_(std::min(packet_ * kBurstPackets, limits::kWindowBytesMax)), window_(floor_) {}

void AimdWindow::on_acknowledged(uint64_t wire_bytes, uint64_t in_flight_before, const RttEstimator& rtt) {
    if (in_flight_before * 2 < window_) return;  // the window was not what held the sender back
    if (slow_start()) {
        window_ += wire_bytes;
        // A queue is building: stop doubling before it overflows.
        if (rtt.known() && rtt.latest() > rtt.minimum() * 2 + Duration::milliseconds(4)) threshold_ = window_;
    } else {
        grown_ += wire_bytes;
        if (grown_ >= window_) {
            grown_ -= window_;
            window_ += packet_;
        }
    }
    window_ = std::min(window_, limits::kWindowBytesMax);
}

void AimdWindow::on_lost(uint32_t packets, Instant newest_sent, Instant now) {
    if (packets == 0 || newest_sent < recovery_since_) return;
    recovery_since_ = now;
    window_ = std::max(window_ * 7 / 10, floor_);
    threshold_ = window_;
    grown_ = 0;
}

void AimdWindow::on_silence() {
    threshold_ = std::max(window_ * 7 / 10, floor_);
    window_ = floor_;
}

double AimdWindow::bytes_per_second(const RttEstimator& rtt) const {
    if (!rtt.known()) return static_cast<double>(window_) / rtt.smoothed().count_s();
    return (slow_start() ? 2.0 : 1.25) * static_cast<double>(window_) / rtt.smoothed().count_s();
}

void Pacer::refill(Instant now, double bytes_per_second) {
    if (now > refilled_) credit_ = std::min(burst_, credit_ + (now - refilled_).count_s() * bytes_per_second);
    refilled_ = std::max(now, refilled_);
    rate_ = bytes_per_second;
    if (rate_ <= 0) credit_ = burst_;
}

Instant Pacer::opens_at() const {
    if (open() || rate_ <= 0) return refilled_;
    return refilled_ + Duration::nanoseconds(static_cast<int64_t>(-credit_ / rate_ * 1e9) + 1);
}

}  // namespace aip::aipacket

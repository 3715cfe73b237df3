#include "routing/babel/rtt.hpp"

#include <algorithm>

namespace aip::routing::babel {
namespace {

constexpr uint32_t kAgeMax = 180'000'000;
constexpr int32_t kClockJump = 30'000'000;
constexpr int32_t kDriftMax = 1'000;  // a sample may come out below zero by that much
constexpr double kSmoothing = 0.836;

}  // namespace

bool Rtt::hello(uint32_t sent_us, uint32_t received_us) {
    if (last_) {
        const uint32_t theirs = sent_us - last_->origin_us;
        const uint32_t ours = received_us - last_->received_us;
        const auto jump = static_cast<int32_t>(theirs - ours);
        if (jump > kClockJump || jump < -kClockJump) return false;
        if (static_cast<int32_t>(theirs) < 0) return true;  // an old copy, late
    }
    last_ = {sent_us, received_us};
    return true;
}

void Rtt::sample(const IhuTlv::Echo& echo, uint32_t sent_us, uint32_t received_us) {
    const uint32_t away = received_us - echo.origin_us;
    const uint32_t kept = sent_us - echo.received_us;
    if (away > kAgeMax || kept > kAgeMax) return;
    const auto rtt = static_cast<int32_t>(away - kept);
    if (rtt < -kDriftMax) return;
    const Duration value = Duration::microseconds(std::max(rtt, 0));
    if (!smoothed_) {
        smoothed_ = value;
    } else {
        const double us = kSmoothing * static_cast<double>(smoothed_->count_us()) +
                          (1 - kSmoothing) * static_cast<double>(value.count_us());
        smoothed_ = Duration::microseconds(static_cast<int64_t>(us));
    }
}

std::optional<IhuTlv::Echo> Rtt::echo(uint32_t now_us) const {
    if (!last_ || now_us - last_->received_us > kAgeMax) return std::nullopt;
    return last_;
}

uint16_t Rtt::penalty(Duration rtt, Duration rtt_min, Duration rtt_max, uint16_t penalty_max) {
    if (rtt <= rtt_min) return 0;
    if (rtt >= rtt_max) return penalty_max;
    const double share = (rtt - rtt_min).count_s() / (rtt_max - rtt_min).count_s();
    return static_cast<uint16_t>(share * penalty_max);
}

}  // namespace aip::routing::babel

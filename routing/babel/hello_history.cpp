#include "routing/babel/hello_history.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "routing/babel/packet.hpp"

namespace aip::routing::babel {
namespace {

constexpr int kBits = 16;
constexpr double kLossWeight = 1.0 / 16;
constexpr double kFalseAlarm = 0.001;
constexpr int kMissesMin = 3;
constexpr int kMissesMax = 8;

}  // namespace

HelloHistory::Heard HelloHistory::hear(uint16_t seqno, Duration interval, Instant now) {
    if (expected_) {
        const int ahead = static_cast<int16_t>(seqno - *expected_);
        if (ahead > kBits || ahead < -kBits) return Heard::kRestarted;
        if (ahead < 0 && -ahead > guessed_) {
            if (-ahead <= counted_) bits_ |= static_cast<uint16_t>(0x8000u >> (-ahead - 1));
            return Heard::kOldCopy;
        }
        if (ahead < 0) {
            bits_ = static_cast<uint16_t>(bits_ << -ahead);
            counted_ -= -ahead;
        }
        for (int i = 0; i < ahead; ++i) push(false);
    }
    for (int i = misses_in_a_row(); i > 0; --i) loss_ += (1 - loss_) * kLossWeight;
    loss_ -= loss_ * kLossWeight;
    push(true);
    guessed_ = 0;
    expected_ = static_cast<uint16_t>(seqno + 1);
    if (interval > Duration{}) promise(interval, now);
    return Heard::kNew;
}

void HelloHistory::hear_unicast(Duration interval, Instant now) {
    if (expected_) return;
    bits_ = 0x8000;
    counted_ = 1;
    guessed_ = 0;
    promise(interval, now);
}

void HelloHistory::miss(Instant now) {
    push(false);
    guessed_ = std::min(guessed_ + 1, kBits);
    if (expected_) ++*expected_;
    deadline_ = now + interval_;
}

int HelloHistory::misses_in_a_row() const { return std::min(std::countl_zero(bits_), counted_); }

int HelloHistory::misses_allowed() const {
    if (loss_ <= kFalseAlarm) return kMissesMin;
    if (loss_ >= 0.99) return kMissesMax;
    return std::clamp(static_cast<int>(std::ceil(std::log(kFalseAlarm) / std::log(loss_))), kMissesMin, kMissesMax);
}

uint16_t HelloHistory::cost(uint16_t nominal) const {
    if (!up()) return kInfinity;
    const int cost = nominal * counted_ / std::popcount(bits_);
    return static_cast<uint16_t>(std::min<int>(cost, kInfinity - 1));
}

void HelloHistory::push(bool heard) {
    bits_ = static_cast<uint16_t>((bits_ >> 1) | (heard ? 0x8000u : 0u));
    counted_ = std::min(counted_ + 1, kBits);
}

void HelloHistory::promise(Duration interval, Instant now) {
    interval_ = interval;
    deadline_ = now + interval + interval / 4;
}

}  // namespace aip::routing::babel

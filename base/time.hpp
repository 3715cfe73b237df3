// Time enters every function as an argument: nothing below daemons/ and sim/ reads a clock.
// Duration and Instant count nanoseconds (Instant from an arbitrary start, monotonic); WallTime counts
// milliseconds since 1970-01-01 UTC and appears only in what is signed or shown to people.
#pragma once

#include <compare>
#include <cstdint>

namespace aip {

class Duration {
public:
    constexpr Duration() = default;
    static constexpr Duration nanoseconds(int64_t n) { return Duration(n); }
    static constexpr Duration microseconds(int64_t n) { return Duration(n * 1000); }
    static constexpr Duration milliseconds(int64_t n) { return Duration(n * 1000000); }
    static constexpr Duration seconds(int64_t n) { return Duration(n * 1000000000); }

    constexpr int64_t count_ns() const { return ns_; }
    constexpr int64_t count_us() const { return ns_ / 1000; }
    constexpr int64_t count_ms() const { return ns_ / 1000000; }
    constexpr double count_s() const { return static_cast<double>(ns_) * 1e-9; }

    constexpr auto operator<=>(const Duration&) const = default;
    constexpr Duration operator+(Duration o) const { return Duration(ns_ + o.ns_); }
    constexpr Duration operator-(Duration o) const { return Duration(ns_ - o.ns_); }
    constexpr Duration operator*(int64_t k) const { return Duration(ns_ * k); }
    constexpr Duration operator/(int64_t k) const { return Duration(ns_ / k); }

private:
    explicit constexpr Duration(int64_t ns) : ns_(ns) {}
    int64_t ns_ = 0;
};

class Instant {
public:
    constexpr Instant() = default;
    static constexpr Instant from_ns(int64_t ns) { return Instant(ns); }
    static constexpr Instant never() { return Instant(INT64_MAX); }

    constexpr int64_t ns() const { return ns_; }
    constexpr auto operator<=>(const Instant&) const = default;
    constexpr Instant operator+(Duration d) const { return Instant(ns_ + d.count_ns()); }
    constexpr Instant operator-(Duration d) const { return Instant(ns_ - d.count_ns()); }
    constexpr Duration operator-(Instant o) const { return Duration::nanoseconds(ns_ - o.ns_); }

private:
    explicit constexpr Instant(int64_t ns) : ns_(ns) {}
    int64_t ns_ = 0;
};

class WallTime {
public:
    constexpr WallTime() = default;
    static constexpr WallTime from_unix_ms(int64_t ms) { return WallTime(ms); }
    constexpr int64_t unix_ms() const { return ms_; }
    constexpr auto operator<=>(const WallTime&) const = default;
    constexpr WallTime operator+(Duration d) const { return WallTime(ms_ + d.count_ms()); }

private:
    explicit constexpr WallTime(int64_t ms) : ms_(ms) {}
    int64_t ms_ = 0;
};

// Injected: the daemon's is the operating system's, the simulator's is the event queue's.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
    virtual WallTime wall() const = 0;
};

}  // namespace aip

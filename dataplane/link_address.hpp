// LinkAddress: who is at the other end of a link, in the words of that link: a MAC on Ethernet, a socket address on a
// udp port, or everyone (Ethernet: the multicast MAC of the packet's destination; udp: every configured peer).
// A plain value of 20 bytes: compare, hash, copy. Text: "02:00:00:00:00:01", "192.0.2.1:7001", "[2001:db8::1]:7001",
// "everyone"; an empty one is "none". Socket addresses with a zone (fe80::1%eth0) are not taken.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace aip::dataplane {

class LinkAddress {
public:
    enum class Kind : uint8_t { kNone, kEveryone, kMac, kIpv4, kIpv6 };

    constexpr LinkAddress() = default;
    static LinkAddress everyone();
    static LinkAddress mac(std::span<const uint8_t, 6> mac);
    static LinkAddress ipv4(std::span<const uint8_t, 4> host, uint16_t port);
    static LinkAddress ipv6(std::span<const uint8_t, 16> host, uint16_t port);
    static std::optional<LinkAddress> parse(std::string_view text);

    Kind kind() const { return kind_; }
    bool is_everyone() const { return kind_ == Kind::kEveryone; }
    bool is_socket() const { return kind_ == Kind::kIpv4 || kind_ == Kind::kIpv6; }
    bool is_loopback() const;
    ByteView host() const;  // 6, 4 or 16 bytes; empty for the others
    uint16_t port() const { return load_be16(&bytes_[16]); }
    std::string text() const;

    auto operator<=>(const LinkAddress&) const = default;

private:
    LinkAddress(Kind kind, ByteView host, uint16_t port);

    Kind kind_ = Kind::kNone;
    std::array<uint8_t, 19> bytes_{};  // host at 0, port at 16; the rest is zero
};
static_assert(sizeof(LinkAddress) == 20);

}  // namespace aip::dataplane

template <>
struct std::hash<aip::dataplane::LinkAddress> {
    size_t operator()(const aip::dataplane::LinkAddress& address) const noexcept;
};

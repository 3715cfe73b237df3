// The names things have. All are plain values: compare, hash, print as hex.
//   Digest     SHA-256 of something (32 bytes)
//   VersionId  digest of a manifest's canonical bytes: names one immutable state of a model
//   Address    the IPv6 unique local address of a node: fd | 40-bit network id | 16 zero bits | 64-bit interface id
//   InterfaceId  the low 64 bits of an Address: what the forwarding table matches exactly
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace aip {

template <class Tag, size_t N>
struct FixedBytes {
    static constexpr size_t kSize = N;
    std::array<uint8_t, N> bytes{};

    static std::optional<FixedBytes> from(ByteView view) {
        if (view.size() != N) return std::nullopt;
        FixedBytes id;
        std::memcpy(id.bytes.data(), view.data(), N);
        return id;
    }
    static std::optional<FixedBytes> parse_hex(std::string_view text) {
        const auto raw = from_hex(text);
        return raw ? from(*raw) : std::nullopt;
    }
    ByteView view() const { return bytes; }
    std::string hex() const { return to_hex(bytes); }
    std::string short_hex() const { return hex().substr(0, 12); }  // for people; never for lookups
    bool is_zero() const { return *this == FixedBytes{}; }
    auto operator<=>(const FixedBytes&) const = default;
};

using Digest = FixedBytes<struct DigestTag, 32>;
using VersionId = FixedBytes<struct VersionTag, 32>;
using NetworkId = FixedBytes<struct NetworkTag, 5>;

enum class InterfaceId : uint64_t {};

struct Address {
    std::array<uint8_t, 16> bytes{};

    static Address make(const NetworkId& network, InterfaceId id);
    static Address link_local(InterfaceId id);                   // fe80::/64: one node has it on each of its links
    static std::optional<Address> parse(std::string_view text);  // any RFC 4291 text form
    static std::optional<Address> from(ByteView view);

    InterfaceId interface_id() const { return InterfaceId{load_be64(bytes.data() + 8)}; }
    NetworkId network() const;
    bool is_node() const;  // fd, reserved bits zero
    bool is_multicast() const { return bytes[0] == 0xff; }
    bool is_link_local() const { return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }  // fe80::/10, whoever made it
    Address solicited_node_group() const;  // where its neighbours ask for its link address (RFC 4291 section 2.7.1)
    bool is_zero() const { return *this == Address{}; }
    std::string text() const;  // RFC 5952
    ByteView view() const { return bytes; }
    auto operator<=>(const Address&) const = default;
};

}  // namespace aip

template <class Tag, size_t N>
struct std::hash<aip::FixedBytes<Tag, N>> {
    size_t operator()(const aip::FixedBytes<Tag, N>& id) const noexcept {
        size_t h = 0;
        std::memcpy(&h, id.bytes.data(), N < sizeof h ? N : sizeof h);
        return h;
    }
};
template <>
struct std::hash<aip::Address> {
    size_t operator()(const aip::Address& a) const noexcept { return static_cast<size_t>(a.interface_id()); }
};

#include "dataplane/link_address.hpp"

#include <algorithm>
#include <charconv>

#include "base/ids.hpp"

namespace aip::dataplane {
namespace {

std::optional<uint32_t> parse_decimal(std::string_view text, uint32_t max) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
    if (text.size() > 1 && text[0] == '0') return std::nullopt;  // 010 is eight to some and ten to others
    return value;
}

std::optional<std::array<uint8_t, 4>> parse_ipv4(std::string_view text) {
    std::array<uint8_t, 4> host{};
    for (size_t i = 0; i < host.size(); ++i) {
        const size_t dot = text.find('.');
        if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
        const auto value = parse_decimal(text.substr(0, dot), 255);
        if (!value) return std::nullopt;
        host[i] = static_cast<uint8_t>(*value);
        if (i < 3) text.remove_prefix(dot + 1);
    }
    return host;
}

std::optional<LinkAddress> parse_mac(std::string_view text) {
    if (text.size() != 17) return std::nullopt;
    std::string digits;
    for (size_t i = 0; i < text.size(); ++i) {
        if (i % 3 != 2) digits += text[i];
        if (i % 3 == 2 && text[i] != ':') return std::nullopt;
    }
    const auto raw = from_hex(digits);
    if (!raw || raw->size() != 6) return std::nullopt;
    return LinkAddress::mac(std::span<const uint8_t, 6>(raw->data(), 6));
}

std::optional<LinkAddress> parse_ipv6(std::string_view text) {
    const size_t close = text.find("]:");
    if (close == std::string_view::npos) return std::nullopt;
    const auto host = Address::parse(text.substr(1, close - 1));
    const auto port = parse_decimal(text.substr(close + 2), 65'535);
    if (!host || !port) return std::nullopt;
    return LinkAddress::ipv6(host->bytes, static_cast<uint16_t>(*port));
}

}  // namespace

LinkAddress::LinkAddress(Kind kind, ByteView host, uint16_t port) : kind_(kind) {
    std::copy(host.begin(), host.end(), bytes_.begin());
    store_be16(&bytes_[16], port);
}

LinkAddress LinkAddress::everyone() { return {Kind::kEveryone, {}, 0}; }
LinkAddress LinkAddress::mac(std::span<const uint8_t, 6> mac) { return {Kind::kMac, mac, 0}; }
LinkAddress LinkAddress::ipv4(std::span<const uint8_t, 4> host, uint16_t port) { return {Kind::kIpv4, host, port}; }
LinkAddress LinkAddress::ipv6(std::span<const uint8_t, 16> host, uint16_t port) { return {Kind::kIpv6, host, port}; }

std::optional<LinkAddress> LinkAddress::parse(std::string_view text) {
    if (text == "none") return LinkAddress{};
    if (text == "everyone") return everyone();
    if (!text.empty() && text[0] == '[') return parse_ipv6(text);
    if (auto mac = parse_mac(text)) return mac;
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto host = parse_ipv4(text.substr(0, colon));
    const auto port = parse_decimal(text.substr(colon + 1), 65'535);
    if (!host || !port) return std::nullopt;
    return ipv4(*host, static_cast<uint16_t>(*port));
}

ByteView LinkAddress::host() const {
    switch (kind_) {
        case Kind::kMac: return ByteView(bytes_).first(6);
        case Kind::kIpv4: return ByteView(bytes_).first(4);
        case Kind::kIpv6: return ByteView(bytes_).first(16);
        case Kind::kNone:
        case Kind::kEveryone: break;
    }
    return {};
}

bool LinkAddress::is_loopback() const {
    if (kind_ == Kind::kIpv4) return bytes_[0] == 127;
    if (kind_ != Kind::kIpv6) return false;
    return std::all_of(bytes_.begin(), bytes_.begin() + 15, [](uint8_t b) { return b == 0; }) && bytes_[15] == 1;
}

std::string LinkAddress::text() const {
    switch (kind_) {
        case Kind::kNone: return "none";
        case Kind::kEveryone: return "everyone";
        case Kind::kMac: {
            std::string text = to_hex(host());
            for (size_t at = 10; at > 0; at -= 2) text.insert(at, ":");
            return text;
        }
        case Kind::kIpv4: {
            std::string text;
            for (const uint8_t b : host()) text += (text.empty() ? "" : ".") + std::to_string(b);
            return text + ":" + std::to_string(port());
        }
        case Kind::kIpv6: return "[" + Address::from(host())->text() + "]:" + std::to_string(port());
    }
    return {};
}

}  // namespace aip::dataplane

size_t std::hash<aip::dataplane::LinkAddress>::operator()(const aip::dataplane::LinkAddress& address) const noexcept {
    uint64_t h = 0xcbf29ce484222325;  // FNV-1a
    const auto mix = [&h](uint8_t b) { h = (h ^ b) * 0x100000001b3; };
    mix(static_cast<uint8_t>(address.kind()));
    for (const uint8_t b : address.host()) mix(b);
    mix(static_cast<uint8_t>(address.port() >> 8));
    mix(static_cast<uint8_t>(address.port()));
    return static_cast<size_t>(h);
}

#include "aipacket/ipv6.hpp"

#include <gtest/gtest.h>

#include "base/bytes.hpp"

namespace aip::aipacket {
namespace {

const Address kHere = Address::link_local(InterfaceId{1});
const Address kThere = Address::link_local(InterfaceId{2});

Bytes udp(ByteView payload) {
    Bytes packet(kUdpPayload + payload.size());
    std::copy(payload.begin(), payload.end(), packet.begin() + kUdpPayload);
    EXPECT_EQ(encode_udp(packet, {kHere, kThere, 1}, {6696, 6697}, payload.size()), packet.size());
    return packet;
}

Bytes icmp(ByteView body) {
    Bytes packet(kIcmpv6Body + body.size());
    std::copy(body.begin(), body.end(), packet.begin() + kIcmpv6Body);
    EXPECT_EQ(encode_icmpv6(packet, {kHere, kThere, 255}, 128, 3, body.size()), packet.size());
    return packet;
}

DropReason read_udp(ByteView packet, ChecksumRule rule = ChecksumRule::kComplete) {
    UdpView view;
    return decode_udp(packet, rule, view);
}

DropReason read_icmp(ByteView packet) {
    Icmpv6View view;
    return decode_icmpv6(packet, view);
}

// What a kernel leaves in the field: computed here from RFC 1071, word by word.
uint16_t pseudo_header_sum(ByteView packet) {
    uint32_t sum = static_cast<uint32_t>(packet.size() - kIpv6HeaderBytes) + kProtocolUdp;
    for (size_t i = 8; i < kIpv6HeaderBytes; i += 2) sum += load_be16(&packet[i]);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(sum);
}

TEST(Ipv6Udp, ReadsWhatItWrote) {
    const Bytes packet = udp(to_bytes(as_bytes("babel")));
    UdpView view;
    ASSERT_EQ(decode_udp(packet, ChecksumRule::kComplete, view), DropReason::kNone);
    EXPECT_EQ(view.source, kHere);
    EXPECT_EQ(view.destination, kThere);
    EXPECT_EQ(view.source_port, 6696);
    EXPECT_EQ(view.destination_port, 6697);
    EXPECT_EQ(to_bytes(view.payload), to_bytes(as_bytes("babel")));
    EXPECT_EQ(hop_limit(packet), 1);
}

TEST(Ipv6Udp, RefusesEveryTruncationAndEveryFlippedBit) {
    const Bytes packet = udp(to_bytes(as_bytes("babel")));
    for (size_t size = 0; size < packet.size(); ++size)
        EXPECT_NE(read_udp(ByteView(packet).first(size)), DropReason::kNone) << size;
    for (size_t bit = 8 * 8; bit < packet.size() * 8; ++bit) {
        Bytes changed = packet;
        changed[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
        EXPECT_NE(read_udp(changed), DropReason::kNone) << bit;
    }
}

TEST(Ipv6Udp, TakesAPartialChecksumOnlyWhereItIsAllowed) {
    Bytes packet = udp(to_bytes(as_bytes("from a kernel")));
    store_be16(&packet[46], pseudo_header_sum(packet));
    EXPECT_EQ(read_udp(packet, ChecksumRule::kCompleteOrPartial), DropReason::kNone);
    EXPECT_EQ(read_udp(packet), DropReason::kBadChecksum);
    ++packet[46];
    EXPECT_EQ(read_udp(packet, ChecksumRule::kCompleteOrPartial), DropReason::kBadChecksum);
    EXPECT_EQ(read_udp(udp({}), ChecksumRule::kCompleteOrPartial), DropReason::kNone);
}

TEST(Ipv6Udp, RefusesAMissingChecksumAndNeverSendsOne) {
    for (uint32_t i = 0; i <= 0xffff; ++i) {  // one of these sums to zero
        Bytes payload(2);
        store_be16(payload.data(), static_cast<uint16_t>(i));
        Bytes packet = udp(payload);
        ASSERT_NE(load_be16(&packet[46]), 0);
        if (i > 0) continue;
        store_be16(&packet[46], 0);
        EXPECT_EQ(read_udp(packet), DropReason::kBadChecksum);
    }
}

TEST(Ipv6Icmp, ReadsWhatItWrote) {
    const Bytes packet = icmp(to_bytes(as_bytes("echo!")));
    Icmpv6View view;
    ASSERT_EQ(decode_icmpv6(packet, view), DropReason::kNone);
    EXPECT_EQ(view.source, kHere);
    EXPECT_EQ(view.destination, kThere);
    EXPECT_EQ(view.hop_limit, 255);
    EXPECT_EQ(view.type, 128);
    EXPECT_EQ(view.code, 3);
    EXPECT_EQ(to_bytes(view.body), to_bytes(as_bytes("echo!")));
    EXPECT_FALSE(view.is_error());
}

// A neighbour solicitation, fe80::1 asks for fe80::2; its sum was worked out by another program.
TEST(Ipv6Icmp, AgreesWithAnotherProgramAboutTheChecksum) {
    const Bytes packet = *from_hex(
        "6000000000203aff"
        "fe800000000000000000000000000001"
        "ff0200000000000000000001ff000002"
        "8700"
        "7a97"
        "00000000"
        "fe800000000000000000000000000002"
        "0101020000000001");
    EXPECT_EQ(packet.size(), 72u);
    EXPECT_EQ(upper_checksum(packet, kProtocolIcmpv6), 0);
}

TEST(Ipv6Icmp, RefusesEveryTruncationAndEveryFlippedBit) {
    const Bytes packet = icmp(to_bytes(as_bytes("echo")));
    for (size_t size = 0; size < packet.size(); ++size)
        EXPECT_NE(read_icmp(ByteView(packet).first(size)), DropReason::kNone) << size;
    for (size_t bit = 8 * 8; bit < packet.size() * 8; ++bit) {
        Bytes changed = packet;
        changed[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
        EXPECT_EQ(read_icmp(changed), DropReason::kBadChecksum) << bit;
    }
}

TEST(Ipv6Icmp, RefusesOtherProtocols) {
    EXPECT_EQ(read_icmp(udp({})), DropReason::kNotOurs);
    EXPECT_EQ(read_udp(icmp(Bytes(4))), DropReason::kNotOurs);
}

}  // namespace
}  // namespace aip::aipacket

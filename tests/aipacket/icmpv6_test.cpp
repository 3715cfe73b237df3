#include "aipacket/icmpv6.hpp"

#include <gtest/gtest.h>

namespace aip::aipacket {
namespace {

const Address kAsker = Address::link_local(InterfaceId{1});
const Address kTarget = Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{0x0102030405060708});

// Body of a solicitation: reserved, target, options.
Bytes asks_for(const Address& target, std::string_view options = "0101020000000001") {
    Bytes body(4);
    body.insert(body.end(), target.bytes.begin(), target.bytes.end());
    const Bytes more = *from_hex(options);
    body.insert(body.end(), more.begin(), more.end());
    return body;
}

Icmpv6View solicitation(ByteView body) {
    return {kAsker, kTarget.solicited_node_group(), 255, icmpv6::kNeighbourSolicitation, 0, body};
}

TEST(NeighbourDiscovery, ReadsTheTargetOfASolicitation) {
    const Bytes body = asks_for(kTarget);
    EXPECT_EQ(solicited_target(solicitation(body)), kTarget);
    const Bytes bare = asks_for(kTarget, "");
    EXPECT_EQ(solicited_target(solicitation(bare)), kTarget);
}

// RFC 4861 section 7.1.1, line by line.
TEST(NeighbourDiscovery, RefusesWhatTheRfcTellsItTo) {
    const Bytes body = asks_for(kTarget);
    Icmpv6View message = solicitation(body);
    message.hop_limit = 254;
    EXPECT_FALSE(solicited_target(message));
    message = solicitation(body);
    message.code = 1;
    EXPECT_FALSE(solicited_target(message));
    message = solicitation(body);
    message.type = icmpv6::kNeighbourAdvertisement;
    EXPECT_FALSE(solicited_target(message));
    const Bytes group = asks_for(*Address::parse("ff02::1"));
    EXPECT_FALSE(solicited_target(solicitation(group)));
    for (const char* options : {"01", "0100", "0100020000000001", "01020200000000010000", "0101020000000001ff"}) {
        const Bytes bad = asks_for(kTarget, options);
        EXPECT_FALSE(solicited_target(solicitation(bad))) << options;
    }
    for (size_t size = 0; size < 20; ++size)
        EXPECT_FALSE(solicited_target(solicitation(ByteView(body).first(size)))) << size;
}

TEST(NeighbourDiscovery, TakesASolicitationWithoutASourceFromTheGroupAlone) {
    const Bytes bare = asks_for(kTarget, "");
    Icmpv6View message = solicitation(bare);
    message.source = {};
    EXPECT_EQ(solicited_target(message), kTarget);
    message.destination = kTarget;
    EXPECT_FALSE(solicited_target(message));
    const Bytes with_address = asks_for(kTarget);
    message = solicitation(with_address);
    message.source = {};
    EXPECT_FALSE(solicited_target(message));
}

TEST(NeighbourDiscovery, WritesAnAdvertisementThatItReads) {
    Bytes body(kAdvertisementBytes);
    write_advertisement(body, kTarget, true, std::array<uint8_t, 6>{2, 0, 0, 0, 0, 9});
    EXPECT_EQ(to_hex(body),
              "e0000000fd010203040500000102030405060708"
              "0201020000000009");
    Icmpv6View message{kTarget, kAsker, 255, icmpv6::kNeighbourAdvertisement, 0, body};
    EXPECT_EQ(advertised_target(message), kTarget);
    message.destination = *Address::parse("ff02::1");
    EXPECT_FALSE(advertised_target(message));  // nobody solicits for everybody
    write_advertisement(body, kTarget, false, std::array<uint8_t, 6>{2, 0, 0, 0, 0, 9});
    EXPECT_EQ(body[0], 0xa0);
    EXPECT_EQ(advertised_target(message), kTarget);
}

Bytes packet_with(uint8_t protocol, const Bytes& rest, const Address& source = kTarget) {
    Bytes packet(kIpv6HeaderBytes);
    packet.insert(packet.end(), rest.begin(), rest.end());
    packet[0] = 0x60;
    store_be16(&packet[4], static_cast<uint16_t>(rest.size()));
    packet[6] = protocol;
    packet[7] = 64;
    std::copy(source.bytes.begin(), source.bytes.end(), packet.begin() + 8);
    std::copy(kTarget.bytes.begin(), kTarget.bytes.end(), packet.begin() + 24);
    return packet;
}

TEST(Icmpv6Errors, MayBeCausedByPlainPackets) {
    EXPECT_TRUE(may_cause_error(packet_with(17, Bytes(8))));
    EXPECT_TRUE(may_cause_error(packet_with(17, {})));
    EXPECT_TRUE(may_cause_error(packet_with(59, {})));
    EXPECT_TRUE(may_cause_error(packet_with(58, {icmpv6::kEchoRequest})));
    EXPECT_TRUE(may_cause_error(packet_with(44, *from_hex("1100000000000001"))));      // a first fragment
    EXPECT_TRUE(may_cause_error(packet_with(43, *from_hex("1100000000000000ffff"))));  // behind a routing header
}

TEST(Icmpv6Errors, AreNeverCausedByErrorsOrWhatMayBeOne) {
    EXPECT_FALSE(may_cause_error(packet_with(58, {icmpv6::kTooBig})));
    EXPECT_FALSE(may_cause_error(packet_with(58, {127})));
    EXPECT_FALSE(may_cause_error(packet_with(58, {icmpv6::kRedirect})));
    EXPECT_FALSE(may_cause_error(packet_with(58, {})));
    EXPECT_FALSE(may_cause_error(packet_with(44, *from_hex("3a00000800000001"))));     // a later fragment
    EXPECT_FALSE(may_cause_error(packet_with(43, *from_hex("3a0000000000000001"))));   // an error behind a header
    EXPECT_FALSE(may_cause_error(packet_with(0, *from_hex("3a010000000000000000"))));  // cut
    EXPECT_FALSE(may_cause_error(packet_with(60, *from_hex("3c00000000000000"
                                                           "3c000000000000"))));
    Bytes endless;
    for (int i = 0; i < 9; ++i) endless.insert(endless.end(), {60, 0, 0, 0, 0, 0, 0, 0});
    EXPECT_FALSE(may_cause_error(packet_with(60, endless)));
    EXPECT_FALSE(may_cause_error(packet_with(17, Bytes(8), {})));
    EXPECT_FALSE(may_cause_error(packet_with(17, Bytes(8), *Address::parse("ff02::1"))));
    Bytes to_group = packet_with(17, Bytes(8));
    to_group[24] = 0xff;
    EXPECT_FALSE(may_cause_error(to_group));
}

TEST(Icmpv6Errors, QuoteAsMuchAsFitsTheSmallestLink) {
    const Bytes about = packet_with(17, Bytes(1400, 7));
    Bytes body(9000);
    EXPECT_EQ(write_error(body, 1280, about), kErrorPacketMax - kIcmpv6Body);
    const Icmpv6View error{kAsker, kTarget, 64, icmpv6::kTooBig, 0, ByteView(body).first(1236)};
    EXPECT_EQ(error_parameter(error), 1280u);
    const auto quoted = quoted_packet(error);
    ASSERT_TRUE(quoted);
    EXPECT_EQ(quoted->source, kTarget);
    EXPECT_EQ(quoted->destination, kTarget);
    EXPECT_EQ(quoted->protocol, 17);
    EXPECT_EQ(quoted->rest.size(), 1236u - 4 - 40);
    for (size_t size = 0; size < 44; ++size) {
        const Icmpv6View cut{kAsker, kTarget, 64, icmpv6::kTooBig, 0, ByteView(body).first(size)};
        EXPECT_FALSE(quoted_packet(cut)) << size;
        EXPECT_EQ(error_parameter(cut), size < 4 ? 0u : 1280u);
    }
    body[4] = 0x45;
    EXPECT_FALSE(quoted_packet(error));
}

TEST(Echoes, ReadWhatTheyWrote) {
    Bytes body(100);
    const Bytes data{1, 2, 3};
    EXPECT_EQ(write_echo(body, {7, 9, data}), 7u);
    const auto echo = read_echo(ByteView(body).first(7));
    ASSERT_TRUE(echo);
    EXPECT_EQ(echo->identifier, 7);
    EXPECT_EQ(echo->sequence, 9);
    EXPECT_EQ(to_bytes(echo->data), data);
    EXPECT_FALSE(read_echo(ByteView(body).first(3)));
    EXPECT_TRUE(read_echo(ByteView(body).first(4))->data.empty());
}

}  // namespace
}  // namespace aip::aipacket

#include "aipacket/wire.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"
#include "vectors.hpp"

namespace aip::aipacket::testing {
namespace {

const Endpoints kEnds{*Address::parse("fd01:203:405::1"), *Address::parse("fd01:203:405::2"), 64};

Bytes packet_of(const Header& header, ByteView payload) {
    Bytes packet(kPacketOverhead + payload.size());
    std::copy(payload.begin(), payload.end(), packet.begin() + kPacketOverhead);
    EXPECT_EQ(encode(packet, kEnds, header, payload.size()), packet.size());
    return packet;
}

TEST(Wire, DecodesWhatItEncodes) {
    SeededRng rng(1);
    for (size_t size : {0, 1, 2, 3, 4, 5, 7, 8, 1200, 8900, 65'495}) {
        Bytes payload(size);
        for (auto& b : payload) b = static_cast<uint8_t>(rng.next());
        const Header header{static_cast<Kind>(5 + rng.below(kKindMax - 4)), static_cast<uint16_t>(rng.next()),
                            rng.next(), static_cast<uint32_t>(rng.next()), static_cast<uint32_t>(rng.next())};
        const Bytes packet = packet_of(header, payload);
        PacketView view;
        ASSERT_EQ(decode(packet, view), DropReason::kNone) << size;
        EXPECT_EQ(view.header, header);
        EXPECT_EQ(view.source, kEnds.source);
        EXPECT_EQ(view.destination, kEnds.destination);
        EXPECT_EQ(view.hop_limit, 64);
        EXPECT_EQ(to_bytes(view.payload), payload);
        EXPECT_EQ(view.wire_bytes(), packet.size());
    }
}

TEST(Wire, AgreesWithTheVectorsOfRfc0001) {
    const auto vectors = read_vectors("0001");
    ASSERT_GE(vectors.size(), 20u);
    for (const auto& vector : vectors) {
        SCOPED_TRACE(vector.name);
        PacketView view;
        const DropReason reason = decode(vector.packet, view);
        EXPECT_EQ(drop_reason_name(reason), vector.at("drop"));
        if (reason != DropReason::kNone) continue;
        EXPECT_EQ(view.source, Address::parse(vector.at("source")));
        EXPECT_EQ(view.destination, Address::parse(vector.at("destination")));
        EXPECT_EQ(view.hop_limit, vector.number("hop"));
        EXPECT_EQ(kind_name(view.header.kind), vector.at("kind"));
        EXPECT_EQ(view.header.epoch, vector.number("epoch"));
        EXPECT_EQ(view.header.transfer, std::stoull(vector.at("transfer"), nullptr, 16));
        EXPECT_EQ(view.header.symbol, vector.number("symbol"));
        EXPECT_EQ(view.header.packet_number, vector.number("number"));
        EXPECT_EQ(view.header.life, vector.number("life"));
        EXPECT_EQ(to_bytes(view.payload), vector.bytes("payload"));
        Bytes again(vector.packet.size());
        std::copy(view.payload.begin(), view.payload.end(), again.begin() + kPacketOverhead);
        encode(again, {view.source, view.destination, view.hop_limit}, view.header, view.payload.size());
        EXPECT_EQ(to_hex(again), to_hex(vector.packet));
    }
}

TEST(Wire, RefusesEveryTruncation) {
    const Bytes packet = packet_of({Kind::kSymbol, 1, 2, 3, 4}, as_bytes("some model"));
    for (size_t n = 0; n < packet.size(); ++n) {
        PacketView view;
        EXPECT_EQ(decode(ByteView(packet).first(n), view), DropReason::kTruncated) << n;
    }
}

TEST(Wire, NoticesEveryChangedByteButTheHopLimit) {
    const Bytes packet = packet_of({Kind::kSymbol, 1, 2, 3, 4}, as_bytes("some model"));
    for (size_t i = 0; i < packet.size(); ++i) {
        if (i >= 1 && i <= 3) continue;  // traffic class and flow label: routers may change them
        for (int bit = 0; bit < 8; ++bit) {
            Bytes changed = packet;
            changed[i] = static_cast<uint8_t>(changed[i] ^ (1 << bit));
            if (i == 0 && bit < 4) continue;  // traffic class
            PacketView view;
            EXPECT_EQ(decode(changed, view) == DropReason::kNone, i == 7) << "byte " << i << " bit " << bit;
        }
    }
}

TEST(Wire, NoticesSwappedWordsThatTheUdpChecksumCannotSee) {
    Bytes packet = packet_of({Kind::kSymbol, 1, 2, 3, 4}, as_bytes("abcdefgh"));
    std::swap(packet[kPacketOverhead], packet[kPacketOverhead + 2]);
    std::swap(packet[kPacketOverhead + 1], packet[kPacketOverhead + 3]);
    PacketView view;
    EXPECT_EQ(decode(packet, view), DropReason::kBadCrc);
}

TEST(Wire, HopsDecrementTheHopLimitAndThePacketStaysGood) {
    Bytes packet = packet_of({Kind::kSymbol, 1, 2, 3, 4}, as_bytes("some model"));
    ASSERT_EQ(check_ipv6(packet), DropReason::kNone);
    EXPECT_EQ(packet_destination(packet), kEnds.destination);
    EXPECT_EQ(packet_source(packet), kEnds.source);
    for (int hops = 0; hops < 63; ++hops) ASSERT_EQ(decrement_hop_limit(packet), DropReason::kNone);
    PacketView view;
    EXPECT_EQ(decode(packet, view), DropReason::kNone);
    EXPECT_EQ(view.hop_limit, 1);
    EXPECT_EQ(decrement_hop_limit(packet), DropReason::kHopLimit);
    EXPECT_EQ(packet[7], 1);
}

TEST(Wire, NamesEveryDropReasonOnce) {
    std::set<std::string_view> names;
    for (size_t i = 0; i < kDropReasons; ++i) names.insert(drop_reason_name(static_cast<DropReason>(i)));
    EXPECT_EQ(names.size(), kDropReasons);
}

}  // namespace
}  // namespace aip::aipacket::testing

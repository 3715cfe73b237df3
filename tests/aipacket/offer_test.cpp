#include "aipacket/offer.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "vectors.hpp"

namespace aip::aipacket {
namespace {

Offer sample() {
    Offer offer;
    offer.transfer = 0x1122334455667788;
    offer.destination = *Address::parse("fd01:203:405::2");
    offer.head_digest = crypto::sha256(as_bytes("head"));
    offer.head_size = 4711;
    offer.symbol_size = 8900;
    offer.total_bytes = 100'000'000;
    offer.task = "fashion";
    return offer;
}

TEST(Offer, ParsesWhatItEncodes) {
    Offer offer = sample();
    EXPECT_EQ(parse_offer(encode_offer(offer)).value(), offer);
    offer.purpose = Purpose::kMessage;
    offer.task.clear();
    offer.total_bytes = 0;
    EXPECT_EQ(parse_offer(encode_offer(offer)).value(), offer);
}

TEST(Offer, AgreesWithTheVectorOfRfc0002) {
    const auto vector = testing::read_vector(AIP_SOURCE_DIR "/rfc/vectors/0002/offer.hex");
    const Bytes payload = vector.bytes("payload");
    const Offer offer = parse_offer(payload).value();
    EXPECT_EQ(offer.transfer, std::stoull(vector.at("transfer"), nullptr, 16));
    EXPECT_EQ(offer.destination, Address::parse(vector.at("destination")));
    EXPECT_EQ(static_cast<uint32_t>(offer.purpose), vector.number("purpose"));
    EXPECT_EQ(offer.head_digest.hex(), vector.at("digest"));
    EXPECT_EQ(offer.head_size, vector.number("head"));
    EXPECT_EQ(offer.symbol_size, vector.number("symbol"));
    EXPECT_EQ(offer.total_bytes, vector.number("total"));
    EXPECT_EQ(offer.task, vector.at("task"));
    EXPECT_EQ(encode_offer(offer), payload);
}

TEST(Offer, LeavesRoomForItsSeal) { EXPECT_LT(encode_offer(sample()).size(), 250u); }

TEST(Offer, RefusesEveryTruncationAndExtension) {
    Bytes bytes = encode_offer(sample());
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse_offer(ByteView(bytes).first(n)).has_value()) << n;
    bytes.resize(bytes.size() + 8);
    EXPECT_FALSE(parse_offer(bytes).has_value());
}

TEST(Offer, EveryAcceptedChangeIsStillCanonical) {
    const Bytes bytes = encode_offer(sample());
    for (size_t i = 0; i < bytes.size() * 8; ++i) {
        Bytes changed = bytes;
        changed[i / 8] = static_cast<uint8_t>(changed[i / 8] ^ (1 << (i % 8)));
        const auto offer = parse_offer(changed);
        if (!offer) continue;
        EXPECT_EQ(to_hex(encode_offer(*offer)), to_hex(changed)) << "bit " << i;
    }
}

TEST(Offer, RefusesWhatIsOutsideTheLimits) {
    const auto refuses = [](auto change) {
        Offer offer = sample();
        change(offer);
        return !parse_offer(encode_offer(offer)).has_value();
    };
    EXPECT_TRUE(refuses([](Offer& o) { o.head_size = 0; }));
    EXPECT_TRUE(refuses([](Offer& o) { o.head_size = limits::kHeadBytesMax + 1; }));
    EXPECT_TRUE(refuses([](Offer& o) { o.symbol_size = limits::kSymbolBytesMin - 1; }));
    EXPECT_TRUE(refuses([](Offer& o) { o.symbol_size = 65'496; }));
    EXPECT_TRUE(refuses([](Offer& o) { o.total_bytes = limits::kModelBytesMax + 1; }));
    EXPECT_TRUE(refuses([](Offer& o) { o.task = "Not A Task"; }));
    EXPECT_TRUE(refuses([](Offer& o) { o.task = std::string(65, 'a'); }));
}

}  // namespace
}  // namespace aip::aipacket

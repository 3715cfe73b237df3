#include "aipacket/messages.hpp"

#include <gtest/gtest.h>

#include "vectors.hpp"

namespace aip::aipacket::testing {
namespace {

Bytes written(size_t n, const Bytes& room) {
    return Bytes(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(n));
}

void check_accept(const Vector& vector, const AcceptMessage& message) {
    EXPECT_EQ(static_cast<uint32_t>(message.phase), vector.number("phase"));
    EXPECT_EQ(message.parts, vector.number("parts"));
    EXPECT_EQ(message.blocks, vector.number("blocks"));
    EXPECT_EQ(message.grant, vector.number("grant"));
    EXPECT_EQ(to_bytes(message.bitmap), vector.bytes("bitmap"));
    Bytes room(kControlPayloadMax);
    EXPECT_EQ(written(write_accept(room, message), room), vector.bytes("payload"));
}

void check_ack(const Vector& vector, const AckMessage& message) {
    EXPECT_EQ(message.grant, vector.number("grant"));
    EXPECT_EQ(message.newest_packet, vector.number("newest"));
    EXPECT_EQ(message.delay_us, vector.number("delay"));
    EXPECT_EQ(to_bytes(message.bitmap), vector.bytes("bitmap"));
    Bytes room(kControlPayloadMax);
    EXPECT_EQ(written(write_ack(room, message), room), vector.bytes("payload"));
}

TEST(Messages, AgreeWithTheVectorsOfRfc0002) {
    const auto vectors = read_vectors("0002");
    ASSERT_GE(vectors.size(), 16u);
    for (const auto& vector : vectors) {
        if (vector.at("kind") == "offer") continue;  // see offer_test.cpp
        SCOPED_TRACE(vector.name);
        const Bytes payload = vector.bytes("payload");
        const bool valid = vector.at("valid") == "yes";
        if (vector.at("kind") == "accept") {
            const auto message = parse_accept(payload);
            ASSERT_EQ(message.has_value(), valid);
            if (valid) check_accept(vector, *message);
        } else if (vector.at("kind") == "ack") {
            const auto message = parse_ack(payload);
            ASSERT_EQ(message.has_value(), valid);
            if (valid) check_ack(vector, *message);
        } else {
            const auto message = parse_cancel(payload);
            ASSERT_EQ(message.has_value(), valid);
            if (!valid) continue;
            EXPECT_EQ(cancel_code_name(message->code), vector.at("code"));
            EXPECT_EQ(message->text, vector.at("text"));
        }
    }
}

TEST(Messages, RefuseEveryTruncationOfTheirFixedPart) {
    Bytes room(kControlPayloadMax);
    const size_t accept = write_accept(room, AcceptMessage{});
    for (size_t n = 0; n < accept; ++n) EXPECT_FALSE(parse_accept(ByteView(room).first(n)).has_value()) << n;
    const size_t ack = write_ack(room, AckMessage{});
    for (size_t n = 0; n < ack; ++n) EXPECT_FALSE(parse_ack(ByteView(room).first(n)).has_value()) << n;
}

TEST(Messages, CutACancelTextThatIsTooLong) {
    const auto message = make_cancel(CancelCode::kBusy, std::string(1000, 'x'));
    EXPECT_EQ(message.text.size(), limits::kCancelTextMax);
}

}  // namespace
}  // namespace aip::aipacket::testing

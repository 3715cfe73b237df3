// What an ill-willed peer may say to a Sender or a Receiver, and that it changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipe.hpp"

namespace aip::aipacket::testing {
namespace {

class Hostile : public ::testing::Test {
protected:
    Hostile() : rng(1), pipe(Model::random(rng, 3000, 20, 90'000), 1, {}) {
        pipe.run([this] { return pipe.arrived.size() >= 5; });
    }
    void to_sender(Header header, const Bytes& payload, uint8_t from = 2) {
        header.transfer = Pipe::kTransfer;
        header.life = pipe.receiver_life;
        pipe.sender->on_packet({node(from), node(1), 64, header, payload}, pipe.now);
    }
    void to_receiver(Header header, const Bytes& payload, uint8_t from = 1) {
        header.transfer = Pipe::kTransfer;
        header.life = pipe.receiver_life + another_life;
        pipe.receiver->on_packet({node(from), node(2), 64, header, payload}, pipe.now);
    }
    uint16_t epoch() const { return pipe.sender->progress().epoch; }
    void ack(uint16_t of_epoch, uint32_t lowest, uint32_t newest, size_t bitmap) {
        Bytes payload(kAckFixedBytes + bitmap, 0xff);
        store_be32(&payload[0], 0);
        store_be32(&payload[4], newest);
        store_be32(&payload[8], 0);
        to_sender({Kind::kAck, of_epoch, 0, lowest, 1}, payload);
    }
    void accept(uint16_t of_epoch, uint32_t part, const AcceptMessage& message) {
        Bytes payload(kAcceptFixedBytes + message.bitmap.size());
        write_accept(payload, message);
        to_sender({Kind::kAccept, of_epoch, 0, part, 1}, payload);
    }
    void expect_unharmed() {
        pipe.run();
        EXPECT_EQ(pipe.failure, "");
        EXPECT_EQ(pipe.receipts, 1u);
        for (size_t i = 0; i < pipe.stored.size(); ++i) EXPECT_EQ(pipe.stored[i], pipe.model.blocks[i]);
    }
    SeededRng rng;
    Pipe pipe;
    uint32_t another_life = 0;  // added to that of the receiver
};

TEST_F(Hostile, SenderIgnoresAcknowledgementsOfWhatItNeverSent) {
    const uint64_t ignored = pipe.sender->progress().ignored;
    ack(epoch(), UINT32_MAX, 1, 0);
    ack(epoch(), 0, UINT32_MAX, 0);
    ack(static_cast<uint16_t>(epoch() + 1), 0, 1, 0);
    ack(static_cast<uint16_t>(epoch() - 1), 1, 1, 0);
    ack(epoch(), 0, 1, limits::kWindowSymbolsMax / 8 + 1);
    EXPECT_EQ(pipe.sender->progress().ignored, ignored + 5);
    expect_unharmed();
}

TEST_F(Hostile, SenderIgnoresAcceptancesThatMakeNoSense) {
    const auto next = static_cast<uint16_t>(epoch() + 1);
    const uint64_t ignored = pipe.sender->progress().ignored;
    const Bytes three = {0xff, 0xff, 0x0f};
    const auto blocks = AcceptMessage::Phase::kBlocks;
    accept(epoch(), 0, {blocks, 1, 20, 1000, three});                            // not newer
    accept(next, 1, {blocks, 1, 20, 1000, three});                               // part 1 of 1
    accept(next, 0, {blocks, 1, 21, 1000, three});                               // another model
    accept(next, 0, {blocks, 1, 20, 1000, ByteView(three).first(2)});            // short bitmap
    accept(next, 0, {blocks, 1, 20, 1000, Bytes{0xff, 0xff, 0xff}});             // unused bits
    accept(next, 0, {blocks, 1, 20, 1000, Bytes(1024, 0xff)});                   // huge
    accept(next, 0, {blocks, 32, limits::kBlocksMax, 1000, Bytes(1024, 0xff)});  // huger
    EXPECT_EQ(pipe.sender->progress().ignored, ignored + 7);
    EXPECT_EQ(epoch() + 1, next);
    expect_unharmed();
}

TEST_F(Hostile, OthersCannotSpeakForThePeer) {
    to_sender({Kind::kCancel, 0, 0, 0, 1}, {1}, 3);
    to_sender({Kind::kReceipt, 0, 0, 0, 1}, {1}, 3);
    to_receiver({Kind::kCancel, 0, 0, 0, 1}, {1}, 3);
    expect_unharmed();
}

TEST_F(Hostile, ReceiverIgnoresSymbolsOutsideItsGrantEpochAndSizes) {
    const uint64_t ignored = pipe.receiver->progress().ignored;
    const auto now = pipe.receiver->progress().epoch;
    to_receiver({Kind::kSymbol, now, 0, UINT32_MAX, 1}, Bytes(1000));
    to_receiver({Kind::kSymbol, now, 0, 1'000'000, 1}, Bytes(1000));
    to_receiver({Kind::kSymbol, static_cast<uint16_t>(now - 1), 0, 0, 1}, Bytes(1000));
    to_receiver({Kind::kSymbol, static_cast<uint16_t>(now + 1), 0, 0, 1}, Bytes(1000));
    to_receiver({Kind::kAck, now, 0, 0, 1}, Bytes(20));
    another_life = 1;
    to_receiver({Kind::kSymbol, now, 0, 0, 1}, Bytes(1000));
    EXPECT_EQ(pipe.receiver->progress().ignored, ignored + 6);
    expect_unharmed();
}

TEST_F(Hostile, SymbolsForAnEarlierReceiverNeverMixWithThisOnes) {
    // Both came to the same epoch number; the offer tells the receiver, which opens a newer one.
    const uint16_t before = pipe.receiver->progress().epoch;
    another_life = 1;
    to_receiver({Kind::kSymbol, before, 0, 0, 1}, Bytes(1000));
    EXPECT_EQ(pipe.receiver->progress().epoch, before);
    to_receiver({Kind::kOffer, before, 0, 1, 2}, Bytes(300));
    EXPECT_EQ(pipe.receiver->progress().epoch, before + 1);
    expect_unharmed();
}

TEST_F(Hostile, OfferFromTheEndOfAllEpochsEndsTheTransferCleanly) {
    to_receiver({Kind::kOffer, UINT16_MAX, 0, 1, 1}, Bytes(300));
    pipe.run([this] { return pipe.sender->finished(); });
    EXPECT_THAT(pipe.failure, ::testing::HasSubstr("used up its epochs"));
    EXPECT_THAT(pipe.failure, ::testing::HasSubstr("sender was told: protocol"));
}

TEST(ReceiverCheck, RefusesSizesOutsideTheLimits) {
    const auto refuses = [](auto change) {
        ReceiverConfig config{1, node(1), {}, 100, 1000, 0};
        change(config);
        return !Receiver::check(config).has_value();
    };
    EXPECT_FALSE(refuses([](ReceiverConfig&) {}));
    EXPECT_TRUE(refuses([](ReceiverConfig& c) { c.head_size = 0; }));
    EXPECT_TRUE(refuses([](ReceiverConfig& c) { c.head_size = limits::kHeadBytesMax + 1; }));
    EXPECT_TRUE(refuses([](ReceiverConfig& c) { c.symbol_size = 1; }));
    EXPECT_TRUE(refuses([](ReceiverConfig& c) { c.symbol_size = 65'496; }));
    EXPECT_TRUE(refuses([](ReceiverConfig& c) { c.total_bytes = limits::kModelBytesMax + 1; }));
}

TEST(ReceiverCheck, RefusesBlocksThatContradictTheOffer) {
    Pipe pipe(Model{{1}, {{1, 2}, {3}}}, 1, {});
    pipe.start_receiver({Kind::kOffer, 0, Pipe::kTransfer, 1, 1});
    Bytes room(kControlPayloadMax);
    PacketBuilder accept{room};
    ASSERT_TRUE(pipe.receiver->poll(pipe.now, accept));
    pipe.receiver->on_packet(
        {node(1), node(2), 64, {Kind::kSymbol, 1, Pipe::kTransfer, 0, 2, accept.header.life}, pipe.model.head},
        pipe.now);
    EXPECT_FALSE(pipe.receiver->want_blocks({2, 2}, Bitmap(2), pipe.now).has_value());
    EXPECT_FALSE(pipe.receiver->want_blocks({3, 0}, Bitmap(2), pipe.now).has_value());
    EXPECT_FALSE(pipe.receiver->want_blocks({2, 1}, Bitmap(3), pipe.now).has_value());
    EXPECT_TRUE(pipe.receiver->want_blocks({2, 1}, Bitmap(2), pipe.now).has_value());
}

}  // namespace
}  // namespace aip::aipacket::testing

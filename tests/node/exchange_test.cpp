// What the receiving end of a transfer makes of offers.
#include "node/exchange.hpp"

#include "tests/node/world.hpp"

namespace aip::node {
namespace {

struct ExchangeTest : World {
    // Machine 1 hears an offer of machine 0, made in this life of the sender and signed by that machine.
    void offer(uint64_t total_bytes, uint32_t life, size_t signer = 0) {
        aipacket::Offer body;
        body.transfer = 77;
        body.destination = network.machine(1).address();
        body.head_size = 5000;
        body.symbol_size = 1000;
        body.total_bytes = total_bytes;
        const Bytes payload =
            network.machine(signer).signer().seal(aipacket::kOfferDomain, aipacket::encode_offer(body));
        Bytes packet(aipacket::kPacketOverhead + payload.size());
        std::copy(payload.begin(), payload.end(), packet.begin() + aipacket::kPacketOverhead);
        aipacket::Header header;
        header.kind = aipacket::Kind::kOffer;
        header.transfer = body.transfer;
        header.symbol = life;
        aipacket::Endpoints ends;
        ends.source = network.machine(0).address();
        ends.destination = body.destination;
        packet.resize(aipacket::encode(packet, ends, header, payload.size()));
        network.machine(1).receive(0, packet);
        run_for(Duration::milliseconds(1));
    }
    uint64_t expected() {
        const auto transfers = node(1).exchange().view();
        return transfers.size() == 1 ? transfers[0].progress.bytes_total : 0;
    }
};

// While they disagreed about the size of the head, they waited for each other for ever.
TEST_F(ExchangeTest, SenderThatBeginsAgainMayHaveAnotherHead) {
    row(2);
    offer(100, 1);
    EXPECT_EQ(expected(), 100u);
    offer(200, 1);
    EXPECT_EQ(expected(), 100u) << "a sender says one thing in one life";
    offer(300, 2, 1);
    EXPECT_EQ(expected(), 100u) << "another's signature";
    offer(400, 3);
    EXPECT_EQ(expected(), 400u);
}

}  // namespace
}  // namespace aip::node

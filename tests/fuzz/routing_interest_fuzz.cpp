// Interest records and gossip from any peer: the decoders, and the exchange around them.
#include "routing/interest.hpp"
#include "tests/routing/fixture.hpp"

using namespace aip;

namespace {

struct World {
    crypto::Signer signer = routing::test::make_signer("a");
    crypto::Signer other = routing::test::make_signer("b");
    crypto::Verifier verifier{routing::test::root_key()};
};

Bytes signed_by(const crypto::Signer& signer, ByteView body) {
    const Bytes sealed = signer.seal(routing::kInterestDomain, body);
    const auto parts = crypto::take_seal_off(sealed);
    routing::RecordView view{parts->credential, crypto::credential_hint(parts->credential), parts->body,
                             parts->signature};
    Bytes payload;
    routing::append_record(payload, view);
    return payload;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static World world;
    const ByteView input(data, size);
    const Instant now = routing::test::at_ms(0);
    const WallTime wall = routing::test::kWall;
    const routing::Reach peer{world.other.self().address, 1};
    SeededRng rng(1);
    routing::InterestExchange exchange(world.signer, world.verifier, rng, {});
    exchange.set_reachable(std::span(&peer, 1), now);
    static_cast<void>(exchange.listen("task", now));
    const uint64_t task = load_be64(routing::task_ref("task").bytes.data());
    exchange.on_packet(aipacket::Kind::kGossip, peer.node, routing::encode_gossip(routing::Presence{true, 1, {task}}),
                       now, wall);
    exchange.on_packet(aipacket::Kind::kInterest, peer.node, input, now, wall);
    exchange.on_packet(aipacket::Kind::kGossip, peer.node, input, now, wall);
    static_cast<void>(exchange.poll(now, wall));
    if (const auto message = routing::parse_gossip(input)) {
        const auto again = routing::parse_gossip(routing::encode_gossip(*message));
        AIP_ASSERT(again && *again == *message);
    }
    const auto record = routing::parse_interest(input, peer.node.network());
    if (!record) return 0;
    const auto again = routing::parse_interest(routing::encode_interest(*record), peer.node.network());
    AIP_ASSERT(again && (record->sketch.labels.empty() || *again == *record));
    if (size > limits::kInterestBodyMax) return 0;
    exchange.on_packet(aipacket::Kind::kInterest, peer.node, signed_by(world.other, input), now, wall);
    static_cast<void>(exchange.table().entries("task"));
    static_cast<void>(exchange.poll(now + Duration::seconds(2), wall));
    return 0;
}

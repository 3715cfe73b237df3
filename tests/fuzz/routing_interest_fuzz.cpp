// An interest record or its acknowledgement from any peer: the decoders, and the exchange around them.
#include "routing/interest.hpp"
#include "tests/routing/fixture.hpp"

using namespace aip;

namespace {

struct World {
    crypto::Signer signer = routing::test::make_signer("a");
    crypto::Signer other = routing::test::make_signer("b");
    crypto::Verifier verifier{routing::test::root_key()};
    SeededRng rng{1};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static World world;
    const ByteView input(data, size);
    const Instant now = routing::test::at_ms(0);
    const WallTime wall = routing::test::kWall;
    const Address peer = world.other.self().address;
    routing::InterestExchange exchange(world.signer, world.verifier, world.rng, {});
    exchange.set_peers(std::span(&peer, 1), now);
    exchange.on_packet(aipacket::Kind::kInterest, peer, input, now, wall);
    exchange.on_packet(aipacket::Kind::kInterestAck, peer, input, now, wall);
    const auto record = routing::parse_interest(input);
    if (!record) return 0;
    const auto again = routing::parse_interest(routing::encode_interest(*record));
    AIP_ASSERT(again && *again == *record);
    exchange.on_packet(aipacket::Kind::kInterest, peer, world.other.seal(routing::kInterestDomain, input), now, wall);
    static_cast<void>(exchange.poll(now + Duration::seconds(2), wall));
    return 0;
}

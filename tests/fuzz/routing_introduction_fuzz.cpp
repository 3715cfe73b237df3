// An introduction from anybody on the link: the body's decoder, and everything Neighbours does before and after a
// signature.
#include "routing/neighbours.hpp"
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
    routing::Neighbours neighbours(world.signer, world.verifier, world.rng, {});
    neighbours.add_port(0, 1500, now);
    neighbours.on_introduction(0, routing::test::mac(1), input, now, routing::test::kWall);
    const auto body = routing::parse_introduction(input);
    if (!body) return 0;
    const auto again = routing::parse_introduction(routing::encode_introduction(*body));
    AIP_ASSERT(again && *again == *body);
    neighbours.on_introduction(0, routing::test::mac(1), world.other.seal(routing::kIntroductionDomain, input), now,
                               routing::test::kWall);
    neighbours.on_checked(0, routing::test::mac(2), world.other.self(), *body, now);
    static_cast<void>(neighbours.poll(now + Duration::seconds(2), routing::test::kWall));
    return 0;
}

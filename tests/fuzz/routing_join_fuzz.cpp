// What anybody may say to a port that learns peers: any bytes, and a member's question with its cookie and any body.
#include "crypto/sha256.hpp"
#include "routing/peering.hpp"
#include "tests/routing/fixture.hpp"

using namespace aip;
using namespace aip::routing;

namespace {

struct World {
    crypto::Signer signer = test::make_signer("a");
    crypto::Signer other = test::make_signer("b");
    crypto::Verifier verifier{test::root_key()};
    SeededRng rng{1};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static World world;
    const ByteView input(data, size);
    const Instant now = test::at_ms(0);
    const auto peer = *dataplane::LinkAddress::parse("192.0.2.1:7000");
    Neighbours neighbours(world.signer, world.verifier, world.rng, {});
    neighbours.add_port(0, 1500, now);
    Peering peering(neighbours, world.rng, crypto::sha256(as_bytes("secret")));
    peering.add_port(0, {{peer}, {}}, now);
    const auto knock = decode_join(peering.poll(now).at(0).payload);
    AIP_ASSERT(knock && knock->type == JoinType::kKnock);

    if (const auto message = decode_join(input)) AIP_ASSERT(encode_join(*message) == to_bytes(input));
    peering.on_join(0, peer, input, now, test::kWall);
    for (const JoinOut& out : peering.poll(now)) AIP_ASSERT(out.payload.size() <= size);
    AIP_ASSERT(neighbours.table().empty() && neighbours.signature_checks() == 0);  // it cannot know the cookie

    // As the answer to our question, whatever it is.
    peering.on_join(0, peer, encode_join({JoinType::kCookie, knock->nonce, {}, {}, false, {}}), now, test::kWall);
    static_cast<void>(peering.poll(now));
    Bytes answer = to_bytes(input);
    if (answer.size() >= kJoinHeaderBytes) store_be64(&answer[8], knock->nonce);
    peering.on_join(0, peer, answer, now, test::kWall);
    AIP_ASSERT(peering.poll(now).size() <= limits::kJoinAsksMax);

    const Bytes question = world.other.seal(kIntroductionDomain, input);
    peering.on_join(0, peer, encode_join({JoinType::kAsk, 1, {}, question, false, {}}), now, test::kWall);
    AIP_ASSERT(neighbours.table().empty());
    static_cast<void>(peering.poll(now + Duration::seconds(70)));
    return 0;
}

// Packets about tasks from a peer: u16 length and payload, again and again. Nothing is taken that is not signed.
#include "routing/task_exchange.hpp"
#include "tests/routing/fixture.hpp"

using namespace aip;

namespace {

struct Shelf final : routing::TaskShelf {
    std::vector<routing::TaskTag> tags() const override { return {routing::task_tag(own.id)}; }
    const routing::SignedTask* record(const routing::TaskTag& tag) const override {
        return tag == routing::task_tag(own.id) ? &own : nullptr;
    }
    bool has_room(const routing::TaskRecord&, const Address&) const override { return true; }
    void put(routing::SignedTask, Instant, WallTime) override { AIP_ASSERT(false); }
    routing::SignedTask own = *routing::seal_task(routing::open_task_rules("fashion"), routing::test::make_signer("a"));
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Shelf kept;
    Shelf shelf = kept;
    crypto::Verifier verifier(routing::test::root_key());
    SeededRng rng(1);
    const Address peer = routing::test::plain_address(1);
    routing::TaskExchange exchange(routing::test::plain_address(2), verifier, rng, shelf);
    Instant now = routing::test::at_ms(0);
    exchange.set_peers({&peer, 1}, now);
    Reader in(ByteView(data, size));
    while (in.remaining() > 2) {
        const size_t length = std::min<size_t>(in.u16(), in.remaining());
        exchange.on_packet(peer, in.view(length), now, routing::test::kWall);
        for (const auto& out : exchange.poll(now)) AIP_ASSERT(out.payload.size() <= 1101 && out.to == peer);
        now = now + Duration::milliseconds(20);
    }
    return 0;
}

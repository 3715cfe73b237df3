#include "routing/hello.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "routing/canonical.hpp"
#include "routing/hello.capnp.h"

namespace aip::routing {
namespace {

constexpr size_t kBodyBytesMax = limits::kHelloBytesMax;

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("hello ") + why}; }

Result<Hello> read_hello(schema::Hello::Reader in) {
    Hello hello;
    hello.sequence = in.getSequence();
    hello.wall = WallTime::from_unix_ms(in.getWallMs());
    hello.interval = Duration::milliseconds(in.getIntervalMs());
    hello.mtu = in.getMtu();
    hello.heard_total = in.getHeardTotal();
    if (hello.interval < kHelloIntervalMin || hello.interval > kHelloIntervalMax)
        return invalid("interval is out of range");
    if (hello.mtu < kMtuMin) return invalid("mtu is below 1280");
    if (hello.wall.unix_ms() < 0) return invalid("time is before 1970");
    const auto heard = in.getHeard();
    if (heard.size() > limits::kHelloHeardMax) return invalid("names more than 32 neighbours");
    if (heard.size() > hello.heard_total) return invalid("names more neighbours than it has");
    for (const auto entry : heard) {
        const Address address = join_address(entry.getAddressHigh(), entry.getAddressLow());
        if (!address.is_node()) return invalid("names something that is no node address");
        hello.heard.push_back({address, Duration::milliseconds(entry.getAgeMs())});
    }
    return hello;
}

}  // namespace

Bytes encode_hello(const Hello& hello) {
    AIP_ASSERT(hello.heard.size() <= limits::kHelloHeardMax && hello.heard.size() <= hello.heard_total);
    return encode_canonical<schema::Hello>([&](schema::Hello::Builder out) {
        out.setSequence(hello.sequence);
        out.setWallMs(hello.wall.unix_ms());
        out.setIntervalMs(static_cast<uint32_t>(hello.interval.count_ms()));
        out.setMtu(hello.mtu);
        out.setHeardTotal(hello.heard_total);
        auto heard = out.initHeard(static_cast<unsigned>(hello.heard.size()));
        for (unsigned i = 0; i < heard.size(); ++i) {
            heard[i].setAddressHigh(high_half(hello.heard[i].address));
            heard[i].setAddressLow(low_half(hello.heard[i].address));
            heard[i].setAgeMs(static_cast<uint32_t>(std::clamp<int64_t>(hello.heard[i].age.count_ms(), 0, UINT32_MAX)));
        }
    });
}

Result<Hello> parse_hello(ByteView body) {
    return parse_canonical<schema::Hello, Hello>(body, kBodyBytesMax, "hello", read_hello);
}

}  // namespace aip::routing

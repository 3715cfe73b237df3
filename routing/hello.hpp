// The body of a neighbour hello (rfc/0003 section 2): who I heard on this port, so that both ends learn that the link
// works both ways. The envelope around it (crypto::Signer, domain "hello") says who speaks.
// Invariant: parse_hello accepts canonical single-segment Cap'n Proto within the limits and nothing else.
// Pure functions: any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aip::routing {

inline constexpr std::string_view kHelloDomain = "hello";
inline constexpr Duration kHelloIntervalMin = Duration::milliseconds(10);
inline constexpr Duration kHelloIntervalMax = Duration::seconds(60);
inline constexpr uint16_t kMtuMin = 1280;  // RFC 8200 section 5

struct Hello {
    struct Heard {
        Address address;
        Duration age;  // since its last hello was accepted; whole milliseconds travel
        bool operator==(const Heard&) const = default;
    };

    uint64_t sequence = 0;
    WallTime wall;
    Duration interval;  // kHelloIntervalMin..kHelloIntervalMax
    uint16_t mtu = kMtuMin;
    uint16_t heard_total = 0;  // on this port; more than heard.size() means that the lists take turns
    std::vector<Heard> heard;  // at most limits::kHelloHeardMax

    bool operator==(const Hello&) const = default;
};

Bytes encode_hello(const Hello& hello);
Result<Hello> parse_hello(ByteView body);

}  // namespace aip::routing

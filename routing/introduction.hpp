// The body of an introduction (rfc/0003 section 2): who is at the other end of this link. The envelope around it
// (crypto::Signer, domain "introduction") proves which node speaks; whether the link is good is Babel's affair.
// Invariant: parse_introduction accepts canonical single-segment Cap'n Proto within the limits and nothing else.
// Pure functions: any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aip::routing {

inline constexpr std::string_view kIntroductionDomain = "introduction";
inline constexpr Duration kIntroductionLifetimeMin = Duration::milliseconds(100);
inline constexpr Duration kIntroductionLifetimeMax = Duration::seconds(600);
inline constexpr uint16_t kMtuMin = 1280;  // RFC 8200 section 5

using JoinCookie = FixedBytes<struct JoinCookieTag, 16>;

struct Introduction {
    uint64_t sequence = 0;
    WallTime wall;
    Duration lifetime;  // whole milliseconds travel
    uint16_t mtu = kMtuMin;
    bool answer = false;                 // the sender asks everybody on the link to introduce themselves
    std::optional<JoinCookie> cookie{};  // in a question to join: what the asked gave to this address

    bool operator==(const Introduction&) const = default;
};

Bytes encode_introduction(const Introduction& introduction);
Result<Introduction> parse_introduction(ByteView body);

}  // namespace aip::routing

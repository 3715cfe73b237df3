// What nodes say to become peers on a tunnel port (rfc/0011 section 7): payloads of AI packets of kind 12.
//
//   knock ->, <- cookie      may I ask? | if you can hear this, with this
//   ask ->, <- peers         who I am, signed with the cookie | you are my peer or not, and some others I know
//
// Invariant: no answer is longer than what it answers, whoever sends it. decode_join() borrows from what it reads.
// Pure functions: any thread.
#pragma once

#include <optional>
#include <vector>

#include "base/limits.hpp"
#include "dataplane/link_address.hpp"
#include "routing/introduction.hpp"

namespace aip::routing {

enum class JoinType : uint8_t { kKnock = 1, kCookie = 2, kAsk = 3, kPeers = 4 };

inline constexpr size_t kJoinHeaderBytes = 16;
inline constexpr size_t kKnockBytes = kJoinHeaderBytes + JoinCookie::kSize;  // of a cookie too
inline constexpr size_t kJoinPeersBytesMax = kJoinHeaderBytes + 18 * limits::kJoinPeersMax;

struct Join {
    JoinType type = JoinType::kKnock;
    uint64_t nonce = 0;                           // an answer repeats that of its question
    JoinCookie cookie;                            // of a cookie
    ByteView introduction;                        // of an ask: sealed, with the cookie in it
    bool accepted = false;                        // of peers: the answerer is your peer now
    std::vector<dataplane::LinkAddress> peers{};  // of peers: all IPv4 or all IPv6
};

Bytes encode_join(const Join& message);
std::optional<Join> decode_join(ByteView payload);

}  // namespace aip::routing

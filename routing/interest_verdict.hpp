// What becomes of a packet or record about interest, and the names under which it is counted. From kTooLong down to
// kRateLimited the checks are in this order and cost next to nothing; a signature is checked after them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aip::routing {

enum class InterestVerdict : uint8_t {
    kAccepted = 0,
    kGossip,  // a message that is no record, heard
    kTooLong,
    kNotPeer,      // from a node we have no route to
    kMuted,        // from a node that sent a forgery a moment ago
    kRateLimited,  // no token left: of messages or pushed records of this node, or of checks of this origin
    kMalformed,
    kOtherTask,      // a task this node does not listen to
    kNotMember,      // the task's rules do not admit the origin
    kOwnRecord,      // of ourselves
    kUnwanted,       // nobody asked for it, and it is not from its origin
    kStale,          // sequence not above the one we hold
    kExpired,        // or issued too far in the future
    kUnknownSigner,  // its credential is not known here: asked for
    kWrongOrigin,    // the credential is another node's
    kBadSignature,
    kTableFull,
    kUnknownKind,
};
inline constexpr size_t kInterestVerdicts = 18;
std::string_view interest_verdict_name(InterestVerdict verdict);

}  // namespace aip::routing

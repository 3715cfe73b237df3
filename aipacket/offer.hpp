// The body of an offer (rfc/0002 section 3): what is on offer, small enough to travel signed in one packet. The caller
// seals it with crypto::Signer under kOfferDomain and, on receipt, checks that transfer and destination are those
// of the packet: otherwise a signed offer could be replayed to somebody else.
// Invariant: parse_offer accepts canonical single-segment Cap'n Proto within the limits and nothing else.
#pragma once

#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace aip::aipacket {

inline constexpr std::string_view kOfferDomain = "offer";

enum class Purpose : uint8_t { kModel = 0, kMessage = 1 };

struct Offer {
    uint64_t transfer = 0;
    Address destination;
    Purpose purpose = Purpose::kModel;
    Digest head_digest;
    uint32_t head_size = 0;    // 1..limits::kHeadBytesMax
    uint32_t symbol_size = 0;  // limits::kSymbolBytesMin..kPayloadBytesMax
    uint64_t total_bytes = 0;  // of all blocks
    std::string task;          // a task key, or nothing

    bool operator==(const Offer&) const = default;
};

Bytes encode_offer(const Offer& offer);
Result<Offer> parse_offer(ByteView body);

}  // namespace aip::aipacket

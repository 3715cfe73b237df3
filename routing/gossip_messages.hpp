// What members of a task tell each other about interest records beside the records themselves (rfc/0010 section 5).
// Fixed layout, big-endian, not signed: each is a hint that costs a few packets if it was a lie. Pure functions.
//
//   presence  who listens to what, and whether an answer is wanted
//   news      the changes of my table from one version to another; no item: I am still here
//   want      send me these records; or: tell me the news since that version
//   records   signed interest records, several to a packet
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/limits.hpp"
#include "crypto/identity.hpp"

namespace aip::routing {

struct GossipItem {
    uint64_t task = 0;  // first 8 bytes of its TaskRef
    InterfaceId origin{};
    uint64_t sequence = 0;
    bool flag = false;  // of a want: I lack the origin's credential
    bool operator==(const GossipItem&) const = default;
};

struct Presence {
    bool ask = false;
    uint64_t instance = 0;  // another after every start
    std::vector<uint64_t> tasks;
    bool operator==(const Presence&) const = default;
};

struct News {
    uint64_t instance = 0;
    uint32_t from = 0;     // the items are all changes after this version
    uint32_t to = 0;       // up to this one
    uint32_t version = 0;  // of the whole table
    uint16_t beat_s = 0;   // silence for several times this long means I am gone
    uint64_t members = 0;  // digest of who has a record, in the tasks we have in common
    std::vector<GossipItem> items;
    bool operator==(const News&) const = default;
};

struct Want {
    struct Since {
        uint64_t instance = 0;
        uint32_t version = 0;
        bool operator==(const Since&) const = default;
    };
    std::optional<Since> since;
    std::vector<GossipItem> items;
    bool operator==(const Want&) const = default;
};

using GossipMessage = std::variant<Presence, News, Want>;

inline constexpr size_t kGossipItemsMax = 56;  // of 8 tasks in one message: it fits limits::kInterestPayloadMax
inline constexpr size_t kGossipTasksMax = 12;  // that the items of one message are of
static_assert(32 + 8 * kGossipTasksMax + 17 * kGossipItemsMax <= limits::kInterestPayloadMax);

Bytes encode_gossip(const GossipMessage& message);  // of one within these limits
Result<GossipMessage> parse_gossip(ByteView payload);

// One record of a packet of records; borrows from it.
struct RecordView {
    std::optional<crypto::CredentialBytes> credential;
    uint64_t hint = 0;  // crypto::credential_hint of the signer's
    ByteView body;
    crypto::Signature signature;
};
void append_record(Bytes& payload, const RecordView& record);
size_t record_bytes(const RecordView& record);
// kInvalid if anything is left over or nothing is there.
Result<std::vector<RecordView>> parse_records(ByteView payload);

}  // namespace aip::routing

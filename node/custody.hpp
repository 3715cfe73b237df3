// Custody: what a node has promised not to lose. One record per model it is responsible for, written durably before
// the promise is given (the receipt, or the answer to a program's send) and erased only when the next holder's signed
// receipt is here, or the program it was delivered to has released it (rfc/0008).
//
//   held -> (delivered, trained) -> ready -> outbound -> gone        a journey
//   held -> (delivered, released) -> gone                            a model addressed to this node
//   held, ready -> part of another walker of its task                (section 7)
//   ready -> ended                                                   a journey whose budget is spent: kept
//
// Invariant: after a crash at any moment the records on disk name a state from which the model goes on.
// Receipts given are kept for a while (Tombstone), so that a sender that missed one is told again rather than
// believed twice. Encoding is this node's own business: it never leaves the disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/kv_store.hpp"
#include "base/time.hpp"
#include "ledger/statement.hpp"
#include "node/requests.hpp"

namespace aip::node {

enum class CustodyState : uint8_t { kHeld = 1, kReady = 2, kOutbound = 3, kEnded = 4 };
std::string_view custody_state_name(CustodyState state);

struct Custody {
    uint64_t id = 0;  // of the journey; of our own choosing, for a model addressed to one node
    CustodyState state = CustodyState::kHeld;
    VersionId version;
    std::string task;
    std::string name;
    Bytes journey;  // the sealed journey record (rfc/0003 section 4); empty: addressed to one node
    Address from;   // who handed it to us; zero: a program here
    std::optional<ledger::GiverProof> giver;  // the proof it came with
    Address to;                               // where it goes while outbound; where it must go, if it has no journey
    uint64_t transfer = 0;                    // while outbound
    uint64_t wire_bytes = 0;                  // of the transfer that brought it
    uint32_t hops = 0;                        // links it crossed
    WallTime since;
    uint32_t rounds = 0;  // trained here so often, at a stop that is not over (rfc/0008 section 5):
    WorkDone work;        // the sum

    bool operator==(const Custody&) const = default;
};

struct Tombstone {
    uint64_t transfer = 0;
    Address peer;
    Bytes receipt;
    WallTime at;
};

// A walker that became part of another here, and is not to be created again (rfc/0008 section 7).
struct MergedAway {
    uint64_t journey = 0;
    uint64_t into = 0;
    uint32_t walker = 0;
    uint32_t stop = 0;  // it had completed
    VersionId version;  // that they became
    Address origin;     // of `journey`
    WallTime at;
    bool operator==(const MergedAway&) const = default;
};

Bytes encode_custody(const Custody& custody);
Result<Custody> parse_custody(ByteView bytes);

// The records in the node's KvStore. Calls block: at start on the caller's thread, then on the storage executor only.
class CustodyStore {
public:
    explicit CustodyStore(KvStore& store) : store_(store) {}

    Result<std::vector<Custody>> load();
    Result<std::vector<Tombstone>> load_tombstones();
    Result<void> put(const Custody& custody);
    Result<void> put_received(const Custody& custody, const Tombstone& tombstone);  // one atomic write
    Result<void> erase(uint64_t id);
    // A model has left and may have to be sent on again (section 6): one atomic write.
    Result<void> put_departed(const Custody& custody);
    Result<std::vector<Custody>> load_departed();
    Result<void> erase_departed(uint64_t id);
    // Walkers have become one, which goes on: one atomic write.
    Result<void> put_merged(const Custody& goes_on, const std::vector<MergedAway>& others);
    Result<std::vector<MergedAway>> load_merged();
    Result<void> erase_merged(uint64_t journey);
    Result<void> erase_tombstones(const std::vector<std::pair<uint64_t, Address>>& names);  // transfer, peer

private:
    Result<std::vector<Custody>> load(const std::string& prefix);

    KvStore& store_;
};

}  // namespace aip::node

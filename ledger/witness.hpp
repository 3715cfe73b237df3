// Witness: remembers, for every log it is asked about, the largest checkpoint it has cosigned, and cosigns another only
// if the log proves that it grew from that one (c2sp.org/tlog-witness add-checkpoint; rfc/0014 section 3).
//
// Invariant: a cosignature exists only after the state that forbids contradicting it is durable; state and check are
// one step, as a Witness is used from one thread (the storage executor) and every call blocks until the write is done.
// A log is known if its credential leads to the network's root and its origin is that node's.
// Keys in the KvStore begin with "witness/".
#pragma once

#include <map>

#include "base/kv_store.hpp"
#include "ledger/cosignature.hpp"
#include "ledger/fork_proof.hpp"

namespace aip::ledger {

// The request, as C2SP writes it: "old N", consistency proof, empty line, signed checkpoint.
struct AddCheckpoint {
    uint64_t old_size = 0;
    MerklePath proof;
    std::string checkpoint;

    std::string text() const;
    static Result<AddCheckpoint> parse(std::string_view text);
    bool operator==(const AddCheckpoint&) const = default;
};

// The status codes of tlog-witness.
enum class WitnessStatus : uint16_t {
    kCosigned = 200,      // body: cosignature lines
    kMalformed = 400,     // also: old size above the checkpoint's
    kBadSignature = 403,  // not signed by the log's key
    kUnknownLog = 404,    // origin or credential; or no room for another log
    kConflict = 409,      // body: the size cosigned last; or the same size had another root
    kBadProof = 422,      // the log did not grow from what was cosigned
};
inline constexpr std::array kWitnessStatuses{WitnessStatus::kCosigned,     WitnessStatus::kMalformed,
                                             WitnessStatus::kBadSignature, WitnessStatus::kUnknownLog,
                                             WitnessStatus::kConflict,     WitnessStatus::kBadProof};
std::string_view witness_status_name(WitnessStatus status);

struct WitnessAnswer {
    WitnessStatus status = WitnessStatus::kMalformed;
    std::string body;
    std::optional<CertifiedHead> cosigned;  // what was cosigned now, or what conflicts
    std::optional<Contradiction> caught;    // the log contradicted itself
};

class Witness {
public:
    // Store and signer must outlive it. kCorrupt: what the store holds is not ours.
    static Result<Witness> open(KvStore& store, const crypto::Signer& signer, const crypto::PublicKey& root);

    // An Error is our own disk's: what is on it is unknown, and nothing was cosigned.
    Result<WitnessAnswer> add_checkpoint(const AddCheckpoint& request, const crypto::CredentialBytes& log,
                                         WallTime now);

    const CosignatureKey& key() const { return key_; }
    const std::map<std::string, CertifiedHead>& logs() const { return logs_; }  // by origin; cosigned last

private:
    Witness(KvStore& store, const crypto::Signer& signer, const crypto::PublicKey& root);
    Result<WitnessAnswer> grow(const std::string& origin, const CertifiedHead& next, const AddCheckpoint& request,
                               WallTime now);

    KvStore* store_;
    const crypto::Signer* signer_;
    crypto::Verifier verifier_;
    CosignatureKey key_;
    std::map<std::string, CertifiedHead> logs_;
};

}  // namespace aip::ledger

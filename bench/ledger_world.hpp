// What the stages of bench/ledger share: a node of a made-up network, its log on a real disk, statements it signed, and
// the percentiles of a list of times.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ledger/journal_file.hpp"
#include "ledger/log.hpp"
#include "ledger/rocksdb/rocks_log_store.hpp"

namespace aip::bench {

inline double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Times {
    std::vector<double> ms;

    template <class F>
    void take(F&& f) {
        const double start = seconds_now();
        f();
        ms.push_back((seconds_now() - start) * 1e3);
    }
    double percentile(double p);
};

struct SignedLeaf {
    Bytes bytes;
    VersionId version;
};

class Member {
public:
    Member();
    const crypto::Signer& signer() const { return *signer_; }
    crypto::Verifier verifier() const { return crypto::Verifier(root_.public_key()); }
    SignedLeaf leaf(uint64_t n) const;  // a training step as a node would record it

private:
    crypto::SecretKey root_;
    std::unique_ptr<crypto::Signer> signer_;
};

inline const WallTime kBenchTime = WallTime::from_unix_ms(1'760'000'000'000);

struct DiskLog {
    std::unique_ptr<ledger::RocksLogStore> store;
    std::unique_ptr<ledger::FileJournalFile> journal;
    std::unique_ptr<ledger::Log> log;

    static Result<DiskLog> open(const std::string& directory, const crypto::Signer& signer);
};

// ledger_append.cpp
struct SingleAppends {
    double append_p50_ms = 0, append_p99_ms = 0;
    double fdatasync_p50_ms = 0, fdatasync_p99_ms = 0;  // of a page written in place
    double rocksdb_p99_ms = 0;                          // one synced write of the same size
};
Result<SingleAppends> single_appends(const std::string& directory, const Member& member, size_t count);

struct Bulk {
    double entries_per_s = 0;
};
Result<Bulk> bulk_appends(const std::string& directory, const Member& member, double seconds);
Result<Times> paced_appends(const std::string& directory, const Member& member, double per_second, double seconds);

// ledger_proof.cpp: with three cosignatures, checked under the network root and a policy that asks for them.
struct ProofCost {
    size_t bytes = 0;  // as a .tlog-proof
    double prove_us = 0, verify_us = 0, verify_p99_us = 0;
};
Result<ProofCost> proof_cost(const ledger::Log& log, const Member& member, uint64_t index);

// ledger_audit.cpp: a line of `stops` versions that goes round `logs` logs, each checkpoint's signatures checked once.
Result<double> audit_stops_per_s(size_t stops, size_t logs);

// ledger_peers.cpp: what bounds us, measured in the same run
Times fdatasync_in_place(const std::string& file, size_t count);
class RocksPeer {
public:
    explicit RocksPeer(const std::string& directory);
    ~RocksPeer();
    void write(const std::vector<Bytes>& values);  // one synced batch

private:
    struct State;
    std::unique_ptr<State> state_;
};
double verifications_per_s(const Member& member, double seconds);  // a leaf's DSSE signature, one thread

}  // namespace aip::bench

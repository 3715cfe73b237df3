// What a node remembers for its admission gate (rfc/0013): how much a tensor usually changes in one stop, the version
// it made last of each task, what it rejected, and how often whose versions were taken or rejected here.
//
// Invariants: what is usual is the median of the last changes this node made itself or accepted, so rejected ones never
// move it; it survives a restart ("gate/" keys of the node's KvStore), and so does the quarantine ("quarantine/" keys).
// Versions in quarantine and those made last are never pruned. Reputation is counted of the entries in this node's own
// ledger, the newest limits::kReputationEntries of them at start. Loop only; written by storage jobs.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/report.hpp"
#include "ledger/statement.hpp"
#include "model/distance.hpp"
#include "node/gate_rules.hpp"
#include "node/services.hpp"

namespace aip::node {

struct Quarantined {
    VersionId version;
    std::string task;
    Address from;   // who handed it over
    Address maker;  // zero: not known
    std::string rule;
    std::string why;
    WallTime at;
    bool operator==(const Quarantined&) const = default;
};
std::string encode_quarantined(const Quarantined& entry);
Result<Quarantined> parse_quarantined(ByteView bytes);

// Changes of each tensor in one stop, the newest last.
using Changes = std::map<std::string, std::deque<float>>;
std::string encode_changes(const Changes& changes);
Result<Changes> parse_changes(ByteView bytes);

// Beta(accepted + 1, rejected + 1).
struct Reputation {
    uint64_t accepted = 0;
    uint64_t rejected = 0;
    double mean() const { return static_cast<double>(accepted + 1) / static_cast<double>(accepted + rejected + 2); }
};

class Gate {
public:
    explicit Gate(const Services& services) : services_(services) {}

    Result<void> load();  // at start

    void took(const std::string& task, const Address& from, const std::vector<model::TensorDistance>& from_parent);
    void made(const std::string& task, const VersionId& version, const std::vector<model::TensorDistance>& from_parent);
    void reject(Quarantined entry);  // its ledger entry is written already

    std::map<std::string, double> usual(const std::string& task) const;
    std::optional<VersionId> own(const std::string& task) const;
    bool is_quarantined(const VersionId& version) const { return quarantine_.contains(version); }
    // 0: nothing against it, or not known; towards 1: what it makes is rejected here.
    double distrust(const Address& node) const;
    static constexpr double kDistrustHops = 8;  // what a node costs whose versions are always rejected here
    double extra_hops(const Address& node) const { return kDistrustHops * distrust(node); }
    const std::map<Address, Reputation>& reputations() const { return reputation_; }
    std::set<VersionId> versions() const;  // not to be pruned
    Report report() const;

private:
    void add_changes(const std::string& task, const std::vector<model::TensorDistance>& changes);
    void save(KvBatch batch, std::string_view what, bool sync);
    Result<void> load_reputation();
    void count(const ledger::HopStatement& statement);

    Services services_;
    std::map<std::string, Changes> changes_;  // by task
    std::map<std::string, VersionId> own_;    // by task
    std::map<VersionId, Quarantined> quarantine_;
    std::map<Address, Reputation> reputation_;
};

}  // namespace aip::node

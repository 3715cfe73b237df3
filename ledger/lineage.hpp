// LineageAudit: the history of one version, checked step by step under nothing but the network's root key (rfc/0004
// section 7.2). Versions form a graph over many logs: each step is an entry of some log, its parents are further steps.
// Fed with the items of a bundle in any order, finish() walks from the version back to the origins and says of every
// step what holds: the signature, that the key was valid at that index, that the entry is in the tree, witnesses, that
// manifest and entry name the same weights, that the weights at hand are those, that the declared change is the change,
// that the giver's proof was real, and that the network root had not revoked the identity by then.
//
// Invariant: a step is good only if nothing of it is wrong and signature, key and inclusion were really checked. Each
// checkpoint's signatures are checked once, whatever the number of entries under it. One log with two trees of one size
// is a fork: every step of it is bad.
// A version is visited once, so entries that name each other as parents end too. Any one thread; no I/O.
//
// Not here: that two trees of different sizes are of one history (consistency needs the log: `ledger verify`,
// witnesses), and that the bundle leaves out the newest key event of a log: without it the key that was revoked there
// is the valid one. Who asks the log itself, or a witness of it, sees that.
#pragma once

#include <map>
#include <set>
#include <unordered_map>

#include "ledger/bundle.hpp"
#include "ledger/entry.hpp"
#include "ledger/entry_proof.hpp"
#include "ledger/key_history.hpp"
#include "ledger/note.hpp"
#include "ledger/policy.hpp"

namespace aip::ledger {

// What is known of the bytes of versions: from manifests, whose digest is the version's id, and from the weights
// themselves where somebody has hashed them.
class VersionFacts {
public:
    virtual ~VersionFacts() = default;
    virtual std::optional<VersionId> add_manifest(ByteView bytes) = 0;  // whose it is; nothing: it is none
    struct Facts {
        Digest content;
        std::vector<VersionId> parents;
    };
    virtual std::optional<Facts> of(const VersionId& version) const = 0;
    virtual std::optional<Digest> weights(const VersionId& version) const = 0;  // content digest of the bytes at hand
    virtual std::optional<TensorChange> change(const VersionId& parent, const VersionId& child) const = 0;
};

enum class Verdict : uint8_t { kNotAtHand, kGood, kBad };
std::string_view verdict_name(Verdict verdict);  // "-", "good", "BAD"

struct LineageStep {
    VersionId version;
    size_t depth = 0;    // side branches the step is in, for drawing: a merged model's first parent goes straight on
    Address node;        // whose log; zero if nobody had a proof
    uint64_t index = 0;  // in it
    std::vector<std::string> witnesses;  // of the policy, who cosigned the tree it is in
    std::optional<HopStatement> says;    // what was signed, if that much could be read
    Verdict signature = Verdict::kNotAtHand;
    Verdict key = Verdict::kNotAtHand;
    Verdict inclusion = Verdict::kNotAtHand;
    Verdict witnessed = Verdict::kNotAtHand;
    Verdict digest = Verdict::kNotAtHand;  // of the manifest
    Verdict bytes = Verdict::kNotAtHand;   // the weights
    Verdict change = Verdict::kNotAtHand;
    Verdict custody = Verdict::kNotAtHand;
    std::string why;  // the first thing that is wrong or missing; empty: nothing

    bool is_bad() const;
    bool is_good() const { return why.empty() && says.has_value(); }
};

struct Lineage {
    VersionId version;
    std::vector<LineageStep> steps;  // from the version back
    size_t good = 0;
    size_t missing = 0;  // versions nobody had a proof of, or too little of one
    size_t bad = 0;
    size_t checkpoints = 0;  // whose signatures were checked
    std::string unread;      // why an item of the bundle could not be believed; empty: all could

    bool is_complete() const { return !steps.empty() && good == steps.size() && unread.empty(); }
};

class LineageAudit {
public:
    // All borrowed. No policy: witnesses are not asked for.
    LineageAudit(crypto::Verifier& verifier, VersionFacts& facts, const Policy* policy = nullptr)
        : verifier_(verifier), facts_(facts), policy_(policy) {}

    void add(const BundleItem& item);
    Lineage finish(const VersionId& version);

private:
    struct Tree {
        Result<Checkpoint> checkpoint;  // or why it is not one of the log's
        crypto::PublicKey key;          // that signed it
        Address node;                   // whose log
        PolicyVerdict witnesses;
    };
    struct LogSeen {
        KeyHistory keys;
        std::string wrong;  // with the key events, or a fork
        std::map<uint64_t, Digest> roots;
        std::map<uint32_t, std::pair<uint64_t, KeyEvent>> events;  // by number: index, event
    };
    struct Stop {
        LineageStep step;
        const Tree* tree = nullptr;
        crypto::PublicKey signer;
        crypto::PublicKey identity;
    };

    Result<void> add_stop(ByteView bytes);
    Result<void> add_key_event(ByteView bytes);
    Result<void> add_revocation(ByteView bytes);
    Result<const Tree*> place(const EntryProof& proof, const CheckedEntry& entry);
    Tree open_tree(const EntryProof& proof, WallTime at);
    void index_keys();
    void check_key(Stop& stop) const;
    void check_witnesses(Stop& stop) const;
    void check_bytes(LineageStep& step) const;
    void check_custody(LineageStep& step) const;
    Result<void> check_giver(const HopStatement& says) const;
    void take_steps(const VersionId& version, size_t depth, Lineage& lineage);

    crypto::Verifier& verifier_;
    VersionFacts& facts_;
    const Policy* policy_;
    std::map<VersionId, std::vector<Stop>> stops_;
    std::map<VersionId, std::string> missing_;
    std::set<VersionId> manifests_;
    std::string unread_;                           // why the first item that could not be believed could not
    std::unordered_map<std::string, Tree> trees_;  // by signed checkpoint and the credential of its log
    std::map<Address, LogSeen> logs_;
    std::map<crypto::PublicKey, WallTime> revoked_;  // identity, from when
};

}  // namespace aip::ledger

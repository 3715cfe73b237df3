// CheckpointBook: the newest checkpoints that this node has seen of other nodes' logs, whoever showed them, so that a
// log that shows different histories to different nodes is caught when they compare (rfc/0014 section 5). Of each log
// the last few sizes are kept: two branches of a fork that grow meet at some size.
//
// Invariant: everything in the book was signed by the log's node; for one size there is one root. Bounded; a log that
// was not heard of for longest makes room. Pure; the loop's.
#pragma once

#include <map>
#include <optional>

#include "ledger/fork_proof.hpp"

namespace aip::ledger {

class CheckpointBook {
public:
    struct Entry {
        crypto::CredentialBytes credential;       // of the key that signed the newest
        std::map<uint64_t, CertifiedHead> heads;  // by size
        uint64_t news = 0;                        // counts up over the whole book whenever a newest head comes in
    };

    enum class What : uint8_t { kKnown, kNew, kNewest, kFork };
    struct Learned {
        What what = What::kKnown;
        std::optional<Contradiction> fork;
    };
    // kDenied: not signed by `node`, whose credential this is.
    Result<Learned> learn(const crypto::Principal& node, const CertifiedHead& head);
    void forget(const Address& node) { logs_.erase(node); }

    const std::map<Address, Entry>& logs() const { return logs_; }
    uint64_t news() const { return news_; }

private:
    std::map<Address, Entry> logs_;
    uint64_t news_ = 0;
};

}  // namespace aip::ledger

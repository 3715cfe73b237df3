// Auditor: fetches ledger entries of other nodes and follows a version back to its origin (rfc/0008 section 4). A query
// is one packet, repeated until answered; the answer comes as a message transfer, because an entry may be larger
// than a packet. The auditor fetches, it does not judge: whoever asked verifies every proof (aipctl does).
// Loop only; bounded: kQueriesMax queries at once, kStepsMax steps of one audit.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <variant>

#include "node/exchange.hpp"
#include "node/outbox.hpp"
#include "node/services.hpp"

namespace aip::node {

struct AuditStep {
    VersionId version;
    Address node;      // whose ledger the proof is from; zero if nobody had it
    Bytes proof;       // empty: could not be had,
    std::string note;  // and this says why
};

// Which entry of a ledger: by index or by what it is about, proven in the tree of a signed size (0: the newest).
struct EntryQuery {
    std::variant<uint64_t, VersionId> which;
    uint64_t tree_size = 0;
};

class Auditor {
public:
    static constexpr size_t kQueriesMax = 64;
    static constexpr size_t kStepsMax = 100'000;
    static constexpr size_t kBytesMax = 3u << 20;  // of proofs in one answer; whoever asks goes on from there
    static constexpr size_t kQueryBytes = 40;      // u64 query | version id

    Auditor(const Services& services, Outbox& outbox, Exchange& exchange);

    void entry(const EntryQuery& query, std::optional<Address> at, std::function<void(Result<Bytes>)> done);
    // `others`: who to ask for the version, one after the other, if this node does not know it.
    void audit(const VersionId& version, std::vector<Address> others, std::function<void(std::vector<AuditStep>)> done);

    void on_query(const aipacket::PacketView& packet);
    void on_answer(const Address& peer, ByteView head);

    size_t poll(Instant now);
    Instant next_wakeup() const;

private:
    struct Query {
        Address at;
        VersionId version;
        Instant due;
        uint32_t tries = 0;
        std::function<void(Result<Bytes>)> done;
    };
    struct Walk {
        void visit(const VersionId& version, const Address& node) {
            if (seen.insert({version, node}).second) open.push_back({version, node});
        }
        std::vector<AuditStep> steps;
        size_t bytes = 0;
        std::vector<Address> others;                      // not asked yet for the version the walk begins with
        std::vector<std::pair<VersionId, Address>> open;  // version and who should know it
        std::set<std::pair<VersionId, Address>> seen;     // all that was ever open: entries may point in circles
        std::function<void(std::vector<AuditStep>)> done;
    };

    void local(const EntryQuery& query, std::function<void(Result<Bytes>)> done);
    void ask(const Address& at, const VersionId& version, std::function<void(Result<Bytes>)> done);
    void step(std::shared_ptr<Walk> walk);
    void took_step(std::shared_ptr<Walk> walk, const VersionId& version, const Address& at, Result<Bytes> proof);

    Services services_;
    Outbox& outbox_;
    Exchange& exchange_;
    std::map<uint64_t, Query> queries_;
    std::map<std::pair<Address, uint64_t>, Instant> answering_;  // do not answer a repeated query twice
};

}  // namespace aip::node

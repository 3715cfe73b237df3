// How fast a history is checked: a line of stops that goes round the logs of many nodes, audited as a bundle would be.
#include <algorithm>
#include <span>

#include "bench/ledger_world.hpp"
#include "ledger/key_history.hpp"
#include "ledger/lineage.hpp"

namespace aip::bench {
namespace {

crypto::SecretKey key_of(uint32_t tag) {
    Digest seed;
    store_be32(seed.bytes.data(), tag);
    return crypto::SecretKey::from_seed(seed);
}

crypto::Signer signer_of(const crypto::SecretKey& root, uint32_t node) {
    const crypto::Validity validity{WallTime::from_unix_ms(1'700'000'000'000),
                                    WallTime::from_unix_ms(1'900'000'000'000)};
    const crypto::SecretKey identity = key_of(2 * node + 100);
    crypto::SecretKey operational = key_of(2 * node + 101);
    const auto credential =
        crypto::make_credential(crypto::certify_node(root, identity.public_key(), validity),
                                crypto::certify_operational(identity, operational.public_key(), validity));
    auto self = crypto::verify_credential(credential, root.public_key(), kBenchTime);
    return crypto::Signer(std::move(operational), credential, *self);
}

struct Node {
    Node(const crypto::SecretKey& root, uint32_t number) : signer(signer_of(root, number)) {}
    ledger::MemoryLogStore store;
    ledger::MemoryJournalFile journal;
    crypto::Signer signer;
    std::unique_ptr<ledger::Log> log;
    std::vector<Bytes> leaves;
    std::vector<VersionId> versions;
};

VersionId version_of(uint64_t n) {
    VersionId id;
    store_be64(id.bytes.data(), n + 1);
    return id;
}

Result<void> state(Node& node, uint64_t n, const Address& from) {
    ledger::HopStatement s;
    s.version = version_of(n);
    if (n > 0) s.parents = {version_of(n - 1)};
    s.task = "fashion";
    s.what = n > 0 ? "trained" : "imported";
    s.samples = 200;
    s.loss_before = 0.75;
    s.loss_after = 0.5;
    s.metrics = {{"accuracy", 0.625}};
    if (n > 0) s.received_from = from;
    s.node = node.signer.self().address;
    s.software = "aipacketd/0.1.0";
    s.time = kBenchTime;
    AIP_ASSIGN(Bytes leaf, ledger::make_leaf(s, node.signer));
    node.leaves.push_back(std::move(leaf));
    node.versions.push_back(s.version);
    return {};
}

class NoManifests final : public ledger::VersionFacts {
public:
    std::optional<VersionId> add_manifest(ByteView) override { return std::nullopt; }
    std::optional<Facts> of(const VersionId&) const override { return std::nullopt; }
    std::optional<Digest> weights(const VersionId&) const override { return std::nullopt; }
    std::optional<ledger::TensorChange> change(const VersionId&, const VersionId&) const override {
        return std::nullopt;
    }
};

Result<void> write(Node& node) {
    AIP_ASSIGN(node.log, ledger::Log::open(node.store, node.journal, node.signer));
    AIP_TRY(ledger::record_key(*node.log, node.signer, "", "aipacketd/0.1.0", kBenchTime));
    constexpr size_t kBatch = 256;
    for (size_t i = 0; i < node.leaves.size(); i += kBatch) {
        const size_t count = std::min(kBatch, node.leaves.size() - i);
        AIP_TRY(node.log->append(std::span(node.leaves).subspan(i, count), std::span(node.versions).subspan(i, count)));
    }
    return {};
}

}  // namespace

Result<double> audit_stops_per_s(size_t stops, size_t logs) {
    const crypto::SecretKey root = key_of(1);
    std::vector<std::unique_ptr<Node>> nodes;
    for (uint32_t i = 0; i < logs; ++i) nodes.push_back(std::make_unique<Node>(root, i));
    for (uint64_t n = 0; n < stops; ++n)
        AIP_TRY(state(*nodes[n % logs], n, nodes[(n + logs - 1) % logs]->signer.self().address));
    std::vector<std::pair<ledger::BundleKind, Bytes>> items;
    for (const auto& node : nodes) {
        AIP_TRY(write(*node));
        for (uint64_t index = 0; index < node->log->size(); ++index) {
            AIP_ASSIGN(const ledger::EntryProof proof, node->log->prove(index));
            items.emplace_back(index == 0 ? ledger::BundleKind::kKeyEvent : ledger::BundleKind::kStop, proof.encode());
        }
    }
    crypto::Verifier verifier(root.public_key());
    NoManifests facts;
    const double start = seconds_now();
    ledger::LineageAudit audit(verifier, facts);
    for (const auto& [kind, bytes] : items) audit.add({kind, bytes});
    const ledger::Lineage lineage = audit.finish(version_of(stops - 1));
    const double took = seconds_now() - start;
    if (!lineage.is_complete() || lineage.steps.size() != stops || lineage.checkpoints != logs)
        return Error{ErrorCode::kCorrupt, "the audit of an honest history did not end at its origin"};
    return static_cast<double>(stops) / took;
}

}  // namespace aip::bench

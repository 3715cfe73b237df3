#include "node/cosignatures.hpp"

#include <set>

#include "base/limits.hpp"

namespace aip::node {
namespace {

const std::string kPrefix = "cosig/";
constexpr size_t kSizeDigits = 16;

std::string prefix_of(uint64_t size) {
    Bytes raw;
    Writer(raw).u64(size);
    return kPrefix + to_hex(raw) + "/";
}

}  // namespace

Result<void> keep_cosignature(KvStore& store, uint64_t size, const Address& witness, const std::string& line) {
    AIP_ASSIGN(const auto kept, store.scan(kPrefix));
    std::set<std::string> sizes{prefix_of(size)};
    for (const auto& [name, value] : kept) sizes.insert(name.substr(0, kPrefix.size() + kSizeDigits + 1));
    KvBatch batch;
    batch.put(prefix_of(size) + to_hex(witness.view()), line);
    if (sizes.size() > limits::kCosignedSizesKept)
        for (const auto& [name, value] : kept)
            if (name.starts_with(*sizes.begin())) batch.erase(name);
    return store.write(batch, false);
}

Result<std::string> cosignatures(KvStore& store, uint64_t size) {
    AIP_ASSIGN(const auto kept, store.scan(prefix_of(size)));
    std::string lines;
    for (size_t i = 0; i < kept.size() && i < limits::kWitnessesMax; ++i) lines += kept[i].second;
    return lines;
}

Result<ledger::EntryProof> prove_cosigned(const ledger::Log& log, KvStore& store, uint64_t index) {
    AIP_ASSIGN(ledger::EntryProof proof, log.prove(index));
    AIP_ASSIGN(const std::string lines, cosignatures(store, log.size()));
    proof.checkpoint += lines;
    if (proof.encode().size() > limits::kEntryProofBytesMax)
        proof.checkpoint.resize(proof.checkpoint.size() - lines.size());
    return proof;
}

}  // namespace aip::node

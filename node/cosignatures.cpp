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

// 0: none.
Result<uint64_t> newest_cosigned(KvStore& store) {
    AIP_ASSIGN(const auto kept, store.scan(kPrefix));
    if (kept.empty()) return uint64_t{0};
    const auto raw = from_hex(kept.back().first.substr(kPrefix.size(), kSizeDigits));
    return raw && raw->size() == sizeof(uint64_t) ? load_be64(raw->data()) : uint64_t{0};
}

}  // namespace

Result<void> keep_cosignature(KvStore& store, uint64_t size, const Address& witness, const std::string& line) {
    AIP_ASSIGN(const auto kept, store.scan(kPrefix));
    std::set<std::string> sizes{prefix_of(size)};
    for (const auto& [name, value] : kept) sizes.insert(name.substr(0, kPrefix.size() + kSizeDigits + 1));
    const bool full = sizes.size() > limits::kCosignedSizesKept;
    if (full && *sizes.begin() == prefix_of(size)) return {};
    KvBatch batch;
    batch.put(prefix_of(size) + to_hex(witness.view()), line);
    if (full)
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
    AIP_ASSIGN(const uint64_t size, newest_cosigned(store));
    auto proof = size > index && size < log.size() ? log.prove(index, size) : log.prove(index);
    if (!proof) proof = log.prove(index);  // that tree was signed by an earlier key
    AIP_TRY(proof);
    AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(proof->checkpoint));
    AIP_ASSIGN(const ledger::Checkpoint tree, ledger::Checkpoint::parse(note.text));
    AIP_ASSIGN(const std::string lines, cosignatures(store, tree.size));
    proof->checkpoint += lines;
    if (proof->encode().size() > limits::kEntryProofBytesMax)
        proof->checkpoint.resize(proof->checkpoint.size() - lines.size());
    return proof;
}

}  // namespace aip::node

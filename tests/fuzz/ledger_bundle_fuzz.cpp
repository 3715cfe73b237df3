// Lineage bundles: whatever the bytes, reading and auditing one ends, and nothing of it is believed under a root that
// signed nothing.
#include "base/assert.hpp"
#include "ledger/lineage.hpp"

namespace {

class NoFacts final : public aip::ledger::VersionFacts {
public:
    std::optional<aip::VersionId> add_manifest(aip::ByteView) override { return std::nullopt; }
    std::optional<Facts> of(const aip::VersionId&) const override { return std::nullopt; }
    std::optional<aip::Digest> weights(const aip::VersionId&) const override { return std::nullopt; }
    std::optional<aip::ledger::TensorChange> change(const aip::VersionId&, const aip::VersionId&) const override {
        return std::nullopt;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::ledger;
    aip::Bytes bundle(data, data + size);
    const aip::Digest end = bundle_end(bundle);
    bundle.insert(bundle.end(), end.bytes.begin(), end.bytes.end());
    auto reader = BundleReader::open(bundle);
    if (!reader) return 0;
    aip::crypto::Verifier verifier{aip::crypto::PublicKey{}};
    NoFacts facts;
    LineageAudit audit(verifier, facts);
    for (auto item = reader->next(); item && *item; item = reader->next()) audit.add(**item);
    AIP_ASSERT(audit.finish(reader->version()).good == 0);
    return 0;
}

// A network of one root and a few nodes with fixed keys, and statements they could make.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "ledger/log.hpp"

namespace aip::ledger {

inline const WallTime kNow = WallTime::from_unix_ms(1'760'000'000'000);

inline crypto::SecretKey key_of(uint8_t tag) {
    Digest seed;
    seed.bytes.fill(tag);
    return crypto::SecretKey::from_seed(seed);
}

inline crypto::SecretKey network_root() { return key_of(1); }

inline crypto::Signer signer_of(uint8_t node, uint8_t operational_tag = 0) {
    const crypto::Validity validity{WallTime::from_unix_ms(1'700'000'000'000),
                                    WallTime::from_unix_ms(1'900'000'000'000)};
    const crypto::SecretKey identity = key_of(node);
    crypto::SecretKey operational = key_of(operational_tag != 0 ? operational_tag : static_cast<uint8_t>(node + 100));
    const auto credential =
        crypto::make_credential(crypto::certify_node(network_root(), identity.public_key(), validity),
                                crypto::certify_operational(identity, operational.public_key(), validity));
    auto self = crypto::verify_credential(credential, network_root().public_key(), kNow);
    return crypto::Signer(std::move(operational), credential, *self);
}

inline crypto::Verifier verifier() { return crypto::Verifier(network_root().public_key()); }

inline VersionId version_of(uint64_t n) {
    VersionId id;
    store_be64(id.bytes.data(), n + 1);
    return id;
}

inline HopStatement statement_of(const crypto::Signer& signer, uint64_t n) {
    HopStatement s;
    s.version = version_of(n);
    s.content.bytes.fill(static_cast<uint8_t>(n));
    if (n > 0) s.parents = {version_of(n - 1)};
    s.task = "fashion";
    s.what = n > 0 ? "trained" : "imported";
    s.samples = 200;
    s.steps = 10;
    s.loss_before = 0.75;
    s.loss_after = 0.5;
    s.metrics = {{"accuracy", 0.625}, {"seconds", 1.5}};
    s.parameters = {{"batch", 32.0}, {"optimizer", "sgd"}};
    if (n > 0) {
        s.changed = tensor_change({"w2", "b2"}, 4);
        s.received_from = *Address::parse("fd01:203:405::1");
        s.custody = GiverProof{n, n + 2, Digest{}, Digest{}};
        s.custody->root.bytes.fill(0xaa);
        s.custody->proof.bytes.fill(0xbb);
    }
    s.node = signer.self().address;
    s.software = "aipacketd/0.1.0";
    s.time = kNow;
    s.journey = 0xfedcba9876543210;
    s.stop = static_cast<uint32_t>(n);
    return s;
}

inline Bytes leaf_of(const crypto::Signer& signer, uint64_t n) {
    auto leaf = make_leaf(statement_of(signer, n), signer);
    EXPECT_TRUE(leaf) << leaf.error().text;
    return *leaf;
}

// Appends entries [first, first + count) of statement_of, in one write.
inline Result<Appended> grow(Log& log, const crypto::Signer& signer, uint64_t first, uint64_t count) {
    std::vector<Bytes> leaves;
    std::vector<VersionId> versions;
    for (uint64_t n = first; n < first + count; ++n) {
        leaves.push_back(leaf_of(signer, n));
        versions.push_back(version_of(n));
    }
    return log.append(leaves, versions);
}

class TempDir {
public:
    TempDir() {
        std::string pattern = (std::filesystem::temp_directory_path() / "aip-ledger-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~TempDir() { std::filesystem::remove_all(path_); }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace aip::ledger

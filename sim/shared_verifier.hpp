// A verifier that many simulated nodes share: it remembers what it has verified, so that a thousand nodes in one
// process do not verify the same signature a thousand times. All else of a check is every node's own. One thread.
#pragma once

#include <unordered_map>

#include "crypto/identity.hpp"
#include "crypto/sha256.hpp"

namespace aip::sim {

class SharedVerifier final : public crypto::Verifier {
public:
    using Verifier::Verifier;
    Result<crypto::Opened> open(std::string_view domain, ByteView sealed, WallTime now) override {
        const Digest name = crypto::sha256(sealed);
        const auto known = verified_.find(name);
        if (known != verified_.end()) return crypto::Opened{{}, known->second};
        auto opened = Verifier::open(domain, sealed, now);
        if (opened) verified_.emplace(name, opened->signer);
        return opened;
    }

private:
    std::unordered_map<Digest, crypto::Principal> verified_;  // by digest of what was sealed
};

}  // namespace aip::sim

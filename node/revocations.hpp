// Revocations: who the network root has put out (rfc/0006 section 8). Each one that is new is made durable, from then
// on nothing of that identity is believed by the node's Verifier, and all neighbours are told; they are told again now
// and then, so that whoever was away hears of it too. Loop only; bounded by kMax.
#pragma once

#include <functional>
#include <map>

#include "crypto/revocation.hpp"
#include "node/outbox.hpp"
#include "node/services.hpp"

namespace aip::node {

class Revocations {
public:
    static constexpr size_t kMax = 256;  // identities put out of one network
    static constexpr Duration kTellEvery = Duration::seconds(60);

    Revocations(const Services& services, crypto::Verifier& verifier, Outbox& outbox)
        : services_(services), verifier_(verifier), outbox_(outbox) {}

    Result<void> load();  // at start, before anything runs
    // From a packet or a program. `done`, if given: known here, durably.
    void take(const crypto::RevocationBytes& bytes, std::function<void(Result<void>)> done);
    size_t poll(const std::vector<Address>& neighbours, Instant now);
    Instant next_wakeup() const { return known_.empty() ? Instant::never() : tell_at_; }

    const std::map<crypto::PublicKey, crypto::RevocationBytes>& known() const { return known_; }

private:
    Services services_;
    crypto::Verifier& verifier_;
    Outbox& outbox_;
    std::map<crypto::PublicKey, crypto::RevocationBytes> known_;  // by identity
    Instant tell_at_;
};

}  // namespace aip::node

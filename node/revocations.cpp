#include "node/revocations.hpp"

#include "node/news.hpp"

namespace aip::node {
namespace {

const std::string kPrefix = "revoked/";

}  // namespace

Result<void> Revocations::load() {
    AIP_ASSIGN(const auto pairs, services_.state.scan(kPrefix));
    for (const auto& [name, value] : pairs) {
        const auto bytes = crypto::RevocationBytes::from(as_bytes(value));
        const auto read = bytes ? verifier_.revoke(*bytes)
                                : Result<crypto::Revocation>(Error{ErrorCode::kCorrupt, "not a revocation"});
        if (!read) return read.error().within("stored revocation " + name.substr(kPrefix.size()));
        known_.emplace(read->identity, *bytes);
    }
    return {};
}

void Revocations::take(const crypto::RevocationBytes& bytes, std::function<void(Result<void>)> done) {
    const auto read = crypto::verify_revocation(bytes, verifier_.root());
    if (!read) return done(read.error());
    const auto it = known_.find(read->identity);
    if (it != known_.end() && crypto::verify_revocation(it->second, verifier_.root())->from <= read->from)
        return done({});  // known, and not taken back by a later one
    if (known_.size() >= kMax) return done(Error{ErrorCode::kNoSpace, "too many revocations; make a new network"});
    AIP_ASSERT(verifier_.revoke(bytes).has_value());  // at once; the disk may take its time
    known_.insert_or_assign(read->identity, bytes);
    tell_at_ = services_.clock.now();
    services_.host.log("the network root has revoked identity " + read->identity.hex());
    submit(
        services_.storage,
        [&state = services_.state, name = kPrefix + read->identity.hex(), bytes] {
            KvBatch batch;
            batch.put(name, std::string(as_text(bytes.view())));
            return state.write(batch, true);
        },
        [this, done = std::move(done)](Result<void> written) {
            if (!written) services_.host.fatal(written.error());
            done(std::move(written));
        });
}

size_t Revocations::poll(const std::vector<Address>& neighbours, Instant now) {
    if (known_.empty() || now < tell_at_) return 0;
    tell_at_ = now + kTellEvery;
    for (const auto& [identity, bytes] : known_) {
        const Bytes sealed = services_.signer.seal(kNewsDomain, bytes.view());
        for (const Address& neighbour : neighbours) {
            aipacket::Header header;
            header.kind = aipacket::Kind::kNews;
            static_cast<void>(outbox_.send(neighbour, header, sealed));
        }
    }
    return known_.size() * neighbours.size();
}

}  // namespace aip::node

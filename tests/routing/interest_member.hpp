// A member of a task whose packets a test carries by hand.
#pragma once

#include "routing/interest.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing::test {

struct Member {
    explicit Member(const std::string& name, InterestOptions options = {}, uint64_t seed = 1)
        : signer(make_signer(name)), verifier(root_key()), rng(seed), exchange(signer, verifier, rng, options) {}
    Address address() const { return signer.self().address; }
    std::optional<InterestRecord> holds(const Member& other, std::string_view task = "task") const {
        const auto entry = exchange.table().find(task, other.address());
        return entry ? std::optional(entry->record) : std::nullopt;
    }

    crypto::Signer signer;
    crypto::Verifier verifier;
    SeededRng rng;
    InterestExchange exchange;
};

inline LocalInterest interest(uint64_t first = 10) { return {{{first, 20}, {}}, first + 20, 100}; }

}  // namespace aip::routing::test

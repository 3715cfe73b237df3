// What a proof costs that an outsider believes: an entry of a log, its checkpoint cosigned by three witnesses, checked
// under the network root and under a policy that asks for all three.
#include "bench/ledger_world.hpp"
#include "ledger/entry_proof.hpp"
#include "ledger/policy.hpp"

namespace aip::bench {
namespace {

constexpr uint8_t kWitnesses = 3;

// Adds the lines of three nodes that witness, and says that all of them are to be there.
Result<ledger::Policy> cosign(std::string& checkpoint, const Member& member) {
    const ledger::NoteKey log{ledger::log_origin(member.signer().self().address), member.signer().self().operational};
    AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(checkpoint));
    const auto seconds = static_cast<uint64_t>(kBenchTime.unix_ms() / 1000);
    ledger::Policy policy;
    policy.logs = {log};
    policy.quorum = "all";
    ledger::Policy::Group all{kWitnesses, {}};
    for (uint8_t i = 0; i < kWitnesses; ++i) {
        Digest seed;
        seed.bytes.fill(static_cast<uint8_t>(100 + i));
        const auto secret = crypto::SecretKey::from_seed(seed);
        Address address = member.signer().self().address;
        address.bytes.back() = i;
        const ledger::CosignatureKey key{ledger::log_origin(address), secret.public_key()};
        const std::string message = ledger::cosigned_message(note.text, seconds);
        checkpoint += ledger::cosignature_line(key, seconds, secret.sign(as_bytes(message)));
        all.members.push_back(key.name);
        policy.witnesses.emplace(key.name, key);
    }
    policy.groups.emplace("all", std::move(all));
    return policy;
}

}  // namespace

Result<ProofCost> proof_cost(const ledger::Log& log, const Member& member, uint64_t index) {
    Times prove, verify;
    ProofCost cost;
    auto verifier = member.verifier();
    for (int i = 0; i < 1000; ++i) {
        Result<ledger::EntryProof> proof = Error{ErrorCode::kInvalid, ""};
        prove.take([&] { proof = log.prove(index); });
        AIP_TRY(proof);
        AIP_ASSIGN(const ledger::Policy policy, cosign(proof->checkpoint, member));
        verify.take([&] {
            AIP_ASSERT(ledger::verify(*proof, verifier, kBenchTime));
            AIP_ASSERT(ledger::check_policy(policy, proof->checkpoint));
        });
        cost.bytes = ledger::tlog_proof_text(index, proof->path, proof->checkpoint, proof->credential.view()).size();
    }
    cost.prove_us = prove.percentile(0.5) * 1e3;
    cost.verify_us = verify.percentile(0.5) * 1e3;
    cost.verify_p99_us = verify.percentile(0.99) * 1e3;
    return cost;
}

}  // namespace aip::bench

// What aipctl says about witnesses: who has cosigned, whether that satisfies a policy, and what a fork proof proves. It
// checks all of it itself; of the daemon it asks for the newest checkpoint, and for the keys of its log.
#include "base/time_text.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/ledger_source.hpp"
#include "ledger/fork_proof.hpp"

namespace aip::cli {
namespace {

constexpr size_t kFileMax = 128u << 10;

Result<std::string> read_text(const std::string& path) {
    AIP_ASSIGN(const Bytes bytes, crypto::read_small_file(path, kFileMax));
    return std::string(as_text(bytes));
}

Error not_verified(const Error& error) { return {ErrorCode::kCorrupt, "not verified: " + error.text}; }

// The time in a line that has the form of a cosignature.
Cell cosigned_at(const ledger::NoteSignature& line) {
    constexpr size_t kCosignatureBytes = 8 + crypto::Signature::kSize;
    if (line.signature.size() != kCosignatureBytes) return std::monostate{};
    const uint64_t seconds = load_be64(line.signature.data());
    if (seconds > INT64_MAX / 1000) return std::monostate{};
    return time_text(WallTime::from_unix_ms(static_cast<int64_t>(seconds) * 1000));
}

// The signed checkpoint in an entry proof, a .tlog-proof, or alone; the leaf's place in it is checked if there is one.
struct Evidence {
    std::string checkpoint;
    std::string what;
};
Result<Evidence> evidence_in(const std::string& file) {
    if (const auto proof = ledger::EntryProof::parse(as_bytes(file))) {
        AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(proof->checkpoint));
        AIP_ASSIGN(const ledger::Checkpoint tree, ledger::Checkpoint::parse(note.text));
        AIP_TRY(
            ledger::verify_inclusion(ledger::leaf_hash(proof->leaf), proof->index, tree.size, proof->path, tree.root));
        return Evidence{proof->checkpoint, "entry " + std::to_string(proof->index) + " is in this tree"};
    }
    if (const auto proof = ledger::TlogProof::parse(file))
        return Evidence{proof->checkpoint, "the entry is not in the file: only the checkpoint was checked"};
    AIP_TRY(ledger::Note::parse(file));
    return Evidence{file, "a checkpoint alone"};
}

// The newest checkpoint of this node's ledger, as the daemon gives it.
Result<std::string> newest_checkpoint(ControlLedger& ledger) {
    AIP_ASSIGN(const auto text, ledger.checkpoint(ledger::kTreeSizeMax));
    if (!text) return Error{ErrorCode::kNotFound, "the ledger has no checkpoint yet: nothing was written into it"};
    return *text;
}

Result<std::string> text_to_verify(Context& context, const std::string& proof_file) {
    if (!proof_file.empty()) return read_text(proof_file);
    AIP_ASSIGN(api::Connection connection, context.connect());
    ControlLedger ledger(connection);
    return newest_checkpoint(ledger);
}

}  // namespace

Result<Outcome> ledger_checkpoint(Context& context) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    ControlLedger ledger(connection);
    AIP_ASSIGN(const std::string text, newest_checkpoint(ledger));
    AIP_ASSIGN(const std::vector<ledger::NoteKey> keys, ledger.keys());
    const ledger::NoteKey& key = keys.back();  // the newest
    const auto checkpoint = ledger::open_checkpoint(text, key);
    if (!checkpoint) return not_verified(checkpoint.error());
    AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(text));
    Report table{"checkpoint of " + checkpoint->origin, {{"name"}, {"signature"}, {"time"}}, {}, {}};
    for (const ledger::NoteSignature& line : note.signatures) {
        const bool own = line.name == key.name && line.key_id == key.id();
        const Cell time = own ? Cell(std::monostate{}) : cosigned_at(line);
        const bool cosigned = time.index() != 0;
        table.rows.push_back({line.name,
                              std::string(own        ? "log, verified"
                                          : cosigned ? "cosignature"
                                                     : "unknown"),
                              time});
    }
    table.notes = {"size " + std::to_string(checkpoint->size) + ", root " + checkpoint->root.hex(),
                   "cosignatures are checked under a policy: aipctl ledger verify --policy FILE"};
    return Outcome{std::move(table), Layout::kTable, Exit::kOk};
}

Result<Outcome> ledger_verify_policy(Context& context, const std::string& policy_file, const std::string& proof_file) {
    AIP_ASSIGN(const ledger::Policy policy, read_policy(policy_file));
    AIP_ASSIGN(const std::string proof_text, text_to_verify(context, proof_file));
    const auto evidence = evidence_in(proof_text);
    if (!evidence) return not_verified(evidence.error());
    const auto verdict = ledger::check_policy(policy, evidence->checkpoint);
    if (!verdict) return not_verified(verdict.error());
    std::string names;
    for (const auto& [name, seconds] : verdict->cosigned) names += (names.empty() ? "" : " ") + name;
    return Card("verified")
        .add("origin", verdict->origin)
        .add("quorum", policy.quorum)
        .add("cosigned", static_cast<uint64_t>(verdict->cosigned.size()))
        .add("witnesses", names)
        .note(evidence->what)
        .done();
}

Result<Outcome> ledger_fork_proof(const std::string& file, const std::string& network) {
    AIP_ASSIGN(const crypto::PublicKey root, crypto::load_public_key(network, crypto::kRootLabel));
    AIP_ASSIGN(const std::string text, read_text(file));
    const auto proof = ledger::ForkProof::parse(text);
    if (!proof) return not_verified(proof.error());
    const auto verdict = ledger::verify(*proof, root);
    if (!verdict) return not_verified(verdict.error());
    const ledger::Contradiction& what = proof->what;
    return Card("fork")
        .add("offender", verdict->offender.text())
        .add("size", what.older.head.size)
        .add("signed_root", what.older.head.root.hex())
        .add("other_size", what.newer.head.size)
        .add("other_root", what.root_then.hex())
        .add("verdict", std::string("proven"))
        .note("this node signed two histories of its ledger; checked under the network root in " + network)
        .done();
}

}  // namespace aip::cli

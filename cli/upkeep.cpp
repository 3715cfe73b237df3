#include "ledger/rocksdb/upkeep.hpp"
#include "cli/commands.hpp"

namespace aip::cli {
namespace {

constexpr size_t kProblemsShown = 20;

Card card_of(std::string title, const ledger::FsckReport& report) {
    Card card(std::move(title));
    card.add("origin", report.origin).add("entries", report.size()).add("entries_in_journal", report.in_journal);
    return card.add("checkpoints", report.checkpoints).add("problems", report.problems);
}

}  // namespace

Result<Outcome> ledger_fsck(Context&, const std::string& state, const std::string& network) {
    std::optional<crypto::Verifier> verifier;
    if (!network.empty()) {
        AIP_ASSIGN(const crypto::PublicKey root, crypto::load_public_key(network, crypto::kRootLabel));
        verifier.emplace(root);
    }
    AIP_ASSIGN(const ledger::FsckReport report, ledger::fsck(state, verifier ? &*verifier : nullptr));
    Card card = card_of("fsck of " + state, report);
    for (size_t i = 0; i < std::min(kProblemsShown, report.first_problems.size()); ++i)
        card.note(report.first_problems[i]);
    if (report.problems != 0) card.note("restore the ledger from a backup: aipctl ledger restore");
    if (!verifier) card.note("signatures were not checked: give --network FILE");
    Outcome outcome = card.done();
    if (report.problems != 0) outcome.exit = Exit::kNotVerified;
    return outcome;
}

Result<Outcome> ledger_backup(Context&, const std::string& state, const std::string& directory) {
    AIP_ASSIGN(const ledger::FsckReport report, ledger::backup(state, directory));
    return card_of("backup", report).note("in " + directory + "; keep it off this disk").done();
}

Result<Outcome> ledger_restore(Context&, const std::string& directory, const std::string& state, bool accept_loss) {
    AIP_ASSIGN(const ledger::FsckReport report, ledger::restore(directory, state, accept_loss));
    Card card = card_of("restored", report);
    card.note("what was there is kept as " + state + "/ledger.before-restore, the journal with it");
    if (accept_loss)
        card.note("entries may be lost: before the daemon starts give the node a new identity, aipctl key create");
    return card.done();
}

}  // namespace aip::cli

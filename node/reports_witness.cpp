// Who cosigns for whom, and who was caught: for people.
#include "node/witnessing.hpp"

namespace aip::node {
namespace {

Report witness_table() {
    return {"Witnesses",
            {{"role", ColumnType::kText},
             {"node", ColumnType::kText},
             {"size", ColumnType::kInteger},
             {"seconds", ColumnType::kInteger},
             {"answer", ColumnType::kText},
             {"vkey", ColumnType::kText}},
            {},
            {}};
}

std::string status_text(uint16_t status) {
    if (status == 0) return "none yet";
    return std::string(ledger::witness_status_name(static_cast<ledger::WitnessStatus>(status)));
}

}  // namespace

void Witnessing::report(std::function<void(Result<Report>)> done) {
    Report r = witness_table();
    for (const auto& [node, asked] : witnesses_) {
        const bool cosigned = asked.size > 0;
        r.rows.push_back({std::string("witnesses us"), node.text(), static_cast<int64_t>(asked.size),
                          cosigned ? Cell{static_cast<int64_t>(asked.seconds)} : Cell{}, status_text(asked.status),
                          cosigned ? Cell{asked.vkey} : Cell{}});
    }
    std::string answers;
    for (size_t i = 0; i < served_.size(); ++i)
        answers += (i == 0 ? "" : ", ") + std::string(ledger::witness_status_name(ledger::kWitnessStatuses[i])) + " " +
                   std::to_string(served_[i]);
    r.notes.push_back("answers given: " + answers);
    submit(
        services_.storage,
        [&witness = *witness_, r = std::move(r)]() mutable -> Result<Report> {
            for (const auto& [origin, held] : witness.logs())
                r.rows.push_back({std::string("we witness"), origin, static_cast<int64_t>(held.head.size), Cell{},
                                  std::string("cosigned"), Cell{}});
            r.notes.push_back("our witness key " + witness.key().vkey());
            return std::move(r);
        },
        std::move(done));
}

Report Witnessing::report_forks() const {
    Report r{"Quarantined",
             {{"node", ColumnType::kText},
              {"size", ColumnType::kInteger},
              {"other_size", ColumnType::kInteger},
              {"signed_root", ColumnType::kText},
              {"other_root", ColumnType::kText}},
             {},
             {}};
    for (const auto& [node, what] : forks_)
        r.rows.push_back({node.text(), static_cast<int64_t>(what.older.head.size),
                          static_cast<int64_t>(what.newer.head.size), what.older.head.root.hex(),
                          what.root_then.hex()});
    if (!forks_.empty()) r.notes.push_back("each proof is a file in the daemon's state directory, forks/");
    return r;
}

}  // namespace aip::node

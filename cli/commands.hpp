// The commands of aipctl, each one function: offline ones first, then those that ask the daemon, then those that check
// what it says. app.hpp gives them names and options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"

namespace aip::cli {

// keys.cpp: without a daemon
Result<Outcome> network_create(Context& context, const std::string& directory);
Result<Outcome> key_create(Context& context, const std::string& directory);
Result<Outcome> key_certify(Context& context, const std::string& directory, const std::string& network, int64_t days);
Result<Outcome> key_show(Context& context, const std::string& directory);
Result<Outcome> key_rotate(Context& context, const std::string& directory, const std::string& compromised);
// By the network's root, into `out`.
Result<Outcome> key_revoke(Context& context, const std::string& identity, const std::string& network,
                           const std::string& from, const std::string& out);
Result<Outcome> key_vote(Context& context, const std::string& identity, const std::string& directory,
                         const std::string& from, const std::string& out);
Result<Outcome> key_allow_votes(Context& context, uint32_t votes, const std::string& network, const std::string& out);
Result<Outcome> key_announce(Context& context, const std::string& file);  // any of the three, to the daemon
Result<Outcome> key_list(Context& context, const std::string& node);      // of a node's ledger, from the daemon

// models.cpp
struct SendOptions {
    std::string file;
    std::string to;  // address; empty: a journey
    std::string task = "default";
    uint32_t stops = 0;  // budgets of a journey; 0: the task's
    uint64_t bytes = 0;
    double time_s = 0;
    std::string policy;
    std::vector<std::string> itinerary;  // addresses
    std::string name;                    // empty: the file's
};
Result<Outcome> send(Context& context, const SendOptions& options);
struct RecvOptions {
    std::string out;
    std::string task;
    std::optional<double> timeout_s;
};
Result<Outcome> recv(Context& context, const RecvOptions& options);
Result<Outcome> models_export(Context& context, const std::string& version, const std::string& out);
Result<Outcome> order(Context& context, const std::string& name, std::vector<std::string> args);  // one of the node's
Result<Outcome> transfers_cancel(Context& context, const std::string& transfer);
Result<Outcome> journey_follow(Context& context, const std::string& journey);

// echo.cpp
struct PingOptions {
    std::string to;  // address, or the beginning of one
    uint32_t count = 4;
    uint32_t interval_ms = 1000;
    uint32_t size = 56;
    std::string via;  // nodes, with commas
};
Result<Outcome> ping(Context& context, const PingOptions& options);
Result<Outcome> trace(Context& context, const std::string& to, const std::string& via);

// tasks.cpp
struct TaskOptions {
    std::string name;
    uint32_t classes = 0;
    uint32_t features = 0;
    std::string policy;
    std::optional<double> theta;
    std::vector<std::string> weights;  // NAME=VALUE
    std::optional<double> accuracy;
    std::optional<double> loss;
    uint64_t steps = 0;
    uint32_t stops = 0;
    std::string bytes;  // 10G
    std::string time;   // 1h
    uint32_t walkers = 1;
    std::string late;  // 60s
    std::vector<std::string> members;
    std::string base;
    std::string model_bytes_max;
};
Result<Outcome> task_create(Context& context, const TaskOptions& options);
Result<Outcome> task_join(Context& context, const std::string& task);
Result<Outcome> task_leave(Context& context, const std::string& task);

// ledger.cpp
Result<Outcome> ledger_show(Context& context, const std::string& which, const std::string& node,
                            const std::string& network, const std::string& dsse);
Result<Outcome> ledger_prove(Context& context, const std::string& which, const std::string& node,
                             const std::string& network, const std::string& directory);
Result<Outcome> ledger_verify(Context& context, const std::string& directory, const std::string& network);
struct AuditOptions {
    std::string version;
    std::string bundle;  // instead of asking a daemon
    std::string network;
    std::string policy;  // a tlog-policy file; empty: no witnesses are asked for
    std::string file;    // the weights of the version, as a model file
    bool bytes = false;  // hash all weights the daemon holds of this history
    std::string dot;     // files to draw it into
    std::string svg;
};
Result<Outcome> ledger_audit(Context& context, const AuditOptions& options);
Result<Outcome> ledger_export_lineage(Context& context, const std::string& version, const std::string& file);
Result<Outcome> ledger_export(Context& context, const std::string& directory);
Result<Outcome> ledger_tiles(Context& context, const std::string& directory);

// upkeep.cpp: a ledger on disk, without a daemon
Result<Outcome> ledger_fsck(Context& context, const std::string& state, const std::string& network);
Result<Outcome> ledger_backup(Context& context, const std::string& state, const std::string& directory);
Result<Outcome> ledger_restore(Context& context, const std::string& directory, const std::string& state,
                               bool accept_loss);

// witness.cpp
Result<Outcome> ledger_checkpoint(Context& context);
Result<Outcome> ledger_verify_policy(Context& context, const std::string& policy_file, const std::string& proof_file);
Result<Outcome> ledger_fork_proof(const std::string& file, const std::string& network);

}  // namespace aip::cli

#include "cli/app.hpp"

#include <CLI/CLI.hpp>
#include <functional>

#include "base/limits.hpp"
#include "cli/commands.hpp"
#include "cli/suggest.hpp"

namespace aip::cli {
namespace {

using Command = std::function<Result<Outcome>(Context&)>;

// Where the parser puts what the command line says.
struct Arguments {
    std::string directory;
    std::string policy;
    std::string network;
    std::string node;
    std::string id;
    std::string out;
    std::string state = "/var/lib/aipacket";
    bool accept_loss = false;
    std::string from;
    std::string dsse;
    std::string lineage;
    AuditOptions audit;
    std::optional<std::string> keep;
    std::optional<std::string> task;
    int64_t days = 825;
    uint32_t votes = 0;
    SendOptions send;
    RecvOptions recv;
    PingOptions ping;
    TaskOptions rules;
};

class Parser {
public:
    explicit Parser(Context& context) : context_(context) {
        app_.description("aipctl: looks at a node of the model network and drives it");
        app_.footer(
            "Example:\n  aipctl status\n\nExit status: 0 done, 1 failed, 2 usage, 3 no daemon, 4 not verified, "
            "5 nothing came in time.");
        app_.add_option("--socket", context_.socket, "control socket of the daemon")
            ->envname("AIPACKET_SOCKET")
            ->capture_default_str();
        app_.add_flag("--json", context_.json, "print one line of JSON");
        app_.require_subcommand(1);
        app_.fallthrough();
        app_.name("aipctl");
        add_keys();
        add_reports();
        add_echo();
        add_tasks();
        add_models();
        add_ledger();
    }

    // The chosen command, or nothing after `exit` was set: help was printed, or an error.
    std::optional<Command> parse(std::vector<std::string> arguments, int& exit) {
        const std::vector<std::string> words = arguments;
        std::reverse(arguments.begin(), arguments.end());
        try {
            app_.parse(std::move(arguments));
            return chosen_;
        } catch (const CLI::CallForHelp& e) {
            exit = app_.exit(e, context_.out, context_.err);
        } catch (const CLI::ParseError& e) {
            const auto wrong = unknown_command(app_, words);
            context_.err << "aipctl: " << (wrong ? *wrong : first_line(e.what())) << "\n";
            exit = static_cast<int>(Exit::kUsage);
        }
        return std::nullopt;
    }

private:
    static std::string first_line(const std::string& text) {
        return text.substr(0, text.find('\n')) + "; see aipctl --help";
    }

    CLI::App* group(const std::string& name, const std::string& description, const std::string& example) {
        CLI::App* app = app_.add_subcommand(name, description);
        app->footer("Example:\n  " + example);
        return app;
    }
    CLI::App* command(CLI::App* parent, const std::string& name, const std::string& description,
                      const std::string& example, Command run) {
        CLI::App* app = parent->add_subcommand(name, description);
        app->footer("Example:\n  " + example);
        app->callback([this, run = std::move(run)] {
            if (!chosen_) chosen_ = run;  // the innermost command's callback comes first
        });
        return app;
    }
    Command report(std::string name, Layout layout = Layout::kTable) {
        return [name = std::move(name), layout](Context& c) -> Result<Outcome> {
            AIP_ASSIGN(Report report, c.query(name));
            return Outcome{std::move(report), layout};
        };
    }
    Command report_about_id(std::string name) {
        return [this, name = std::move(name)](Context& c) -> Result<Outcome> {
            AIP_ASSIGN(Report report, c.query(name, {a_.id}));
            return Outcome{std::move(report)};
        };
    }

    void add_keys() {
        CLI::App* network = group("network", "make a network's root key", "aipctl network create my-network");
        network->require_subcommand(1);
        command(network, "create", "make a root key; keep it offline", "aipctl network create my-network",
                [this](Context& c) { return network_create(c, a_.directory); })
            ->add_option("DIR", a_.directory, "new directory")
            ->required();
        CLI::App* key = group("key", "make, certify and show a node's keys", "aipctl key create /etc/aipacket/keys");
        key->require_subcommand(1);
        command(key, "create", "make a node's identity and operational keys", "aipctl key create /etc/aipacket/keys",
                [this](Context& c) { return key_create(c, a_.directory); })
            ->add_option("DIR", a_.directory, "new directory")
            ->required();
        CLI::App* certify = command(key, "certify", "make a node a member of a network",
                                    "aipctl key certify /etc/aipacket/keys --network my-network/network.key --days 365",
                                    [this](Context& c) { return key_certify(c, a_.directory, a_.network, a_.days); });
        certify->add_option("DIR", a_.directory, "the node's keys")->required();
        certify->add_option("--network", a_.network, "the network's root key")->required();
        certify->add_option("--days", a_.days, "how long it is valid")
            ->check(CLI::Range(1, 36500))
            ->capture_default_str();
        command(key, "show", "check a node's keys and show its address", "aipctl key show /etc/aipacket/keys",
                [this](Context& c) { return key_show(c, a_.directory); })
            ->add_option("DIR", a_.directory, "the node's keys")
            ->required();
        add_key_changes(key);
    }

    void add_key_changes(CLI::App* key) {
        CLI::App* rotate = command(key, "rotate", "a new operational key for a node",
                                   "aipctl key rotate /etc/aipacket/keys --compromised 'disk was stolen'",
                                   [this](Context& c) { return key_rotate(c, a_.directory, a_.id); });
        rotate->add_option("DIR", a_.directory, "the node's keys, identity.key among them")->required();
        rotate->add_option("--compromised", a_.id, "why the old key must not be trusted any more");
        CLI::App* revoke =
            command(key, "revoke", "put an identity out of the network, by its root",
                    "aipctl key revoke identity.pub --network my-network/network.key --out stolen.revocation",
                    [this](Context& c) { return key_revoke(c, a_.id, a_.network, a_.from, a_.out); });
        revoke->add_option("IDENTITY", a_.id, "64 hex digits, or a file identity.pub")->required();
        revoke->add_option("--network", a_.network, "the network's root key")->required();
        revoke->add_option("--out", a_.out, "new file")->required();
        revoke->add_option("--from", a_.from, "what it signed from then on counts no more; now if not given");
        CLI::App* votes =
            command(key, "allow-votes", "say, as the network's root, how many members may revoke together",
                    "aipctl key allow-votes 3 --network my-network/network.key --out votes.rule",
                    [this](Context& c) { return key_allow_votes(c, a_.votes, a_.network, a_.out); });
        votes->add_option("VOTES", a_.votes, "0: the root alone")->required()->check(CLI::Range(0, 255));
        votes->add_option("--network", a_.network, "the network's root key")->required();
        votes->add_option("--out", a_.out, "new file")->required();
        CLI::App* vote = command(key, "vote", "vote, as a member, to put an identity out of the network",
                                 "aipctl key vote IDENTITY --keys /etc/aipacket/keys --out my.vote",
                                 [this](Context& c) { return key_vote(c, a_.id, a_.directory, a_.from, a_.out); });
        vote->add_option("IDENTITY", a_.id, "64 hex digits, or a file identity.pub")->required();
        vote->add_option("--keys", a_.directory, "the member's key directory")->required();
        vote->add_option("--out", a_.out, "new file")->required();
        vote->add_option("--from", a_.from, "what it signed from then on should count no more; now if not given");
        command(key, "announce", "tell the network of a revocation, a vote, or a rule about votes",
                "aipctl key announce stolen.revocation", [this](Context& c) { return key_announce(c, a_.id); })
            ->add_option("FILE", a_.id, "as 'key revoke', 'key vote' or 'key allow-votes' wrote it")
            ->required();
        command(key, "list", "the operational keys a node's ledger names, checked", "aipctl key list",
                [this](Context& c) { return key_list(c, a_.node); })
            ->add_option("--node", a_.node, "of this node");
    }

    void add_reports() {
        command(&app_, "status", "what this node is and does", "aipctl status", report("status", Layout::kCard));
        command(&app_, "peers", "neighbours and the links to them", "aipctl peers --json", report("peers"));
        command(&app_, "routes", "who is reached how", "aipctl routes", report("routes"));
        command(&app_, "counters", "every counter, drops by reason", "aipctl counters", report("counters"));
        command(&app_, "interest", "whose data is worth what, by task", "aipctl interest fashion",
                [this](Context& c) -> Result<Outcome> {
                    AIP_ASSIGN(Report report,
                               c.query("interest", a_.task ? std::vector{*a_.task} : std::vector<std::string>{}));
                    return Outcome{std::move(report)};
                })
            ->add_option("TASK", a_.task, "only this task");
        CLI::App* transfers = command(&app_, "transfers", "models under way", "aipctl transfers", report("transfers"));
        command(transfers, "list", "models under way", "aipctl transfers list", report("transfers"));
        command(transfers, "cancel", "stop one", "aipctl transfers cancel 5f3a",
                [this](Context& c) { return transfers_cancel(c, a_.id); })
            ->add_option("ID", a_.id, "as `transfers list` shows it")
            ->required();
        CLI::App* journey = command(&app_, "journey", "journeys that came by", "aipctl journey", report("journeys"));
        command(journey, "list", "journeys that came by", "aipctl journey list", report("journeys"));
        command(journey, "show", "the stops of one", "aipctl journey show 12ab", report_about_id("journey"))
            ->add_option("ID", a_.id, "as `journey list` shows it")
            ->required();
        command(journey, "follow", "the stops of one as they come, to its end", "aipctl journey follow 12ab",
                [this](Context& c) { return journey_follow(c, a_.id); })
            ->add_option("ID", a_.id, "as `journey list` shows it")
            ->required();
    }

    void add_echo() {
        CLI::App* pinging = command(&app_, "ping", "ask a node for echoes", "aipctl ping fd5e:2e84:6101::7a1f:22 -c 10",
                                    [this](Context& c) { return ping(c, a_.ping); });
        pinging->add_option("ADDRESS", a_.ping.to, "a node's address, or the beginning of it")->required();
        pinging->add_option("-c,--count", a_.ping.count, "how many")
            ->check(CLI::Range(1u, limits::kEchoCountMax))
            ->capture_default_str();
        pinging->add_option("--interval", a_.ping.interval_ms, "milliseconds between them")
            ->check(CLI::Range(limits::kEchoIntervalMinMs, limits::kEchoIntervalMaxMs))
            ->capture_default_str();
        pinging->add_option("--size", a_.ping.size, "bytes of each request, IPv6 header included")
            ->check(CLI::Range(PingOptions{}.size, limits::kPortMtuMax))
            ->capture_default_str();
        add_via(pinging);

        CLI::App* tracing =
            command(&app_, "trace", "the hops on the way to a node", "aipctl trace fd5e:2e84:6101::7a1f:22",
                    [this](Context& c) { return trace(c, a_.ping.to, a_.ping.via); });
        tracing->add_option("ADDRESS", a_.ping.to, "a node's address, or the beginning of it")->required();
        add_via(tracing);
    }

    void add_via(CLI::App* asking) {
        asking->add_option("--via", a_.ping.via, "nodes to pass on the way there, in order, with commas between them");
    }

    void add_tasks() {
        CLI::App* task =
            command(&app_, "task", "what models are trained for, and by what rules",
                    "aipctl task create fashion --classes 10\n  aipctl task join fashion", report("tasks"));
        add_task_rules(command(task, "create", "make a task, with rules that never change, and join it",
                               "aipctl task create fashion --classes 10 --stops 120 --accuracy 0.8 --late 60s",
                               [this](Context& c) { return task_create(c, a_.rules); }));
        const auto about_one = [&](const char* name, const char* description, Command run) {
            command(task, name, description, std::string("aipctl task ") + name + " fashion", std::move(run))
                ->add_option("TASK", a_.id, "its name, NAME@ and some digits of its key, or its key")
                ->required();
        };
        about_one("join", "let this node's programs train its models",
                  [this](Context& c) { return task_join(c, a_.id); });
        about_one("leave", "no longer; its interest is withdrawn", [this](Context& c) { return task_leave(c, a_.id); });
        command(task, "list", "the tasks this node knows of", "aipctl task list", report("tasks"));
        about_one("show", "the rules of one", [this](Context& c) -> Result<Outcome> {
            AIP_ASSIGN(Report report, c.query("task", {a_.id}));
            return Outcome{std::move(report), Layout::kCard};
        });
    }

    void add_task_rules(CLI::App* create) {
        TaskOptions& r = a_.rules;
        create->add_option("NAME", r.name, "1 to 64 characters of a-z 0-9 . _ -")->required();
        CLI::Option* classes = create->add_option("--classes", r.classes, "data has so many labels");
        create->add_option("--features", r.features, "no labels: data is described by so many features")
            ->excludes(classes);
        create->add_option("--policy", r.policy, "how stops are chosen: coverage if not given");
        create->add_option("--theta", r.theta, "coverage: nats above which what is to learn decides, not the distance");
        create->add_option("--weight", r.weights,
                           "of the policy: path, delay, training, queue, extras_max, jump or age_bonus, as NAME=VALUE; "
                           "or a limit of the admission gate: gate.norm, gate.distance, gate.narrowing, gate.cosine, "
                           "gate.loss, gate.loss_elsewhere");
        create->add_option("--accuracy", r.accuracy, "a model leaves a stop at this accuracy, 0 to 1");
        create->add_option("--loss", r.loss, "or at this loss");
        create->add_option("--steps", r.steps, "or after so many steps");
        create->add_option("--stops", r.stops, "budget of a journey: stops");
        create->add_option("--bytes", r.bytes, "bytes on the wire, as 10G");
        create->add_option("--time", r.time, "time, as 1h");
        create->add_option("--walkers", r.walkers, "models under way at once")->capture_default_str();
        create->add_option("--late", r.late, "look for a model unheard of for so long, as 60s");
        create->add_option("--member", r.members,
                           "address of a node that may train; again for more. Anyone if not given");
        create->add_option("--base", r.base, "version that journeys start from");
        create->add_option("--model-bytes-max", r.model_bytes_max, "refuse larger models, as 500M");
    }

    void add_models() {
        CLI::App* models = command(&app_, "models", "versions this node has", "aipctl models", report("models"));
        command(models, "list", "versions this node has", "aipctl models list", report("models"));
        command(models, "quarantine", "versions of others that were rejected here, and why", "aipctl models quarantine",
                report("quarantine"));
        CLI::App* out =
            command(models, "export", "write a version to a file", "aipctl models export VERSION --out m.safetensors",
                    [this](Context& c) { return models_export(c, a_.id, a_.out); });
        out->add_option("VERSION", a_.id, "64 hex digits, or best:TASK, what this node likes best")->required();
        out->add_option("--out", a_.out, "file to write")->required();

        CLI::App* tag = command(models, "tag", "give a version a name; it is kept until the name is taken away",
                                "aipctl models tag fashion@good VERSION", [this](Context& c) {
                                    return order(c, "tag", {a_.node, a_.id});
                                });
        tag->add_option("TAG", a_.node, "TASK@WORD")->required();
        tag->add_option("VERSION", a_.id, "64 hex digits")->required();
        command(models, "untag", "take the name away", "aipctl models untag fashion@good",
                [this](Context& c) { return order(c, "untag", {a_.node}); })
            ->add_option("TAG", a_.node, "as `models tags` shows it")
            ->required();
        command(models, "tags", "the names of versions", "aipctl models tags", report("tags"));
        CLI::App* rollback =
            command(models, "rollback", "end the journeys of a task that began here, and set out from a tagged version",
                    "aipctl models rollback fashion@good --stops 120", [this](Context& c) {
                        std::vector<std::string> args{a_.node};
                        if (a_.keep) args.push_back(*a_.keep);
                        return order(c, "rollback", std::move(args));
                    });
        rollback->add_option("TAG", a_.node, "as `models tags` shows it")->required();
        rollback->add_option("--stops", a_.keep, "training stops from there; the task's budget if not given")
            ->check(CLI::Range(1u, UINT32_MAX));
        command(models, "prune", "forget the bytes of old versions; their entries and proofs stay",
                "aipctl models prune --keep 8",
                [this](Context& c) {
                    return order(c, "prune", a_.keep ? std::vector{*a_.keep} : std::vector<std::string>{});
                })
            ->add_option("--keep", a_.keep, "newest of each task; the daemon's keep_versions if not given")
            ->check(CLI::Range(0u, UINT32_MAX));
        CLI::App* sending = command(&app_, "send", "send a model to a node, or start it on a journey",
                                    "aipctl send mlp.safetensors --task fashion --stops 120\n"
                                    "  aipctl send big.safetensors --to fd5e:2e84:6101::7a1f:22",
                                    [this](Context& c) { return send(c, a_.send); });
        sending->add_option("FILE", a_.send.file, "a safetensors file")->required();
        CLI::Option* to = sending->add_option("--to", a_.send.to, "address of a node");
        CLI::Option* stops = sending->add_option("--stops", a_.send.stops, "journey to this many training stops");
        stops->check(CLI::Range(1u, UINT32_MAX))->excludes(to);
        CLI::Option* bytes = sending->add_option("--bytes", a_.send.bytes, "on the wire, at most: 10G");
        bytes->transform(CLI::AsSizeValue(true))->excludes(to);
        CLI::Option* time = sending->add_option("--time", a_.send.time_s, "at most: 90s, 30m, 12h, 7d");
        time->transform(
                CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}))
            ->excludes(to);
        CLI::Option* task =
            sending->add_option("--task", a_.send.task, "what the model is for: a name or key, see `task list`")
                ->capture_default_str();
        sending->add_option("--policy", a_.send.policy, "how stops are chosen")->excludes(to);
        CLI::Option* itinerary =
            sending->add_option("--itinerary", a_.send.itinerary, "the stops: addresses with commas between them");
        itinerary->delimiter(',')->excludes(to);
        sending->add_option("--name", a_.send.name, "for people; the file's name if not given");
        sending->callback([this, stops, bytes, time, task, itinerary] {
            const bool journey =
                stops->count() + bytes->count() + time->count() + task->count() + itinerary->count() > 0;
            if (a_.send.to.empty() && !journey)
                throw CLI::ValidationError("send", "say where: --to ADDRESS, or --task TASK --stops N");
            chosen_ = [this](Context& c) { return send(c, a_.send); };
        });

        CLI::App* receiving = command(&app_, "recv", "wait for a model sent to this node's address",
                                      "aipctl recv --out model.safetensors --timeout 60",
                                      [this](Context& c) { return recv(c, a_.recv); });
        receiving->add_option("--out", a_.recv.out, "file to write")->required();
        receiving->add_option("--task", a_.recv.task, "only this task");
        receiving->add_option("--timeout", a_.recv.timeout_s, "seconds")->check(CLI::Range(0.0, 1e6));
    }

    void add_ledger() {
        CLI::App* ledger = group("ledger", "what was done to which model, signed", "aipctl ledger log");
        ledger->require_subcommand(1);
        command(ledger, "log", "this node's entries", "aipctl ledger log", report("ledger-log"));
        CLI::App* show = command(ledger, "show", "one entry, checked", "aipctl ledger show 17",
                                 [this](Context& c) { return ledger_show(c, a_.id, a_.node, a_.network, a_.dsse); });
        show->add_option("--dsse", a_.dsse, "new directory for the signed leaf as OpenSSL verifies it");
        CLI::App* prove =
            command(ledger, "prove", "write one entry and its proof as files", "aipctl ledger prove 17 proof-of-17",
                    [this](Context& c) { return ledger_prove(c, a_.id, a_.node, a_.network, a_.directory); });
        for (CLI::App* one : {show, prove}) {
            one->add_option("ENTRY", a_.id, "its number, or a version (64 hex digits)")->required();
            one->add_option("--node", a_.node, "in the ledger of this node");
        }
        prove->add_option("DIR", a_.directory, "new directory")->required();
        CLI::App* verify =
            command(ledger, "verify", "check every signature and proof of this node's ledger, or an export",
                    "aipctl ledger verify --network my-network/network.pub", [this](Context& c) {
                        return a_.policy.empty() ? ledger_verify(c, a_.directory, a_.network)
                                                 : ledger_verify_policy(c, a_.policy, a_.directory);
                    });
        verify->add_option("DIR", a_.directory, "an export, or with --policy a proof; no daemon is needed");
        verify->add_option("--policy", a_.policy, "tlog-policy file: are the cosignatures enough for it?");
        add_audit(ledger);
        for (CLI::App* checked : {show, prove, verify})
            checked->add_option("--network", a_.network, "the network's public root key (network.pub)");
        add_witnesses(ledger);
        CLI::App* exporting =
            command(ledger, "export", "write the ledger, or one version's lineage, for other people's tools",
                    "aipctl ledger export my-export\n  aipctl ledger export --lineage VERSION model.lineage",
                    [this](Context& c) {
                        return a_.lineage.empty() ? ledger_export(c, a_.directory)
                                                  : ledger_export_lineage(c, a_.lineage, a_.directory);
                    });
        exporting->add_option("DIR", a_.directory, "new directory; new file with --lineage")->required();
        exporting->add_option("--lineage", a_.lineage, "all that is needed to audit this version offline");
        add_upkeep(ledger);
        command(ledger, "tiles", "write the ledger as static files for a web server, or add what is new",
                "aipctl ledger tiles /var/www/log", [this](Context& c) { return ledger_tiles(c, a_.directory); })
            ->add_option("DIR", a_.directory, "made if it is not there")
            ->required();
    }

    void add_witnesses(CLI::App* ledger) {
        command(ledger, "checkpoint", "the newest checkpoint, and who has cosigned it", "aipctl ledger checkpoint",
                [](Context& c) { return ledger_checkpoint(c); });
        command(ledger, "witness", "who witnesses this node, and whom it witnesses", "aipctl ledger witness",
                report("ledger-witness"));
        command(ledger, "forks", "nodes that were proven to have rewritten their ledgers", "aipctl ledger forks",
                report("ledger-forks"));
        CLI::App* fork =
            command(ledger, "fork-proof", "check a proof that a node rewrote its ledger; no daemon is needed",
                    "aipctl ledger fork-proof FILE --network my-network/network.pub",
                    [this](Context&) { return ledger_fork_proof(a_.directory, a_.network); });
        fork->add_option("FILE", a_.directory, "the proof")->required();
        fork->add_option("--network", a_.network, "the network's public root key (network.pub)")->required();
    }

    void add_upkeep(CLI::App* ledger) {
        CLI::App* fsck = command(ledger, "fsck", "read and compute everything again, on disk; needs no daemon",
                                 "aipctl ledger fsck --network my-network/network.pub",
                                 [this](Context& c) { return ledger_fsck(c, a_.state, a_.network); });
        fsck->add_option("--network", a_.network, "check signatures under this root key (network.pub)");
        CLI::App* backup =
            command(ledger, "backup", "copy the ledger, while the daemon runs or not", "aipctl ledger backup /mnt/b1",
                    [this](Context& c) { return ledger_backup(c, a_.state, a_.directory); });
        CLI::App* restore = command(
            ledger, "restore", "put a backup in place, behind a stopped daemon", "aipctl ledger restore /mnt/b1",
            [this](Context& c) { return ledger_restore(c, a_.directory, a_.state, a_.accept_loss); });
        restore->add_flag("--accept-loss", a_.accept_loss, "go back behind what was signed; needs a new identity then");
        backup->add_option("DIR", a_.directory, "new directory")->required();
        restore->add_option("DIR", a_.directory, "the backup")->required();
        for (CLI::App* offline : {fsck, backup, restore})
            offline->add_option("--state", a_.state, "the daemon's state directory")->capture_default_str();
    }

    void add_audit(CLI::App* ledger) {
        CLI::App* audit = command(ledger, "audit", "a version and its ancestors across nodes, each one checked",
                                  "aipctl ledger audit VERSION --network my-network/network.pub --svg history.svg\n"
                                  "  aipctl ledger audit --bundle model.lineage --network my-network/network.pub",
                                  [this](Context& c) { return ledger_audit(c, a_.audit); });
        audit->add_option("VERSION", a_.audit.version, "64 hex digits");
        audit->add_option("--bundle", a_.audit.bundle, "check this file; no daemon is needed");
        audit->add_option("--network", a_.audit.network, "the network's public root key (network.pub)");
        audit->add_option("--policy", a_.audit.policy, "tlog-policy file: whose cosignatures are enough for each step");
        audit->add_option("--file", a_.audit.file, "a model file: are these the weights of this version?");
        audit->add_flag("--bytes", a_.audit.bytes, "hash the weights this node holds of every version, too")
            ->excludes("--bundle");
        audit->add_option("--dot", a_.audit.dot, "new file for Graphviz");
        audit->add_option("--svg", a_.audit.svg, "new file: the lineage as a picture");
    }

    Context& context_;
    CLI::App app_;
    Arguments a_;
    std::optional<Command> chosen_;
};

Exit exit_of(const Context& context, const Error& error) {
    if (context.unreachable) return Exit::kNoDaemon;
    if (error.code == ErrorCode::kCorrupt) return Exit::kNotVerified;
    if (error.code == ErrorCode::kTimeout) return Exit::kTimeout;
    return Exit::kFailed;
}

}  // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, WallTime now) {
    Context context{.out = out, .err = err, .now = now};
    Parser parser(context);
    int exit = 0;
    const auto command = parser.parse(std::move(arguments), exit);
    if (!command) return exit;
    const Result<Outcome> outcome = (*command)(context);
    if (!outcome) {
        err << "aipctl: " << outcome.error().text << "\n";
        return static_cast<int>(exit_of(context, outcome.error()));
    }
    context.print(outcome->report, outcome->layout);
    return static_cast<int>(outcome->exit);
}

}  // namespace aip::cli

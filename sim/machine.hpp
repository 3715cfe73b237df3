// Machine: one simulated box. Its disk (stores) outlives its node; kill() is a power cut at any moment: memory, jobs
// and packets in its ports are gone, and of its disk only what was durable is left. restart() starts the same node code
// on what is there. A program that trains runs beside it, and may die on its own.
//
// Invariant: nothing scheduled by an earlier life of the machine runs in a later one (life_).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/identity.hpp"
#include "dataplane/memory_port.hpp"
#include "node/node.hpp"
#include "sim/event_queue.hpp"
#include "sim/faulty_kv_store.hpp"

namespace aip::sim {

class Machine;

// What a program on a machine does with a model; the simulator's stand-in for a trainer program.
class Program {
public:
    virtual ~Program() = default;
    virtual void on_start(Machine& machine, node::SessionId session) = 0;  // bind, publish interest
    virtual void on_delivery(Machine& machine, node::SessionId session, const node::Delivery& delivery, Bytes file) = 0;
};

struct MachineOptions {
    Duration storage_delay = Duration::microseconds(300);  // of one job
    node::Settings settings;
};

class Machine final : node::Host, Executor {
public:
    Machine(EventQueue& queue, uint64_t seed, const crypto::SecretKey& root, MachineOptions options);
    ~Machine() override;

    // Before start(). The port's packets go to `out`; returns its number.
    size_t add_port(uint32_t mtu, std::function<void(ByteView)> out);
    void set_program(Program* program) { program_ = program; }
    Result<void> start();
    void kill();
    void kill_program();
    void start_program();
    bool alive() const { return life_->node != nullptr; }

    void receive(size_t port, ByteView packet);
    void wake();  // poll as long as there is something to do, then sleep

    const Address& address() const { return signer_.self().address; }
    node::Node& node() { return *life_->node; }
    const std::map<std::string, std::string>& durable() const { return kv_.durable(); }
    // Grows whenever what is on disk may have changed; a checker of durable state has nothing to do until it does.
    uint64_t disk_changes() const { return kv_.durable_writes() + power_cuts_; }
    Result<bool> has_ledger_entry(const VersionId& version);  // on its disk: in the store, or still in the journal
    model::FaultyBlockStore& block_faults() { return faulty_blocks_; }
    FaultyKvStore& kv_faults() { return faulty_kv_; }
    ledger::MemoryJournalFile& journal_faults() { return journal_; }
    const crypto::Signer& signer() const { return signer_; }
    const crypto::PublicKey& network_root() const { return root_; }
    EventQueue& queue() { return queue_; }
    const std::vector<std::string>& trouble() const { return trouble_; }
    const std::vector<std::string>& lines() const { return lines_; }
    const std::map<std::string, std::string>& files() const { return files_; }

private:
    struct PortConfig {
        uint32_t mtu;
        std::function<void(ByteView)> out;
    };
    struct Life {  // what a power cut takes
        std::unique_ptr<dataplane::Dataplane> dataplane;
        std::vector<dataplane::MemoryPort*> ports;
        std::unique_ptr<model::VersionStore> versions;
        std::unique_ptr<node::CustodyStore> custody;
        std::unique_ptr<ledger::Log> log;
        std::unique_ptr<node::Node> node;
        Instant jobs_until;
        Instant wake_at = Instant::never();
        node::SessionId session = 0;
    };

    void run(std::function<void()> work, std::function<void()> done) override;
    Result<std::unique_ptr<node::DeliveryFile>> open_delivery() override;
    void deliver(node::SessionId session, const node::Delivery& delivery,
                 std::unique_ptr<node::DeliveryFile> file) override;
    void log(std::string_view line) override;
    Result<void> keep_file(const std::string& name, std::string_view text) override {
        files_[name] = text;
        return {};
    }
    void fatal(const Error& error) override { trouble_.push_back("fatal: " + error.text); }
    // Runs `action` later unless the machine has died meanwhile.
    void later(Instant when, std::function<void()> action);

    EventQueue& queue_;
    SeededRng rng_;
    Serial cores_;
    crypto::PublicKey root_;
    crypto::Signer signer_;
    MachineOptions options_;
    std::vector<PortConfig> ports_;
    Program* program_ = nullptr;

    MemoryKvStore kv_;
    FaultyKvStore faulty_kv_{kv_};
    model::MemoryBlockStore blocks_;
    model::FaultyBlockStore faulty_blocks_{blocks_};
    ledger::MemoryLogStore log_store_;
    ledger::MemoryJournalFile journal_;

    std::shared_ptr<Life> life_ = std::make_shared<Life>();
    node::SessionId next_session_ = 1;
    uint64_t power_cuts_ = 0;
    std::vector<std::string> trouble_;
    std::vector<std::string> lines_;
    std::map<std::string, std::string> files_;
};

}  // namespace aip::sim

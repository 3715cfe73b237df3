#include "sim/machine.hpp"

#include <algorithm>

#include "sim/keys.hpp"

namespace aip::sim {
namespace {

struct MemoryDelivery final : node::DeliveryFile {
    Bytes bytes;
    Result<void> write(ByteView more) override {
        bytes.insert(bytes.end(), more.begin(), more.end());
        return {};
    }
};

constexpr int kPollsMax = 10'000;  // without sleeping: more is a busy loop

}  // namespace

Machine::Machine(EventQueue& queue, uint64_t seed, const crypto::SecretKey& root, MachineOptions options)
    : queue_(queue),
      rng_(seed),
      root_(root.public_key()),
      signer_(make_signer(seed, root)),
      options_(std::move(options)) {}

Machine::~Machine() = default;

size_t Machine::add_port(uint32_t mtu, std::function<void(ByteView)> out) {
    AIP_ASSERT(!alive());
    ports_.push_back({mtu, std::move(out)});
    return ports_.size() - 1;
}

Result<void> Machine::start() {
    AIP_ASSERT(!alive());
    auto life = std::make_shared<Life>();
    life->dataplane = std::make_unique<dataplane::Dataplane>(address());
    for (const PortConfig& config : ports_) {
        auto port =
            std::make_unique<dataplane::MemoryPort>(dataplane::MemoryPortConfig{"port", {}, config.mtu, 1024, 2048});
        port->set_sink([out = config.out](ByteView packet, const dataplane::LinkAddress&) { out(packet); });
        life->ports.push_back(port.get());
        AIP_TRY(life->dataplane->add_port(std::move(port)));
    }
    life->versions = std::make_unique<model::VersionStore>(faulty_blocks_, faulty_kv_);
    life->custody = std::make_unique<node::CustodyStore>(faulty_kv_);
    AIP_ASSIGN(life->log, ledger::Log::open(log_store_, journal_, signer_));
    life->jobs_until = queue_.now();
    life_ = life;
    const node::Services services{queue_,         rng_,       *this,      cores_,  faulty_blocks_,   *life->versions,
                                  *life->custody, faulty_kv_, *life->log, signer_, *life->dataplane, *this};
    AIP_ASSIGN(life->node, node::Node::start(services, options_.settings, root_));
    later(queue_.now(), [this] { wake(); });
    start_program();
    return {};
}

void Machine::kill() {
    if (!alive()) return;
    life_ = std::make_shared<Life>();
    ++power_cuts_;
    kv_.crash();
    blocks_.crash();
    log_store_.crash();
    journal_.crash();
}

Result<bool> Machine::has_ledger_entry(const VersionId& version) {
    AIP_ASSIGN(const auto stored, log_store_.find(version));
    if (stored || alive()) return stored.has_value();
    AIP_ASSIGN(const auto records, ledger::Journal(journal_).recover());
    return std::any_of(records.begin(), records.end(), [&](const ledger::LogBatch& record) {
        return std::find(record.versions.begin(), record.versions.end(), version) != record.versions.end();
    });
}

void Machine::start_program() {
    if (!alive() || program_ == nullptr || life_->session != 0) return;
    life_->session = next_session_++;
    program_->on_start(*this, life_->session);
    later(queue_.now(), [this] { wake(); });
}

void Machine::kill_program() {
    if (!alive() || life_->session == 0) return;
    life_->node->close_session(life_->session);
    life_->session = 0;
    later(queue_.now(), [this] { wake(); });
}

void Machine::receive(size_t port, ByteView packet) {
    if (!alive()) return;
    static_cast<void>(life_->ports[port]->inject(
        packet, dataplane::LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, static_cast<uint8_t>(port)})));
    wake();
}

void Machine::wake() {
    if (!alive()) return;
    const auto life = life_;
    int polls = 0;
    while (life->node->poll(queue_.now()) > 0)
        if (++polls > kPollsMax) {
            trouble_.push_back("busy loop: poll() always finds something to do");
            break;
        }
    const Instant next = life->node->next_wakeup();
    if (next == Instant::never()) return;
    const Instant when = next > queue_.now() ? next : queue_.now() + Duration::microseconds(50);
    if (when >= life->wake_at) return;
    life->wake_at = when;
    later(when, [this, when] {
        if (life_->wake_at == when) life_->wake_at = Instant::never();
        wake();
    });
}

void Machine::later(Instant when, std::function<void()> action) {
    queue_.at(when, [weak = std::weak_ptr<Life>(life_), action = std::move(action)] {
        if (const auto life = weak.lock()) action();
    });
}

void Machine::run(std::function<void()> work, std::function<void()> done) {
    life_->jobs_until = std::max(life_->jobs_until, queue_.now()) + options_.storage_delay;
    later(life_->jobs_until, [this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        later(queue_.now() + Duration::microseconds(20), [this, done = std::move(done)] {
            done();
            wake();
        });
    });
}

void Machine::log(std::string_view line) {
    lines_.push_back(std::to_string((queue_.now() - Instant()).count_ms()) + " ms: " + std::string(line));
}

Result<std::unique_ptr<node::DeliveryFile>> Machine::open_delivery() {
    return std::unique_ptr<node::DeliveryFile>(std::make_unique<MemoryDelivery>());
}

void Machine::deliver(node::SessionId session, const node::Delivery& delivery,
                      std::unique_ptr<node::DeliveryFile> file) {
    Bytes bytes = std::move(static_cast<MemoryDelivery&>(*file).bytes);
    later(queue_.now(), [this, session, delivery, bytes = std::move(bytes)] {
        if (session == life_->session && program_ != nullptr) program_->on_delivery(*this, session, delivery, bytes);
    });
}

}  // namespace aip::sim

#include "sim/network.hpp"

#include "aipacket/wire.hpp"
#include "sim/keys.hpp"

namespace aip::sim {
namespace {

constexpr size_t kEthernetHeader = 14;

}  // namespace

Network::Network(uint64_t seed) : rng_(seed), root_(make_root(seed)) {}

size_t Network::add_node(MachineOptions options) {
    machines_.push_back(std::make_unique<Machine>(queue_, rng_.next(), root_, std::move(options)));
    return machines_.size() - 1;
}

void Network::link(size_t a, size_t b, LinkOptions options) {
    AIP_ASSERT(a != b && !way_of_.contains({a, b}));
    const size_t forth = ways_.size();
    const size_t back = forth + 1;
    const size_t port_a = machines_[a]->add_port(options.mtu, [this, forth](ByteView packet) { carry(forth, packet); });
    const size_t port_b = machines_[b]->add_port(options.mtu, [this, back](ByteView packet) { carry(back, packet); });
    ways_.push_back({b, port_b, options});
    ways_.push_back({a, port_a, options});
    way_of_[{a, b}] = forth;
    way_of_[{b, a}] = back;
}

void Network::set_blocked(size_t a, size_t b, bool blocked, bool both) {
    ways_[way_of_.at({a, b})].blocked = blocked;
    if (both) ways_[way_of_.at({b, a})].blocked = blocked;
}

void Network::set_delay(size_t a, size_t b, Duration delay) {
    ways_[way_of_.at({a, b})].options.delay = delay;
    ways_[way_of_.at({b, a})].options.delay = delay;
}

Result<void> Network::start() {
    for (auto& machine : machines_) AIP_TRY(machine->start());
    return {};
}

void Network::carry(size_t way, ByteView packet) {
    const Way& w = ways_[way];
    ++packets_;
    wire_bytes_ += kEthernetHeader + packet.size();
    if (w.blocked || rng_.chance(w.options.loss)) return;
    const int copies = rng_.chance(w.options.duplicate) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        const Duration extra = w.options.jitter.count_ns() == 0
                                   ? Duration()
                                   : Duration::nanoseconds(static_cast<int64_t>(
                                         rng_.below(static_cast<uint64_t>(w.options.jitter.count_ns()))));
        queue_.after(w.options.delay + extra, [this, way, bytes = to_bytes(packet)] { arrive(way, bytes); });
    }
}

void Network::arrive(size_t way, const Bytes& packet) {
    if (packet[7] == 0) complaint_ = "a packet travels past its hop limit";
    machines_[ways_[way].to]->receive(ways_[way].to_port, packet);
}

std::optional<std::string> Network::check() {
    if (!complaint_.empty()) return complaint_;
    for (size_t i = 0; i < size(); ++i)
        if (!machines_[i]->trouble().empty())
            return "node " + std::to_string(i) + ": " + machines_[i]->trouble().front();
    for (const Checker& checker : checkers_)
        if (auto complaint = checker(*this)) return complaint;
    return std::nullopt;
}

Network::End Network::run(Duration limit, const std::function<bool()>& done) {
    const Instant end = queue_.now() + limit;
    while (queue_.now() < end && queue_.run_one()) {
        if (auto complaint = check()) {
            complaint_ = std::move(*complaint);
            return End::kBroken;
        }
        if (done()) return End::kDone;
    }
    return End::kTimeUp;
}

}  // namespace aip::sim

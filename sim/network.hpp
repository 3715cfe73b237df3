// Network: machines and the links between them, from one seed. Links lose, delay, reorder and duplicate; they fail and
// recover, or block one way. After every event the checkers run; the first that complains ends the run with its words.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "sim/machine.hpp"

namespace aip::sim {

struct LinkOptions {
    Duration delay = Duration::milliseconds(1);
    Duration jitter;  // uniform on top; reorders
    double loss = 0;  // each packet, independent
    double duplicate = 0;
    uint32_t mtu = 1500;
};

class Network {
public:
    explicit Network(uint64_t seed);

    size_t add_node(MachineOptions options = {});
    void link(size_t a, size_t b, LinkOptions options = {});
    void fail(size_t a, size_t b) { set_blocked(a, b, true, true); }
    void recover(size_t a, size_t b) { set_blocked(a, b, false, true); }
    void block(size_t from, size_t to) { set_blocked(from, to, true, false); }
    void set_delay(size_t a, size_t b, Duration delay);
    Result<void> start();  // every machine

    using Checker = std::function<std::optional<std::string>(Network&)>;
    void add_checker(Checker checker) { checkers_.push_back(std::move(checker)); }

    // Runs until `done` says so (checked after every event), time is up, or a checker complains.
    enum class End : uint8_t { kDone, kTimeUp, kBroken };
    End run(Duration limit, const std::function<bool()>& done);
    const std::string& complaint() const { return complaint_; }

    size_t size() const { return machines_.size(); }
    Machine& machine(size_t i) { return *machines_[i]; }
    EventQueue& queue() { return queue_; }
    Rng& rng() { return rng_; }
    uint64_t packets() const { return packets_; }
    uint64_t wire_bytes() const { return wire_bytes_; }  // of all links, Ethernet headers included

private:
    struct Way {  // one direction of a link
        size_t to = 0;
        size_t to_port = 0;
        LinkOptions options;
        bool blocked = false;
    };
    void carry(size_t way, ByteView packet);
    void arrive(size_t way, const Bytes& packet);
    void set_blocked(size_t a, size_t b, bool blocked, bool both);
    std::optional<std::string> check();

    EventQueue queue_;
    SeededRng rng_;
    crypto::SecretKey root_;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::vector<Way> ways_;
    std::map<std::pair<size_t, size_t>, size_t> way_of_;
    std::vector<Checker> checkers_;
    std::string complaint_;
    uint64_t packets_ = 0;
    uint64_t wire_bytes_ = 0;
};

}  // namespace aip::sim

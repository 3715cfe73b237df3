// DpdkEal: DPDK's environment, started once per process and stopped when this goes away; main() owns it and every
// DpdkPort must be closed before. Built for small machines: no huge pages, no shared files, no PCI scan, no telemetry,
// no worker threads, and the calling thread keeps the processors it had (EAL would pin it). Options given in
// `arguments` replace ours, so "--in-memory" switches huge pages on and "-a 0000:03:00.0" a network card.
//
// Memory is reserved, not touched: what counts is what the ports' pools use. Errors carry DPDK's own last words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace aip::dataplane {

struct DpdkEalConfig {
    uint32_t memory_mb = 64;
    std::vector<std::string> arguments{};
};

// The argument list EAL gets; pure.
std::vector<std::string> eal_arguments(const DpdkEalConfig& config, const std::vector<int>& processors);

class DpdkEal {
public:
    static Result<DpdkEal> start(const DpdkEalConfig& config);
    ~DpdkEal();
    DpdkEal(DpdkEal&& other) noexcept : running_(std::exchange(other.running_, false)) {}
    DpdkEal& operator=(DpdkEal&&) = delete;

private:
    DpdkEal() = default;
    bool running_ = true;
};

}  // namespace aip::dataplane

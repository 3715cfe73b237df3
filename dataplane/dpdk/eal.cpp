#include "dataplane/dpdk/eal.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>

#include "dataplane/dpdk/log_capture.hpp"

namespace aip::dataplane {
namespace {

std::vector<int> allowed_processors() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> processors;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) return processors;
    for (int i = 0; i < CPU_SETSIZE; ++i) {
        if (CPU_ISSET(i, &set)) processors.push_back(i);
    }
    return processors;
}

Error start_error(int cause, const std::string& log, const DpdkEalConfig& config) {
    if (cause == EALREADY) return {ErrorCode::kExists, "DPDK was already started in this process; it can be only once"};
    if (cause == ENOMEM) {
        return {ErrorCode::kNoSpace, "DPDK found no " + std::to_string(config.memory_mb) + " MB of memory: " + log};
    }
    return {ErrorCode::kInvalid, "DPDK did not start: " + log + "; check the extra EAL arguments"};
}

}  // namespace

Result<DpdkEal> DpdkEal::start(const DpdkEalConfig& config) {
    std::vector<std::string> arguments = eal_arguments(config, allowed_processors());
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const LogCapture log;
    if (rte_eal_init(static_cast<int>(arguments.size()), argv.data()) < 0) {
        return start_error(rte_errno, log.cause(), config);
    }
    return DpdkEal();
}

DpdkEal::~DpdkEal() {
    if (running_) static_cast<void>(rte_eal_cleanup());
}

}  // namespace aip::dataplane

#include <algorithm>

#include "dataplane/dpdk/eal.hpp"

namespace aip::dataplane {
namespace {

class Given {
public:
    explicit Given(const std::vector<std::string>& arguments) : arguments_(arguments) {}

    bool any(std::initializer_list<const char*> options) const {
        return std::any_of(options.begin(), options.end(), [this](const char* option) { return one(option); });
    }

private:
    bool one(const std::string& option) const {
        return std::any_of(arguments_.begin(), arguments_.end(), [&](const std::string& argument) {
            return argument == option || argument.compare(0, option.size() + 1, option + "=") == 0;
        });
    }

    const std::vector<std::string>& arguments_;
};

// One lcore that may run on all of `processors`: EAL then neither pins the loop nor starts workers.
std::string floating_lcore(const std::vector<int>& processors) {
    std::string text = "--lcores=0@(";
    for (size_t i = 0; i < processors.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(processors[i]);
    return text + ")";
}

}  // namespace

std::vector<std::string> eal_arguments(const DpdkEalConfig& config, const std::vector<int>& processors) {
    const Given given(config.arguments);
    std::vector<std::string> out = {"aipacketd"};
    // 22.11 refuses --no-huge beside --in-memory.
    if (!given.any({"--in-memory", "--huge-dir", "--huge-unlink", "--socket-mem", "--no-huge"})) {
        out.push_back("--no-huge");
    }
    if (!given.any({"-m", "--socket-mem"})) {
        out.push_back("-m");
        out.push_back(std::to_string(config.memory_mb));
    }
    if (!given.any({"--no-shconf", "--in-memory", "--file-prefix"})) out.push_back("--no-shconf");
    if (!given.any({"--no-pci", "-a", "--allow", "-b", "--block"})) out.push_back("--no-pci");
    if (!given.any({"--no-telemetry", "--telemetry"})) out.push_back("--no-telemetry");
    if (!given.any({"--log-level"})) out.push_back("--log-level=error");
    if (!given.any({"--lcores", "-l", "-c"}) && !processors.empty()) out.push_back(floating_lcore(processors));
    out.insert(out.end(), config.arguments.begin(), config.arguments.end());
    return out;
}

}  // namespace aip::dataplane

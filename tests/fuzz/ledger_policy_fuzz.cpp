// Policy files: whatever parses has a quorum that can be asked for, and all its witnesses together satisfy it.
#include "base/assert.hpp"
#include "ledger/policy.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::ledger;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto policy = Policy::parse(text);
    if (!policy) return 0;
    std::set<std::string> all;
    for (const auto& [name, key] : policy->witnesses) all.insert(name);
    AIP_ASSERT(policy->satisfied(all));
    AIP_ASSERT(policy->quorum == "none" || !policy->satisfied({}));
    return 0;
}

// The version of each task that this node likes best for its own use: of those its programs made, the one with the
// highest reported accuracy, or, while none reports accuracy, with the lowest loss (rfc/0008 section 5).
//
// Invariant: what versions() names is never pruned; it survives a restart (keys "best/" + task of the node's KvStore).
// Loop only; written by storage jobs.
#pragma once

#include <map>
#include <set>

#include "node/requests.hpp"
#include "node/services.hpp"

namespace aip::node {

struct Best {
    VersionId version;
    bool by_accuracy = false;
    double value = 0;  // accuracy, or loss
    bool operator==(const Best&) const = default;
};
std::string encode_best(const Best& best);
Result<Best> parse_best(ByteView bytes);

class BestVersions {
public:
    explicit BestVersions(const Services& services) : services_(services) {}

    Result<void> load();  // at start
    void consider(const std::string& task, const VersionId& version, const WorkDone& work);
    std::set<VersionId> versions() const;

private:
    Services services_;
    std::map<std::string, Best> best_;
};

}  // namespace aip::node

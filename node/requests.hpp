// What programs ask a node for, and what they get, as plain values. The daemon turns control messages (rfc/0005) into
// these and back; the simulator uses them as they are.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "routing/router.hpp"
#include "routing/task.hpp"

namespace aip::node {

struct PortRouting {
    std::vector<routing::babel::MacKey> keys;  // RFC 8967; none: links are introduced by signed nodes
    bool foreign = false;                      // hear Babel routers that are no nodes of ours
    bool learn_peers = false;                  // tunnels: take nodes as peers that were not configured
    routing::PeeringPort peering{};
};

struct Settings {
    Duration hello_interval = Duration::seconds(1);  // of Babel
    Duration interest_refresh = Duration::seconds(600);
    double privacy_epsilon = 0;  // of the sketches this node publishes; 0: exact
    Duration transfer_timeout = Duration::seconds(30);
    Duration trainer_patience = Duration::seconds(30);  // a model waits this long for a program that can train it
    uint32_t keep_versions = 64;                        // per task, beside those in custody
    std::vector<PortRouting> ports;                     // by port; those beyond have the defaults
    routing::TaskRecord open_task;                      // the rules of tasks that nobody created
    std::string software = "aipacket/0.1.0";
    std::string key_note;  // which operational keys were compromised (crypto::load_rotation_note)

    Duration interest_lifetime() const {  // whole seconds
        return Duration::seconds((interest_refresh * 5 / 2).count_ms() / 1000 + 1);
    }
};

struct OnJourney {
    uint32_t stops = 0;       // budget; on finish 0 means: what is left. On send it lowers that of the task
    std::string policy;       // empty: the journey's own, or the task's
    uint64_t wire_bytes = 0;  // budgets on send; 0: the task's
    Duration time = {};
    std::vector<Address> itinerary{};  // on send: the stops, in order; the policy is then `itinerary`
};
using NextDestination = std::variant<OnJourney, Address>;

struct SendOrder {
    std::string task;
    std::string name;
    NextDestination to;
};

struct SentModel {
    VersionId version;
    uint64_t journey = 0;  // 0: addressed to one node
    Address peer;
    Bytes receipt;
    uint64_t bytes = 0;
    uint64_t wire_bytes = 0;
    Duration elapsed;
};

// done of total bytes; transfer is 0 while the file is still being read.
using SendProgress = std::function<void(uint64_t done, uint64_t total, uint64_t transfer, std::string_view note)>;

struct WorkDone {
    std::string what;
    uint64_t samples = 0;
    uint64_t steps = 0;
    std::optional<double> loss_before;
    std::optional<double> loss_after;
    std::map<std::string, double> metrics;
    std::map<std::string, std::string> parameters = {};  // of one round; custody does not keep them
    bool operator==(const WorkDone&) const = default;
};

// What a program measured of a version on data it holds back: of the samples of one class.
struct ClassFigures {
    uint32_t label = 0;
    uint64_t samples = 0;
    double loss = 0;
    double accuracy = 0;
    bool operator==(const ClassFigures&) const = default;
};

struct FinishedStop {
    VersionId version;
    std::optional<Address> next;  // none: the journey has ended here; this node: it is to be trained here once more
    std::string why;
};

struct Rollback {
    std::string tag;
    VersionId version;
    uint32_t stops = 0;  // of the journey that sets out from it; 0: the task's budget
};

struct RolledBack {
    uint64_t journey = 0;  // the new one
    size_t ended = 0;      // journeys that were told to end
};

}  // namespace aip::node

// What a host gives a node: time, randomness, storage, keys, wires (aipacketd: real ones; sim: simulated ones). The
// node makes none of these itself.
//
// Once the node runs, `blocks`, `versions`, `custody`, `state` and `log` are touched only by jobs on `storage`;
// everything else only by the loop. Whoever destroys a node must first drop the completions that still wait on its
// executor.
#pragma once

#include <memory>
#include <string>

#include "base/executor.hpp"
#include "base/kv_store.hpp"
#include "base/parallel.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/identity.hpp"
#include "dataplane/forwarder.hpp"
#include "ledger/log.hpp"
#include "model/block_store.hpp"
#include "model/source.hpp"
#include "model/version_store.hpp"
#include "node/custody.hpp"
#include "routing/task.hpp"

namespace aip::node {

using SessionId = uint64_t;

// A place to write a delivered model into; the host knows what it really is (an unlinked file, memory).
class DeliveryFile : public model::Sink {};

struct Delivery {
    uint64_t id = 0;
    VersionId version;
    std::vector<VersionId> parents;
    std::string task;
    std::string name;
    uint64_t journey = 0;  // 0: addressed to this node
    uint32_t stop = 0;     // the number this stop will have, from 1
    uint32_t stops_left = 0;
    Address from;
    uint64_t bytes = 0;
    std::vector<uint64_t> labels_seen;
    std::string why;
    routing::StayRules stay;  // what the task asks of a stop; steps: those left
    bool measure = false;     // not to be trained: tell how good it is on data held back (Node::measured)
};

class Host {
public:
    virtual ~Host() = default;
    virtual Result<std::unique_ptr<DeliveryFile>> open_delivery() = 0;
    virtual void deliver(SessionId session, const Delivery& delivery, std::unique_ptr<DeliveryFile> file) = 0;
    virtual void log(std::string_view line) = 0;  // for people; never keys, never data
    // Evidence that people and their tools will want to have as a file; best effort, the node keeps its own. Storage
    // executor.
    virtual Result<void> keep_file(const std::string& name, std::string_view text) = 0;
    // A write that must not fail has failed: what is on disk is unknown. The host stops the process.
    virtual void fatal(const Error& error) = 0;
};

struct Services {
    const Clock& clock;
    Rng& rng;
    Executor& storage;
    Parallel& cores;  // for jobs on `storage`
    model::BlockStore& blocks;
    model::VersionStore& versions;
    CustodyStore& custody;
    KvStore& state;  // whatever else must survive; keys begin with who owns them ("custody/", "babel/")
    ledger::Log& log;
    const crypto::Signer& signer;
    dataplane::Dataplane& dataplane;
    Host& host;

    Address self() const { return signer.self().address; }
};

}  // namespace aip::node

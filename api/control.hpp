// The control protocol of rfc/0005 as plain values: what a program asks of its node's daemon (Request), the one final
// answer to each (Reply), what may come before it (Progress), and a model that arrives unasked (Delivery).
//
// encode() gives one frame: u32 big-endian length, then a Cap'n Proto message in its canonical single segment. parse()
// takes the message without the length. It checks every length, id and number against base/limits.hpp and answers
// kInvalid for anything else, whatever the bytes; it never throws and never reads past them.
// Descriptors are not here: `has_file` says that one travels with the message's first byte (api/fd_channel.hpp).
// Pure functions, any thread. Floating point values may be NaN (not measured), in reports too.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/report.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/keys.hpp"

namespace aip::api {

inline constexpr uint32_t kProtocolVersion = 1;

// Where a model goes: to one node, or wherever the node that holds it finds it can learn most.
struct NextStop {
    uint32_t stops = 0;       // how many more; 0 on finish: what the journey has left
    std::string policy;       // empty: the journey's, or the task's
    uint64_t wire_bytes = 0;  // budgets of a journey that begins; 0: the task's
    Duration time = {};
    std::vector<Address> itinerary{};  // of a journey that begins: its stops, in order
    bool operator==(const NextStop&) const = default;
};
using Destination = std::variant<NextStop, Address>;

// Requests ------------------------------------------------------------------------------------------------------

struct Hello {  // must be the first
    uint32_t protocol = kProtocolVersion;
    std::string program;
    bool operator==(const Hello&) const = default;
};
struct Bind {  // this session can train models of this task; deliveries may follow at any time
    std::string task;
    bool measures = false;  // deliveries that are to be measured too (rfc/0013 section 4)
    bool operator==(const Bind&) const = default;
};
struct PublishInterest {
    std::string task;
    std::vector<uint64_t> label_counts;
    uint64_t samples = 0;
    double samples_per_second = 0;
    bool operator==(const PublishInterest&) const = default;
};
struct Send {  // brings a file; answered by Sent
    std::string task;
    std::string name;
    Destination destination;
    bool operator==(const Send&) const = default;
};
struct Receive {       // one model addressed to this node without a journey: ok, then one Delivery
    std::string task;  // empty: any
    bool wait = true;  // false: kNotFound if none is here
    bool operator==(const Receive&) const = default;
};
struct Work {
    std::string what;
    uint64_t samples = 0;
    uint64_t steps = 0;
    double loss_before = std::numeric_limits<double>::quiet_NaN();
    double loss_after = std::numeric_limits<double>::quiet_NaN();
    std::vector<std::pair<std::string, double>> metrics;
    std::vector<std::pair<std::string, std::string>> parameters;
    bool operator==(const Work&) const = default;
};
struct Finish {  // brings a file: the child version; answered by Finished
    uint64_t delivery = 0;
    Work work;
    Destination destination;
    bool operator==(const Finish&) const = default;
};
struct Release {  // done with a delivery, no child version
    uint64_t delivery = 0;
    bool operator==(const Release&) const = default;
};
struct ClassFigures {  // on data held back: of the samples of one class
    uint32_t label = 0;
    uint64_t samples = 0;
    double loss = 0;
    double accuracy = 0;
    bool operator==(const ClassFigures&) const = default;
};
struct Measured {  // of a delivery that was to be measured
    uint64_t delivery = 0;
    std::vector<ClassFigures> classes;  // none: cannot say
    bool operator==(const Measured&) const = default;
};
struct Cancel {
    std::string transfer;  // as `report transfers` and Progress name it
    bool operator==(const Cancel&) const = default;
};
struct CancelRequest {
    uint64_t request = 0;  // an open request of this session; it ends with kCancelled
    bool operator==(const CancelRequest&) const = default;
};
struct ReportQuery {  // answered by Report
    std::string name;
    std::vector<std::string> args;
    bool operator==(const ReportQuery&) const = default;
};
struct Order {  // to the node itself: "revoke", "tag", ...; answered by Report
    std::string name;
    std::vector<std::string> args;
    bool operator==(const Order&) const = default;
};
struct LedgerEntry {                          // answered by Blob: an entry proof (rfc/0004)
    std::variant<uint64_t, VersionId> which;  // index in the log, or what the entry is about
    std::optional<Address> node;              // whose log; this node's if absent
    uint64_t size = 0;                        // of the tree it is proven in, that of a checkpoint; 0: the newest
    bool operator==(const LedgerEntry&) const = default;
};
struct LedgerCheckpoint {  // answered by Blob: a signed note
    uint64_t size = 0;     // the newest of at most this size; 0: the newest
    bool operator==(const LedgerCheckpoint&) const = default;
};
struct LedgerConsistency {  // answered by Blob: hashes, 32 bytes each
    uint64_t from = 0;
    uint64_t to = 0;
    bool operator==(const LedgerConsistency&) const = default;
};
struct LedgerAudit {  // answered by Audit
    VersionId version;
    bool operator==(const LedgerAudit&) const = default;
};
struct ExportVersion {  // answered by File, which brings the file
    VersionId version;
    bool operator==(const ExportVersion&) const = default;
};

struct TaskCreate {  // answered by Task; creating joins
    std::string name;
    std::optional<VersionId> base;
    bool features = false;  // what sketches count: label counts, or moments of features
    uint32_t sketch_size = 0;
    uint64_t model_bytes_max = 0;
    std::vector<Address> members;  // none: whoever joins
    std::string policy;            // empty: the default
    std::vector<std::pair<std::string, double>> weights;
    double accuracy = std::numeric_limits<double>::quiet_NaN();
    double loss = std::numeric_limits<double>::quiet_NaN();
    uint64_t steps = 0;
    uint32_t stops = 0;
    uint64_t wire_bytes = 0;
    uint64_t time_ms = 0;
    uint32_t walkers = 1;
    uint64_t late_ms = 0;
    bool operator==(const TaskCreate&) const = default;
};
struct TaskJoin {  // answered by Task
    std::string task;
    bool operator==(const TaskJoin&) const = default;
};
struct TaskLeave {  // answered by Task
    std::string task;
    bool operator==(const TaskLeave&) const = default;
};

using RequestBody = std::variant<Hello, Bind, PublishInterest, Send, Receive, Finish, Release, Measured, Cancel,
                                 CancelRequest, ReportQuery, LedgerEntry, LedgerCheckpoint, LedgerConsistency,
                                 LedgerAudit, ExportVersion, TaskCreate, TaskJoin, TaskLeave, Order>;
struct Request {
    uint64_t id = 0;
    RequestBody body;
    bool operator==(const Request&) const = default;
};

// Answers -------------------------------------------------------------------------------------------------------

struct Ok {
    bool operator==(const Ok&) const = default;
};
struct Failure {
    ErrorCode code = ErrorCode::kInvalid;
    std::string text;
    bool operator==(const Failure&) const = default;
};
struct Welcome {
    uint32_t protocol = kProtocolVersion;
    std::string software;
    Address address;            // of this node
    crypto::PublicKey network;  // the network's root, as this node has it
    bool operator==(const Welcome&) const = default;
};
struct Sent {
    VersionId version;
    std::string journey;  // empty: addressed to one node
    Address peer;         // whose signed receipt this is
    Bytes receipt;
    uint64_t bytes = 0;
    uint64_t wire_bytes = 0;
    uint64_t elapsed_ms = 0;
    std::optional<Digest> sha256;  // of the file, where the daemon computed it
    bool operator==(const Sent&) const = default;
};
struct Finished {
    VersionId version;
    std::optional<Address> next_stop;  // none: the journey ended here
    std::string why;
    bool operator==(const Finished&) const = default;
};

struct Blob {
    Bytes bytes;
    bool operator==(const Blob&) const = default;
};
struct AuditStep {
    VersionId version;
    Address node;      // whose ledger the proof is from; zero if nobody had it
    Bytes proof;       // an entry proof (rfc/0004); empty: could not be had,
    std::string note;  // and this says why
    bool operator==(const AuditStep&) const = default;
};
struct Audit {  // from the version back to its origin
    std::vector<AuditStep> steps;
    bool operator==(const Audit&) const = default;
};
struct File {  // brings a file
    uint64_t size = 0;
    bool operator==(const File&) const = default;
};

struct Task {
    std::string key;
    bool operator==(const Task&) const = default;
};

using ReplyBody = std::variant<Ok, Failure, Welcome, Sent, Finished, Report, Blob, Audit, File, Task>;
struct Reply {
    uint64_t id = 0;  // of the request; 0: to none of them, the daemon will hang up
    ReplyBody body;
    bool operator==(const Reply&) const = default;
};

struct Progress {
    uint64_t id = 0;
    uint64_t done = 0;
    uint64_t total = 0;
    std::string transfer;  // what Cancel wants; empty until one exists
    std::string note;
    bool operator==(const Progress&) const = default;
};

struct Stay {                        // the model is delivered here again until one of these holds
    std::optional<double> accuracy;  // at least
    std::optional<double> loss;      // at most
    uint64_t steps = 0;              // left at this stop; 0: no limit
    bool operator==(const Stay&) const = default;
};

struct Delivery {  // brings a file, read-only, which its receiver may reopen through /proc/self/fd
    uint64_t id = 0;
    VersionId version;
    std::vector<VersionId> parents;
    std::string task;
    std::string name;
    std::string journey;  // empty: sent to this node, for Receive
    uint32_t stop = 0;
    uint32_t stops_left = 0;
    Address from;
    uint64_t bytes = 0;
    std::vector<uint64_t> labels_seen;  // by the journey so far
    std::string why;                    // this node was chosen
    Stay stay;
    bool measure = false;  // answered by Measured, not to be trained
    bool operator==(const Delivery&) const = default;
};

using Message = std::variant<Request, Reply, Progress, Delivery>;

// Whether this kind of message brings a descriptor.
bool has_file(const Message& message);

// The whole frame. kNoSpace if it would exceed limits::kControlMessageMax (a report too long: ask for less).
Result<Bytes> encode(const Message& message);
Result<Message> parse(ByteView message);

}  // namespace aip::api

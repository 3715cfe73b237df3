// Task records reach every node of the network (rfc/0010 section 2.2): nodes compare what they hold with a few partners
// among all they can reach, by digest, and ask for what they lack. Records never change, so that is all there is to it.
//   DIGEST  a hash of all tags, to each partner with back-off; who has another answers with a HAVE and asks for one
//   HAVE    tags of what is held; also at once when a record is new here
//   WANT    tags that were lacking in it
//   RECORD  the answer to each
// Partners are drawn anew from time to time, so that any two nodes come together whatever the draw.
//
// On receipt the cheap checks come first (length, form, reachable, known already, asked for, tokens), then the
// signature. What is dropped is counted by reason. It keeps no records: those are the TaskShelf's.
//
// Loop thread. No clock, no socket: time is an argument, packets out are values.
#pragma once

#include <array>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "crypto/identity.hpp"
#include "routing/task.hpp"
#include "routing/token_bucket.hpp"

namespace aip::routing {

using TaskTag = FixedBytes<struct TaskTagTag, 16>;  // the first half of a task's id: the digits of its key
TaskTag task_tag(const TaskId& id);

// The records a node holds.
class TaskShelf {
public:
    virtual ~TaskShelf() = default;
    virtual std::vector<TaskTag> tags() const = 0;  // in order
    virtual const SignedTask* record(const TaskTag& tag) const = 0;
    // Whether a record of this creator would be kept; asked before its signature is checked.
    virtual bool has_room(const TaskRecord& record, const Address& creator) const = 0;
    virtual void put(SignedTask task, Instant now, WallTime wall) = 0;
};

enum class TaskVerdict : uint8_t {
    kAccepted = 0,  // a new record
    kHeard,         // a digest, a list or a question, answered if need be
    kTooLong,
    kMalformed,
    kNotPeer,      // from a node we have no route to
    kUnasked,      // a record we did not ask this node for
    kNoRoom,       // the creator's share, or all of it, is taken
    kRateLimited,  // no token left for an answer or a signature check
    kBadSignature,
};
inline constexpr size_t kTaskVerdicts = 9;
std::string_view task_verdict_name(TaskVerdict verdict);

struct TaskExchangeOptions {
    size_t partners = 6;
    Duration compare_first = Duration::milliseconds(500);  // doubles up to compare_max
    Duration compare_max = Duration::seconds(60);
    size_t burst_max = 32;  // packets of one poll; the rest follow burst_gap later
    Duration burst_gap = Duration::milliseconds(10);
    double checks_per_second = 100;   // signatures, all peers together
    double answers_per_second = 200;  // packets that others make us send, all peers together
    double peer_answers_per_second = 20;
};

struct TaskOut {
    Address to;
    Bytes payload;
};

class TaskExchange {
public:
    // All are borrowed and outlive it.
    TaskExchange(const Address& self, crypto::Verifier& verifier, Rng& rng, TaskShelf& shelf,
                 TaskExchangeOptions options = {});

    void set_peers(std::span<const Address> peers, Instant now);  // every node we can reach
    void announce(const TaskTag& tag, Instant now);               // new on the shelf
    TaskVerdict on_packet(const Address& source, ByteView payload, Instant now, WallTime wall);
    std::vector<TaskOut> poll(Instant now);
    Instant next_wakeup() const;

    uint64_t count(TaskVerdict verdict) const { return counts_[static_cast<size_t>(verdict)]; }
    uint64_t signature_checks() const { return signature_checks_; }

private:
    struct Peer {
        explicit Peer(double per_second) : tokens(per_second, 2 * per_second) {}
        TokenBucket tokens;
        std::set<TaskTag> wanted;  // asked of it, at most limits::kTasksMax
    };
    struct Partner {
        Instant compare_at;
        Duration wait;
    };

    // kHaveAndAsk is a HAVE that wants one in return.
    enum class Type : uint8_t { kDigest = 1, kHave = 2, kHaveAndAsk = 3, kWant = 4, kRecord = 5 };

    TaskVerdict judge(const Address& source, ByteView payload, Instant now, WallTime wall);
    TaskVerdict on_digest(const Address& source, Reader in);
    TaskVerdict on_have(const Address& source, Peer& peer, Reader in, bool asks);
    TaskVerdict on_want(const Address& source, Peer& peer, Reader in, Instant now);
    TaskVerdict on_record(Peer& peer, ByteView sealed, Instant now, WallTime wall);
    void send_shelf(const Address& to, Type type);
    void send_tags(const Address& to, Type type, std::span<const TaskTag> tags);
    void queue(const Address& to, Bytes payload);
    void draw_partners(std::span<const Address> fresh, Instant now);
    void fill_partners(std::vector<Address> pool, size_t up_to, Instant now, Duration wait);
    Digest digest() const;

    Address self_;
    crypto::Verifier& verifier_;
    Rng& rng_;
    TaskShelf& shelf_;
    TaskExchangeOptions options_;
    std::map<Address, Peer> peers_;
    std::map<Address, Partner> partners_;
    std::set<TaskTag> refused_;  // no room: not asked for again until the next draw
    std::vector<TaskOut> out_;
    Instant send_at_ = Instant::never();
    Instant draw_at_ = Instant::never();
    TokenBucket checks_;
    TokenBucket answers_;
    std::array<uint64_t, kTaskVerdicts> counts_{};
    uint64_t signature_checks_ = 0;
};

}  // namespace aip::routing

// The node's task book: which created tasks it knows, and which it has joined (rfc/0010 section 2.1).
//
// Invariants: at most limits::kTasksMax records, and of one creator at most limits::kTasksOfCreatorMax that this node
// never joined, the newest of them, so that no creator can fill the book. What create(), join() and leave() report was
// durable before. A record's rules hold only for a task that was joined; a bare name is an open task with default
// rules. A name that this node once joined never again means the open task.
//
// Loop only; writes run as storage jobs.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/services.hpp"
#include "routing/sketch.hpp"
#include "routing/task_exchange.hpp"

namespace aip::node {

enum class Membership : uint8_t { kNone = 0, kJoined = 1, kLeft = 2 };

struct KnownTask {
    routing::SignedTask task;
    Membership membership = Membership::kNone;
    WallTime learnt;
    WallTime since;  // of the membership

    bool joined() const { return membership == Membership::kJoined; }
    bool lists(const Address& node) const;  // among those that may train
};

class TaskBook final : public routing::TaskShelf {
public:
    using Changed = std::function<void(const KnownTask&)>;
    // open: the rules of open tasks. changed: a record is new, or the membership another. Services and verifier are
    // borrowed and outlive it.
    TaskBook(const Services& services, crypto::Verifier& verifier, const routing::TaskRecord& open, Changed changed);

    Result<void> load();  // at start, before anything runs

    // `rules` get the time of now; the answer is the key. The creator has joined.
    void create(routing::TaskRecord rules, std::function<void(Result<std::string>)> done);
    void join(const std::string& text, std::function<void(Result<std::string>)> done);
    void leave(const std::string& text, std::function<void(Result<std::string>)> done);
    void learn(ByteView sealed, std::string_view key);  // it came with a model of that task; nonsense is ignored

    // The key people mean by a name, NAME@ and some digits, or a key: of tasks of one name the one that was joined,
    // else the only one; a name without any record is an open task. kNotFound and kInvalid list what there is.
    Result<std::string> resolve(std::string_view text) const;
    // What a program means: the same, but a name is that of a task this node joined, or open.
    Result<std::string> resolve_for_program(std::string_view text) const;

    const KnownTask* find(std::string_view key) const;
    bool takes_part(std::string_view key) const;            // open, or joined
    routing::TaskRecord rules(std::string_view key) const;  // of an open or unknown task: the defaults
    // Whether data of this sketch can be offered to the task.
    Result<void> fits(std::string_view key, const routing::Sketch& sketch) const;
    // Whether this node takes such a model; kDenied says what to do.
    Result<void> admit(std::string_view key, uint64_t bytes, bool journey) const;
    const std::map<routing::TaskTag, KnownTask>& all() const { return known_; }

    // TaskShelf
    std::vector<routing::TaskTag> tags() const override;
    const routing::SignedTask* record(const routing::TaskTag& tag) const override;
    bool has_room(const routing::TaskRecord& record, const Address& creator) const override;
    void put(routing::SignedTask task, Instant now, WallTime wall) override;

private:
    std::vector<const KnownTask*> named(std::string_view text) const;
    Result<const KnownTask*> find_created(const std::string& text) const;
    const KnownTask* oldest_of(const Address& creator) const;
    size_t strangers_of(const Address& creator) const;
    void set_membership(const std::string& text, Membership membership, std::function<void(Result<std::string>)> done);
    void save(KnownTask next, std::function<void(Result<std::string>)> done);

    Services services_;
    crypto::Verifier& verifier_;
    const routing::TaskRecord open_;
    Changed changed_;
    std::map<routing::TaskTag, KnownTask> known_;
    size_t saving_ = 0;  // new records that are being written
};

}  // namespace aip::node

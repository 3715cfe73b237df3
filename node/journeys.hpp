// Journeys: the models this node is responsible for, and what happens to each next (rfc/0008 section 3). A model that
// arrives is held until a program that can train it takes it; the child it hands back is signed into the ledger; the
// policy picks the next stop; the transfer leaves; only the receipt ends our custody.
//
// Invariant: whatever is promised to a peer or a program was durable before (CustodyStore), and every version that
// leaves has an entry in this node's ledger.
// A program that dies while it holds a model loses nothing: the model is delivered again. Without any program for
// `trainer_patience` a model moves on as it is (entry "relayed"). A task may ask that it be trained here until it is
// good enough; until then its children are delivered here again, and the stop counts once. Models of one task that wait
// here together become one before any of them goes on (section 7). A journey whose budget is spent ends where it is
// (entry "ended"). Loop only; slow parts run as storage jobs, and an entry is `busy` while one
// of them runs.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "ledger/group_commit.hpp"
#include "ledger/statement.hpp"
#include "node/best.hpp"
#include "node/exchange.hpp"
#include "node/gate.hpp"
#include "node/head.hpp"
#include "node/lookout.hpp"
#include "node/merge_versions.hpp"
#include "node/new_version.hpp"
#include "node/requests.hpp"
#include "node/sessions.hpp"
#include "node/tasks.hpp"
#include "node/witnessing.hpp"
#include "routing/interest.hpp"
#include "routing/next_stop.hpp"

namespace aip::node {

class Journeys {
public:
    Journeys(const Services& services, const Settings& settings, crypto::Verifier& verifier, Exchange& exchange,
             Sessions& sessions, TaskBook& tasks, const routing::InterestTable& interest, const routing::Routes& routes,
             Lookout& lookout, Newsbox& box, Witnessing& witnessing);

    Result<void> load();  // at start, before anything runs
    size_t poll(Instant now);
    Instant next_wakeup() const;

    void send(SessionId session, SendOrder order, std::unique_ptr<model::Source> file, SendProgress progress,
              std::function<void(Result<SentModel>)> done);
    void finish(SessionId session, uint64_t delivery, WorkDone work, NextDestination next,
                std::unique_ptr<model::Source> file, std::function<void(Result<FinishedStop>)> done);
    void release(SessionId session, uint64_t delivery, std::function<void(Result<void>)> done);
    // What a program measured of a version it was given to measure.
    Result<void> measured(SessionId session, uint64_t delivery, std::vector<ClassFigures> figures);
    Result<void> cancel(uint64_t transfer, Instant now);
    void close_session(SessionId session);

    // From the Exchange.
    void on_model_head(const Incoming& incoming, Bytes head);
    void on_model_stored(const Incoming& incoming, const aipacket::Progress& progress);
    void on_incoming_ended(const Incoming& incoming, const Error& error);
    void on_sent(uint64_t transfer, const Address& peer, Bytes receipt, const aipacket::Progress& progress);
    void on_send_failed(uint64_t transfer, const Error& error, Heard heard);
    void on_news(const Address& from, const News& news);

    // Forgets versions that are neither in custody, liked best, tagged, nor among the newest `recent` of their task.
    // Their entries and proofs stay.
    void prune(size_t recent, std::function<void(Result<size_t>)> done);

    // The journeys of the version's task that began here are told to end wherever they are, and one sets out from it.
    void rollback(Rollback order, std::function<void(Result<RolledBack>)> done);

    struct View {
        Custody custody;
        const routing::JourneyRecord* record;  // null without a journey
        bool delivered;
    };
    std::vector<View> view() const;
    bool has_letter(const std::string& task) const;  // a model addressed to this node waits; empty: of any task
    // The newest record seen of a journey that has left this node: for people.
    const std::map<uint64_t, routing::JourneyRecord>& passed() const { return passed_; }
    const MergedAway* merged_away(uint64_t journey) const;  // null if it is not part of another since it was here
    uint64_t stops_trained() const { return stops_trained_; }
    std::set<VersionId> best() const { return best_.versions(); }
    const Gate& gate() const { return gate_; }

private:
    static constexpr Duration kRetry = Duration::seconds(1);  // of what cannot be done now
    struct Waiter {                                           // a program waits for this model to be sent
        SessionId session = 0;
        SendProgress progress;
        std::function<void(Result<SentModel>)> done;
        Instant started;
        uint64_t bytes = 0;
    };
    // Who holds a version, by the papers it came with.
    struct Papers {
        Address holder;  // zero: this node, which has an entry about it
        Address maker;
        Address parent_at;  // where the holder had the version's parent from; zero: it has it itself
        std::optional<ledger::GiverProof> giver;  // the holder's proof
    };
    // A version at the admission gate (rfc/0013), while its rules are asked.
    struct Examination {
        bool looked_up = false;
        std::optional<VersionId> parent;  // none: imported
        bool parent_here = false;
        Instant until;  // when nobody is asked for the parent any more; later: when no program is waited for
        Papers parent_papers;
        bool compared = false;
        Evidence evidence;
        VersionId measuring;  // with a program now
    };
    struct Entry {
        Custody custody;
        std::optional<routing::JourneyRecord> record;
        bool busy = false;
        bool unwanted = false;    // cancelled by the program that sent it; no journey
        bool obsolete = false;    // a newer walker of this journey lives
        bool superseded = false;  // the model is coming back: what is still under way about it no longer counts
        bool apart = false;       // cannot be merged with others here
        std::optional<uint64_t> delivery;
        SessionId session = 0;  // that has the delivery
        Instant since;
        Instant retry_at;
        Instant report_at;  // to the origin of the journey; it hears of it now and then while nothing happens
        std::map<Address, Instant> avoid;       // stops that did not answer, until when
        bool doubtful = false;                  // the peer may have the model,
        std::optional<Instant> doubtful_since;  // and does not answer
        std::optional<Waiter> waiter;
        Papers papers;          // of the version that was handed to us
        bool admitted = false;  // by the gate
        uint32_t rollbacks = 0;
        std::optional<Examination> exam;
        uint64_t part = 0;  // distinguishes this entry from a later one of the same id
    };
    // A journey that was superseded, and up to which member of its task, by address, this is known.
    struct Retirement {
        std::string task;
        News news;
        Address told;
    };
    // A file on its way into the store. The job writes `done` and reads `cancelled`, the loop the other way round.
    struct Importing {
        std::atomic<uint64_t> done{0};
        std::atomic<bool> cancelled{false};
        uint64_t total = 0;
        SessionId session = 0;
        SendProgress progress;
    };

    size_t advance(uint64_t id, Entry& entry, Instant now);
    size_t go_on(uint64_t id, Entry& entry, Instant now);
    Instant due(const Entry& entry) const;
    bool is_to_retire(const Entry& entry) const;
    bool out_of_time(const Entry& entry) const;
    void end_here(uint64_t id, Entry& entry, Instant now);
    SessionId taker(const Entry& entry) const;  // an idle program that can have this model; 0: there is none
    bool deliver(uint64_t id, Entry& entry, Instant now);
    bool start_delivery(uint64_t id, Entry& entry, SessionId session, Delivery delivery, Instant now);
    void hand_over(uint64_t id, uint64_t part, Delivery delivery, std::unique_ptr<DeliveryFile> file,
                   Result<void> exported);
    void relay(uint64_t id, Entry& entry);
    void choose(uint64_t id, Entry& entry, Instant now);
    Result<void> plan(Entry& entry, const NextDestination& next, Instant now);
    Result<routing::Choice> ask_policy(const Entry& entry) const;
    void reseal(Entry& entry);
    void wait_here(Entry& entry);
    // An entry about a version that was not made now: "relayed", "ended".
    struct Passage {
        ledger::NewLeaf leaf;
        std::string task;  // of the version
    };
    ledger::HopStatement passage(const Entry& entry, std::string_view what) const;
    // Storage thread; kNotFound without the version.
    static Result<Passage> make_passage(const Services& services, ledger::HopStatement statement);
    void append_passage(ledger::HopStatement statement, std::function<void(Result<Passage>)> then);
    Entry* find_part(uint64_t id, uint64_t part);
    void settle(uint64_t id, Entry& entry, std::function<void(const Result<void>&)> then);
    void write_custody(uint64_t id, const Entry& entry, std::function<void(const Result<void>&)> then);

    Result<std::optional<routing::JourneyRecord>> begin(uint64_t id, const SendOrder& order) const;
    void imported(uint64_t id, Entry entry, const NextDestination& to);
    void finished(uint64_t id, uint64_t part, const Result<NewVersion>& child, const WorkDone& work,
                  const NextDestination& next, std::function<void(Result<FinishedStop>)> done);
    std::string to_be_done(const Entry& entry, const WorkDone& round) const;  // empty: it may leave
    Result<void> close_stop(Entry& entry, Instant now);
    void tell_progress(Instant now);

    std::map<uint64_t, uint32_t> supersede(const std::string& task);
    size_t tell_retired();
    void restart(const routing::JourneyRecord& record, const Rollback& order,
                 const std::function<void(Result<RolledBack>)>& done);

    void turn_away(const Incoming& incoming, aipacket::CancelCode code, std::string_view why);
    bool is_stale(const routing::JourneyRecord& record) const;
    void arrived(const Incoming& incoming, const Custody& custody, const Tombstone& tombstone,
                 std::optional<routing::JourneyRecord> record, const Papers& papers, const Result<void>& kept);
    void forget_old_tombstones();

    bool is_looked_after(const routing::JourneyRecord& record) const;
    void tell_origin(Entry& entry);
    void revive(uint64_t id, uint32_t walker);
    void retire(uint64_t id, Entry& entry);
    void departed(uint64_t id, Entry& entry);
    void note_passed(routing::JourneyRecord record);
    Result<void> load_departed();

    bool can_meet(const Entry& entry) const;
    std::vector<uint64_t> company(const std::string& task) const;
    bool is_awaited(const std::string& task) const;
    bool meet(uint64_t id, Entry& entry);
    void met(const std::vector<uint64_t>& ids, const Result<MergedVersions>& merged);
    Result<void> join(const std::vector<uint64_t>& ids, const model::Manifest& version);
    void joined(uint64_t id, const std::vector<MergedAway>& others);
    void remember_merged(const MergedAway& merged);
    bool tell_merged(const Address& origin, uint64_t journey);

    bool is_to_examine(const Entry& entry) const;
    size_t examine(uint64_t id, Entry& entry, Instant now);
    bool await_parent(uint64_t id, Entry& entry, Instant now);
    void look_up(uint64_t id, Entry& entry);
    void compare(uint64_t id, Entry& entry);
    size_t ask_program(uint64_t id, Entry& entry, Instant now);
    bool judge(uint64_t id, Entry& entry);  // false: there was an objection
    void admit_entry(Entry& entry);
    void reject(uint64_t id, Entry& entry, Objection objection);
    void turn_back(uint64_t id, Entry& entry);
    void send_reference(const Address& to, const VersionId& version);
    void on_reference_stored(const Incoming& incoming, Admitted admitted);
    void note_made(const Custody& made, const VersionId& parent);

    // Storage thread; `task`: its sealed record, or empty.
    static Result<Outgoing> pack(const Services& services, const Custody& custody, const Bytes& task);
    void start_transfer(uint64_t id, Entry& entry, Instant now);
    void send_proven(uint64_t id, uint64_t part);
    void transfer_failed(uint64_t id, Entry& entry, const Error& error, Heard heard, Instant now);
    void call_off(uint64_t id, Entry& entry, Instant now);
    void drop_letter(uint64_t id, Entry& entry, const Error& error);
    void sent_to_waiter(Entry& entry, const Address& peer, Bytes receipt, uint64_t wire_bytes, Instant now);

    Entry* find_delivery(SessionId session, uint64_t delivery);
    Entry* find_transfer(uint64_t transfer);

    Services services_;
    ledger::GroupCommit ledger_;
    const Settings& settings_;
    crypto::Verifier& verifier_;
    Exchange& exchange_;
    Sessions& sessions_;
    TaskBook& tasks_;
    const routing::InterestTable& interest_;
    const routing::Routes& routes_;
    Lookout& lookout_;
    Newsbox& box_;
    Witnessing& witnessing_;
    BestVersions best_;
    Gate gate_;
    using Reference = std::pair<VersionId, Address>;
    std::map<Reference, Instant> references_;  // versions asked for as parents, of whom, until when they are taken
    std::map<Reference, uint64_t> lending_;    // versions that others asked for, by transfer; 0: being packed
    std::map<uint64_t, Entry> entries_;
    std::map<Incoming, Admitted> arriving_;
    std::map<uint64_t, routing::JourneyRecord> passed_;
    std::map<uint64_t, Custody> departed_;  // of journeys that are looked after; their versions are kept
    std::map<uint64_t, MergedAway> merged_away_;
    std::map<uint64_t, std::shared_ptr<Importing>> importing_;
    std::vector<std::pair<Incoming, WallTime>> tombstones_;
    std::deque<Retirement> retiring_;
    std::set<uint64_t> joining_;  // their stop is over, and others wait to be merged with them
    size_t landing_ = 0;          // versions on their way into the store, and in nobody's custody yet
    uint64_t next_delivery_ = 1;
    uint64_t next_part_ = 1;
    uint64_t stops_trained_ = 0;
    uint64_t sent_since_prune_ = 0;
    Instant progress_at_;
    Instant others_heard_by_;  // until then silence is no sign that a task has no other member
};

}  // namespace aip::node

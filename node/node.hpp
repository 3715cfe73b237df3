// Node: everything assembled. It receives packets, forwards them, keeps neighbours and interest tables, moves models,
// hands them to programs, signs what they made of them, and picks the next stop. Pure logic: whatever it needs of the
// world comes through Services, and the same object runs under aipacketd and, a thousand times, under sim/.
//
// The host calls poll() in a loop, at the latest at next_wakeup(), and runs completions of the storage executor on the
// same thread. Answers to programs come through the callbacks given with the request, once each; those of a session
// that was closed may not come. Parts: Exchange (transfers), Journeys (custody and stops), TaskBook (tasks known and
// joined), Auditor (other ledgers).
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "base/report.hpp"
#include "ledger/scrubber.hpp"
#include "node/auditor.hpp"
#include "node/exchange.hpp"
#include "node/icmp.hpp"
#include "node/journeys.hpp"
#include "node/outbox.hpp"
#include "node/requests.hpp"
#include "node/revocations.hpp"
#include "node/services.hpp"
#include "node/sessions.hpp"
#include "node/tasks.hpp"
#include "node/witnessing.hpp"
#include "routing/interest.hpp"
#include "routing/router.hpp"
#include "routing/token_bucket.hpp"

namespace aip::node {

// Babel's sequence numbers that may be used from now on, and whether this node used others before.
struct SeqnoLot {
    uint16_t first = 0;
    bool restarted = false;
};

class Node final : dataplane::LocalSink, ExchangeUser {
public:
    // Reads what it had in custody and goes on from there at the first poll(). Ports must be in the dataplane already.
    static Result<std::unique_ptr<Node>> start(const Services& services, Settings settings,
                                               const crypto::PublicKey& root);
    ~Node() override;

    // The carrier of a port, as far as the host can see it; ports count as up until it says otherwise.
    void set_link(dataplane::PortIndex port, bool up);

    size_t poll(Instant now);  // how much was done; 0: idle until next_wakeup() or a packet
    Instant next_wakeup() const;

    // What programs ask for (api/, rfc/0005). Sessions are the host's numbers, never 0.
    // A task is said as TaskBook::resolve takes it.
    void create_task(routing::TaskRecord rules, std::function<void(Result<std::string>)> done);  // the key
    void join_task(const std::string& task, std::function<void(Result<std::string>)> done);
    void leave_task(const std::string& task, std::function<void(Result<std::string>)> done);
    Result<void> bind(SessionId session, const std::string& task, bool measures = false);
    Result<void> publish_interest(SessionId session, const std::string& task, routing::LocalInterest interest);
    void send(SessionId session, SendOrder order, std::unique_ptr<model::Source> file, SendProgress progress,
              std::function<void(Result<SentModel>)> done);
    // One model addressed to this node, delivered when there is one; kNotFound at once if !wait and there is none.
    Result<void> receive(SessionId session, const std::string& task, bool wait);
    void finish(SessionId session, uint64_t delivery, WorkDone work, NextDestination next,
                std::unique_ptr<model::Source> file, std::function<void(Result<FinishedStop>)> done);
    void release(SessionId session, uint64_t delivery, std::function<void(Result<void>)> done);
    Result<void> measured(SessionId session, uint64_t delivery, std::vector<ClassFigures> figures);
    Result<void> cancel(uint64_t transfer);
    void close_session(SessionId session);

    // Looking in.
    void report(const std::string& name, const std::vector<std::string>& args,
                std::function<void(Result<Report>)> done);
    // What the owner of this node tells it: "revoke", "tag", "untag", "rollback", "prune".
    void order(const std::string& name, const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    // Ping or trace; a line for each request, then the whole.
    void echo(SessionId session, const EchoOrder& order, EchoLine line, std::function<void(Result<Report>)> done);
    void entry_proof(const EntryQuery& query, std::optional<Address> at, std::function<void(Result<Bytes>)> done);
    void checkpoint(uint64_t size_max, std::function<void(Result<Bytes>)> done);  // 0: the newest
    void consistency(uint64_t from, uint64_t to, std::function<void(Result<Bytes>)> done);
    void audit(const VersionId& version, std::function<void(std::vector<AuditStep>)> done);
    void export_version(const VersionId& version, std::function<void(Result<std::unique_ptr<DeliveryFile>>)> done);

    Address self() const { return services_.self(); }
    const Journeys& journeys() const { return *journeys_; }
    const Witnessing& witnessing() const { return *witnessing_; }
    const Exchange& exchange() const { return *exchange_; }
    const routing::Router& router() const { return router_; }
    const routing::Routes& routes() const { return router_.routes(); }
    const routing::InterestTable& interest() const { return interest_.table(); }
    const TaskBook& tasks() const { return tasks_; }
    const routing::TaskExchange& task_exchange() const { return task_exchange_; }

private:
    Node(const Services& services, Settings settings, const crypto::PublicKey& root, SeqnoLot lot);

    // dataplane::LocalSink
    void on_packet(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView packet) override;
    void on_undeliverable(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView packet,
                          dataplane::DropReason reason, uint32_t mtu) override;
    // ExchangeUser
    void on_model_head(const Incoming& incoming, Bytes head) override;
    void on_model_stored(const Incoming& incoming, const aipacket::Progress& progress) override;
    void on_incoming_ended(const Incoming& incoming, const Error& error) override;
    void on_message(const Address& peer, Bytes head) override;
    void on_sent(uint64_t transfer, const Address& peer, Bytes receipt, const aipacket::Progress& progress) override;
    void on_send_failed(uint64_t transfer, const Error& error, Heard heard) override;

    void add_to_router(dataplane::PortIndex port);
    size_t route(Instant now);
    void send_babel(const routing::RouterOut& packet);
    void reserve_seqnos();
    size_t exchange_interest(Instant now);
    void follow_tasks(Instant now);
    size_t send_delayed(Instant now);
    size_t send_news(Instant now);
    void on_news(const aipacket::PacketView& packet, Instant now);
    void take_news(const Address& from, const News& news, Instant now);
    void on_join(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView packet);
    size_t exchange_tasks(Instant now);
    void on_task_changed(const KnownTask& known);
    Result<void> set_interest(const std::string& key, const routing::LocalInterest& interest, Instant now);
    std::vector<Address> neighbour_addresses() const;
    void on_babel(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView packet);

    Report report_status() const;
    Report report_peers() const;
    Report report_routes() const;
    Result<Report> report_interest(const std::vector<std::string>& args) const;
    void report_members(const std::string& task, Report& report) const;
    routing::JourneyRecord judged_journey(const std::string& task) const;
    Report report_tasks() const;
    Result<Report> report_task(const std::string& task) const;
    Report report_transfers() const;
    Report report_journeys() const;
    Result<Report> report_journey(const std::string& id) const;
    Report report_counters() const;
    void report_models(std::function<void(Result<Report>)> done);
    void report_ledger(const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    void report_tags(std::function<void(Result<Report>)> done);
    void report_manifest(const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    void order_revoke(const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    void order_tag(const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    void order_untag(const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    void order_rollback(const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    void order_prune(const std::vector<std::string>& args, std::function<void(Result<Report>)> done);
    const routing::JourneyRecord* find_journey(uint64_t id) const;
    std::vector<Address> who_may_know(const VersionId& version) const;

    Services services_;
    Settings settings_;
    crypto::Verifier verifier_;
    Outbox outbox_;
    Echo echo_;
    Icmp icmp_;
    routing::Router router_;
    routing::InterestExchange interest_;
    TaskBook tasks_;
    routing::TaskExchange task_exchange_;
    Sessions sessions_;
    std::unique_ptr<Exchange> exchange_;
    std::unique_ptr<Witnessing> witnessing_;
    Newsbox newsbox_;
    Lookout lookout_;
    std::unique_ptr<Journeys> journeys_;
    std::unique_ptr<Auditor> auditor_;
    Revocations revocations_;
    crypto::Verifier scrub_verifier_;  // the storage executor's
    ledger::Scrubber scrubber_;
    Instant started_;
    Instant reachable_since_;  // when the number of nodes we reach last changed
    size_t reachable_ = 0;
    Instant follow_at_;
    struct DelayedSend {  // until members of its task are known
        SessionId session;
        SendOrder order;
        std::unique_ptr<model::Source> file;
        SendProgress progress;
        std::function<void(Result<SentModel>)> done;
        Instant until;
    };
    std::deque<DelayedSend> delayed_;
    routing::TokenBucket news_checks_{100, 100};
    uint64_t news_refused_ = 0;
    uint64_t fib_salt_;
    uint16_t seqno_limit_;  // the first that is not reserved on disk
    bool reserving_seqnos_ = false;
    std::array<uint64_t, aipacket::kDropReasons> refused_{};  // packets for us that made no sense
};

}  // namespace aip::node

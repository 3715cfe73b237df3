#include "node/node.hpp"

#include <algorithm>
#include <charconv>

#include "aipacket/ipv6.hpp"
#include "ledger/key_history.hpp"
#include "node/cosignatures.hpp"

namespace aip::node {
namespace {

// Babel's own sequence numbers are taken in lots, and a lot is on disk before it is used, so that a node that lost
// power goes on above every one it ever said (rfc/0009).
constexpr uint16_t kSeqnoLot = 64;
const std::string kSeqnoKey = "babel/seqno";

routing::RouterOptions router_options(const Services& services, const Settings& settings, SeqnoLot lot) {
    routing::RouterOptions options;
    options.hello_interval = settings.hello_interval;
    options.first_sequence = static_cast<uint64_t>(services.clock.wall().unix_ms());
    options.first_seqno = lot.first;
    options.seqnos_reserved = kSeqnoLot;
    options.restarted = lot.restarted;
    return options;
}

Result<void> save_seqno(KvStore& state, uint16_t first_unreserved) {
    KvBatch batch;
    batch.put(kSeqnoKey, std::to_string(first_unreserved));
    return state.write(batch, true);
}

// The first of a fresh lot. Without a record (a new disk) the clock serves: it moves on faster than seqnos do.
Result<SeqnoLot> take_seqnos(const Services& services) {
    AIP_ASSIGN(const auto saved, services.state.get(kSeqnoKey));
    SeqnoLot lot{static_cast<uint16_t>(services.clock.wall().unix_ms() / 1000), saved.has_value()};
    if (saved && std::from_chars(saved->data(), saved->data() + saved->size(), lot.first).ec != std::errc())
        return Error{ErrorCode::kCorrupt, "state database: " + kSeqnoKey + " is no number; restore it from a backup"};
    AIP_TRY(save_seqno(services.state, static_cast<uint16_t>(lot.first + kSeqnoLot)));
    return lot;
}

routing::InterestOptions interest_options(const Services& services, const Settings& settings) {
    routing::InterestOptions options;
    options.refresh = settings.interest_refresh;
    options.lifetime = settings.interest_lifetime();
    options.epsilon = settings.privacy_epsilon;
    options.first_sequence = static_cast<uint64_t>(services.clock.wall().unix_ms());
    return options;
}

}  // namespace

Node::Node(const Services& services, Settings settings, const crypto::PublicKey& root, SeqnoLot lot)
    : services_(services),
      settings_(std::move(settings)),
      verifier_(root),
      outbox_(services.dataplane, services.self()),
      echo_(services.self(), services.rng, outbox_),
      icmp_(services.dataplane, services.self(), outbox_, echo_),
      router_(services.signer, verifier_, services.rng, router_options(services, settings_, lot)),
      interest_(services.signer, verifier_, services.rng, interest_options(services, settings_)),
      tasks_(services, verifier_, settings_.open_task, [this](const KnownTask& known) { on_task_changed(known); }),
      task_exchange_(services.self(), verifier_, services.rng, tasks_),
      exchange_(std::make_unique<Exchange>(services, verifier_, outbox_, static_cast<ExchangeUser&>(*this),
                                           settings_.transfer_timeout)),
      witnessing_(std::make_unique<Witnessing>(services, verifier_, outbox_, *exchange_,
                                               [this] { return neighbour_addresses(); })),
      lookout_(
          services, [this](const std::string& task) { return tasks_.rules(task); }, newsbox_),
      journeys_(std::make_unique<Journeys>(services, settings_, verifier_, *exchange_, sessions_, tasks_,
                                           interest_.table(), router_.routes(), lookout_, newsbox_, *witnessing_)),
      auditor_(std::make_unique<Auditor>(services, outbox_, *exchange_)),
      revocations_(services, verifier_, outbox_),
      scrub_verifier_(root),
      scrubber_(services.log.check(&scrub_verifier_), services.storage, services.clock.now(),
                [&host = services.host](std::string_view line) { host.log(line); }),
      started_(services.clock.now()),
      reachable_since_(started_),
      fib_salt_(services.rng.next()),
      seqno_limit_(static_cast<uint16_t>(lot.first + kSeqnoLot)) {
    interest_.admit_by([this](std::string_view key, const Address& origin) {
        const KnownTask* known = tasks_.find(key);
        return known == nullptr || known->lists(origin);
    });
}

Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::start(const Services& services, Settings settings, const crypto::PublicKey& root) {
    AIP_ASSIGN(const SeqnoLot lot, take_seqnos(services));
    std::unique_ptr<Node> node(new Node(services, std::move(settings), root, lot));
    AIP_TRY(ledger::record_key(services.log, services.signer, node->settings_.key_note, node->settings_.software,
                               services.clock.wall()));
    AIP_TRY(node->revocations_.load());
    AIP_TRY(node->tasks_.load());
    AIP_TRY(node->lookout_.load(services.clock.now()));
    AIP_TRY(node->witnessing_->load());
    AIP_TRY(node->journeys_->load());
    for (uint16_t port = 0; port < services.dataplane.ports(); ++port) node->add_to_router(port);
    return node;
}

std::vector<Address> Node::neighbour_addresses() const {
    std::vector<Address> nodes;  // the table is in order of addresses
    for (const routing::Neighbour& neighbour : router_.neighbours().table())
        if (nodes.empty() || nodes.back() != neighbour.address) nodes.push_back(neighbour.address);
    return nodes;
}

void Node::add_to_router(dataplane::PortIndex port) {
    const uint32_t mtu = services_.dataplane.port(port).info().mtu;
    const PortRouting routing = port < settings_.ports.size() ? settings_.ports[port] : PortRouting{};
    router_.add_port(port,
                     {static_cast<uint16_t>(std::min<uint32_t>(mtu, UINT16_MAX)), routing.keys, routing.foreign,
                      routing.learn_peers, routing.peering},
                     services_.clock.now());
}

void Node::set_link(dataplane::PortIndex port, bool up) {
    if (up)
        add_to_router(port);
    else
        router_.remove_port(port, services_.clock.now());
}

size_t Node::poll(Instant now) {
    size_t done = services_.dataplane.poll(*this);
    done += route(now);
    done += exchange_interest(now);
    if (!delayed_.empty()) done += send_delayed(now);
    done += exchange_tasks(now);
    done += exchange_->poll(now);
    done += journeys_->poll(now);
    done += auditor_->poll(now);
    done += witnessing_->poll(now);
    done += echo_.poll(now);
    done += lookout_.poll(now);
    done += scrubber_.poll(now);
    done += send_news(now);
    if (now >= revocations_.next_wakeup()) done += revocations_.poll(neighbour_addresses(), now);
    services_.dataplane.flush();
    return done;
}

Instant Node::next_wakeup() const {
    return std::min({router_.next_wakeup(), interest_.next_wakeup(), task_exchange_.next_wakeup(),
                     exchange_->next_wakeup(), journeys_->next_wakeup(), auditor_->next_wakeup(),
                     witnessing_->next_wakeup(), echo_.next_wakeup(), lookout_.next_wakeup(), scrubber_.next_wakeup(),
                     revocations_.next_wakeup()});
}

size_t Node::route(Instant now) {
    const auto packets = router_.poll(now, services_.clock.wall());
    for (const routing::LearnedPeers& learned : router_.take_learned_peers())
        services_.dataplane.set_learned_peers(learned.port, learned.peers);
    for (const routing::RouterOut& packet : packets) {
        aipacket::Header header;
        switch (packet.what) {
            case routing::RouterOut::What::kBabel: send_babel(packet); break;
            case routing::RouterOut::What::kIntroduction:
                header.kind = aipacket::Kind::kIntroduction;
                static_cast<void>(
                    outbox_.send_on(packet.port, packet.to, dataplane::kNeighbourGroup, header, packet.payload));
                break;
            case routing::RouterOut::What::kJoin:
                header.kind = aipacket::Kind::kJoin;
                static_cast<void>(
                    outbox_.send_on(packet.port, packet.to, dataplane::kJoinGroup, header, packet.payload));
        }
    }
    if (router_.changed()) {
        services_.dataplane.set_fib(routes().fib(fib_salt_));
        services_.dataplane.set_steering_links(router_.authenticated_links());
        std::vector<routing::Reach> reach;
        for (const routing::RouteView& to : routes().table())
            reach.push_back({to.destination, to.hops(), to.is_neighbour()});
        interest_.set_reachable(reach, now);
        task_exchange_.set_peers(routes().reachable(), now);
        if (std::exchange(reachable_, routes().table().size()) != reachable_) reachable_since_ = now;
    }
    reserve_seqnos();
    return packets.size();
}

// UDP from our link-local address (rfc/0009).
void Node::send_babel(const routing::RouterOut& packet) {
    constexpr uint16_t kPort = routing::babel::kUdpPort;
    const auto write = [&](MutableBytes room) -> size_t {
        if (room.size() < aipacket::kUdpPayload + packet.payload.size()) return 0;
        std::memcpy(room.data() + aipacket::kUdpPayload, packet.payload.data(), packet.payload.size());
        aipacket::Endpoints ends;
        ends.source = Address::link_local(self().interface_id());
        ends.destination = packet.destination;
        ends.hop_limit = 1;
        return aipacket::encode_udp(room, ends, {kPort, kPort}, packet.payload.size());
    };
    static_cast<void>(outbox_.send_plain_on(packet.port, packet.to, write));
}

void Node::reserve_seqnos() {
    if (reserving_seqnos_ || !router_.speaker().seqno_wanted()) return;
    reserving_seqnos_ = true;
    const auto limit = static_cast<uint16_t>(seqno_limit_ + kSeqnoLot);
    submit(
        services_.storage, [&state = services_.state, limit] { return save_seqno(state, limit); },
        [this, limit](const Result<void>& saved) {
            reserving_seqnos_ = false;
            if (!saved) return services_.host.fatal(saved.error());
            seqno_limit_ = limit;
            router_.speaker().reserve_seqnos(kSeqnoLot);
        });
}

// The one thing that is said to us from a link-local address.
void Node::on_babel(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView bytes) {
    const bool ethernet = from.kind() == dataplane::LinkAddress::Kind::kMac;
    aipacket::UdpView packet;
    auto reason = aipacket::decode_udp(
        bytes, ethernet ? aipacket::ChecksumRule::kCompleteOrPartial : aipacket::ChecksumRule::kComplete, packet);
    if (reason == aipacket::DropReason::kNone && packet.destination_port != routing::babel::kUdpPort)
        reason = aipacket::DropReason::kNotOurs;
    if (reason != aipacket::DropReason::kNone) {
        ++refused_[static_cast<size_t>(reason)];
        return;
    }
    router_.on_babel(port, from, packet.source, packet.destination, packet.payload, services_.clock.now());
}

void Node::on_packet(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView bytes) {
    if (aipacket::packet_destination(bytes) == dataplane::kJoinGroup) return on_join(port, from, bytes);
    if (aipacket::next_header(bytes) == aipacket::kProtocolIcmpv6)
        return icmp_.on_packet(port, from, bytes, services_.clock.now());
    if (aipacket::packet_source(bytes).is_link_local()) return on_babel(port, from, bytes);
    aipacket::PacketView packet;
    const aipacket::DropReason reason = aipacket::decode(bytes, packet);
    if (reason != aipacket::DropReason::kNone) {
        ++refused_[static_cast<size_t>(reason)];
        return;
    }
    const Instant now = services_.clock.now();
    const WallTime wall = services_.clock.wall();
    switch (packet.header.kind) {
        case aipacket::Kind::kIntroduction: return router_.on_introduction(port, from, packet.payload, now, wall);
        case aipacket::Kind::kInterest:
        case aipacket::Kind::kGossip:
            static_cast<void>(interest_.on_packet(packet.header.kind, packet.source, packet.payload, now, wall));
            return;
        case aipacket::Kind::kTask:
            static_cast<void>(task_exchange_.on_packet(packet.source, packet.payload, now, wall));
            return;
        case aipacket::Kind::kQuery: return auditor_->on_query(packet);
        case aipacket::Kind::kWitness: return witnessing_->on_message(packet.source, packet.payload, now);
        case aipacket::Kind::kNews: return on_news(packet, now);
        case aipacket::Kind::kJoin: ++refused_[static_cast<size_t>(aipacket::DropReason::kUnknownKind)]; return;
        default: return exchange_->on_packet(packet, now);
    }
}

// Perhaps of a stranger: that one kind of packet and no other.
void Node::on_join(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView bytes) {
    aipacket::PacketView packet;
    aipacket::DropReason reason = aipacket::decode(bytes, packet);
    if (reason == aipacket::DropReason::kNone && packet.header.kind != aipacket::Kind::kJoin)
        reason = aipacket::DropReason::kUnknownKind;
    if (reason != aipacket::DropReason::kNone) {
        ++refused_[static_cast<size_t>(reason)];
        return;
    }
    router_.on_join(port, from, packet.payload, services_.clock.now(), services_.clock.wall());
}

void Node::on_undeliverable(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView packet,
                            dataplane::DropReason reason, uint32_t mtu) {
    icmp_.on_undeliverable(port, from, packet, reason, mtu, services_.clock.now());
}

void Node::on_model_head(const Incoming& incoming, Bytes head) { journeys_->on_model_head(incoming, std::move(head)); }
void Node::on_model_stored(const Incoming& incoming, const aipacket::Progress& progress) {
    journeys_->on_model_stored(incoming, progress);
}
void Node::on_incoming_ended(const Incoming& incoming, const Error& error) {
    journeys_->on_incoming_ended(incoming, error);
}
void Node::on_message(const Address& peer, Bytes head) {
    if (is_witness_message(head)) return witnessing_->on_message(peer, head, services_.clock.now());
    auditor_->on_answer(peer, head);
}
void Node::on_sent(uint64_t transfer, const Address& peer, Bytes receipt, const aipacket::Progress& progress) {
    journeys_->on_sent(transfer, peer, std::move(receipt), progress);
}
void Node::on_send_failed(uint64_t transfer, const Error& error, Heard heard) {
    journeys_->on_send_failed(transfer, error, heard);
}

Result<void> Node::receive(SessionId session, const std::string& task, bool wait) {
    AIP_ASSIGN(const std::string key, task.empty() ? task : tasks_.resolve(task));
    const bool here = journeys_->has_letter(key);
    if (!here && !wait) return Error{ErrorCode::kNotFound, "no model addressed to this node is waiting"};
    sessions_.expect(session, key);
    return {};
}

void Node::finish(SessionId session, uint64_t delivery, WorkDone work, NextDestination next,
                  std::unique_ptr<model::Source> file, std::function<void(Result<FinishedStop>)> done) {
    journeys_->finish(session, delivery, std::move(work), std::move(next), std::move(file), std::move(done));
}

void Node::release(SessionId session, uint64_t delivery, std::function<void(Result<void>)> done) {
    journeys_->release(session, delivery, std::move(done));
}

Result<void> Node::measured(SessionId session, uint64_t delivery, std::vector<ClassFigures> figures) {
    return journeys_->measured(session, delivery, std::move(figures));
}

Result<void> Node::cancel(uint64_t transfer) { return journeys_->cancel(transfer, services_.clock.now()); }

void Node::close_session(SessionId session) {
    std::erase_if(delayed_, [&](const DelayedSend& send) { return send.session == session; });
    journeys_->close_session(session);
    echo_.close(session);
    for (const std::string& task : sessions_.close(session)) interest_.withdraw(task, services_.clock.now());
}

void Node::echo(SessionId session, const EchoOrder& order, EchoLine line, std::function<void(Result<Report>)> done) {
    std::vector<Address> known;
    for (const routing::RouteView& route : routes().table()) known.push_back(route.destination);
    auto path = find_path(order, known);
    if (!path) return done(path.error());
    echo_.start(session, order, std::move(*path), std::move(line), std::move(done), services_.clock.now());
}

void Node::entry_proof(const EntryQuery& query, std::optional<Address> at, std::function<void(Result<Bytes>)> done) {
    auditor_->entry(query, at, std::move(done));
}

void Node::checkpoint(uint64_t size_max, std::function<void(Result<Bytes>)> done) {
    submit(
        services_.storage,
        [&log = services_.log, &state = services_.state, size_max]() -> Result<Bytes> {
            AIP_ASSIGN(const auto text, log.checkpoint(size_max == 0 ? log.size() : size_max));
            if (!text)
                return Error{ErrorCode::kNotFound, "the ledger has no checkpoint yet: nothing was written into it"};
            AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(*text));
            AIP_ASSIGN(const ledger::Checkpoint checkpoint, ledger::Checkpoint::parse(note.text));
            AIP_ASSIGN(const std::string lines, cosignatures(state, checkpoint.size));
            return to_bytes(as_bytes(*text + lines));
        },
        std::move(done));
}

void Node::consistency(uint64_t from, uint64_t to, std::function<void(Result<Bytes>)> done) {
    submit(
        services_.storage,
        [&log = services_.log, from, to]() -> Result<Bytes> {
            AIP_ASSIGN(const auto path, log.consistency(from, to));
            Bytes bytes;
            for (const Digest& hash : path) Writer(bytes).put(hash.view());
            return bytes;
        },
        std::move(done));
}

void Node::audit(const VersionId& version, std::function<void(std::vector<AuditStep>)> done) {
    auditor_->audit(version, who_may_know(version), std::move(done));
}

void Node::export_version(const VersionId& version, std::function<void(Result<std::unique_ptr<DeliveryFile>>)> done) {
    auto file = services_.host.open_delivery();
    if (!file) return done(file.error());
    submit(
        services_.storage,
        [services = services_, version, sink = std::move(*file)]() mutable -> Result<std::unique_ptr<DeliveryFile>> {
            AIP_ASSIGN(const auto stored, services.versions.get(version));
            if (!stored) return Error{ErrorCode::kNotFound, "version " + version.hex() + " is not on this node"};
            AIP_TRY(model::export_model(stored->manifest, services.blocks, *sink));
            return std::move(sink);
        },
        std::move(done));
}

}  // namespace aip::node

#include "node/node.hpp"

#include <algorithm>

namespace aip::node {
namespace {

routing::NeighbourOptions neighbour_options(const Services& services, const Settings& settings) {
    routing::NeighbourOptions options;
    options.interval = settings.hello_interval;
    options.first_sequence = static_cast<uint64_t>(services.clock.wall().unix_ms());
    return options;
}

routing::InterestOptions interest_options(const Services& services, const Settings& settings) {
    routing::InterestOptions options;
    options.refresh = settings.interest_refresh;
    options.lifetime = settings.interest_lifetime();
    options.first_sequence = static_cast<uint64_t>(services.clock.wall().unix_ms());
    return options;
}

}  // namespace

Node::Node(const Services& services, Settings settings, const crypto::PublicKey& root, routing::Routes routes)
    : services_(services),
      settings_(std::move(settings)),
      verifier_(root),
      outbox_(services.dataplane, services.self()),
      neighbours_(services.signer, verifier_, services.rng, neighbour_options(services, settings_)),
      routes_(std::move(routes)),
      interest_(services.signer, verifier_, services.rng, interest_options(services, settings_)),
      exchange_(std::make_unique<Exchange>(services, verifier_, outbox_, static_cast<ExchangeUser&>(*this),
                                           settings_.transfer_timeout)),
      journeys_(std::make_unique<Journeys>(services, settings_, verifier_, *exchange_, sessions_, interest_.table(),
                                           routes_)),
      auditor_(std::make_unique<Auditor>(services, outbox_, *exchange_)),
      started_(services.clock.now()),
      fib_salt_(services.rng.next()) {}

Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::start(const Services& services, Settings settings, const crypto::PublicKey& root) {
    AIP_ASSIGN(auto routes, routing::Routes::create(services.self(), settings.routes));
    std::unique_ptr<Node> node(new Node(services, std::move(settings), root, std::move(routes)));
    AIP_TRY(node->journeys_->load());
    const Instant now = services.clock.now();
    for (uint16_t port = 0; port < services.dataplane.ports(); ++port)
        node->neighbours_.add_port(
            port, static_cast<uint16_t>(std::min<uint32_t>(services.dataplane.port(port).info().mtu, UINT16_MAX)), now);
    node->rebuild_routes(now);
    return node;
}

size_t Node::poll(Instant now) {
    size_t done = services_.dataplane.poll(*this);
    done += say_hello(now);
    if (neighbours_.changed()) rebuild_routes(now);
    done += exchange_interest(now);
    done += exchange_->poll(now);
    done += journeys_->poll(now);
    done += auditor_->poll(now);
    services_.dataplane.flush();
    return done;
}

Instant Node::next_wakeup() const {
    return std::min({neighbours_.next_wakeup(), interest_.next_wakeup(), exchange_->next_wakeup(),
                     journeys_->next_wakeup(), auditor_->next_wakeup()});
}

size_t Node::say_hello(Instant now) {
    const auto hellos = neighbours_.poll(now, services_.clock.wall());
    for (const routing::HelloOut& hello : hellos) {
        aipacket::Header header;
        header.kind = aipacket::Kind::kHello;
        static_cast<void>(outbox_.send_on(hello.port, dataplane::LinkAddress::everyone(), dataplane::kNeighbourGroup,
                                          header, hello.sealed));
    }
    return hellos.size();
}

size_t Node::exchange_interest(Instant now) {
    const auto packets = interest_.poll(now, services_.clock.wall());
    for (const routing::InterestOut& packet : packets) {
        aipacket::Header header;
        header.kind = packet.kind;
        static_cast<void>(outbox_.send(packet.to, header, packet.payload));
    }
    return packets.size();
}

void Node::rebuild_routes(Instant now) {
    routes_.rebuild(neighbours_);
    services_.dataplane.set_fib(routes_.fib(fib_salt_));
    std::vector<dataplane::SteeringLink> steering;
    for (const routing::Neighbour& n : neighbours_.table())
        if (n.state == routing::LinkState::kTwoWay) steering.push_back({n.port, n.link});
    services_.dataplane.set_steering_links(std::move(steering));
    interest_.set_peers(routes_.reachable(), now);
}

void Node::on_packet(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView bytes) {
    aipacket::PacketView packet;
    const aipacket::DropReason reason = aipacket::decode(bytes, packet);
    if (reason != aipacket::DropReason::kNone) {
        ++refused_[static_cast<size_t>(reason)];
        return;
    }
    const Instant now = services_.clock.now();
    const WallTime wall = services_.clock.wall();
    switch (packet.header.kind) {
        case aipacket::Kind::kHello:
            static_cast<void>(neighbours_.on_hello(port, from, packet.payload, now, wall));
            return;
        case aipacket::Kind::kInterest:
        case aipacket::Kind::kInterestAck:
            static_cast<void>(interest_.on_packet(packet.header.kind, packet.source, packet.payload, now, wall));
            return;
        case aipacket::Kind::kQuery: return auditor_->on_query(packet);
        default: return exchange_->on_packet(packet, now);
    }
}

void Node::on_model_head(const Incoming& incoming, Bytes head) { journeys_->on_model_head(incoming, std::move(head)); }
void Node::on_model_stored(const Incoming& incoming, const aipacket::Progress& progress) {
    journeys_->on_model_stored(incoming, progress);
}
void Node::on_incoming_ended(const Incoming& incoming, const Error& error) {
    journeys_->on_incoming_ended(incoming, error);
}
void Node::on_message(const Address& peer, Bytes head) { auditor_->on_answer(peer, head); }
void Node::on_sent(uint64_t transfer, const Address& peer, Bytes receipt, const aipacket::Progress& progress) {
    journeys_->on_sent(transfer, peer, std::move(receipt), progress);
}
void Node::on_send_failed(uint64_t transfer, const Error& error, Heard heard) {
    journeys_->on_send_failed(transfer, error, heard);
}

Result<void> Node::bind(SessionId session, const std::string& task) {
    if (!model::is_task_name(task))
        return Error{ErrorCode::kInvalid, "task name '" + task + "' is not 1 to 64 characters of a-z 0-9 . _ -"};
    sessions_.bind(session, task);
    return {};
}

Result<void> Node::publish_interest(SessionId session, const std::string& task, routing::LocalInterest interest) {
    if (!sessions_.is_bound(session, task))
        return Error{ErrorCode::kInvalid, "bind to task '" + task + "' before publishing interest in it"};
    return interest_.set(task, std::move(interest), services_.clock.now());
}

void Node::send(SessionId session, SendOrder order, std::unique_ptr<model::Source> file, SendProgress progress,
                std::function<void(Result<SentModel>)> done) {
    journeys_->send(session, std::move(order), std::move(file), std::move(progress), std::move(done));
}

Result<void> Node::receive(SessionId session, const std::string& task, bool wait) {
    const bool here = journeys_->has_letter(task);
    if (!here && !wait) return Error{ErrorCode::kNotFound, "no model addressed to this node is waiting"};
    sessions_.expect(session, task);
    return {};
}

void Node::finish(SessionId session, uint64_t delivery, WorkDone work, NextDestination next,
                  std::unique_ptr<model::Source> file, std::function<void(Result<FinishedStop>)> done) {
    journeys_->finish(session, delivery, std::move(work), std::move(next), std::move(file), std::move(done));
}

void Node::release(SessionId session, uint64_t delivery, std::function<void(Result<void>)> done) {
    journeys_->release(session, delivery, std::move(done));
}

Result<void> Node::cancel(uint64_t transfer) { return journeys_->cancel(transfer, services_.clock.now()); }

void Node::close_session(SessionId session) {
    journeys_->close_session(session);
    for (const std::string& task : sessions_.close(session)) interest_.withdraw(task, services_.clock.now());
}

void Node::entry_proof(const EntryQuery& query, std::optional<Address> at, std::function<void(Result<Bytes>)> done) {
    auditor_->entry(query, at, std::move(done));
}

void Node::checkpoint(uint64_t size_max, std::function<void(Result<Bytes>)> done) {
    submit(
        services_.storage,
        [&log = services_.log, size_max]() -> Result<Bytes> {
            AIP_ASSIGN(const auto text, log.checkpoint(size_max == 0 ? log.size() : size_max));
            if (!text)
                return Error{ErrorCode::kNotFound, "the ledger has no checkpoint yet: nothing was written into it"};
            return to_bytes(as_bytes(*text));
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

#include "routing/peering.hpp"

#include <algorithm>

#include "crypto/hmac.hpp"

namespace aip::routing {
namespace {

using dataplane::LinkAddress;

constexpr Duration kTick = Duration::seconds(1);
constexpr Duration kPauseAlone = Duration::seconds(8);  // the longest, while there is no peer at all
constexpr Duration kPauseMax = Duration::seconds(60);
constexpr uint8_t kTries = 3;
constexpr size_t kPeersAsked = 2;  // of those we have, in a round
constexpr size_t kOutMax = 256;

bool is_among(const std::vector<LinkAddress>& addresses, const LinkAddress& address) {
    return std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

// May a node that speaks from `from` tell us to speak to `peer`?
bool is_plausible(const LinkAddress& peer, const LinkAddress& from) {
    const ByteView host = peer.host();
    if (peer.kind() != from.kind() || peer.port() == 0) return false;
    if (peer.kind() == LinkAddress::Kind::kIpv4 && (host[0] == 0 || host[0] >= 224)) return false;
    if (peer.kind() == LinkAddress::Kind::kIpv6 && (Address::from(host)->is_zero() || host[0] == 0xff)) return false;
    return !peer.is_loopback() || from.is_loopback();
}

int64_t slot_of(Instant now) { return now.ns() / kCookieSlot.count_ns(); }

}  // namespace

std::string_view join_verdict_name(JoinVerdict verdict) {
    static constexpr std::array<std::string_view, kJoinVerdicts> kNames = {
        "accepted", "unknown-port", "malformed", "rate-limited", "bad-cookie", "refused", "full", "unasked"};
    return kNames[static_cast<size_t>(verdict)];
}

Peering::Peering(Neighbours& neighbours, Rng& rng, const Digest& secret)
    : neighbours_(neighbours), rng_(rng), secret_(secret) {}

void Peering::add_port(uint16_t number, PeeringPort options, Instant now) {
    Port port;
    port.options = std::move(options);
    port.next = port.next_round = now;
    port.pause = kTick;
    port.changed = true;
    ports_.insert_or_assign(number, std::move(port));
}

void Peering::remove_port(uint16_t port) { ports_.erase(port); }

JoinVerdict Peering::on_join(uint16_t port, const LinkAddress& from, ByteView payload, Instant now, WallTime wall) {
    const JoinVerdict verdict = judge(port, from, payload, now, wall);
    ++counts_[static_cast<size_t>(verdict)];
    return verdict;
}

JoinVerdict Peering::judge(uint16_t port, const LinkAddress& from, ByteView payload, Instant now, WallTime wall) {
    const auto it = ports_.find(port);
    if (it == ports_.end()) return JoinVerdict::kUnknownPort;
    const auto message = decode_join(payload);
    if (!message) return JoinVerdict::kMalformed;
    const Origin origin{port, it->second, from};
    switch (message->type) {
        case JoinType::kKnock: return on_knock(origin, *message, now);
        case JoinType::kCookie: return on_cookie(origin, *message, now, wall);
        case JoinType::kAsk: return on_ask(origin, *message, now, wall);
        case JoinType::kPeers: return on_peers(origin, *message, now);
    }
    return JoinVerdict::kMalformed;
}

JoinCookie Peering::cookie_for(const Origin& origin, int64_t slot) const {
    Bytes text;
    Writer(text).u64(static_cast<uint64_t>(slot)).u16(origin.number).u16(origin.from.port()).put(origin.from.host());
    const Digest mac = crypto::hmac_sha256(secret_.view(), {as_bytes("cookie"), text});
    return *JoinCookie::from(mac.view().first(JoinCookie::kSize));
}

// Whoever it is: no more than it sent, and nothing is kept.
JoinVerdict Peering::on_knock(const Origin& origin, const Join& message, Instant now) {
    if (!origin.port.cookies.take(now)) return JoinVerdict::kRateLimited;
    Join answer;
    answer.type = JoinType::kCookie;
    answer.nonce = message.nonce;
    answer.cookie = cookie_for(origin, slot_of(now));
    send(origin.number, origin.from, answer);
    return JoinVerdict::kAccepted;
}

JoinVerdict Peering::on_cookie(const Origin& origin, const Join& message, Instant now, WallTime wall) {
    const auto it = origin.port.asks.find(origin.from);
    if (it == origin.port.asks.end() || it->second.nonce != message.nonce || it->second.introduced)
        return JoinVerdict::kUnasked;
    it->second.introduced = true;
    it->second.sent = now;
    const Bytes introduction = neighbours_.introduce(origin.number, message.cookie, wall);
    Join question;
    question.type = JoinType::kAsk;
    question.nonce = message.nonce;
    question.introduction = introduction;
    send(origin.number, origin.from, question);
    return JoinVerdict::kAccepted;
}

// The cookie first: it costs two hashes, a signature a hundred times as much.
JoinVerdict Peering::on_ask(const Origin& origin, const Join& message, Instant now, WallTime wall) {
    const auto claim = crypto::sealed_claim(message.introduction);
    const auto body = claim ? parse_introduction(claim->body) : Result<Introduction>(claim.error());
    if (!body || !body->cookie) return JoinVerdict::kMalformed;
    const int64_t slot = slot_of(now);
    const bool fresh = crypto::equal_secret(body->cookie->view(), cookie_for(origin, slot).view()) ||
                       crypto::equal_secret(body->cookie->view(), cookie_for(origin, slot - 1).view());
    if (!fresh) return JoinVerdict::kBadCookie;
    Port& port = origin.port;
    const bool room = port.learned.size() < limits::kLearnedPeersMax || port.learned.contains(origin.from) ||
                      is_among(port.options.configured, origin.from);
    const auto verdict = neighbours_.on_introduction(origin.number, origin.from, message.introduction, now, wall, room);
    const bool accepted = verdict == IntroductionVerdict::kAccepted;
    if (!accepted && verdict != IntroductionVerdict::kTableFull) return JoinVerdict::kRefused;
    if (accepted) learn(port, origin.from, now);
    Join answer;
    answer.type = JoinType::kPeers;
    answer.nonce = message.nonce;
    answer.accepted = accepted;
    answer.peers = sample(origin.number, origin.from, limits::kJoinPeersMax);
    send(origin.number, origin.from, answer);
    return accepted ? JoinVerdict::kAccepted : JoinVerdict::kFull;
}

JoinVerdict Peering::on_peers(const Origin& origin, const Join& message, Instant now) {
    Port& port = origin.port;
    const auto it = port.asks.find(origin.from);
    if (it == port.asks.end() || it->second.nonce != message.nonce || !it->second.introduced)
        return JoinVerdict::kUnasked;
    port.asks.erase(it);
    if (message.accepted) learn(port, origin.from, now);
    auto known = live(origin.number);
    for (const auto& [peer, until] : port.learned)
        if (!is_among(known, peer)) known.push_back(peer);
    for (const LinkAddress& peer : message.peers) {
        if (known.size() + port.asks.size() >= limits::kPeersWanted) break;
        if (!is_plausible(peer, origin.from) || is_among(known, peer)) continue;
        ask(origin.number, port, peer, now);
    }
    return JoinVerdict::kAccepted;
}

void Peering::learn(Port& port, const LinkAddress& peer, Instant now) {
    if (is_among(port.options.configured, peer)) return;
    if (port.learned.size() >= limits::kLearnedPeersMax && !port.learned.contains(peer)) return;
    port.changed = port.learned.insert_or_assign(peer, now + kPeerPatience).second || port.changed;
}

void Peering::ask(uint16_t number, Port& port, const LinkAddress& to, Instant now) {
    if (port.asks.size() >= limits::kJoinAsksMax || port.asks.contains(to)) return;
    Bytes count;
    Writer(count).u64(++asked_);
    const Digest nonce = crypto::hmac_sha256(secret_.view(), {as_bytes("nonce"), count});
    port.asks[to] = Ask{load_be64(nonce.bytes.data()), false, 1, now};
    send(number, to, {JoinType::kKnock, port.asks[to].nonce, {}, {}, false, {}});
    port.next = std::min(port.next, now + kTick);
}

void Peering::retry(uint16_t number, Port& port, Instant now) {
    for (auto it = port.asks.begin(); it != port.asks.end();) {
        Ask& ask = it->second;
        if (now < ask.sent + kTick) {
            ++it;
            continue;
        }
        if (ask.tries == kTries) {
            it = port.asks.erase(it);
            continue;
        }
        ++ask.tries;
        ask.introduced = false;
        ask.sent = now;
        send(number, it->first, {JoinType::kKnock, ask.nonce, {}, {}, false, {}});
        ++it;
    }
}

void Peering::tick(uint16_t number, Port& port, Instant now) {
    const auto peers = live(number);
    const size_t forgotten = std::erase_if(port.learned, [&](const auto& peer) {
        return peer.second <= now && !std::binary_search(peers.begin(), peers.end(), peer.first);
    });
    if (forgotten > 0) port.changed = true;
    retry(number, port, now);
    port.next = now + kTick;
    if (now < port.next_round || peers.size() >= limits::kPeersWanted) return;
    for (const LinkAddress& seed : port.options.seeds)
        if (!std::binary_search(peers.begin(), peers.end(), seed)) ask(number, port, seed, now);
    for (const LinkAddress& peer : sample(number, {}, kPeersAsked)) ask(number, port, peer, now);
    port.next_round = now + port.pause;
    port.pause = std::min(port.pause * 2, peers.empty() ? kPauseAlone : kPauseMax);
}

std::vector<LinkAddress> Peering::live(uint16_t number) const {
    std::vector<LinkAddress> links;
    for (const Neighbour& n : neighbours_.table())
        if (n.port == number) links.push_back(n.link);
    std::sort(links.begin(), links.end());
    links.erase(std::unique(links.begin(), links.end()), links.end());
    return links;
}

std::vector<LinkAddress> Peering::sample(uint16_t number, const LinkAddress& not_this, size_t most) {
    auto links = live(number);
    std::erase(links, not_this);
    const size_t wanted = std::min(most, links.size());
    for (size_t i = 0; i < wanted; ++i) std::swap(links[i], links[i + rng_.below(links.size() - i)]);
    links.resize(wanted);
    return links;
}

void Peering::send(uint16_t number, const LinkAddress& to, const Join& message) {
    if (out_.size() < kOutMax) out_.push_back({number, to, encode_join(message)});
}

std::vector<JoinOut> Peering::poll(Instant now) {
    for (auto& [number, port] : ports_)
        if (port.next <= now) tick(number, port, now);
    return std::exchange(out_, {});
}

Instant Peering::next_wakeup() const {
    if (!out_.empty()) return Instant();
    Instant at = Instant::never();
    for (const auto& [number, port] : ports_) at = std::min(at, port.next);
    return at;
}

std::vector<LearnedPeers> Peering::take_changes() {
    std::vector<LearnedPeers> changes;
    for (auto& [number, port] : ports_) {
        if (!std::exchange(port.changed, false)) continue;
        LearnedPeers& change = changes.emplace_back(LearnedPeers{number, {}});
        for (const auto& [peer, until] : port.learned) change.peers.push_back(peer);
    }
    return changes;
}

}  // namespace aip::routing

#include "routing/babel/mac.hpp"

#include <utility>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/hmac.hpp"
#include "routing/babel/packet.hpp"
#include "routing/babel/tlv.hpp"

namespace aip::routing::babel {

namespace {

constexpr size_t kMacBytes = Digest::kSize;
constexpr size_t kIndexBytesMax = 32;
constexpr size_t kNonceBytesMax = 192;
constexpr Duration kChallengeLife = Duration::seconds(30);
constexpr Duration kChallengePause = Duration::milliseconds(300);  // between challenges, and between replies
constexpr Duration kPeerLife = Duration::seconds(300);             // of a counter, after the last packet accepted

Digest mac_of(const MacKey& key, ByteView covered, const Endpoints& endpoints) {
    static constexpr std::array<uint8_t, 2> kPort{kUdpPort >> 8, kUdpPort & 0xff};
    return crypto::hmac_sha256(key, {endpoints.source.view(), kPort, endpoints.destination.view(), kPort, covered});
}

bool has_mac(ByteView trailer) {
    for (Reader in(trailer); in.remaining() > 0;) {
        const RawTlv tlv = next_tlv(in);
        if (in.failed()) break;
        if (tlv.type == kMac && tlv.value.size() == kMacBytes) return true;
    }
    return false;
}

bool carries(ByteView trailer, const Digest& mac) {
    bool found = false;
    for (Reader in(trailer); in.remaining() > 0;) {
        const RawTlv tlv = next_tlv(in);
        if (in.failed()) break;
        if (tlv.type == kMac && crypto::equal_secret(tlv.value, mac.view())) found = true;
    }
    return found;
}

void append(Bytes& packet, uint8_t type, ByteView value) {
    Writer(packet).u8(type).u8(static_cast<uint8_t>(value.size())).put(value);
    store_be16(packet.data() + 2, static_cast<uint16_t>(packet.size() - kHeaderBytes));
}

}  // namespace

struct Authenticator::Body {
    ByteView covered;  // header and body
    ByteView trailer;
    uint32_t counter = 0;
    ByteView index;
    std::optional<ByteView> challenge, reply;
};

Authenticator::Authenticator(std::vector<MacKey> keys, Rng& rng) : keys_(std::move(keys)), rng_(rng) {
    AIP_ASSERT(!keys_.empty() && keys_.size() <= limits::kBabelKeysMax);
    for (const MacKey& key : keys_) AIP_ASSERT(key.size() >= 16 && key.size() <= 64);
    new_index();
}

void Authenticator::new_index() {
    store_be64(index_.data(), rng_.next());
    counter_ = 0;
}

size_t Authenticator::overhead() const { return 2 + 4 + index_.size() + keys_.size() * (2 + kMacBytes); }

Bytes Authenticator::protect(Bytes packet, const Endpoints& endpoints) {
    AIP_ASSERT(packet.size() >= kHeaderBytes && packet.size() + overhead() <= kPacketBytesMax);
    if (counter_ == UINT32_MAX) new_index();
    ++counter_;
    Bytes value;
    Writer(value).u32(counter_).put(index_);
    append(packet, kPacketCounter, value);
    const Bytes covered = packet;
    for (const MacKey& key : keys_) Writer(packet).u8(kMac).u8(kMacBytes).put(mac_of(key, covered, endpoints).view());
    return packet;
}

// None: not a packet with a MAC and a counter. Of several counters the first one counts, of several challenges the
// last.
std::optional<Authenticator::Body> Authenticator::read_body(ByteView packet) {
    Reader header(packet);
    const bool is_babel = header.u8() == kMagic && header.u8() == kVersion;
    Reader in(header.view(header.u16()));
    if (!is_babel || header.failed()) return std::nullopt;
    Body body;
    body.covered = packet.first(header.position());
    body.trailer = packet.subspan(header.position());
    if (!has_mac(body.trailer)) return std::nullopt;
    bool counted = false;
    while (in.remaining() > 0) {
        const RawTlv tlv = next_tlv(in);
        if (in.failed()) break;
        const size_t size = tlv.value.size();
        if (tlv.type == kPacketCounter && !counted && size >= 4 && size <= 4 + kIndexBytesMax) {
            counted = true;
            body.counter = load_be32(tlv.value.data());
            body.index = tlv.value.subspan(4);
        }
        if (tlv.type == kChallengeRequest && size <= kNonceBytesMax) body.challenge = tlv.value;
        if (tlv.type == kChallengeReply && size <= kNonceBytesMax) body.reply = tlv.value;
    }
    return counted ? std::optional(body) : std::nullopt;
}

bool Authenticator::is_signed(const Body& body, const Endpoints& endpoints) const {
    for (const MacKey& key : keys_)
        if (carries(body.trailer, mac_of(key, body.covered, endpoints))) return true;
    return false;
}

// Of a sender whose MAC was right. Null: too many.
Authenticator::Peer* Authenticator::peer(const Address& source, Instant now) {
    if (const auto known = peers_.find(source); known != peers_.end()) return &known->second;
    if (peers_.size() >= limits::kNeighboursMax)
        std::erase_if(peers_, [now](const auto& p) { return now - p.second.accepted > kPeerLife; });
    if (peers_.size() >= limits::kNeighboursMax) return nullptr;
    Peer& fresh = peers_[source];
    fresh.accepted = now;
    return &fresh;
}

Authenticator::Verdict Authenticator::check(ByteView packet, const Endpoints& endpoints, Instant now) {
    const auto body = read_body(packet);
    if (!body) return Verdict::kNoMac;
    const bool multicast = endpoints.destination.is_multicast();
    const auto known = peers_.find(endpoints.source);
    if (known != peers_.end() && !body->reply && is_replay(known->second, *body, multicast, now))
        return Verdict::kReplay;
    if (!is_signed(*body, endpoints)) return Verdict::kBadMac;
    Peer* sender = peer(endpoints.source, now);
    return sender == nullptr ? Verdict::kChallenged : judge(*sender, *body, multicast, now);
}

bool Authenticator::knows(const Peer& peer, const Body& body, Instant now) {
    return peer.index && now - peer.accepted <= kPeerLife && crypto::equal_secret(*peer.index, body.index);
}

bool Authenticator::is_replay(const Peer& peer, const Body& body, bool multicast, Instant now) {
    return knows(peer, body, now) && body.counter <= peer.counters[multicast ? 1 : 0];
}

// RFC 8967 section 4.3, after the MAC, with the two counters of RFC 9467.
Authenticator::Verdict Authenticator::judge(Peer& peer, const Body& body, bool multicast, Instant now) {
    if (body.challenge && !multicast && now >= peer.reply_again) {
        peer.reply = to_bytes(*body.challenge);
        peer.reply_again = now + kChallengePause;
        answers_due_ = true;
    }
    const bool answered =
        body.reply && peer.challenge && now < peer.challenge_ends && crypto::equal_secret(*body.reply, *peer.challenge);
    if (answered) {
        peer.index = to_bytes(body.index);
        peer.counters = {body.counter, body.counter};
        peer.challenge.reset();
        peer.challenge_due = false;
    } else if (!knows(peer, body, now)) {
        challenge(peer, now);
        return Verdict::kChallenged;
    } else if (is_replay(peer, body, multicast, now)) {
        return Verdict::kReplay;
    }
    peer.counters[multicast ? 1 : 0] = body.counter;
    peer.accepted = now;
    return Verdict::kGood;
}

// A challenge that is not answered yet is repeated as it was: a new one each time would never be answered in time where
// the round trip is longer than the pause. Its life counts from the first, so a reply still proves that the sender is
// fresh.
void Authenticator::challenge(Peer& peer, Instant now) {
    if (now < peer.challenge_again) return;
    if (!peer.challenge || now >= peer.challenge_ends) {
        store_be64(peer.challenge.emplace().data(), rng_.next());
        peer.challenge_ends = now + kChallengeLife;
    }
    peer.challenge_again = now + kChallengePause;
    peer.challenge_due = true;
    answers_due_ = true;
}

std::vector<Authenticator::Answer> Authenticator::take_answers(const Address& self) {
    std::vector<Answer> answers;
    if (!std::exchange(answers_due_, false)) return answers;
    for (auto& [address, peer] : peers_) {
        Bytes packet{kMagic, kVersion, 0, 0};
        if (peer.challenge_due) append(packet, kChallengeRequest, *peer.challenge);
        if (peer.reply) append(packet, kChallengeReply, *peer.reply);
        const bool replies = std::exchange(peer.reply, std::nullopt).has_value();
        if (!std::exchange(peer.challenge_due, false) && !replies) continue;
        answers.push_back({address, protect(std::move(packet), {self, address}), replies});
    }
    return answers;
}

void Authenticator::forget(const Address& neighbour) { peers_.erase(neighbour); }

}  // namespace aip::routing::babel

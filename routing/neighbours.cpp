#include "routing/neighbours.hpp"

#include <algorithm>
#include <tuple>

#include "routing/jitter.hpp"

namespace aip::routing {
namespace {

constexpr size_t kSeenMax = 4 * size_t{limits::kNeighboursMax};
constexpr uint64_t kWindowBits = 64;
constexpr Duration kClockStepBack = Duration::seconds(2);  // a clock being disciplined may do this much

auto order(const Neighbour& n) { return std::tie(n.address, n.port, n.link); }

}  // namespace

std::string_view introduction_verdict_name(IntroductionVerdict verdict) {
    static constexpr std::array<std::string_view, kIntroductionVerdicts> kNames = {
        "accepted", "unknown-port", "too-long",     "malformed",     "own",       "address-conflict",
        "replay",   "wrong-clock",  "rate-limited", "bad-signature", "table-full"};
    return kNames[static_cast<size_t>(verdict)];
}

Neighbours::Neighbours(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, NeighbourOptions options)
    : signer_(signer),
      verifier_(verifier),
      rng_(rng),
      options_(options),
      newcomer_tokens_(options.newcomer_checks_per_second, 2 * options.newcomer_checks_per_second),
      sequence_(options.first_sequence) {
    AIP_ASSERT(options.lifetime() >= kIntroductionLifetimeMin && options.lifetime() <= kIntroductionLifetimeMax);
}

void Neighbours::add_port(uint16_t port, uint16_t mtu, Instant now) {
    ports_[port] = Port{mtu, true, now, now - options_.answer_gap, now - options_.ask_gap};
}

void Neighbours::remove_port(uint16_t port) {
    ports_.erase(port);
    std::erase_if(table_, [&](const Neighbour& n) { return n.port == port; });
}

std::vector<Neighbour> Neighbours::take_newcomers() { return std::exchange(newcomers_, {}); }

IntroductionVerdict Neighbours::on_introduction(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed,
                                                Instant now, WallTime wall, bool room) {
    const IntroductionVerdict verdict = judge(port, from, sealed, now, wall, room);
    ++counts_[static_cast<size_t>(verdict)];
    return verdict;
}

// Cheapest first. Until the signature is checked nothing is believed and nothing is written but buckets.
IntroductionVerdict Neighbours::judge(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                                      WallTime wall, bool room) {
    if (!ports_.contains(port)) return IntroductionVerdict::kUnknownPort;
    if (sealed.size() > limits::kIntroductionBytesMax) return IntroductionVerdict::kTooLong;
    const auto claim = crypto::sealed_claim(sealed);
    if (!claim) return IntroductionVerdict::kMalformed;
    const auto introduction = parse_introduction(claim->body);
    if (!introduction) return IntroductionVerdict::kMalformed;
    const Address claimed = crypto::node_address(verifier_.root(), claim->identity);
    const IntroductionVerdict verdict = check_claim(claimed, claim->identity, *introduction, now);
    if (verdict != IntroductionVerdict::kAccepted) return verdict;
    if (introduction->wall > wall + options_.clock_skew_max || wall > introduction->wall + options_.clock_skew_max)
        return IntroductionVerdict::kWrongClock;
    if (!take_token(port, from, claimed, now)) return IntroductionVerdict::kRateLimited;
    ++signature_checks_;
    const auto opened = verifier_.open(kIntroductionDomain, sealed, wall);
    if (!opened) return IntroductionVerdict::kBadSignature;
    return on_checked(port, from, opened->signer, *introduction, now, room);
}

IntroductionVerdict Neighbours::check_claim(const Address& address, const crypto::PublicKey& identity,
                                            const Introduction& introduction, Instant now) const {
    const crypto::Principal& us = signer_.self();
    if (address == us.address)
        return identity == us.identity ? IntroductionVerdict::kOwn : IntroductionVerdict::kAddressConflict;
    const auto it = seen_.find(address);
    if (it == seen_.end()) return IntroductionVerdict::kAccepted;
    const Seen& seen = it->second;
    if (seen.identity != identity) return IntroductionVerdict::kAddressConflict;
    if (introduction.sequence > seen.newest) {
        const bool ran_back = now < seen.expires && introduction.wall + kClockStepBack < seen.wall;
        return ran_back ? IntroductionVerdict::kReplay : IntroductionVerdict::kAccepted;
    }
    const uint64_t age = seen.newest - introduction.sequence;
    const bool fresh = age < kWindowBits && ((seen.window >> age) & 1) == 0;
    return fresh ? IntroductionVerdict::kAccepted : IntroductionVerdict::kReplay;
}

bool Neighbours::take_token(uint16_t port, const dataplane::LinkAddress& from, const Address& claimed, Instant now) {
    if (find(port, from, claimed) == nullptr) return newcomer_tokens_.take(now);
    const double rate = options_.known_checks_per_second;
    return known_tokens_.try_emplace(claimed, rate, 2 * rate).first->second.take(now);
}

IntroductionVerdict Neighbours::on_checked(uint16_t port, const dataplane::LinkAddress& from,
                                           const crypto::Principal& sender, const Introduction& introduction,
                                           Instant now, bool room) {
    const auto at = ports_.find(port);
    if (at == ports_.end()) return IntroductionVerdict::kUnknownPort;
    const IntroductionVerdict verdict = check_claim(sender.address, sender.identity, introduction, now);
    if (verdict != IntroductionVerdict::kAccepted) return verdict;
    Neighbour* neighbour = find(port, from, sender.address);
    if (neighbour == nullptr && (!room || table_.size() >= limits::kNeighboursMax))
        return IntroductionVerdict::kTableFull;
    remember(sender, introduction, now);
    const bool newcomer = neighbour == nullptr;
    if (newcomer) neighbour = &insert(port, from, sender);
    neighbour->mtu = std::min(at->second.mtu, introduction.mtu);
    neighbour->last_heard = now;
    neighbour->expires = now + introduction.lifetime;
    if (newcomer) newcomers_.push_back(*neighbour);
    if (introduction.answer) hasten(at->second, now);
    return IntroductionVerdict::kAccepted;
}

void Neighbours::remember(const crypto::Principal& sender, const Introduction& introduction, Instant now) {
    if (seen_.size() >= kSeenMax && !seen_.contains(sender.address)) {
        const auto oldest = std::min_element(seen_.begin(), seen_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second.expires, a.first) < std::tie(b.second.expires, b.first);
        });
        seen_.erase(oldest);
    }
    Seen& seen =
        seen_.try_emplace(sender.address, Seen{sender.identity, introduction.sequence, 0, {}, {}}).first->second;
    if (introduction.sequence > seen.newest) {
        const uint64_t step = introduction.sequence - seen.newest;
        seen.window = step < kWindowBits ? seen.window << step : 0;
        seen.newest = introduction.sequence;
    }
    seen.window |= uint64_t{1} << (seen.newest - introduction.sequence);
    if (introduction.sequence == seen.newest) seen.wall = introduction.wall;
    seen.expires = now + introduction.lifetime;
}

Neighbour* Neighbours::find(uint16_t port, const dataplane::LinkAddress& from, const Address& address) {
    const auto key = std::tie(address, port, from);
    const auto it = std::lower_bound(table_.begin(), table_.end(), key,
                                     [](const Neighbour& n, const auto& wanted) { return order(n) < wanted; });
    return it != table_.end() && order(*it) == key ? &*it : nullptr;
}

Neighbour& Neighbours::insert(uint16_t port, const dataplane::LinkAddress& from, const crypto::Principal& sender) {
    Neighbour n;
    n.address = sender.address;
    n.identity = sender.identity;
    n.port = port;
    n.link = from;
    const auto it = std::lower_bound(table_.begin(), table_.end(), n,
                                     [](const Neighbour& a, const Neighbour& b) { return order(a) < order(b); });
    return *table_.insert(it, std::move(n));
}

const Neighbour* Neighbours::find(uint16_t port, const dataplane::LinkAddress& link, InterfaceId id) const {
    return const_cast<Neighbours*>(this)->find(port, link, Address::make(self().network(), id));
}

void Neighbours::hasten(Port& port, Instant now) {
    const Instant soonest = std::max(now, port.last + options_.answer_gap);
    port.next = std::min(port.next, jittered(rng_, soonest, options_.answer_gap / 8));
}

void Neighbours::on_stranger(uint16_t port, Instant now) {
    const auto it = ports_.find(port);
    if (it == ports_.end() || now < it->second.last_asked + options_.ask_gap) return;
    it->second.ask = true;
    hasten(it->second, now);
}

std::vector<IntroductionOut> Neighbours::poll(Instant now, WallTime wall) {
    std::erase_if(table_, [&](const Neighbour& n) {
        if (n.expires > now) return false;
        known_tokens_.erase(n.address);
        return true;
    });
    std::vector<IntroductionOut> out;
    for (auto& [number, port] : ports_) {
        if (port.next > now) continue;
        out.push_back({number, make_introduction(port, now, wall)});
        port.last = now;
        port.next = jittered(rng_, now, options_.interval);
    }
    return out;
}

Bytes Neighbours::make_introduction(Port& port, Instant now, WallTime wall) {
    const bool answer = std::exchange(port.ask, false);
    if (answer) port.last_asked = now;
    return seal_introduction(port.mtu, answer, std::nullopt, wall);
}

Bytes Neighbours::introduce(uint16_t port, const JoinCookie& cookie, WallTime wall) {
    return seal_introduction(ports_.at(port).mtu, true, cookie, wall);
}

Bytes Neighbours::seal_introduction(uint16_t mtu, bool answer, std::optional<JoinCookie> cookie, WallTime wall) {
    Introduction introduction;
    introduction.sequence = ++sequence_;
    introduction.wall = wall;
    introduction.lifetime = options_.lifetime();
    introduction.mtu = mtu;
    introduction.answer = answer;
    introduction.cookie = cookie;
    Bytes sealed = signer_.seal(kIntroductionDomain, encode_introduction(introduction));
    AIP_ASSERT(sealed.size() <= limits::kIntroductionBytesMax);
    return sealed;
}

Instant Neighbours::next_wakeup() const {
    Instant at = Instant::never();
    for (const auto& [number, port] : ports_) at = std::min(at, port.next);
    for (const Neighbour& n : table_) at = std::min(at, n.expires);
    return at;
}

}  // namespace aip::routing

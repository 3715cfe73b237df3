#include "routing/neighbours.hpp"

#include <algorithm>
#include <tuple>

namespace aip::routing {
namespace {

constexpr size_t kSeenMax = 4 * size_t{limits::kNeighboursMax};
constexpr uint64_t kWindowBits = 64;
constexpr Duration kClockStepBack = Duration::seconds(2);  // a clock being disciplined may do this much

Duration life(Duration interval) { return interval * 7 / 2; }

auto order(const Neighbour& n) { return std::tie(n.address, n.port, n.link); }

}  // namespace

std::string_view link_state_name(LinkState state) { return state == LinkState::kTwoWay ? "two-way" : "one-way"; }

std::string_view hello_verdict_name(HelloVerdict verdict) {
    static constexpr std::array<std::string_view, kHelloVerdicts> kNames = {
        "accepted", "unknown-port", "too-long",     "malformed",     "own-hello", "address-conflict",
        "replay",   "wrong-clock",  "rate-limited", "bad-signature", "table-full"};
    return kNames[static_cast<size_t>(verdict)];
}

uint32_t Neighbour::missed(Instant now) const {
    if (now <= last_heard) return 0;
    return static_cast<uint32_t>((now - last_heard).count_ns() / interval.count_ns());
}

Instant Neighbour::lost_at() const { return last_heard + life(interval); }

Neighbours::Neighbours(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, NeighbourOptions options)
    : signer_(signer),
      verifier_(verifier),
      rng_(rng),
      options_(options),
      newcomer_tokens_(options.newcomer_checks_per_second, 2 * options.newcomer_checks_per_second),
      sequence_(options.first_sequence) {
    AIP_ASSERT(options.interval >= kHelloIntervalMin && options.interval <= kHelloIntervalMax);
}

void Neighbours::add_port(uint16_t port, uint16_t mtu, Instant now) {
    ports_[port] = Port{mtu, now, now - options_.quick_interval, options_.quick_hellos, 0};
}

void Neighbours::remove_port(uint16_t port) {
    ports_.erase(port);
    lost_ += std::erase_if(table_, [&](const Neighbour& n) {
        if (n.port != port) return false;
        changed_ = changed_ || n.state == LinkState::kTwoWay;
        return true;
    });
}

bool Neighbours::changed() { return std::exchange(changed_, false); }

HelloVerdict Neighbours::on_hello(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                                  WallTime wall) {
    const HelloVerdict verdict = judge(port, from, sealed, now, wall);
    ++counts_[static_cast<size_t>(verdict)];
    return verdict;
}

// Cheapest first. Until the signature is checked nothing is believed and nothing is written but buckets.
HelloVerdict Neighbours::judge(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                               WallTime wall) {
    if (!ports_.contains(port)) return HelloVerdict::kUnknownPort;
    if (sealed.size() > limits::kHelloBytesMax) return HelloVerdict::kTooLong;
    const auto claim = crypto::sealed_claim(sealed);
    if (!claim) return HelloVerdict::kMalformed;
    const auto hello = parse_hello(claim->body);
    if (!hello) return HelloVerdict::kMalformed;
    const Address claimed = crypto::node_address(verifier_.root(), claim->identity);
    const HelloVerdict verdict = check_claim(claimed, claim->identity, *hello, now);
    if (verdict != HelloVerdict::kAccepted) return verdict;
    if (hello->wall > wall + options_.clock_skew_max || wall > hello->wall + options_.clock_skew_max)
        return HelloVerdict::kWrongClock;
    if (!take_token(port, from, claimed, now)) return HelloVerdict::kRateLimited;
    ++signature_checks_;
    const auto opened = verifier_.open(kHelloDomain, sealed, wall);
    if (!opened) return HelloVerdict::kBadSignature;
    return on_checked_hello(port, from, opened->signer, *hello, now);
}

HelloVerdict Neighbours::check_claim(const Address& address, const crypto::PublicKey& identity, const Hello& hello,
                                     Instant now) const {
    const crypto::Principal& us = signer_.self();
    if (address == us.address)
        return identity == us.identity ? HelloVerdict::kOwnHello : HelloVerdict::kAddressConflict;
    const auto it = seen_.find(address);
    if (it == seen_.end()) return HelloVerdict::kAccepted;
    const Seen& seen = it->second;
    if (seen.identity != identity) return HelloVerdict::kAddressConflict;
    if (hello.sequence > seen.newest) {
        const bool ran_back = now < seen.lost_at && hello.wall + kClockStepBack < seen.wall;
        return ran_back ? HelloVerdict::kReplay : HelloVerdict::kAccepted;
    }
    const uint64_t age = seen.newest - hello.sequence;
    const bool fresh = age < kWindowBits && ((seen.window >> age) & 1) == 0;
    return fresh ? HelloVerdict::kAccepted : HelloVerdict::kReplay;
}

bool Neighbours::take_token(uint16_t port, const dataplane::LinkAddress& from, const Address& claimed, Instant now) {
    if (find(port, from, claimed) == nullptr) return newcomer_tokens_.take(now);
    const double rate = options_.known_checks_per_second;
    return known_tokens_.try_emplace(claimed, rate, 2 * rate).first->second.take(now);
}

HelloVerdict Neighbours::on_checked_hello(uint16_t port, const dataplane::LinkAddress& from,
                                          const crypto::Principal& sender, const Hello& hello, Instant now) {
    const auto at = ports_.find(port);
    if (at == ports_.end()) return HelloVerdict::kUnknownPort;
    const HelloVerdict verdict = check_claim(sender.address, sender.identity, hello, now);
    if (verdict != HelloVerdict::kAccepted) return verdict;
    Neighbour* neighbour = find(port, from, sender.address);
    if (neighbour == nullptr && table_.size() >= limits::kNeighboursMax) return HelloVerdict::kTableFull;
    remember(sender, hello, now);
    if (neighbour == nullptr) {
        neighbour = &insert(port, from, sender);
        hasten_hello(at->second, now);
    }
    update(*neighbour, hello, now);
    return HelloVerdict::kAccepted;
}

void Neighbours::remember(const crypto::Principal& sender, const Hello& hello, Instant now) {
    if (seen_.size() >= kSeenMax && !seen_.contains(sender.address)) {
        const auto oldest = std::min_element(seen_.begin(), seen_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second.lost_at, a.first) < std::tie(b.second.lost_at, b.first);
        });
        seen_.erase(oldest);
    }
    Seen& seen = seen_.try_emplace(sender.address, Seen{sender.identity, hello.sequence, 0, {}, {}}).first->second;
    if (hello.sequence > seen.newest) {
        const uint64_t step = hello.sequence - seen.newest;
        seen.window = step < kWindowBits ? seen.window << step : 0;
        seen.newest = hello.sequence;
    }
    seen.window |= uint64_t{1} << (seen.newest - hello.sequence);
    if (hello.sequence == seen.newest) seen.wall = hello.wall;
    seen.lost_at = now + life(hello.interval);
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

bool Neighbours::names_us(const Hello& hello) const {
    return std::any_of(hello.heard.begin(), hello.heard.end(), [&](const Hello::Heard& heard) {
        return heard.address == self() && heard.age <= life(options_.interval);
    });
}

void Neighbours::update(Neighbour& n, const Hello& hello, Instant now) {
    const LinkState before = n.state;
    const uint16_t mtu = std::min(ports_.at(n.port).mtu, hello.mtu);
    n.interval = hello.interval;
    n.last_heard = now;
    if (names_us(hello)) {  // with k lists taking turns our name is due in every k-th hello
        const auto turns = static_cast<int64_t>((hello.heard_total + hello.heard.size() - 1) / hello.heard.size());
        n.named_us_until = now + life(hello.interval) * turns;
        n.state = LinkState::kTwoWay;
    } else if (hello.heard.size() == hello.heard_total) {
        n.state = LinkState::kOneWay;
    }
    changed_ = changed_ || n.state != before || (n.state == LinkState::kTwoWay && n.mtu != mtu);
    n.mtu = mtu;
}

}  // namespace aip::routing

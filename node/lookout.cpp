#include "node/lookout.hpp"

#include <algorithm>

namespace aip::node {
namespace {

constexpr uint8_t kFormat = 2;  // the first had no `into`
constexpr Duration kAskAgain = Duration::seconds(1);
constexpr Duration kReviveMin = Duration::seconds(3);
constexpr uint32_t kHopsMax = 64;
constexpr size_t kTrailMax = 16;
const std::string kPrefix = "watch/";

std::string key(uint64_t journey) {
    Bytes raw;
    Writer(raw).u64(journey);
    return kPrefix + to_hex(raw);
}

void note(std::vector<Address>& trail, const Address& holder) {
    if (holder == trail.front()) return;  // this node comes last of all
    std::erase(trail, holder);
    trail.push_back(holder);
    if (trail.size() > kTrailMax) trail.erase(trail.begin() + 1);
}

}  // namespace

std::string encode_watch(const Watch& watch) {
    Bytes out;
    Writer w(out);
    w.u8(kFormat).u32(watch.walker).u32(watch.issued).u32(watch.stop).u8(watch.ended).u64(watch.into);
    w.u32(static_cast<uint32_t>(watch.task.size())).put(watch.task);
    for (const Address& holder : watch.trail) w.put(holder.view());
    return std::string(as_text(out));
}

Result<Watch> parse_watch(ByteView bytes) {
    Reader r(bytes);
    Watch watch;
    const uint8_t format = r.u8();
    watch.walker = r.u32();
    watch.issued = r.u32();
    watch.stop = r.u32();
    const uint8_t ended = r.u8();
    watch.ended = ended == 1;
    if (format == kFormat) watch.into = r.u64();
    watch.task = as_text(r.view(r.u32()));
    while (!r.failed() && r.remaining() > 0 && watch.trail.size() < kTrailMax)
        static_cast<void>(r.copy(watch.trail.emplace_back().bytes));
    if (format == 0 || format > kFormat || ended > 1 || !r.done() || watch.trail.empty())
        return Error{ErrorCode::kCorrupt, "the note of a journey that is looked after is malformed"};
    return watch;
}

Result<void> Lookout::load(Instant now) {
    AIP_ASSIGN(const auto pairs, services_.state.scan(kPrefix));
    for (const auto& [name, value] : pairs) {
        const auto raw = from_hex(name.substr(kPrefix.size()));
        AIP_ASSIGN(Watch watch, parse_watch(as_bytes(value)));
        if (!raw || raw->size() != 8) return Error{ErrorCode::kCorrupt, "a key of watch/ is malformed"};
        Search& search = searches_[load_be64(raw->data())];
        search.watch = std::move(watch);
        search.until = search.watch.ended ? Instant::never() : now + late_after(search);
    }
    return {};
}

void Lookout::make_room() {
    const auto old =
        std::find_if(searches_.begin(), searches_.end(), [](const auto& s) { return s.second.watch.ended; });
    if (searches_.size() < limits::kWatchesMax || old == searches_.end()) return;
    services_.storage.run(
        [&state = services_.state, name = key(old->first)] {
            KvBatch batch;
            batch.erase(name);
            static_cast<void>(state.write(batch, false));  // else it goes next time
        },
        [] {});
    searches_.erase(old);
}

void Lookout::watch(uint64_t journey, const std::string& task, Instant now) {
    Search search;
    search.watch.task = task;
    search.watch.trail = {services_.self()};
    const Duration late = late_after(search);
    make_room();
    if (late <= Duration{} || searches_.size() >= limits::kWatchesMax) return;
    search.until = now + late;
    save(journey, search.watch, true, {});
    searches_[journey] = std::move(search);
}

std::vector<std::pair<uint64_t, uint32_t>> Lookout::supersede(const std::string& task) {
    std::vector<std::pair<uint64_t, uint32_t>> walkers;
    for (auto& [journey, search] : searches_) {
        Watch& watch = search.watch;
        if (watch.task != task || watch.ended) continue;
        watch.walker = ++watch.issued;
        watch.ended = true;
        search.phase = Phase::kQuiet;
        search.until = Instant::never();
        save(journey, watch, true, {});
        walkers.emplace_back(journey, watch.walker);
    }
    return walkers;
}

size_t Lookout::watched(const std::string& task) const {
    return static_cast<size_t>(std::count_if(searches_.begin(), searches_.end(), [&](const auto& item) {
        return item.second.watch.task == task && !item.second.watch.ended;
    }));
}

uint64_t Lookout::merged_into(uint64_t journey) const {
    const auto it = searches_.find(journey);
    return it == searches_.end() ? 0 : it->second.watch.into;
}

void Lookout::on_news(const Address& from, const News& news, Instant now) {
    const auto it = searches_.find(news.journey);
    if (it == searches_.end()) return;
    Search& search = it->second;
    switch (news.kind) {
        case NewsKind::kHere: return heard(news.journey, search, from, news, now);
        case NewsKind::kEnded:
        case NewsKind::kMerged:
            if (news.walker < search.watch.walker || news.walker > search.watch.issued)
                return heard(news.journey, search, from, news, now);
            search.watch.walker = news.walker;
            search.watch.ended = true;
            search.watch.into = news.into;
            search.phase = Phase::kQuiet;
            search.until = Instant::never();
            save(news.journey, search.watch, false, {});
            return;
        case NewsKind::kPassedOn:
            if (search.phase != Phase::kAsking || from != search.asked || news.stop < search.chain_stop ||
                !news.other.is_node() || ++search.hops > kHopsMax)
                return;
            note(search.watch.trail, from);
            search.chain_stop = news.stop;
            search.asked = news.other;
            search.ask_at = now;
            return;
        case NewsKind::kUnknown:
            if (from != search.asked) return;
            if (search.phase == Phase::kAsking) start_over(search, now);
            if (search.phase == Phase::kReviving) search.until = now;
            return;
        default: return;
    }
}

// A walker older than the newest heard of is told so: it has outlived its loss.
void Lookout::heard(uint64_t journey, Search& search, const Address& from, const News& news, Instant now) {
    Watch& watch = search.watch;
    if (news.walker < watch.walker || news.walker > watch.issued) {
        if (news.walker < watch.walker)
            box_.put(from, {NewsKind::kRetire, journey, watch.walker, 0, {}, {}, services_.clock.wall()});
        return;
    }
    // A walker created while the one before was not lost, but merged: it lives, so it is looked after.
    const bool again = watch.ended && watch.into != 0 && news.walker > watch.walker;
    if ((watch.ended && !again) || (news.walker == watch.walker && news.stop < watch.stop)) return;
    watch.ended = false;
    watch.into = 0;
    watch.walker = news.walker;
    watch.stop = news.stop;
    note(watch.trail, from);
    search.phase = Phase::kQuiet;
    search.until = now + late_after(search);
    save(journey, watch, false, {});
}

size_t Lookout::poll(Instant now) {
    size_t done = 0;
    for (auto& [journey, search] : searches_) {
        if (search.phase == Phase::kQuiet && now >= search.until) {
            services_.host.log("journey " + std::to_string(journey) + " is late; looking for it");
            search.phase = Phase::kAsking;
            search.asked = search.watch.trail.back();
            search.hops = search.chain_stop = 0;
            search.until = now + late_after(search);
            search.start_over_at = now + Duration::nanoseconds(late_after(search).count_ns() / 2);
            search.ask_at = now;
        }
        if (search.phase == Phase::kAsking && now >= search.start_over_at) start_over(search, now);
        if (search.phase == Phase::kAsking && now >= search.until) {
            search.phase = Phase::kReviving;
            search.left = search.watch.trail.size();
            revive_next(journey, search, now);
        }
        if (search.phase == Phase::kReviving && now >= search.until) revive_next(journey, search, now);
        if (search.phase == Phase::kQuiet || now < search.ask_at) continue;
        ask(journey, search, now);
        ++done;
    }
    return done;
}

// Once in a search.
void Lookout::start_over(Search& search, Instant now) {
    search.ask_at = search.until;  // unless there is somebody else to ask
    if (search.start_over_at == Instant::never()) return;
    search.start_over_at = Instant::never();
    search.asked = search.watch.trail.front();
    search.chain_stop = 0;
    search.ask_at = now;
}

void Lookout::ask(uint64_t journey, Search& search, Instant now) {
    const NewsKind kind = search.phase == Phase::kAsking ? NewsKind::kWhere : NewsKind::kRevive;
    box_.put(search.asked, {kind, journey, search.watch.issued, 0, {}, {}, services_.clock.wall()});
    search.ask_at = now + kAskAgain;
}

// The newest holder first; this node, whose version is the oldest, last.
void Lookout::revive_next(uint64_t journey, Search& search, Instant now) {
    if (search.left == 0 || search.watch.issued == UINT32_MAX) {
        search.phase = Phase::kQuiet;  // and again from the beginning, when it is late again
        search.until = now + late_after(search);
        return;
    }
    search.asked = search.watch.trail[--search.left];
    ++search.watch.issued;
    search.until = Instant::never();
    search.ask_at = Instant::never();
    services_.host.log("journey " + std::to_string(journey) + " is lost; " + search.asked.text() +
                       " is to create walker " + std::to_string(search.watch.issued));
    save(journey, search.watch, true, [this, journey, issued = search.watch.issued] {
        const auto it = searches_.find(journey);
        if (it == searches_.end() || it->second.phase != Phase::kReviving || it->second.watch.issued != issued) return;
        const Instant then = services_.clock.now();
        it->second.ask_at = then;
        it->second.until = then + std::max(kReviveMin, Duration::nanoseconds(late_after(it->second).count_ns() / 4));
    });
}

void Lookout::save(uint64_t journey, const Watch& watch, bool durable, std::function<void()> then) {
    submit(
        services_.storage,
        [&state = services_.state, name = key(journey), value = encode_watch(watch), durable] {
            KvBatch batch;
            batch.put(name, value);
            return state.write(batch, durable);
        },
        [&host = services_.host, then = std::move(then)](const Result<void>& written) {
            if (!written) return host.log("could not note where a journey is: " + written.error().text);
            if (then) then();
        });
}

Instant Lookout::next_wakeup() const {
    Instant soonest = Instant::never();
    for (const auto& [journey, search] : searches_) {
        soonest = std::min(soonest, search.until);
        if (search.phase != Phase::kQuiet) soonest = std::min(soonest, search.ask_at);
    }
    return soonest;
}

}  // namespace aip::node

// Lookout: looks after the journeys that began at this node and whose task has `late_after` (rfc/0008 section 6,
// "create if late"). Holders tell it where the model is. A journey not heard of for late_after is looked for: the last
// holder known is asked, then whom it named; if it is silent, the way is followed from this node on. If nobody has it
// for another late_after, it is created again from the newest version that a holder, or this node, still has, as a
// walker with the next number.
//
// Invariants: a number is on disk before it is given out, and given out once; a walker is retired only when a newer one
// was heard of, so never the last. At most one new walker per search, each after 2 * late_after of silence at least:
// there are two at a time only while the origin and a living model cannot hear each other.
// Journeys that have ended, or have become part of another, are remembered until there is no more room, so that walkers
// which outlived them end too. Timers: late_after of the task; questions again each second. Loop only. Not here:
// another node that takes over when the origin is gone for good.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "node/news.hpp"
#include "node/services.hpp"

namespace aip::node {

// What is in force for a task, open ones too.
using RulesOf = std::function<routing::TaskRecord(const std::string& task)>;

struct Watch {
    std::string task;
    uint32_t walker = 1;  // the newest heard of
    uint32_t issued = 1;  // the highest number given out
    uint32_t stop = 0;
    bool ended = false;          // kept so that older walkers are told
    uint64_t into = 0;           // the journey it became part of, if that is how it ended
    std::vector<Address> trail;  // holders known, this node first, then oldest first
    bool operator==(const Watch&) const = default;
};
std::string encode_watch(const Watch& watch);
Result<Watch> parse_watch(ByteView bytes);

class Lookout {
public:
    Lookout(const Services& services, RulesOf rules, Newsbox& box)
        : services_(services), rules_(std::move(rules)), box_(box) {}

    Result<void> load(Instant now);  // at start
    void watch(uint64_t journey, const std::string& task, Instant now);
    void on_news(const Address& from, const News& news, Instant now);
    // Journeys of the task that go on are given up; for each a number above all its walkers, which end when they
    // report.
    std::vector<std::pair<uint64_t, uint32_t>> supersede(const std::string& task);
    size_t poll(Instant now);
    Instant next_wakeup() const;
    uint64_t merged_into(uint64_t journey) const;   // 0: it was not, as far as is known
    size_t watched(const std::string& task) const;  // journeys of the task not known to have ended

private:
    enum class Phase : uint8_t { kQuiet, kAsking, kReviving };
    struct Search {
        Watch watch;
        Phase phase = Phase::kQuiet;
        Instant until;          // quiet: late from then; asking, reviving: given up then
        Instant start_over_at;  // asking: from this node on, if the last holder heard of is silent
        Instant ask_at;         // again
        Address asked;          // or ordered to revive it
        uint32_t hops = 0;
        uint32_t chain_stop = 0;
        size_t left = 0;  // of the trail, not yet ordered to revive it
    };
    void heard(uint64_t journey, Search& search, const Address& from, const News& news, Instant now);
    static void start_over(Search& search, Instant now);
    void ask(uint64_t journey, Search& search, Instant now);
    void revive_next(uint64_t journey, Search& search, Instant now);
    void make_room();
    void save(uint64_t journey, const Watch& watch, bool durable, std::function<void()> then);
    Duration late_after(const Search& search) const { return rules_(search.watch.task).late_after; }

    Services services_;
    RulesOf rules_;
    Newsbox& box_;
    std::map<uint64_t, Search> searches_;
};

}  // namespace aip::node

// News of journeys that somebody looks after (rfc/0008 section 6): one signed packet each, best effort; what is lost is
// asked for. Newsbox is where the parts of a node leave what they have to say; the node seals and sends it, or hands it
// to itself. Bounded; loop only.
#pragma once

#include <deque>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aip::node {

inline constexpr std::string_view kNewsDomain = "news";

enum class NewsKind : uint8_t {
    kHere = 1,  // to the origin: I have it
    kEnded,     // to the origin: its budget is spent, it stays here
    kPassedOn,  // to the origin: I handed it to `other`
    kUnknown,   // to the origin: I know nothing of it
    kWhere,     // by the origin: where is it?
    kRevive,    // by the origin: it is lost; send what you have of it on again, as this walker
    kRetire,    // by the origin: this walker is the newest; if yours is older, it ends
    kMerged,    // to the origin: it met another walker of its task here, and goes on as part of that: `into`
    kWanted,    // by a node that examines a child of `version`: send me that
};

bool is_news(ByteView body);  // by its magic; else a word about revocations (rfc/0006 section 8)

struct News {
    NewsKind kind = NewsKind::kHere;
    uint64_t journey = 0;
    uint32_t walker = 0;
    uint32_t stop = 0;  // completed so far
    VersionId version;
    Address other;
    WallTime at;
    uint64_t into = 0;  // a journey; of kMerged alone

    Bytes encode() const;
    static Result<News> parse(ByteView body);
    bool operator==(const News&) const = default;
};

inline bool is_for_origin(NewsKind kind) { return kind <= NewsKind::kUnknown || kind == NewsKind::kMerged; }

class Newsbox {
public:
    struct Letter {
        Address to;
        News news;
    };
    void put(const Address& to, const News& news) {  // without room it is lost
        if (has_room()) letters_.push_back({to, news});
    }
    bool has_room() const { return letters_.size() < limits::kNewsQueueMax; }
    bool empty() const { return letters_.empty(); }
    Letter take() {
        Letter letter = letters_.front();
        letters_.pop_front();
        return letter;
    }

private:
    std::deque<Letter> letters_;
};

}  // namespace aip::node

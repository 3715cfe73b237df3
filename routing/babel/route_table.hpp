// What is known of every destination: the routes to it, one per neighbour that announced one, the selected one, our
// feasibility distance and the seqno request under way (RFC 8966 sections 3.2.5 to 3.2.7 in one place, as an address
// has one originator). Routes that are not feasible are kept, never selected.
//
// Selection (section 3.6, Appendix A.3): never looks at seqnos; changes to another route only when that is better now
// and in the long run, but at once when the selected one cannot be used any more. Sends nothing: the speaker does.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "routing/babel/feasibility.hpp"
#include "routing/babel/neighbour.hpp"

namespace aip::routing::babel {

inline constexpr Duration kRouteHoldMax = Duration::seconds(150);
static_assert(kRouteHoldMax < Source::kForgetAfter);

struct Route {
    Neighbour* neighbour = nullptr;
    Distance advertised;
    Duration hold;
    Instant expires;                 // finite: becomes infinite then; infinite: is flushed then
    bool refresh_asked = false;      // shortly before it expires
    Instant seqno_asked = kLongAgo;  // along this route
    uint16_t smoothed_input = 0;     // metric since smoothed_at
    float smoothed = 0;
    Instant smoothed_at;

    uint16_t metric() const;
    Instant refresh_at() const { return expires - hold / 8; }
};

struct SeqnoRequest {
    uint16_t seqno = 0;
    bool own = false;  // we lost the destination; else forwarded for others
    uint8_t resends = 0;
    Duration delay;  // to the next
    Instant sent;
    Instant due;  // resend, or the end
};

struct Destination {
    InterfaceId id{};
    std::vector<Route> routes;
    Neighbour* selected = nullptr;
    Source source;
    std::optional<SeqnoRequest> request;

    uint16_t sent_metric = kInfinity;  // of our last update
    bool queued = false;               // among the triggered updates
    uint8_t copies = 0;                // still to be sent of the last one
    Instant copy_at = Instant::never();
    Instant recheck_at = Instant::never();  // of the hysteresis
    Instant retract_until = kLongAgo;       // periodic updates say so until then

    Instant armed = Instant::never();

    Route* find(const Neighbour* neighbour);
    const Route* find(const Neighbour* neighbour) const;
    const Route* chosen() const { return selected ? find(selected) : nullptr; }
    Instant deadline() const;
};

class RouteTable {
public:
    RouteTable(uint64_t salt, bool check_feasibility);

    Destination* find(InterfaceId id);
    const Destination* find(InterfaceId id) const;
    // Null: the table is full, or this neighbour has more than its share. Destinations stay where they are.
    Destination* find_or_add(InterfaceId id);
    Route* add_route(Destination& destination, Neighbour& neighbour, Instant now);
    void remove_route(Destination& destination, const Neighbour* neighbour);
    bool remove_if_idle(Destination& destination);  // nothing known and nothing due

    bool feasible(const Destination& destination, const Distance& advertised) const {
        return !check_feasibility_ || destination.source.feasible(advertised);
    }
    bool usable(const Destination& destination, const Route& route) const;
    // Sets destination.selected and recheck_at; true when it changed.
    bool select(Destination& destination, Duration time_constant, Instant now);
    // While settling only originators themselves are used as next hops: see SpeakerOptions::restarted.
    void set_settling(bool settling) { settling_ = settling; }

    // May remove the destination it is given.
    void for_each(const std::function<void(Destination&)>& visit);
    void for_each(const std::function<void(const Destination&)>& visit) const;

private:
    struct SaltedHash {
        uint64_t salt;
        size_t operator()(InterfaceId id) const {
            return static_cast<size_t>((static_cast<uint64_t>(id) ^ salt) * 0x9e3779b97f4a7c15u >> 16);
        }
    };
    std::unordered_map<InterfaceId, Destination, SaltedHash> destinations_;
    size_t routes_ = 0;
    bool check_feasibility_;
    bool settling_ = false;
};

}  // namespace aip::routing::babel

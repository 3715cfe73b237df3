// Echo: `aipctl ping` and `aipctl trace`: asks a node for echoes (RFC 4443 section 4) and says what came back. A ping
// is a row of requests at an interval; a trace asks with hop limit 1, 2, ... and learns each hop from its error. Both
// may be steered through other nodes (rfc/0012); answers come back by the routes there are.
//
// Invariants: at most kEchoRunsMax runs with kEchoOutstandingMax unanswered requests each; identifier and cookie are
// random, so an answer counts only from who was asked or who quotes the request it saw, once, while it is awaited.
// Every run ends: each request is given up after kEchoPatience, a trace after kTraceHopsMax hops or five silent ones.
// Loop only.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aipacket/icmpv6.hpp"
#include "base/limits.hpp"
#include "base/report.hpp"
#include "node/outbox.hpp"
#include "node/services.hpp"

namespace aip::node {

inline constexpr Duration kEchoPatience = Duration::seconds(2);

inline constexpr uint32_t kEchoSizeMin = aipacket::kIcmpv6Body + aipacket::kEchoHeaderBytes + 8;

struct EchoOrder {
    bool trace = false;
    std::string to;      // an address, or the beginning of one node's
    uint32_t count = 4;  // of a ping
    Duration interval = Duration::seconds(1);
    uint32_t size = kEchoSizeMin;    // of a request of a ping: the IPv6 packet without a routing header
    std::vector<std::string> via{};  // nodes to pass, named like `to`
};
struct EchoPath {
    Address to;
    std::vector<Address> via{};
};

// "ping" [to, count, interval in ms, size, via] or "trace" [to, via], as they come through the control socket; what is
// left out at the end has its default, and via is a list with commas.
Result<EchoOrder> parse_echo_order(const std::string& name, const std::vector<std::string>& args);
// `text` as an address, or as the beginning of exactly one of `known`, or of its last four groups.
Result<Address> find_node(const std::string& text, const std::vector<Address>& known);
Result<EchoPath> find_path(const EchoOrder& order, const std::vector<Address>& known);

using EchoLine = std::function<void(uint64_t done, uint64_t total, std::string_view line)>;

class Echo {
public:
    Echo(const Address& self, Rng& rng, Outbox& outbox);

    // One line for each request's fate, then the whole as a table. kBusy: too many runs.
    void start(SessionId session, const EchoOrder& order, EchoPath path, EchoLine line,
               std::function<void(Result<Report>)> done, Instant now);
    void close(SessionId session);  // whose answers nobody wants any more

    void on_reply(const aipacket::Icmpv6View& reply, Instant now);
    void on_error(const aipacket::Icmpv6View& error, const aipacket::Quoted& quoted, Instant now);
    size_t poll(Instant now);
    Instant next_wakeup() const;
    uint64_t unexpected() const { return unexpected_; }  // answers to nothing that was asked

private:
    enum class Fate : uint8_t { kAnswered, kHopLimit, kNoRoute, kTooBig, kSilent, kNotSent };
    struct Request {
        uint16_t sequence = 0;
        uint8_t hop_limit = 0;
        Instant sent;
    };
    struct Run {
        SessionId session = 0;
        bool trace = false;
        EchoPath path;
        uint32_t size = 0;
        uint32_t count = 0;  // of a trace: hops
        Duration interval;
        EchoLine line;
        std::function<void(Result<Report>)> done;
        std::array<uint8_t, 8> cookie{};
        std::vector<Request> waiting;
        uint32_t sent = 0;
        uint32_t settled = 0;
        uint32_t silent = 0;  // hops in a row
        bool over = false;
        Instant next_send;
        uint32_t received = 0;
        Duration rtt_min, rtt_max, rtt_sum;
        std::string trouble;  // the last reason why a request came to nothing
        Report report;
    };
    struct Answer {
        Fate fate;
        Address from;
        uint8_t hop_limit = 0;  // of the answer
        uint32_t mtu = 0;       // of what was too big for it
    };

    void ask(uint16_t identifier, Run& run, Instant now);
    std::optional<Answer> unsendable(const Run& run) const;
    void take_answer(const aipacket::Echo& echo, const Address& asked, const Answer& answer, Instant now);
    void settle(Run& run, const Request& request, const Answer& answer, Instant now);
    void settle_ping(Run& run, const Request& request, const Answer& answer, Duration rtt);
    void settle_hop(Run& run, const Request& request, const Answer& answer, Duration rtt);
    size_t poll_run(uint16_t identifier, Run& run, Instant now);
    static void finish(Run run);

    Outbox& outbox_;
    Rng& rng_;
    Address self_;
    std::map<uint16_t, Run> runs_;  // by identifier
    uint64_t unexpected_ = 0;
};

}  // namespace aip::node

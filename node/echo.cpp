#include "node/echo.hpp"

#include <algorithm>
#include <cstdio>

#include "dataplane/segment_routing.hpp"

namespace aip::node {
namespace {

namespace icmpv6 = aipacket::icmpv6;
constexpr uint32_t kSilentHopsMax = 5;

double ms(Duration time) { return static_cast<double>(time.count_ns()) * 1e-6; }
std::string ms_text(Duration time) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f ms", ms(time));
    return text;
}

Report ping_table() {
    return {"Ping",
            {{"address", ColumnType::kText},
             {"sent", ColumnType::kInteger},
             {"received", ColumnType::kInteger},
             {"loss", ColumnType::kReal},
             {"rtt_min_ms", ColumnType::kReal},
             {"rtt_avg_ms", ColumnType::kReal},
             {"rtt_max_ms", ColumnType::kReal},
             {"trouble", ColumnType::kText}},
            {},
            {}};
}

Report trace_table() {
    return {"Trace",
            {{"hop", ColumnType::kInteger},
             {"address", ColumnType::kText},
             {"rtt_ms", ColumnType::kReal},
             {"state", ColumnType::kText}},
            {},
            {}};
}

}  // namespace

Echo::Echo(const Address& self, Rng& rng, Outbox& outbox) : outbox_(outbox), rng_(rng), self_(self) {}

void Echo::start(SessionId session, const EchoOrder& order, EchoPath path, EchoLine line,
                 std::function<void(Result<Report>)> done, Instant now) {
    if (runs_.size() >= limits::kEchoRunsMax)
        return done(Error{ErrorCode::kBusy, std::to_string(limits::kEchoRunsMax) +
                                                " pings and traces are under way; wait for one to end"});
    std::vector<Address> named = path.via;
    named.push_back(path.to);
    for (const Address& node : named) {
        if (node == self_) return done(Error{ErrorCode::kInvalid, node.text() + " is this node itself"});
        if (!node.is_node() || node.network() != self_.network())
            return done(Error{ErrorCode::kInvalid, node.text() + " is no node of this network"});
    }
    Run run;
    run.session = session;
    run.trace = order.trace;
    run.path = std::move(path);
    run.size = order.size;
    run.count = order.trace ? limits::kTraceHopsMax : order.count;
    run.interval = order.interval;
    run.line = std::move(line);
    run.done = std::move(done);
    run.next_send = now;
    run.report = order.trace ? trace_table() : ping_table();
    store_be64(run.cookie.data(), rng_.next());
    auto identifier = static_cast<uint16_t>(rng_.next());
    while (runs_.contains(identifier)) ++identifier;
    runs_.emplace(identifier, std::move(run));
}

void Echo::close(SessionId session) {
    std::erase_if(runs_, [session](const auto& item) { return item.second.session == session; });
}

// One request. A trace has one at a time under way, its hop limit the number of the hop.
void Echo::ask(uint16_t identifier, Run& run, Instant now) {
    aipacket::Endpoints ends;
    ends.source = self_;
    ends.destination = run.path.to;
    if (run.trace) ends.hop_limit = static_cast<uint8_t>(run.settled + 1);
    const auto sequence = static_cast<uint16_t>(++run.sent);
    const Request request{sequence, ends.hop_limit, now};
    if (const auto why = unsendable(run)) return settle(run, request, *why, now);  // waiting would change nothing
    static_cast<void>(outbox_.send_plain_via(run.path.via, run.path.to, [&](MutableBytes room) {
        const MutableBytes body = room.subspan(aipacket::kIcmpv6Body, run.size - aipacket::kIcmpv6Body);
        const size_t bytes = aipacket::write_echo(body, {identifier, sequence, run.cookie});
        std::fill(body.begin() + static_cast<std::ptrdiff_t>(bytes), body.end(), uint8_t{0});
        return aipacket::encode_icmpv6(room, ends, icmpv6::kEchoRequest, 0, body.size());
    }));
    run.waiting.push_back(request);
}

std::optional<Echo::Answer> Echo::unsendable(const Run& run) const {
    const std::vector<Address>& via = run.path.via;
    const auto mtu = outbox_.mtu(via.empty() ? run.path.to : via.front());
    if (!mtu) return Answer{Fate::kNotSent, self_};
    const size_t steering = via.empty() ? 0 : dataplane::segment_header_bytes(via.size() + 1);
    if (run.size + steering > *mtu) return Answer{Fate::kTooBig, self_, 0, *mtu};
    return std::nullopt;
}

void Echo::on_reply(const aipacket::Icmpv6View& reply, Instant now) {
    const auto echo = aipacket::read_echo(reply.body);
    if (!echo || reply.code != 0 || reply.destination != self_) {
        ++unexpected_;
        return;
    }
    take_answer(*echo, reply.source, {Fate::kAnswered, reply.source, reply.hop_limit}, now);
}

void Echo::on_error(const aipacket::Icmpv6View& error, const aipacket::Quoted& quoted, Instant now) {
    const ByteView message = quoted.rest;
    if (message.size() < aipacket::kIcmpv6HeaderBytes || message[0] != icmpv6::kEchoRequest) {
        ++unexpected_;
        return;
    }
    const auto echo = aipacket::read_echo(message.subspan(aipacket::kIcmpv6HeaderBytes));
    const Fate fate = error.type == icmpv6::kTimeExceeded ? Fate::kHopLimit
                      : error.type == icmpv6::kTooBig     ? Fate::kTooBig
                                                          : Fate::kNoRoute;
    if (!echo) {
        ++unexpected_;
        return;
    }
    const uint32_t mtu = fate == Fate::kTooBig ? aipacket::error_parameter(error) : 0;
    take_answer(*echo, quoted.destination, {fate, error.source, error.hop_limit, mtu}, now);
}

void Echo::take_answer(const aipacket::Echo& echo, const Address& asked, const Answer& answer, Instant now) {
    const auto it = runs_.find(echo.identifier);
    const bool known = it != runs_.end() && it->second.path.to == asked &&
                       echo.data.size() >= it->second.cookie.size() &&
                       std::equal(it->second.cookie.begin(), it->second.cookie.end(), echo.data.begin());
    if (!known) {
        ++unexpected_;
        return;
    }
    Run& run = it->second;
    const auto request = std::find_if(run.waiting.begin(), run.waiting.end(),
                                      [&](const Request& r) { return r.sequence == echo.sequence; });
    if (request == run.waiting.end()) {
        ++unexpected_;
        return;
    }
    const Request answered = *request;
    run.waiting.erase(request);
    settle(run, answered, answer, now);
}

void Echo::settle(Run& run, const Request& request, const Answer& answer, Instant now) {
    ++run.settled;
    const Duration rtt = now - request.sent;
    run.trace ? settle_hop(run, request, answer, rtt) : settle_ping(run, request, answer, rtt);
    if (run.settled >= run.count) run.over = true;
}

void Echo::settle_ping(Run& run, const Request& request, const Answer& answer, Duration rtt) {
    const std::string who = answer.from.text();
    switch (answer.fate) {
        case Fate::kAnswered:
            run.rtt_min = run.received == 0 ? rtt : std::min(run.rtt_min, rtt);
            run.rtt_max = std::max(run.rtt_max, rtt);
            run.rtt_sum = run.rtt_sum + rtt;
            ++run.received;
            return run.line(run.settled, run.count,
                            "answer " + std::to_string(request.sequence) + " from " + who + ": " + ms_text(rtt) +
                                ", hop limit " + std::to_string(answer.hop_limit));
        case Fate::kHopLimit: run.trouble = "the hop limit ended at " + who; break;
        case Fate::kNoRoute: run.trouble = "no route, says " + who; break;
        case Fate::kTooBig:
            run.trouble = "too big, says " + who + ": its next link carries " + std::to_string(answer.mtu) + " bytes";
            break;
        case Fate::kNotSent: run.trouble = "no route from this node"; break;
        case Fate::kSilent: run.trouble = "no answer"; break;
    }
    run.line(run.settled, run.count, "request " + std::to_string(request.sequence) + ": " + run.trouble);
}

void Echo::settle_hop(Run& run, const Request& request, const Answer& answer, Duration rtt) {
    std::string state;
    switch (answer.fate) {
        case Fate::kAnswered: state = "arrived"; break;
        case Fate::kHopLimit: state = "hop"; break;
        case Fate::kNoRoute: state = "no route"; break;
        case Fate::kTooBig: state = "too big"; break;
        case Fate::kNotSent: state = "no route from this node"; break;
        case Fate::kSilent: state = "no answer"; break;
    }
    const bool heard = answer.fate != Fate::kSilent && answer.fate != Fate::kNotSent;
    run.silent = answer.fate == Fate::kSilent ? run.silent + 1 : 0;
    run.over = run.silent >= kSilentHopsMax || (answer.fate != Fate::kHopLimit && answer.fate != Fate::kSilent);
    run.report.rows.push_back({static_cast<int64_t>(request.hop_limit), heard ? Cell(answer.from.text()) : Cell(),
                               heard ? Cell(ms(rtt)) : Cell(), state});
    run.line(run.settled, run.count,
             std::to_string(request.hop_limit) + "  " +
                 (heard ? answer.from.text() + "  " + ms_text(rtt) + "  " + state : state));
}

size_t Echo::poll(Instant now) {
    size_t done = 0;
    for (auto& [identifier, run] : runs_) done += poll_run(identifier, run, now);
    for (auto it = runs_.begin(); it != runs_.end();) {
        if (!it->second.over) {
            ++it;
            continue;
        }
        Run run = std::move(it->second);
        it = runs_.erase(it);
        finish(std::move(run));
        ++done;
    }
    return done;
}

size_t Echo::poll_run(uint16_t identifier, Run& run, Instant now) {
    size_t done = 0;
    while (!run.waiting.empty() && now - run.waiting.front().sent >= kEchoPatience) {
        const Request late = run.waiting.front();
        run.waiting.erase(run.waiting.begin());
        settle(run, late, {Fate::kSilent, {}}, now);
        ++done;
    }
    if (run.over || run.sent >= run.count || now < run.next_send) return done;
    if (run.waiting.size() >= (run.trace ? 1 : limits::kEchoOutstandingMax)) return done;
    run.next_send = run.trace ? now : now + run.interval;
    ask(identifier, run, now);
    return done + 1;
}

Instant Echo::next_wakeup() const {
    Instant next = Instant::never();
    for (const auto& [identifier, run] : runs_) {
        if (run.over) return Instant();
        if (!run.waiting.empty()) next = std::min(next, run.waiting.front().sent + kEchoPatience);
        const bool may_send = run.waiting.size() < (run.trace ? 1 : limits::kEchoOutstandingMax);
        if (run.sent < run.count && may_send) next = std::min(next, run.next_send);
    }
    return next;
}

void Echo::finish(Run run) {
    if (!run.trace) {
        const auto share = static_cast<double>(run.count - run.received) / run.count;
        const bool any = run.received > 0;
        run.report.rows.push_back({run.path.to.text(), static_cast<int64_t>(run.count),
                                   static_cast<int64_t>(run.received), share, any ? Cell(ms(run.rtt_min)) : Cell(),
                                   any ? Cell(ms(run.rtt_sum / run.received)) : Cell(),
                                   any ? Cell(ms(run.rtt_max)) : Cell(), run.trouble});
    } else if (run.silent >= kSilentHopsMax) {
        run.report.notes.push_back("given up after " + std::to_string(kSilentHopsMax) + " silent hops");
    }
    run.done(std::move(run.report));
}

}  // namespace aip::node

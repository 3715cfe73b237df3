// A node's part in the exchange of interest: what it follows, what it says about itself, and sends that wait until the
// members of their task are known.
#include <algorithm>
#include <map>

#include "node/node.hpp"

namespace aip::node {
namespace {

constexpr Duration kFollowEvery = Duration::seconds(1);
constexpr Duration kMembersAnswer = Duration::seconds(3);  // a task without a member by then has none we can reach
constexpr size_t kDelayedMax = 16;

}  // namespace

size_t Node::exchange_interest(Instant now) {
    if (follow_at_ <= now) follow_tasks(now);
    const auto packets = interest_.poll(now, services_.clock.wall());
    for (const routing::InterestOut& packet : packets) {
        aipacket::Header header;
        header.kind = packet.kind;
        static_cast<void>(outbox_.send(packet.to, header, packet.payload));
    }
    return packets.size();
}

// Whoever has a model must know where it can go on; whoever serves a task says how many models wait here.
void Node::follow_tasks(Instant now) {
    follow_at_ = now + kFollowEvery;
    router_.measure();
    struct Busy {
        uint32_t waiting = 0;
        VersionId last;
    };
    std::map<std::string, Busy> tasks;
    for (const std::string& task : interest_.own_tasks()) tasks[task];
    for (const Journeys::View& view : journeys_->view()) {
        static_cast<void>(interest_.listen(view.custody.task, now));
        Busy& busy = tasks[view.custody.task];
        busy.waiting += view.custody.state == CustodyState::kHeld;
        busy.last = view.custody.version;
    }
    for (const auto& [task, busy] : tasks)
        interest_.set_busy(task, busy.waiting, busy.last.is_zero() ? std::nullopt : std::optional(busy.last), now);
}

void Node::send(SessionId session, SendOrder order, std::unique_ptr<model::Source> file, SendProgress progress,
                std::function<void(Result<SentModel>)> done) {
    auto key = tasks_.resolve(order.task);
    if (!key) return done(key.error());
    order.task = std::move(*key);
    const Instant now = services_.clock.now();
    const bool follows = interest_.table().task_of(order.task).has_value();
    const bool waits = std::holds_alternative<OnJourney>(order.to) && !follows && !routes().reachable().empty() &&
                       interest_.listen(order.task, now).has_value() && delayed_.size() < kDelayedMax;
    if (!waits)
        return journeys_->send(session, std::move(order), std::move(file), std::move(progress), std::move(done));
    delayed_.push_back(
        {session, std::move(order), std::move(file), std::move(progress), std::move(done), now + kMembersAnswer});
}

size_t Node::send_delayed(Instant now) {
    size_t sent = 0;
    for (size_t left = delayed_.size(); left > 0; --left) {
        DelayedSend next = std::move(delayed_.front());
        delayed_.pop_front();
        if (interest_.table().count(next.order.task) == 0 && now < next.until) {
            delayed_.push_back(std::move(next));
            continue;
        }
        journeys_->send(next.session, std::move(next.order), std::move(next.file), std::move(next.progress),
                        std::move(next.done));
        ++sent;
    }
    return sent;
}

}  // namespace aip::node

// A node's part in tasks: what programs mean by a name, and what follows when a task is created, joined or left.
#include "node/node.hpp"

namespace aip::node {

size_t Node::exchange_tasks(Instant now) {
    const auto packets = task_exchange_.poll(now);
    for (const routing::TaskOut& packet : packets) {
        aipacket::Header header;
        header.kind = aipacket::Kind::kTask;
        static_cast<void>(outbox_.send(packet.to, header, packet.payload));
    }
    return packets.size();
}

void Node::create_task(routing::TaskRecord rules, std::function<void(Result<std::string>)> done) {
    tasks_.create(std::move(rules), std::move(done));
}
void Node::join_task(const std::string& task, std::function<void(Result<std::string>)> done) {
    tasks_.join(task, std::move(done));
}
void Node::leave_task(const std::string& task, std::function<void(Result<std::string>)> done) {
    tasks_.leave(task, std::move(done));
}

// Programs that are bound to a name may mean another task by it from now on: what they publish goes there.
void Node::on_task_changed(const KnownTask& known) {
    const Instant now = services_.clock.now();
    task_exchange_.announce(routing::task_tag(known.task.id), now);
    if (known.joined()) static_cast<void>(interest_.listen(known.task.key, now));  // if there is room: for people
    const auto moves = sessions_.mean_again(known.task.record.name,
                                            [this](const std::string& said) -> std::optional<Sessions::Binding> {
                                                const auto key = tasks_.resolve_for_program(said);
                                                if (!key) return std::nullopt;
                                                return Sessions::Binding{*key, tasks_.takes_part(*key)};
                                            });
    for (const Sessions::Move& move : moves) {
        if (!move.from.empty() && !sessions_.anyone_bound(move.from)) interest_.withdraw(move.from, now);
        if (move.to.empty() || !move.interest) continue;
        if (const auto set = set_interest(move.to, *move.interest, now); !set)
            services_.host.log("no interest published in task '" + move.to + "': " + set.error().text);
    }
}

Result<void> Node::bind(SessionId session, const std::string& task, bool measures) {
    AIP_ASSIGN(std::string key, tasks_.resolve_for_program(task));
    const bool active = tasks_.takes_part(key);
    if (!active)
        services_.host.log("a program is bound to task '" + key +
                           "', which this node has not joined: it gets no model before 'aipctl task join'");
    sessions_.bind(session, task, {std::move(key), active, {}, measures});
    return {};
}

Result<void> Node::set_interest(const std::string& key, const routing::LocalInterest& interest, Instant now) {
    AIP_TRY(tasks_.fits(key, interest.sketch));
    return interest_.set(key, interest, now);
}

Result<void> Node::publish_interest(SessionId session, const std::string& task, routing::LocalInterest interest) {
    Sessions::Binding* binding = sessions_.binding(session, task);
    if (binding == nullptr)
        return Error{ErrorCode::kInvalid, "bind to task '" + task + "' before publishing interest in it"};
    if (binding->active) AIP_TRY(set_interest(binding->key, interest, services_.clock.now()));
    binding->interest = std::move(interest);
    return {};
}

}  // namespace aip::node

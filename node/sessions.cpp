#include "node/sessions.hpp"

namespace aip::node {

SessionId Sessions::idle_trainer(const std::string& task) const {
    for (const auto& [id, session] : sessions_)
        if (!session.has_delivery && session.tasks.contains(task)) return id;
    return 0;
}

SessionId Sessions::idle_receiver(const std::string& task) const {
    for (const auto& [id, session] : sessions_)
        if (!session.has_delivery && session.expects && (session.expects->empty() || *session.expects == task))
            return id;
    return 0;
}

bool Sessions::is_bound(SessionId session, const std::string& task) const {
    const auto it = sessions_.find(session);
    return it != sessions_.end() && it->second.tasks.contains(task);
}

bool Sessions::anyone_bound(const std::string& task) const {
    for (const auto& [id, session] : sessions_)
        if (session.tasks.contains(task)) return true;
    return false;
}

void Sessions::took(SessionId session, bool journey) {
    const auto it = sessions_.find(session);
    if (it == sessions_.end()) return;
    it->second.has_delivery = true;
    if (!journey) it->second.expects.reset();
}

void Sessions::returned(SessionId session) {
    const auto it = sessions_.find(session);
    if (it != sessions_.end()) it->second.has_delivery = false;
}

std::set<std::string> Sessions::close(SessionId session) {
    std::set<std::string> orphaned;
    const auto it = sessions_.find(session);
    if (it == sessions_.end()) return orphaned;
    std::set<std::string> tasks = std::move(it->second.tasks);
    sessions_.erase(it);
    for (const std::string& task : tasks)
        if (!anyone_bound(task)) orphaned.insert(task);
    return orphaned;
}

}  // namespace aip::node

#include "node/sessions.hpp"

#include <algorithm>

#include "base/task_key.hpp"

namespace aip::node {

bool Sessions::Session::trains(const std::string& key) const {
    return std::any_of(tasks.begin(), tasks.end(),
                       [&](const auto& item) { return item.second.active && item.second.key == key; });
}

bool Sessions::Session::measures(const std::string& key) const {
    return std::any_of(tasks.begin(), tasks.end(), [&](const auto& item) {
        return item.second.active && item.second.measures && item.second.key == key;
    });
}

void Sessions::bind(SessionId session, const std::string& said, Binding binding) {
    const bool measures = binding.measures;
    sessions_[session].tasks.try_emplace(said, std::move(binding)).first->second.measures = measures;
}

SessionId Sessions::idle_trainer(const std::string& key) const {
    for (const auto& [id, session] : sessions_)
        if (!session.has_delivery && session.trains(key)) return id;
    return 0;
}

SessionId Sessions::idle_measurer(const std::string& task) const {
    for (const auto& [id, session] : sessions_)
        if (!session.has_delivery && session.measures(task)) return id;
    return 0;
}

SessionId Sessions::idle_receiver(const std::string& task) const {
    for (const auto& [id, session] : sessions_)
        if (!session.has_delivery && session.expects && (session.expects->empty() || *session.expects == task))
            return id;
    return 0;
}

Sessions::Binding* Sessions::binding(SessionId session, const std::string& said) {
    const auto it = sessions_.find(session);
    if (it == sessions_.end()) return nullptr;
    auto& tasks = it->second.tasks;
    if (const auto exactly = tasks.find(said); exactly != tasks.end()) return &exactly->second;
    for (auto& [text, binding] : tasks)
        if (binding.key == said) return &binding;
    return nullptr;
}

std::string Sessions::said(SessionId session, const std::string& key) const {
    const auto it = sessions_.find(session);
    if (it != sessions_.end())
        for (const auto& [text, binding] : it->second.tasks)
            if (binding.key == key) return text;
    return key;
}

bool Sessions::anyone_bound(const std::string& key) const {
    return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& item) { return item.second.trains(key); });
}

std::vector<Sessions::Move> Sessions::mean_again(std::string_view name, const Meaning& meaning) {
    std::vector<Move> moves;
    for (auto& [id, session] : sessions_) {
        for (auto& [said, binding] : session.tasks) {
            const auto now = task_name(said) == name ? meaning(said) : std::nullopt;
            if (!now || (now->key == binding.key && now->active == binding.active)) continue;
            moves.push_back({binding.active ? binding.key : "", now->active ? now->key : "", binding.interest});
            binding.key = now->key;
            binding.active = now->active;
        }
    }
    return moves;
}

bool Sessions::anyone_measures(const std::string& task) const {
    for (const auto& [id, session] : sessions_)
        if (session.measures(task)) return true;
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
    const auto tasks = std::move(it->second.tasks);
    sessions_.erase(it);
    for (const auto& [said, binding] : tasks)
        if (binding.active && !anyone_bound(binding.key)) orphaned.insert(binding.key);
    return orphaned;
}

}  // namespace aip::node

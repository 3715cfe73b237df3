// Sessions: which programs are connected, what they can train, what they wait for. A session has at most one delivery
// at a time. Loop only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "node/services.hpp"

namespace aip::node {

class Sessions {
public:
    void bind(SessionId session, const std::string& task) { sessions_[session].tasks.insert(task); }
    // Waits for one model addressed to this node; an empty task means any.
    void expect(SessionId session, const std::string& task) { sessions_[session].expects = task; }

    // A session without a delivery that can take this model; 0 if there is none.
    SessionId idle_trainer(const std::string& task) const;
    SessionId idle_receiver(const std::string& task) const;
    bool is_bound(SessionId session, const std::string& task) const;
    bool anyone_bound(const std::string& task) const;

    void took(SessionId session, bool journey);      // a delivery is on its way to it
    void returned(SessionId session);                // finished or released
    std::set<std::string> close(SessionId session);  // tasks that nobody is bound to any more

    size_t size() const { return sessions_.size(); }

private:
    struct Session {
        std::set<std::string> tasks;
        std::optional<std::string> expects;
        bool has_delivery = false;
    };
    std::map<SessionId, Session> sessions_;
};

}  // namespace aip::node

// Sessions: which programs are connected, what they can train, what they wait for. A session has at most one delivery
// at a time. A program says a task as it likes; what it means by that, a key, may change when tasks are created, joined
// and left, and then what it published moves along. While the node does not take part in a task, those bound to it get
// nothing and publish nothing. Loop only.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/services.hpp"
#include "routing/interest.hpp"

namespace aip::node {

class Sessions {
public:
    struct Binding {
        std::string key;
        bool active = true;  // the node takes part in this task
        std::optional<routing::LocalInterest> interest = {};
        bool measures = false;  // it can tell how good a version is on data it holds back
    };
    using Meaning = std::function<std::optional<Binding>(const std::string& said)>;  // nothing: as before

    void bind(SessionId session, const std::string& said) { bind(session, said, {said}); }
    void bind(SessionId session, const std::string& said, Binding binding);
    // Waits for one model addressed to this node; an empty task means any.
    void expect(SessionId session, const std::string& key) { sessions_[session].expects = key; }

    // A session without a delivery that can take this model; 0 if there is none.
    SessionId idle_trainer(const std::string& key) const;
    SessionId idle_measurer(const std::string& key) const;
    SessionId idle_receiver(const std::string& key) const;
    Binding* binding(SessionId session, const std::string& said);  // or its key; null: not bound
    std::string said(SessionId session, const std::string& key) const;
    bool anyone_bound(const std::string& key) const;
    bool anyone_measures(const std::string& key) const;

    struct Move {
        std::string from;  // empty: was not active
        std::string to;    // empty: is not active
        std::optional<routing::LocalInterest> interest;
    };
    // Asks again what those who said this name mean by it.
    std::vector<Move> mean_again(std::string_view name, const Meaning& meaning);

    void took(SessionId session, bool journey);      // a delivery is on its way to it
    void returned(SessionId session);                // finished or released
    std::set<std::string> close(SessionId session);  // tasks that nobody is bound to any more

    size_t size() const { return sessions_.size(); }

private:
    struct Session {
        std::map<std::string, Binding> tasks;  // by what was said
        std::optional<std::string> expects;
        bool has_delivery = false;

        bool trains(const std::string& key) const;
        bool measures(const std::string& key) const;
    };
    std::map<SessionId, Session> sessions_;
};

}  // namespace aip::node

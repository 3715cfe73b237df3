// Policy: which logs a checker believes and how many of which witnesses are enough, as a c2sp.org/tlog-policy text file
// (rfc/0014 section 4). How many cosignatures are enough is the checker's decision, never the node's that shows a
// proof.
//
// Invariant: a policy that parses has exactly one quorum, all names in it are defined above, every name is a member at
// most once. Pure; nothing is fetched: URLs are skipped.
#pragma once

#include <map>
#include <set>

#include "ledger/cosignature.hpp"

namespace aip::ledger {

struct Policy {
    struct Group {
        size_t threshold = 0;  // so many members are enough
        std::vector<std::string> members;
    };

    std::vector<NoteKey> logs;  // empty: the caller knows which log it is about
    std::map<std::string, CosignatureKey> witnesses;
    std::map<std::string, Group> groups;
    std::string quorum;  // a witness or a group; "none": no cosignature is asked for

    static Result<Policy> parse(std::string_view text);
    bool satisfied(const std::set<std::string>& cosigned) const;  // by these witnesses
};

struct PolicyVerdict {
    std::string origin;
    std::map<std::string, uint64_t> cosigned;  // witness by its name in the policy, and when, in seconds since 1970
    std::string lacking;                       // why the policy does not hold; empty: it does
};

// Who of the policy has cosigned, and whether it holds: signed by one of its logs, cosigned by its quorum. Bad
// cosignatures of witnesses count as none. An error: it is no checkpoint.
Result<PolicyVerdict> weigh(const Policy& policy, std::string_view signed_checkpoint);
// The same; kDenied if the policy does not hold.
Result<PolicyVerdict> check_policy(const Policy& policy, std::string_view signed_checkpoint);

}  // namespace aip::ledger

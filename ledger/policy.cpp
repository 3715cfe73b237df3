#include "ledger/policy.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kNone = "none";

Error malformed(size_t line, std::string_view what) {
    return {ErrorCode::kInvalid, "policy, line " + std::to_string(line) + ": " + std::string(what)};
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (size_t at = line.find_first_not_of(" \t"); at != std::string_view::npos;
         at = line.find_first_not_of(" \t", at)) {
        const size_t end = std::min(line.find_first_of(" \t", at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end;
    }
    return words;
}

bool allowed(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto octet = static_cast<uint8_t>(c);
        return octet == '\t' || octet == '\n' || (octet >= 0x20 && octet != 0x7f);
    });
}

class PolicyReader {
public:
    Result<void> take(std::string_view line) {
        ++number_;
        const auto words = words_of(line);
        if (words.empty() || words[0].starts_with('#')) return {};
        if (words[0] == "log") return take_log(words);
        if (words[0] == "witness") return take_witness(words);
        if (words[0] == "group") return take_group(words);
        if (words[0] == "quorum") return take_quorum(words);
        return malformed(number_, "begins with none of log, witness, group, quorum");
    }

    Result<Policy> done() {
        if (policy_.quorum.empty()) return malformed(number_, "there is no quorum; end with `quorum NAME`");
        return std::move(policy_);
    }

private:
    using Words = std::vector<std::string_view>;

    Result<void> take_log(const Words& words) {
        if (words.size() < 2 || words.size() > 3) return malformed(number_, "write `log VKEY [URL]`");
        const auto key = NoteKey::parse(words[1]);
        if (!key) return malformed(number_, key.error().text);
        for (const NoteKey& other : policy_.logs)
            if (other.key == key->key) return malformed(number_, "this log is there already");
        if (policy_.logs.size() == limits::kPolicyNamesMax) return malformed(number_, "too many logs");
        policy_.logs.push_back(*key);
        return {};
    }

    Result<void> take_witness(const Words& words) {
        if (words.size() < 3 || words.size() > 4) return malformed(number_, "write `witness NAME VKEY [URL]`");
        const auto key = CosignatureKey::parse(words[2]);
        if (!key) return malformed(number_, key.error().text);
        for (const auto& [name, other] : policy_.witnesses)
            if (other.key == key->key) return malformed(number_, "this witness is there already, as " + name);
        AIP_TRY(define(words[1]));
        policy_.witnesses.emplace(words[1], *key);
        return {};
    }

    Result<void> take_group(const Words& words) {
        if (words.size() < 4) return malformed(number_, "write `group NAME all|any|NUMBER MEMBER...`");
        Policy::Group group;
        for (size_t i = 3; i < words.size(); ++i) {
            if (!defined(words[i]))
                return malformed(number_, "'" + std::string(words[i]) + "' is not defined above; define it first");
            if (!members_.insert(std::string(words[i])).second)
                return malformed(number_, "'" + std::string(words[i]) + "' is a member already");
            group.members.emplace_back(words[i]);
        }
        const size_t count = group.members.size();
        const auto number = parse_decimal(words[2]);
        group.threshold = words[2] == "all" ? count : words[2] == "any" ? 1 : number.value_or(0);
        if (group.threshold < 1 || group.threshold > count)
            return malformed(number_, "a group of " + std::to_string(count) +
                                          " needs all, any, or a number from 1 to " + std::to_string(count));
        AIP_TRY(define(words[1]));
        policy_.groups.emplace(words[1], std::move(group));
        return {};
    }

    Result<void> take_quorum(const Words& words) {
        if (words.size() != 2) return malformed(number_, "write `quorum NAME`");
        if (!policy_.quorum.empty()) return malformed(number_, "a policy has one quorum");
        if (words[1] != kNone && !defined(words[1]))
            return malformed(number_, "'" + std::string(words[1]) + "' is not defined above; define it first");
        policy_.quorum = words[1];
        return {};
    }

    bool defined(std::string_view name) const {
        return policy_.witnesses.contains(std::string(name)) || policy_.groups.contains(std::string(name));
    }

    Result<void> define(std::string_view name) const {
        if (name == kNone || defined(name))
            return malformed(number_, "the name '" + std::string(name) + "' is taken; choose another");
        if (policy_.witnesses.size() + policy_.groups.size() >= limits::kPolicyNamesMax)
            return malformed(number_, "too many witnesses and groups");
        return {};
    }

    Policy policy_;
    std::set<std::string> members_;
    size_t number_ = 0;
};

}  // namespace

Result<Policy> Policy::parse(std::string_view text) {
    if (text.size() > limits::kPolicyBytesMax) return Error{ErrorCode::kInvalid, "policy: the file is too long"};
    if (!allowed(text)) return Error{ErrorCode::kInvalid, "policy: control characters in the file; it is plain text"};
    PolicyReader reader;
    LineReader lines(text);
    while (!lines.done()) {
        const auto line = lines.next();
        if (!line) return Error{ErrorCode::kInvalid, "policy: the last line has no newline; add it"};
        AIP_TRY(reader.take(*line));
    }
    return reader.done();
}

// Groups name only what was defined before them, so this ends.
bool Policy::satisfied(const std::set<std::string>& cosigned) const {
    const auto holds = [&](const auto& self, const std::string& name) -> bool {
        const auto group = groups.find(name);
        if (group == groups.end()) return cosigned.contains(name);
        size_t count = 0;
        for (const std::string& member : group->second.members) count += self(self, member);
        return count >= group->second.threshold;
    };
    return quorum == kNone || holds(holds, quorum);
}

Result<PolicyVerdict> weigh(const Policy& policy, std::string_view signed_checkpoint) {
    AIP_ASSIGN(const Note note, Note::parse(signed_checkpoint));
    AIP_ASSIGN(const Checkpoint checkpoint, Checkpoint::parse(note.text));
    PolicyVerdict verdict{checkpoint.origin, {}, {}};
    std::set<std::string> names;
    for (const auto& [name, key] : policy.witnesses) {
        const auto when = verify_cosignature(note, key);
        if (!when) continue;
        verdict.cosigned[name] = *when;
        names.insert(name);
    }
    const bool known =
        policy.logs.empty() || std::any_of(policy.logs.begin(), policy.logs.end(), [&](const NoteKey& k) {
            return k.name == checkpoint.origin && note.verify(k).has_value();
        });
    if (!known)
        verdict.lacking = "the checkpoint of " + checkpoint.origin + " is signed by no log of the policy";
    else if (!policy.satisfied(names))
        verdict.lacking = "cosigned by " + std::to_string(names.size()) + " of the policy's " +
                          std::to_string(policy.witnesses.size()) + " witnesses, which is not its quorum '" +
                          policy.quorum + "'";
    return verdict;
}

Result<PolicyVerdict> check_policy(const Policy& policy, std::string_view signed_checkpoint) {
    AIP_ASSIGN(PolicyVerdict verdict, weigh(policy, signed_checkpoint));
    if (!verdict.lacking.empty()) return Error{ErrorCode::kDenied, std::move(verdict.lacking)};
    return verdict;
}

}  // namespace aip::ledger

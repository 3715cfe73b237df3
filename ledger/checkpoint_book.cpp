#include "ledger/checkpoint_book.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace aip::ledger {

Result<CheckpointBook::Learned> CheckpointBook::learn(const crypto::Principal& node, const CertifiedHead& head) {
    const uint64_t size = head.head.size;
    if (const auto log = logs_.find(node.address); log != logs_.end()) {
        const auto& heads = log->second.heads;
        const auto same = heads.find(size);
        if (same != heads.end() && same->second.head.root == head.head.root) return Learned{};
        if (same == heads.end() && heads.size() == limits::kBookHeadsMax && size < heads.begin()->first)
            return Learned{};
    }
    AIP_TRY(check_head(head.head, node));
    if (!logs_.contains(node.address) && logs_.size() >= limits::kBookLogsMax)
        logs_.erase(std::min_element(logs_.begin(), logs_.end(),
                                     [](const auto& a, const auto& b) { return a.second.news < b.second.news; }));
    Entry& log = logs_[node.address];
    const auto [at, fresh] = log.heads.emplace(size, head);
    if (!fresh) return Learned{What::kFork, contradiction(at->second, head)};
    if (size < log.heads.rbegin()->first) {
        if (log.heads.size() > limits::kBookHeadsMax) log.heads.erase(log.heads.begin());
        return Learned{What::kNew, {}};
    }
    if (log.heads.size() > limits::kBookHeadsMax) log.heads.erase(log.heads.begin());
    log.credential = head.credential;
    log.news = ++news_;
    return Learned{What::kNewest, {}};
}

}  // namespace aip::ledger

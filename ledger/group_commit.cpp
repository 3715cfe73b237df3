#include "ledger/group_commit.hpp"

#include <iterator>

#include "base/limits.hpp"

namespace aip::ledger {
namespace {

// Moves the first `count` out of `from`.
template <class T>
std::vector<T> split(std::vector<T>& from, size_t count) {
    const auto middle = from.begin() + static_cast<ptrdiff_t>(count);
    std::vector<T> first(std::make_move_iterator(from.begin()), std::make_move_iterator(middle));
    from.erase(from.begin(), middle);
    return first;
}

}  // namespace

void GroupCommit::append(Bytes leaf, const VersionId& version, Done done) {
    if (leaf.empty() || leaf.size() > limits::kLeafBytesMax)  // one bad leaf must not refuse the others of its batch
        return done(Error{ErrorCode::kInvalid,
                          "a leaf has 1 to " + std::to_string(limits::kLeafBytesMax) + " bytes; record less"});
    {
        const std::lock_guard lock(mutex_);
        waiting_.leaves.push_back(std::move(leaf));
        waiting_.versions.push_back(version);
        waiting_.done.push_back(std::move(done));
    }
    if (!writing_) write_next();
}

GroupCommit::Batch GroupCommit::take() {
    const std::lock_guard lock(mutex_);
    size_t count = 0;
    for (size_t bytes = 0; count < std::min<size_t>(waiting_.leaves.size(), limits::kAppendLeavesMax); ++count) {
        bytes += waiting_.leaves[count].size();
        if (bytes > limits::kAppendBytesMax) break;
    }
    return {split(waiting_.leaves, count), split(waiting_.versions, count), split(waiting_.done, count)};
}

void GroupCommit::write_next() {
    writing_ = true;
    submit(
        storage_,
        [this] {
            Batch batch = take();
            auto appended = log_.append(batch.leaves, batch.versions);
            return Written{std::move(batch), std::move(appended)};
        },
        [this](const Written& written) {
            {
                const std::lock_guard lock(mutex_);
                writing_ = !waiting_.leaves.empty();
            }
            if (writing_) write_next();
            const auto& [batch, appended] = written;
            for (size_t i = 0; i < batch.done.size(); ++i)
                batch.done[i](appended ? Result<uint64_t>(appended->first_index + i) : appended.error());
        });
}

}  // namespace aip::ledger

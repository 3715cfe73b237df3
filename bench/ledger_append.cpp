#include <algorithm>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "bench/ledger_world.hpp"
#include "daemons/storage_thread.hpp"
#include "ledger/group_commit.hpp"

namespace aip::bench {
namespace {

constexpr size_t kLeavesMade = 4096;  // signed before the clock runs, used again and again
constexpr size_t kOutstandingMax = 4096;

std::vector<SignedLeaf> make_leaves(const Member& member, size_t count) {
    std::vector<SignedLeaf> leaves;
    for (size_t n = 0; n < count; ++n) leaves.push_back(member.leaf(n));
    return leaves;
}

}  // namespace

double Times::percentile(double p) {
    AIP_ASSERT(!ms.empty());
    std::sort(ms.begin(), ms.end());
    return ms[std::min(ms.size() - 1, static_cast<size_t>(p * static_cast<double>(ms.size())))];
}

// In rounds that take turns, so that a disk that changes its mood changes it for all; what a round does first, with
// the caches full of the others' data, does not count.
Result<SingleAppends> single_appends(const std::string& directory, const Member& member, size_t count) {
    constexpr size_t kRounds = 10;
    AIP_ASSIGN(const DiskLog disk, DiskLog::open(directory + "/single", member.signer()));
    RocksPeer peer(directory + "/single/peer");
    const auto leaves = make_leaves(member, count / kRounds);
    Times appends, syncs, rocks;
    Result<void> verdict;
    for (size_t round = 0; round < kRounds; ++round) {
        Times sync = fdatasync_in_place(directory + "/single/page", leaves.size()), append, rock;
        for (const SignedLeaf& leaf : leaves) {
            append.take([&] {
                const auto appended = disk.log->append(std::span(&leaf.bytes, 1), std::span(&leaf.version, 1));
                if (!appended) verdict = appended.error();
            });
            AIP_TRY(verdict);
        }
        for (const SignedLeaf& leaf : leaves) rock.take([&] { peer.write({leaf.bytes}); });
        for (const auto& [all, one] :
             {std::pair(&syncs, &sync), std::pair(&appends, &append), std::pair(&rocks, &rock)})
            all->ms.insert(all->ms.end(), one->ms.begin() + 1, one->ms.end());
    }
    return SingleAppends{appends.percentile(0.5), appends.percentile(0.99), syncs.percentile(0.5),
                         syncs.percentile(0.99), rocks.percentile(0.99)};
}

// This thread checks every leaf's signature, the storage thread writes.
Result<Bulk> bulk_appends(const std::string& directory, const Member& member, double seconds) {
    AIP_ASSIGN(const DiskLog disk, DiskLog::open(directory + "/bulk", member.signer()));
    auto verifier = member.verifier();
    const auto leaves = make_leaves(member, kLeavesMade);
    daemons::StorageThread storage;
    ledger::GroupCommit group(*disk.log, storage);
    size_t sent = 0, done = 0;
    Result<void> verdict;
    const double start = seconds_now();
    while (seconds_now() - start < seconds || done < sent) {
        storage.drain();
        AIP_TRY(verdict);
        if (sent - done >= kOutstandingMax || seconds_now() - start >= seconds) continue;
        const SignedLeaf& leaf = leaves[sent % leaves.size()];
        AIP_ASSERT(ledger::check_leaf(leaf.bytes, verifier, kBenchTime));
        ++sent;
        group.append(leaf.bytes, leaf.version, [&](const Result<uint64_t>& index) {
            ++done;
            if (!index) verdict = index.error();
        });
    }
    const double took = seconds_now() - start;
    storage.stop();
    return Bulk{static_cast<double>(done) / took};
}

// From the moment an entry is due until it is durable, its signature check and every wait on the way included.
Result<Times> paced_appends(const std::string& directory, const Member& member, double per_second, double seconds) {
    AIP_ASSIGN(const DiskLog disk, DiskLog::open(directory + "/paced", member.signer()));
    auto verifier = member.verifier();
    const auto leaves = make_leaves(member, kLeavesMade);
    daemons::StorageThread storage;
    ledger::GroupCommit group(*disk.log, storage);
    const auto total = static_cast<size_t>(per_second * seconds);
    Times times;
    Result<void> verdict;
    const double start = seconds_now();
    for (size_t sent = 0; times.ms.size() < total;) {
        storage.drain();
        AIP_TRY(verdict);
        const double due = start + static_cast<double>(sent) / per_second;
        if (sent == total || seconds_now() < due) continue;
        const SignedLeaf& leaf = leaves[sent++ % leaves.size()];
        AIP_ASSERT(ledger::check_leaf(leaf.bytes, verifier, kBenchTime));
        group.append(leaf.bytes, leaf.version, [&, due](const Result<uint64_t>& index) {
            times.ms.push_back((seconds_now() - due) * 1e3);
            if (!index) verdict = index.error();
        });
    }
    storage.stop();
    return times;
}

}  // namespace aip::bench

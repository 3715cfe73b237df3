#include "node/best.hpp"

#include <bit>
#include <cmath>

#include "base/limits.hpp"

namespace aip::node {
namespace {

const std::string kPrefix = "best/";

std::optional<Best> judged(const VersionId& version, const WorkDone& work) {
    const auto accuracy = work.metrics.find("accuracy");
    if (accuracy != work.metrics.end()) return Best{version, true, accuracy->second};
    if (work.loss_after) return Best{version, false, *work.loss_after};
    return std::nullopt;
}

bool beats(const Best& a, const Best& b) {
    if (a.by_accuracy != b.by_accuracy) return a.by_accuracy;
    return a.by_accuracy ? a.value > b.value : a.value < b.value;
}

}  // namespace

std::string encode_best(const Best& best) {
    Bytes out;
    Writer(out).put(best.version.view()).u8(best.by_accuracy).u64(std::bit_cast<uint64_t>(best.value));
    return std::string(as_text(out));
}

Result<Best> parse_best(ByteView bytes) {
    Reader r(bytes);
    Best best;
    static_cast<void>(r.copy(best.version.bytes));
    const uint8_t by_accuracy = r.u8();
    best.value = std::bit_cast<double>(r.u64());
    if (!r.done() || by_accuracy > 1 || !std::isfinite(best.value))
        return Error{ErrorCode::kCorrupt, "the note of a best version is malformed"};
    best.by_accuracy = by_accuracy == 1;
    return best;
}

Result<void> BestVersions::load() {
    AIP_ASSIGN(const auto pairs, services_.state.scan(kPrefix));
    for (const auto& [key, value] : pairs) {
        AIP_ASSIGN(const Best best, parse_best(as_bytes(value)));
        best_[key.substr(kPrefix.size())] = best;
    }
    return {};
}

void BestVersions::consider(const std::string& task, const VersionId& version, const WorkDone& work) {
    const auto best = judged(version, work);
    const auto known = best_.find(task);
    if (!best || (known != best_.end() && !beats(*best, known->second))) return;
    if (known == best_.end() && best_.size() >= limits::kBestVersionsMax) return;
    best_[task] = *best;
    submit(
        services_.storage,
        [&state = services_.state, key = kPrefix + task, value = encode_best(*best)] {
            KvBatch batch;
            batch.put(key, value);
            return state.write(batch, true);
        },
        [&host = services_.host](const Result<void>& written) {
            if (!written) host.log("could not note the best version: " + written.error().text);
        });
}

std::set<VersionId> BestVersions::versions() const {
    std::set<VersionId> all;
    for (const auto& [task, best] : best_) all.insert(best.version);
    return all;
}

}  // namespace aip::node

// How a model gets here: its papers, its blocks, our promise.
#include <algorithm>

#include "node/journeys.hpp"

namespace aip::node {
namespace {

constexpr size_t kTombstonesMax = 1024;
constexpr std::string_view kFurtherOn = "this journey is already further on here";

struct Kept {
    Result<void> stored;    // blocks and version
    Result<void> promised;  // custody and receipt
};

}  // namespace

void Journeys::on_model_head(const Incoming& incoming, Bytes bytes) {
    constexpr std::string_view kRewritten = "quarantined: this node has rewritten its ledger";
    if (witnessing_.quarantined(incoming.peer)) return turn_away(incoming, aipacket::CancelCode::kRefused, kRewritten);
    auto head = ModelHead::parse(bytes);
    const auto proof = head ? ledger::EntryProof::parse(head->proof) : Result<ledger::EntryProof>(head.error());
    const Bytes task = head ? head->task : Bytes();
    auto admitted = head ? admit(std::move(*head), incoming.peer, verifier_, services_.clock.wall())
                         : Result<Admitted>(head.error());
    if (!admitted) return turn_away(incoming, aipacket::CancelCode::kRefused, admitted.error().text);
    if (proof) witnessing_.saw(*proof, services_.clock.now());
    if (witnessing_.quarantined(incoming.peer)) return turn_away(incoming, aipacket::CancelCode::kRefused, kRewritten);
    if (!task.empty()) tasks_.learn(task, admitted->manifest.task());
    const auto& manifest = admitted->manifest;
    if (const auto taken = tasks_.admit(manifest.task(), manifest.file_size(), admitted->journey.has_value()); !taken)
        return turn_away(incoming, aipacket::CancelCode::kRefused, taken.error().text);
    if (admitted->journey && is_stale(*admitted->journey))
        return turn_away(incoming, aipacket::CancelCode::kRefused, kFurtherOn);
    if (entries_.size() + arriving_.size() >= limits::kCustodyMax)
        return turn_away(incoming, aipacket::CancelCode::kBusy, "this node has all the models it can look after");
    const auto placed = arriving_.insert_or_assign(incoming, std::move(*admitted)).first;
    submit(
        services_.storage,
        [&blocks = services_.blocks, manifest = placed->second.manifest] {
            return model::missing_blocks(manifest, blocks);
        },
        [this, incoming](const Result<std::vector<uint32_t>>& missing) {
            const auto it = arriving_.find(incoming);
            if (it == arriving_.end()) return;
            if (!missing) return turn_away(incoming, aipacket::CancelCode::kStopped, missing.error().text);
            const auto& blocks = it->second.manifest.blocks();
            aipacket::Bitmap wanted(blocks.size());
            for (uint32_t index : *missing) wanted.set(index);
            const auto asked = exchange_.want(incoming, blocks, wanted, services_.clock.now());
            if (!asked) turn_away(incoming, aipacket::CancelCode::kRefused, asked.error().text);
        });
}

void Journeys::turn_away(const Incoming& incoming, aipacket::CancelCode code, std::string_view why) {
    arriving_.erase(incoming);
    services_.host.log("refused a model from " + incoming.peer.text() + ": " + std::string(why));
    exchange_.refuse(incoming, code, why, services_.clock.now());
}

// A copy that is behind what we already know of this journey: a late duplicate, or a walker older than one we know.
// While we have it in our own hands there is nothing that could come back, however far on it says it is; only a newer
// walker may take the place of an older one, unless that is being worked on or has ended.
bool Journeys::is_stale(const routing::JourneyRecord& record) const {
    const auto entry = entries_.find(record.id);
    if (entry != entries_.end()) {
        const Entry& here = entry->second;
        if (here.superseded || !here.record || record.walker < here.record->walker) return true;
        if (record.walker > here.record->walker)
            return here.busy || here.delivery || here.custody.state == CustodyState::kEnded;
        return here.custody.state != CustodyState::kOutbound || record.stops <= here.record->stops;
    }
    if (const MergedAway* merged = merged_away(record.id); merged != nullptr && record.walker <= merged->walker)
        return true;
    const auto passed = passed_.find(record.id);
    if (passed == passed_.end()) return false;
    return record.walker < passed->second.walker ||
           (record.walker == passed->second.walker && record.stops < passed->second.stops);
}

void Journeys::on_model_stored(const Incoming& incoming, const aipacket::Progress& progress) {
    const auto it = arriving_.find(incoming);
    if (it == arriving_.end())
        return exchange_.refuse(incoming, aipacket::CancelCode::kStopped, "forgotten", services_.clock.now());
    // Much may have happened since its head came: another copy, for one.
    if (it->second.journey && is_stale(*it->second.journey))
        return turn_away(incoming, aipacket::CancelCode::kRefused, kFurtherOn);
    Admitted admitted = std::move(it->second);
    arriving_.erase(it);
    if (!admitted.journey && references_.contains({admitted.manifest.id(), incoming.peer}))
        return on_reference_stored(incoming, std::move(admitted));
    Custody custody;
    custody.id = admitted.journey ? admitted.journey->id : services_.rng.next() | 1;
    custody.state = CustodyState::kHeld;
    custody.version = admitted.manifest.id();
    custody.task = admitted.manifest.task();
    custody.name = admitted.name;
    custody.journey = admitted.sealed_journey;
    custody.from = incoming.peer;
    custody.giver = admitted.giver;
    custody.wire_bytes = progress.wire_bytes_received + progress.wire_bytes_sent;
    custody.hops = progress.hops;
    custody.since = services_.clock.wall();
    const Bytes receipt =
        services_.signer.seal(kReceiptDomain, Receipt{incoming.transfer, custody.version, custody.since}.encode());
    const Tombstone tombstone{incoming.transfer, incoming.peer, receipt, custody.since};

    // If this journey left here and comes back before its receipt did, the old promise is fulfilled: from now on
    // nothing that is still under way about it may touch the record.
    if (const auto old = entries_.find(custody.id); old != entries_.end()) {
        old->second.superseded = true;
        old->second.busy = true;
        exchange_.cancel(old->second.custody.transfer, "the model has come back", services_.clock.now());
    }
    ++landing_;
    submit(
        services_.storage,
        [services = services_, manifest = admitted.manifest, sealed = admitted.sealed_manifest, custody,
         tombstone]() -> Kept {
            if (auto checked = model::check_header(manifest, services.blocks); !checked) return {checked, {}};
            if (auto put = services.versions.put(manifest, sealed, custody.since, true); !put) return {put, {}};
            return {{}, services.custody.put_received(custody, tombstone)};
        },
        [this, incoming, custody, tombstone, record = std::move(admitted.journey),
         papers = Papers{incoming.peer, admitted.maker, admitted.statement.received_from.value_or(Address{}),
                         admitted.giver}](const Kept& kept) mutable {
            --landing_;
            // Nobody can tell whether the promise is on disk: neither a receipt nor a refusal would be true.
            if (!kept.promised) return services_.host.fatal(kept.promised.error());
            arrived(incoming, custody, tombstone, std::move(record), papers, kept.stored);
        });
}

void Journeys::arrived(const Incoming& incoming, const Custody& custody, const Tombstone& tombstone,
                       std::optional<routing::JourneyRecord> record, const Papers& papers, const Result<void>& kept) {
    const Instant now = services_.clock.now();
    const auto old = entries_.find(custody.id);
    if (!kept) {
        if (old != entries_.end()) old->second.superseded = old->second.busy = false;
        const bool lies = kept.error().code == ErrorCode::kInvalid;
        return turn_away(incoming, lies ? aipacket::CancelCode::kRefused : aipacket::CancelCode::kNoSpace,
                         kept.error().text);
    }
    Entry entry;
    entry.custody = custody;
    entry.record = std::move(record);
    entry.papers = papers;
    entry.since = now;
    entry.part = next_part_++;
    if (old != entries_.end()) {
        Entry left = std::move(old->second);
        old->second = std::move(entry);
        sent_to_waiter(left, left.custody.to, {}, 0, now);
    } else {
        entries_.emplace(custody.id, std::move(entry));
    }
    exchange_.complete(incoming, tombstone.receipt, now);
    tell_origin(entries_.at(custody.id));
    tombstones_.push_back({incoming, tombstone.at});
    if (tombstones_.size() > kTombstonesMax + kTombstonesMax / 8) forget_old_tombstones();
}

void Journeys::forget_old_tombstones() {
    const size_t old = tombstones_.size() - kTombstonesMax;
    std::vector<std::pair<uint64_t, Address>> names;
    for (size_t i = 0; i < old; ++i) {
        exchange_.forget(tombstones_[i].first);
        names.push_back({tombstones_[i].first.transfer, tombstones_[i].first.peer});
    }
    tombstones_.erase(tombstones_.begin(), tombstones_.begin() + static_cast<std::ptrdiff_t>(old));
    services_.storage.run([&store = services_.custody, names] { static_cast<void>(store.erase_tombstones(names)); },
                          [] {});
}

void Journeys::on_incoming_ended(const Incoming& incoming, const Error& error) {
    arriving_.erase(incoming);
    services_.host.log("transfer from " + incoming.peer.text() + " ended: " + error.text);
}

}  // namespace aip::node

#include "ledger/lineage.hpp"

#include <algorithm>

#include "base/time_text.hpp"
#include "crypto/revocation.hpp"

namespace aip::ledger {
namespace {

void judge(LineageStep& step, Verdict& verdict, const Result<void>& found) {
    verdict = found ? Verdict::kGood : Verdict::kBad;
    if (!found && step.why.empty()) step.why = found.error().text;
}

Error wrong(std::string text) { return {ErrorCode::kDenied, std::move(text)}; }

}  // namespace

std::string_view verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::kNotAtHand: return "-";
        case Verdict::kGood: return "good";
        case Verdict::kBad: return "BAD";
    }
    return "?";
}

bool LineageStep::is_bad() const {
    const auto all = {signature, key, inclusion, witnessed, digest, bytes, change, custody};
    return std::find(all.begin(), all.end(), Verdict::kBad) != all.end();
}

void LineageAudit::add(const BundleItem& item) {
    Result<void> added;
    switch (item.kind) {
        case BundleKind::kStop: added = add_stop(item.bytes); break;
        case BundleKind::kKeyEvent: added = add_key_event(item.bytes); break;
        case BundleKind::kManifest: {
            const auto version = facts_.add_manifest(item.bytes);
            if (version)
                manifests_.insert(*version);
            else
                added = wrong("a manifest in the bundle is malformed");
            break;
        }
        case BundleKind::kRevoked: added = add_revocation(item.bytes); break;
        case BundleKind::kMissing: {
            Reader r(item.bytes);
            VersionId version;
            static_cast<void>(r.copy(version.bytes));
            if (!r.failed()) missing_.emplace(version, std::string(as_text(r.view(r.remaining()))));
            break;
        }
    }
    if (!added && unread_.empty()) unread_ = added.error().text;
}

LineageAudit::Tree LineageAudit::open_tree(const EntryProof& proof, WallTime at) {
    const auto owner = verifier_.credential(proof.credential, at);
    if (!owner) return {owner.error(), {}, {}, {}};
    const NoteKey key{log_origin(owner->address), owner->operational};
    auto checkpoint = open_checkpoint(proof.checkpoint, key);
    PolicyVerdict witnesses;
    if (checkpoint && policy_ != nullptr) {
        auto found = weigh(*policy_, proof.checkpoint);
        AIP_ASSERT(found.has_value());  // it was read already
        witnesses = std::move(*found);
    }
    return {std::move(checkpoint), owner->operational, owner->address, std::move(witnesses)};
}

// The tree the entry stands in, if it does.
Result<const LineageAudit::Tree*> LineageAudit::place(const EntryProof& proof, const CheckedEntry& entry) {
    const std::string name = proof.checkpoint + std::string(as_text(proof.credential.view()));
    auto it = trees_.find(name);
    if (it == trees_.end())
        it = trees_.emplace(name, open_tree(proof, vouched_at(entry.entry, proof.credential))).first;
    const Tree& tree = it->second;
    if (!tree.checkpoint) return tree.checkpoint.error();
    const Checkpoint& head = *tree.checkpoint;
    if (tree.node != entry.signer.address)
        return wrong("entry of " + entry.signer.address.text() + " in the log of " + tree.node.text());
    AIP_TRY(verify_inclusion(leaf_hash(proof.leaf), proof.index, head.size, proof.path, head.root));
    LogSeen& log = logs_[tree.node];
    if (log.roots.emplace(head.size, head.root).first->second != head.root)
        log.wrong = "the log of " + tree.node.text() + " has two trees of " + std::to_string(head.size) +
                    " entries: it was forked; trust nothing of it";
    return &tree;
}

Result<void> LineageAudit::add_stop(ByteView bytes) {
    AIP_ASSIGN(const EntryProof proof, EntryProof::parse(bytes));
    Stop stop;
    stop.step.index = proof.index;
    auto checked = check_entry(proof.leaf, verifier_, {});
    if (checked) {
        auto* says = std::get_if<HopStatement>(&checked->entry);
        if (says == nullptr) return wrong("a key event stands where a step should");
        stop.signer = checked->signer.operational;
        stop.identity = checked->signer.identity;
        stop.step.signature = Verdict::kGood;
        const auto tree = place(proof, *checked);
        judge(stop.step, stop.step.inclusion, tree ? Result<void>() : Result<void>(tree.error()));
        if (tree) stop.tree = *tree;
        stop.step.says = std::move(*says);
    } else {
        AIP_ASSIGN(Entry entry, read_entry(proof.leaf));
        auto* says = std::get_if<HopStatement>(&entry);
        if (says == nullptr) return checked.error();
        judge(stop.step, stop.step.signature, checked.error());
        stop.step.says = std::move(*says);
    }
    stop.step.version = stop.step.says->version;
    stop.step.node = stop.step.says->node;
    stops_[stop.step.version].push_back(std::move(stop));
    return {};
}

Result<void> LineageAudit::add_key_event(ByteView bytes) {
    AIP_ASSIGN(const EntryProof proof, EntryProof::parse(bytes));
    AIP_ASSIGN(CheckedEntry checked, check_entry(proof.leaf, verifier_, {}));
    auto* event = std::get_if<KeyEvent>(&checked.entry);
    if (event == nullptr) return wrong("a step stands where a key event should");
    AIP_TRY(place(proof, checked));
    LogSeen& log = logs_[checked.signer.address];
    const std::pair seen(proof.index, *event);
    if (log.events.emplace(event->number, seen).first->second != seen)
        log.wrong = "the log of " + event->node.text() + " has two key events " + std::to_string(event->number) +
                    ": it was forked; trust nothing of it";
    return {};
}

Result<void> LineageAudit::add_revocation(ByteView bytes) {
    const auto word = crypto::RevocationBytes::from(bytes);
    if (!word) return wrong("a revocation in the bundle is malformed");
    AIP_ASSIGN(const crypto::Revocation read, crypto::verify_revocation(*word, verifier_.root()));
    WallTime& from = revoked_.emplace(read.identity, read.from).first->second;
    from = std::min(from, read.from);
    return {};
}

void LineageAudit::index_keys() {
    for (auto& [node, log] : logs_) {
        log.keys = {};
        for (const auto& [number, event] : log.events) {
            const auto added = log.keys.add(event.first, event.second);
            if (!added && log.wrong.empty()) log.wrong = added.error().text;
        }
    }
}

void LineageAudit::check_key(Stop& stop) const {
    LineageStep& step = stop.step;
    const auto revoked = revoked_.find(stop.identity);
    if (revoked != revoked_.end() && step.says->time >= revoked->second)
        return judge(step, step.key,
                     wrong("identity " + step.node.text() + " was revoked from " + time_text(revoked->second) +
                           " by the network root"));
    const auto it = logs_.find(step.node);
    if (it == logs_.end() || stop.tree == nullptr) return;
    const LogSeen& log = it->second;
    if (!log.wrong.empty()) return judge(step, step.key, wrong(log.wrong));
    if (log.keys.spans().empty()) {
        if (step.why.empty()) step.why = "the key events of the log of " + step.node.text() + " are missing";
        return;
    }
    const Checkpoint& head = *stop.tree->checkpoint;
    if (!log.keys.may_sign_tree(head.size, stop.tree->key))
        return judge(step, step.key, wrong("its checkpoint is signed by a key that was not the log's then"));
    judge(step, step.key, log.keys.check(step.index, stop.signer));
}

void LineageAudit::check_witnesses(Stop& stop) const {
    if (policy_ == nullptr || stop.tree == nullptr) return;
    const PolicyVerdict& found = stop.tree->witnesses;
    for (const auto& [name, when] : found.cosigned) stop.step.witnesses.push_back(name);
    judge(stop.step, stop.step.witnessed, found.lacking.empty() ? Result<void>() : wrong(found.lacking));
}

void LineageAudit::check_bytes(LineageStep& step) const {
    const HopStatement& says = *step.says;
    if (const auto weights = facts_.weights(step.version))
        judge(step, step.bytes,
              *weights == says.content ? Result<void>() : wrong("the weights at hand are not those the entry names"));
    if (const auto facts = facts_.of(step.version)) {
        const bool same = facts->content == says.content && (is_passage(says) || facts->parents == says.parents);
        judge(step, step.digest,
              same ? Result<void>()
                   : wrong("the manifest of this version names other weights or parents than the entry"));
    }
    if (!says.changed || says.parents.empty()) return;
    const auto change = facts_.change(says.parents.front(), step.version);
    if (change)
        judge(step, step.change,
              *change == *says.changed ? Result<void>() : wrong("other tensors changed than the entry says"));
}

// That the giver's entry stands where the receiver saw it, in a tree the giver's log really had.
Result<void> LineageAudit::check_giver(const HopStatement& says) const {
    const auto log = logs_.find(*says.received_from);
    if (log != logs_.end()) {
        const auto root = log->second.roots.find(says.custody->size);
        if (root != log->second.roots.end() && root->second != says.custody->root)
            return wrong("the giver showed another tree of " + std::to_string(says.custody->size) +
                         " entries than its log has: it was forked");
    }
    const VersionId& given = says.parents.empty() || is_passage(says) ? says.version : says.parents.front();
    const auto stops = stops_.find(given);
    if (stops == stops_.end()) return Error{ErrorCode::kNotFound, ""};
    bool seen = false;
    for (const Stop& stop : stops->second) {
        if (stop.step.node != *says.received_from) continue;
        if (stop.step.index == says.custody->index) return {};
        seen = true;
    }
    return seen ? wrong("the giver's entry stands elsewhere in its log than it was proven")
                : Error{ErrorCode::kNotFound, ""};
}

void LineageAudit::check_custody(LineageStep& step) const {
    if (!step.says->custody) return;
    const auto found = check_giver(*step.says);
    if (found || found.error().code != ErrorCode::kNotFound) judge(step, step.custody, found);
}

void LineageAudit::take_steps(const VersionId& version, size_t depth, Lineage& lineage) {
    const auto it = stops_.find(version);
    const bool made = it != stops_.end() && std::any_of(it->second.begin(), it->second.end(),
                                                        [](const Stop& stop) { return !is_passage(*stop.step.says); });
    if (it != stops_.end()) {
        for (Stop& stop : it->second) {
            check_key(stop);
            check_witnesses(stop);
            check_bytes(stop.step);
            check_custody(stop.step);
            stop.step.depth = depth;
            lineage.steps.push_back(stop.step);
        }
    }
    if (made) return;
    LineageStep missing;
    missing.version = version;
    missing.depth = depth;
    const auto why = missing_.find(version);
    missing.why = why != missing_.end() ? why->second : unread_.empty() ? "no proof of who made it" : unread_;
    lineage.steps.push_back(std::move(missing));
}

Lineage LineageAudit::finish(const VersionId& version) {
    index_keys();
    Lineage lineage;
    lineage.version = version;
    std::set<VersionId> seen{version};
    std::vector<std::pair<VersionId, size_t>> open{{version, 0}};
    while (!open.empty()) {
        const auto [next, depth] = open.back();
        open.pop_back();
        const size_t first = lineage.steps.size();
        take_steps(next, depth, lineage);
        std::vector<VersionId> parents;
        for (size_t i = first; i < lineage.steps.size(); ++i) {
            const LineageStep& step = lineage.steps[i];
            if (step.says && step.signature == Verdict::kGood && !is_passage(*step.says))
                parents.insert(parents.end(), step.says->parents.begin(), step.says->parents.end());
        }
        for (size_t i = 0; i < parents.size(); ++i)  // the first is pushed first, so it is drawn last, straight below
            if (seen.insert(parents[i]).second) open.push_back({parents[i], depth + (i > 0 ? 1 : 0)});
    }
    for (const LineageStep& step : lineage.steps) {
        lineage.good += step.is_good();
        lineage.bad += step.is_bad();
        lineage.missing += !step.is_good() && !step.is_bad();
    }
    lineage.checkpoints = trees_.size();
    lineage.unread = unread_;
    for (const VersionId& manifest : manifests_)
        if (!seen.contains(manifest) && lineage.unread.empty())
            lineage.unread = "a manifest in the bundle is of no version of this history";
    return lineage;
}

}  // namespace aip::ledger

#include "node/gate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/limits.hpp"
#include "ledger/entry.hpp"

namespace aip::node {
namespace {

const std::string kChangesPrefix = "gate/usual/";
const std::string kOwnPrefix = "gate/own/";
const std::string kQuarantinePrefix = "quarantine/";
constexpr uint8_t kFormat = 1;

void put_text(Writer& w, std::string_view text) { w.u32(static_cast<uint32_t>(text.size())).put(text); }
std::string text(Reader& r) { return std::string(as_text(r.view(r.u32()))); }

double median(std::vector<float> values) {
    const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

Result<VersionId> parse_version(ByteView bytes) {
    Reader r(bytes);
    VersionId version;
    static_cast<void>(r.copy(version.bytes));
    if (!r.done()) return Error{ErrorCode::kCorrupt, "the note of an own version is malformed"};
    return version;
}

}  // namespace

std::string encode_quarantined(const Quarantined& entry) {
    Bytes out;
    Writer w(out);
    w.u8(kFormat).put(entry.version.view()).put(entry.from.view()).put(entry.maker.view());
    w.u64(static_cast<uint64_t>(entry.at.unix_ms()));
    put_text(w, entry.task);
    put_text(w, entry.rule);
    put_text(w, entry.why);
    return std::string(as_text(out));
}

Result<Quarantined> parse_quarantined(ByteView bytes) {
    Reader r(bytes);
    Quarantined entry;
    const uint8_t format = r.u8();
    static_cast<void>(r.copy(entry.version.bytes));
    static_cast<void>(r.copy(entry.from.bytes));
    static_cast<void>(r.copy(entry.maker.bytes));
    entry.at = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    entry.task = text(r);
    entry.rule = text(r);
    entry.why = text(r);
    if (format != kFormat || !r.done())
        return Error{ErrorCode::kCorrupt, "the note of a rejected version is malformed"};
    return entry;
}

std::string encode_changes(const Changes& changes) {
    Bytes out;
    Writer w(out);
    w.u8(kFormat).u32(static_cast<uint32_t>(changes.size()));
    for (const auto& [name, values] : changes) {
        put_text(w, name);
        w.u8(static_cast<uint8_t>(values.size()));
        for (const float value : values) w.u32(std::bit_cast<uint32_t>(value));
    }
    return std::string(as_text(out));
}

Result<Changes> parse_changes(ByteView bytes) {
    Reader r(bytes);
    Changes changes;
    const Error malformed{ErrorCode::kCorrupt, "the note of usual changes is malformed"};
    if (r.u8() != kFormat) return malformed;
    for (uint32_t left = r.u32(); left > 0 && !r.failed(); --left) {
        std::deque<float>& values = changes[text(r)];
        for (uint8_t more = r.u8(); more > 0 && !r.failed(); --more) {
            values.push_back(std::bit_cast<float>(r.u32()));
            if (!std::isfinite(values.back())) return malformed;
        }
        if (values.empty() || values.size() > limits::kUsualKept) return malformed;
    }
    if (!r.done()) return malformed;
    return changes;
}

Result<void> Gate::load() {
    AIP_ASSIGN(const auto changes, services_.state.scan(kChangesPrefix));
    for (const auto& [key, value] : changes) {
        AIP_ASSIGN(changes_[key.substr(kChangesPrefix.size())], parse_changes(as_bytes(value)));
    }
    AIP_ASSIGN(const auto own, services_.state.scan(kOwnPrefix));
    for (const auto& [key, value] : own) {
        AIP_ASSIGN(own_[key.substr(kOwnPrefix.size())], parse_version(as_bytes(value)));
    }
    AIP_ASSIGN(const auto quarantine, services_.state.scan(kQuarantinePrefix));
    for (const auto& [key, value] : quarantine) {
        AIP_ASSIGN(Quarantined entry, parse_quarantined(as_bytes(value)));
        quarantine_[entry.version] = std::move(entry);
    }
    return load_reputation();
}

Result<void> Gate::load_reputation() {
    const uint64_t size = services_.log.size();
    for (uint64_t i = size > limits::kReputationEntries ? size - limits::kReputationEntries : 0; i < size; ++i) {
        AIP_ASSIGN(const Bytes leaf, services_.log.leaf(i));
        AIP_ASSIGN(const ledger::Entry entry, ledger::read_entry(leaf));
        if (const auto* statement = std::get_if<ledger::HopStatement>(&entry)) count(*statement);
    }
    return {};
}

// A version that was rejected counts against who handed it over; one that was trained here, or relayed, for it.
void Gate::count(const ledger::HopStatement& s) {
    if (!s.received_from) return;
    if (s.what == "rejected")
        ++reputation_[*s.received_from].rejected;
    else if (s.what == "relayed" || !ledger::is_passage(s))
        ++reputation_[*s.received_from].accepted;
}

void Gate::took(const std::string& task, const Address& from, const std::vector<model::TensorDistance>& from_parent) {
    ++reputation_[from].accepted;
    add_changes(task, from_parent);
}

void Gate::made(const std::string& task, const VersionId& version,
                const std::vector<model::TensorDistance>& from_parent) {
    add_changes(task, from_parent);
    if (!own_.contains(task) && own_.size() >= limits::kUsualTasksMax) return;
    own_[task] = version;
    KvBatch batch;
    batch.put(kOwnPrefix + task, std::string(as_text(version.view())));
    save(std::move(batch), "an own version", false);
}

void Gate::add_changes(const std::string& task, const std::vector<model::TensorDistance>& changes) {
    if (changes.empty() || (!changes_.contains(task) && changes_.size() >= limits::kUsualTasksMax)) return;
    Changes& known = changes_[task];
    for (const model::TensorDistance& tensor : changes) {
        const auto change = static_cast<float>(tensor.change);
        if (!tensor.comparable || !std::isfinite(change)) continue;
        if (!known.contains(tensor.name) && known.size() >= limits::kUsualTensorsMax) continue;
        std::deque<float>& values = known[tensor.name];
        values.push_back(change);
        if (values.size() > limits::kUsualKept) values.pop_front();
    }
    KvBatch batch;
    batch.put(kChangesPrefix + task, encode_changes(known));
    save(std::move(batch), "what is usual", false);
}

void Gate::reject(Quarantined entry) {
    ++reputation_[entry.from].rejected;
    KvBatch batch;
    if (quarantine_.size() >= limits::kQuarantineMax) {
        const auto oldest = std::min_element(quarantine_.begin(), quarantine_.end(),
                                             [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
        batch.erase(kQuarantinePrefix + oldest->first.hex());
        quarantine_.erase(oldest);
    }
    batch.put(kQuarantinePrefix + entry.version.hex(), encode_quarantined(entry));
    quarantine_[entry.version] = std::move(entry);
    save(std::move(batch), "a rejected version", true);
}

// Statistics that a power cut takes are learnt again; what was rejected must not come back.
void Gate::save(KvBatch batch, std::string_view what, bool sync) {
    submit(
        services_.storage,
        [&state = services_.state, batch = std::move(batch), sync] { return state.write(batch, sync); },
        [&host = services_.host, what = std::string(what)](const Result<void>& written) {
            if (!written) host.log("could not note " + what + ": " + written.error().text);
        });
}

std::map<std::string, double> Gate::usual(const std::string& task) const {
    std::map<std::string, double> out;
    const auto known = changes_.find(task);
    if (known == changes_.end()) return out;
    for (const auto& [name, values] : known->second) out[name] = median({values.begin(), values.end()});
    return out;
}

std::optional<VersionId> Gate::own(const std::string& task) const {
    const auto known = own_.find(task);
    return known == own_.end() ? std::nullopt : std::optional(known->second);
}

double Gate::distrust(const Address& node) const {
    const auto known = reputation_.find(node);
    return known == reputation_.end() ? 0 : std::max(0.0, 1 - 2 * known->second.mean());
}

std::set<VersionId> Gate::versions() const {
    std::set<VersionId> all;
    for (const auto& [task, version] : own_) all.insert(version);
    for (const auto& [version, entry] : quarantine_) all.insert(version);
    return all;
}

Report Gate::report() const {
    Report r{"Quarantine",
             {{"version", ColumnType::kText},
              {"task", ColumnType::kText},
              {"rule", ColumnType::kText},
              {"why", ColumnType::kText},
              {"from", ColumnType::kText},
              {"maker", ColumnType::kText},
              {"accepted_from", ColumnType::kInteger},
              {"rejected_from", ColumnType::kInteger},
              {"time_ms", ColumnType::kInteger}},
             {},
             {}};
    for (const auto& [version, entry] : quarantine_) {
        const auto known = reputation_.find(entry.from);
        const Reputation of = known == reputation_.end() ? Reputation{} : known->second;
        r.rows.push_back({version.hex(), entry.task, entry.rule, entry.why, entry.from.text(),
                          entry.maker.is_zero() ? Cell{} : Cell{entry.maker.text()}, static_cast<int64_t>(of.accepted),
                          static_cast<int64_t>(of.rejected), static_cast<int64_t>(entry.at.unix_ms())});
    }
    std::stable_sort(r.rows.begin(), r.rows.end(), [](const auto& a, const auto& b) { return a.back() < b.back(); });
    r.notes.push_back("never trained on, never sent on; 'aipctl models export VERSION' looks at one");
    return r;
}

}  // namespace aip::node

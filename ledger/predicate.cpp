#include "ledger/predicate.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/task_key.hpp"
#include "crypto/sha256.hpp"
#include "ledger/strict_json.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

using nlohmann::json;

constexpr size_t kAddressTextMax = 45;
constexpr size_t kJourneyBytes = 8;
using JourneyId = FixedBytes<struct JourneyIdTag, kJourneyBytes>;

bool is_word(std::string_view text, size_t bytes_max) {
    return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

bool is_line(std::string_view text, size_t bytes_max) {
    return !text.empty() && text.size() <= bytes_max && is_text(text) && text.find('\n') == std::string_view::npos;
}

bool is_finite(const std::optional<double>& value) { return !value || std::isfinite(*value); }

Error out_of_limits(std::string_view field) {
    return {ErrorCode::kInvalid,
            "cannot record a statement: '" + std::string(field) + "' is empty, too large or malformed (rfc/0004 4.2)"};
}

json change_json(const TensorChange& change) {
    json out{{"count", change.count}, {"of", change.of}};
    if (change.digest)
        out["digest"] = change.digest->hex();
    else
        out["names"] = change.names;
    return out;
}

json custody_json(const GiverProof& giver) {
    return {{"index", giver.index}, {"proof", giver.proof.hex()}, {"root", giver.root.hex()}, {"size", giver.size}};
}

json predicate_json(const HopStatement& s, const crypto::CredentialBytes& credential) {
    std::array<uint8_t, kJourneyBytes> journey{};
    store_be64(journey.data(), s.journey);
    json parents = json::array();
    for (const VersionId& parent : s.parents) parents.push_back(parent.hex());
    json predicate{{"content", s.content.hex()},
                   {"credential", credential.hex()},
                   {"journey", to_hex(journey)},
                   {"node", s.node.text()},
                   {"parents", std::move(parents)},
                   {"samples", s.samples},
                   {"software", s.software},
                   {"steps", s.steps},
                   {"stop", s.stop},
                   {"task", s.task},
                   {"timeMs", static_cast<uint64_t>(s.time.unix_ms())},
                   {"what", s.what}};
    if (s.loss_before) predicate["lossBefore"] = *s.loss_before;
    if (s.loss_after) predicate["lossAfter"] = *s.loss_after;
    if (!s.metrics.empty()) predicate["metrics"] = s.metrics;
    for (const auto& [name, value] : s.parameters)
        std::visit([&predicate, &key = name](const auto& v) { predicate["parameters"][key] = v; }, value);
    if (s.changed) predicate["changed"] = change_json(*s.changed);
    if (s.received_from) predicate["receivedFrom"] = s.received_from->text();
    if (s.custody) predicate["custody"] = custody_json(*s.custody);
    return predicate;
}

Address read_address(Fields& fields, const char* name) {
    const auto address = Address::parse(fields.text(name, kAddressTextMax));
    if (!address) fields.fail(name);
    return address.value_or(Address{});
}

void read_parents(Fields& fields, HopStatement& s) {
    const json* parents = fields.list("parents", limits::kParentsMax);
    if (parents == nullptr) return;
    for (const json& entry : *parents) {
        const auto* text = entry.get_ptr<const std::string*>();
        const auto parent = text != nullptr ? VersionId::parse_hex(*text) : std::nullopt;
        if (!parent) return fields.fail("parents");
        s.parents.push_back(*parent);
    }
}

void read_metrics(Fields& fields, HopStatement& s) {
    if (!fields.has("metrics")) return;
    const json* metrics = fields.object("metrics");
    if (metrics == nullptr) return;
    for (const auto& [name, value] : metrics->items()) {
        if (!value.is_number()) return fields.fail("metrics");
        s.metrics.emplace(name, value.get<double>());
    }
}

void read_parameters(Fields& fields, HopStatement& s) {
    if (!fields.has("parameters")) return;
    const json* parameters = fields.object("parameters");
    if (parameters == nullptr) return;
    for (const auto& [name, value] : parameters->items()) {
        if (value.is_number())
            s.parameters.emplace(name, value.get<double>());
        else if (const auto* text = value.get_ptr<const std::string*>())
            s.parameters.emplace(name, *text);
        else
            return fields.fail("parameters");
    }
}

Result<void> read_change(const json& object, HopStatement& s) {
    Fields fields(object, "predicate.changed");
    TensorChange change;
    change.count = fields.integer("count");
    change.of = fields.integer("of");
    if (fields.has("digest")) {
        change.digest = fields.hex<Digest>("digest");
    } else if (const json* names = fields.list("names", limits::kChangedNamesMax)) {
        for (const json& name : *names) {
            const auto* text = name.get_ptr<const std::string*>();
            if (text == nullptr) fields.fail("names");
            change.names.push_back(text != nullptr ? *text : "");
        }
    }
    s.changed = std::move(change);
    return fields.check();
}

Result<void> read_custody(const json& object, HopStatement& s) {
    Fields fields(object, "predicate.custody");
    GiverProof giver;
    giver.index = fields.integer("index");
    giver.size = fields.integer("size");
    giver.root = fields.hex<Digest>("root");
    giver.proof = fields.hex<Digest>("proof");
    s.custody = giver;
    return fields.check();
}

Result<SignedStatement> read_predicate(const json& predicate, HopStatement s) {
    Fields fields(predicate, "predicate");
    s.content = fields.hex<Digest>("content");
    read_parents(fields, s);
    s.task = fields.text("task", limits::kTaskKeyMax);
    s.what = fields.text("what", limits::kWhatMax);
    s.samples = fields.integer("samples");
    s.steps = fields.integer("steps");
    s.loss_before = fields.real("lossBefore");
    s.loss_after = fields.real("lossAfter");
    read_metrics(fields, s);
    read_parameters(fields, s);
    const json* changed = fields.has("changed") ? fields.object("changed") : nullptr;
    const json* custody = fields.has("custody") ? fields.object("custody") : nullptr;
    if (fields.has("receivedFrom")) s.received_from = read_address(fields, "receivedFrom");
    s.node = read_address(fields, "node");
    s.software = fields.text("software", limits::kSoftwareMax);
    s.time = WallTime::from_unix_ms(static_cast<int64_t>(fields.integer("timeMs")));
    s.journey = load_be64(fields.hex<JourneyId>("journey").bytes.data());
    const uint64_t stop = fields.integer("stop");
    if (stop > UINT32_MAX) fields.fail("stop");
    s.stop = static_cast<uint32_t>(stop);
    const auto credential = fields.hex<crypto::CredentialBytes>("credential");
    AIP_TRY(fields.check());
    if (changed != nullptr) AIP_TRY(read_change(*changed, s));
    if (custody != nullptr) AIP_TRY(read_custody(*custody, s));
    AIP_TRY(check_limits(s));
    return SignedStatement{std::move(s), credential};
}

bool is_parameter(std::string_view name, const Parameter& value) {
    if (!is_word(name, limits::kParameterNameMax)) return false;
    if (const auto* number = std::get_if<double>(&value)) return std::isfinite(*number);
    return is_line(std::get<std::string>(value), limits::kParameterTextMax);
}

bool is_in_order(const std::vector<std::string>& names) {
    return std::adjacent_find(names.begin(), names.end(), std::greater_equal<>()) == names.end();
}

bool can_be_named(const std::vector<std::string>& names) {
    size_t bytes = 0;
    for (const std::string& name : names) {
        if (!is_line(name, limits::kTensorNameMax)) return false;
        bytes += name.size();
    }
    return names.size() <= limits::kChangedNamesMax && bytes <= limits::kChangedNamesBytesMax;
}

bool is_change(const TensorChange& change) {
    if (change.of > kJsonIntegerMax || change.count > change.of) return false;
    if (change.digest) return change.names.empty() && change.count > 0;
    return change.count == change.names.size() && can_be_named(change.names) && is_in_order(change.names);
}

bool is_custody(const GiverProof& giver) { return giver.size <= kJsonIntegerMax && giver.index < giver.size; }

}  // namespace

Digest tensor_names_digest(const std::vector<std::string>& names) {
    Bytes all;
    Writer w(all);
    for (const std::string& name : names) w.u32(static_cast<uint32_t>(name.size())).put(name);
    return crypto::sha256(all);
}

TensorChange tensor_change(std::vector<std::string> names, uint64_t of) {
    std::sort(names.begin(), names.end());
    TensorChange change{names.size(), of, {}, {}};
    if (can_be_named(names))
        change.names = std::move(names);
    else
        change.digest = tensor_names_digest(names);
    return change;
}

Result<void> check_limits(const HopStatement& s) {
    if (s.parents.size() > limits::kParentsMax) return out_of_limits("parents");
    if (!is_task_key(s.task)) return out_of_limits("task");
    if (!is_word(s.what, limits::kWhatMax)) return out_of_limits("what");
    if (s.samples > kJsonIntegerMax) return out_of_limits("samples");
    if (s.steps > kJsonIntegerMax) return out_of_limits("steps");
    if (!is_finite(s.loss_before) || !is_finite(s.loss_after)) return out_of_limits("loss");
    if (s.metrics.size() > limits::kMetricsMax) return out_of_limits("metrics");
    for (const auto& [name, value] : s.metrics)
        if (!is_line(name, limits::kMetricNameMax) || !std::isfinite(value)) return out_of_limits("metrics");
    if (s.parameters.size() > limits::kParametersMax) return out_of_limits("parameters");
    for (const auto& [name, value] : s.parameters)
        if (!is_parameter(name, value)) return out_of_limits("parameters");
    if (s.changed && !is_change(*s.changed)) return out_of_limits("changed");
    if (s.custody && (!s.received_from || !is_custody(*s.custody))) return out_of_limits("custody");
    if (!is_line(s.software, limits::kSoftwareMax)) return out_of_limits("software");
    if (s.time.unix_ms() < 0 || static_cast<uint64_t>(s.time.unix_ms()) > kJsonIntegerMax) return out_of_limits("time");
    return {};
}

Result<std::string> write_statement(const SignedStatement& signed_statement) {
    const HopStatement& s = signed_statement.statement;
    AIP_TRY(check_limits(s));
    return write_in_toto("version", Digest{s.version.bytes}, kHopPredicateType,
                         predicate_json(s, signed_statement.credential));
}

Result<SignedStatement> parse_hop(const Statement& statement) {
    if (statement.predicate_type != kHopPredicateType)
        return Error{ErrorCode::kInvalid, "the statement is of another type than " + std::string(kHopPredicateType)};
    HopStatement s;
    s.version = VersionId{statement.subject.bytes};
    return read_predicate(*statement.predicate, std::move(s));
}

}  // namespace aip::ledger

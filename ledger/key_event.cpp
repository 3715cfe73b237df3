#include "ledger/key_event.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "ledger/strict_json.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

using nlohmann::json;

constexpr size_t kAddressTextMax = 45;
constexpr std::array<std::string_view, 3> kChanges{"created", "rotated", "revoked"};

bool is_one_line(std::string_view text) { return is_text(text) && text.find('\n') == std::string_view::npos; }

Result<void> check_limits(const KeyEvent& e) {
    const auto wrong = [](std::string_view field) {
        return Error{ErrorCode::kInvalid,
                     "cannot record a key: '" + std::string(field) + "' is out of its limits (rfc/0004 4.3)"};
    };
    if (e.previous.has_value() != (e.number > 0) || e.previous == e.key) return wrong("previous");
    if ((e.change == KeyChange::kCreated) != (e.number == 0)) return wrong("change");
    if (e.reason.size() > kKeyReasonMax || !is_one_line(e.reason)) return wrong("reason");
    if (e.software.empty() || e.software.size() > limits::kSoftwareMax || !is_one_line(e.software))
        return wrong("software");
    if (e.time.unix_ms() < 0 || static_cast<uint64_t>(e.time.unix_ms()) > kJsonIntegerMax) return wrong("time");
    return {};
}

}  // namespace

std::string_view key_change_name(KeyChange change) { return kChanges[static_cast<size_t>(change)]; }

VersionId key_event_id(uint32_t number) {
    Bytes name;
    Writer(name).put("aipacket key event v1").u32(number);
    return VersionId{crypto::sha256(name).bytes};
}

Result<std::string> write_key_event(const SignedKeyEvent& signed_event) {
    const KeyEvent& e = signed_event.event;
    AIP_TRY(check_limits(e));
    json predicate{{"change", key_change_name(e.change)},
                   {"credential", signed_event.credential.hex()},
                   {"key", e.key.hex()},
                   {"node", e.node.text()},
                   {"number", e.number},
                   {"software", e.software},
                   {"timeMs", static_cast<uint64_t>(e.time.unix_ms())}};
    if (e.previous) predicate["previous"] = e.previous->hex();
    if (!e.reason.empty()) predicate["reason"] = e.reason;
    return write_in_toto("key", crypto::sha256(e.key.view()), kKeyPredicateType, predicate);
}

Result<Bytes> make_key_leaf(const KeyEvent& event, const crypto::Signer& signer) {
    if (event.node != signer.self().address || event.key != signer.self().operational)
        return Error{ErrorCode::kInvalid, "a node records only its own keys, each signed by itself"};
    AIP_ASSIGN(const std::string payload, write_key_event({event, signer.credential()}));
    return make_envelope(payload, signer);
}

Result<SignedKeyEvent> parse_key_event(const Statement& statement) {
    Fields fields(*statement.predicate, "predicate");
    KeyEvent e;
    const std::string change = fields.text("change", limits::kWhatMax);
    const auto known = std::find(kChanges.begin(), kChanges.end(), change);
    if (known == kChanges.end())
        fields.fail("change");
    else
        e.change = static_cast<KeyChange>(known - kChanges.begin());
    e.key = fields.hex<crypto::PublicKey>("key");
    if (fields.has("previous")) e.previous = fields.hex<crypto::PublicKey>("previous");
    if (fields.has("reason")) e.reason = fields.text("reason", kKeyReasonMax);
    const auto node = Address::parse(fields.text("node", kAddressTextMax));
    if (!node) fields.fail("node");
    e.node = node.value_or(Address{});
    const uint64_t number = fields.integer("number");
    if (number > UINT32_MAX) fields.fail("number");
    e.number = static_cast<uint32_t>(number);
    e.software = fields.text("software", limits::kSoftwareMax);
    e.time = WallTime::from_unix_ms(static_cast<int64_t>(fields.integer("timeMs")));
    const auto credential = fields.hex<crypto::CredentialBytes>("credential");
    if (statement.subject != crypto::sha256(e.key.view())) fields.fail("key");
    AIP_TRY(fields.check());
    AIP_TRY(check_limits(e));
    return SignedKeyEvent{std::move(e), credential};
}

}  // namespace aip::ledger

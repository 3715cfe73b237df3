#include "node/witness_message.hpp"

#include "base/limits.hpp"

namespace aip::node {
namespace {

constexpr std::string_view kMagic = "AIPW";
constexpr uint8_t kVersion = 1;
constexpr size_t kBodyMax = 1024;
enum class What : uint8_t { kRequest = 1, kReply, kHeads, kFork };

Error malformed() { return {ErrorCode::kInvalid, "a message about checkpoints is malformed"}; }

template <class Fixed>
Fixed fixed(Reader& r) {
    Fixed value;
    static_cast<void>(r.copy(value.bytes));
    return value;
}

std::string rest(Reader& r) { return std::string(as_text(r.view(r.remaining()))); }

ledger::CertifiedHead certified(Reader& r) {
    const auto credential = fixed<crypto::CredentialBytes>(r);
    return {credential, ledger::SignedHead::read(r)};
}

void put(Writer& w, const ledger::CertifiedHead& head) {
    w.put(head.credential.view());
    head.head.write(w);
}

void write(Writer& w, const WitnessRequest& m) {
    w.u8(static_cast<uint8_t>(What::kRequest)).put(m.credential.view()).put(m.text);
}
void write(Writer& w, const WitnessReply& m) {
    w.u8(static_cast<uint8_t>(What::kReply)).put(m.credential.view()).u64(m.size).u16(m.status).u8(m.held.has_value());
    if (m.held) put(w, *m.held);
    w.put(m.body);
}
void write(Writer& w, const Heads& m) {
    w.u8(static_cast<uint8_t>(What::kHeads)).put(m.credential.view()).u8(static_cast<uint8_t>(m.heads.size()));
    for (const ledger::SignedHead& head : m.heads) head.write(w);
}
void write(Writer& w, const ledger::Contradiction& m) {
    w.u8(static_cast<uint8_t>(What::kFork)).put(encode_contradiction(m));
}

Result<WitnessMessage> read_reply(Reader& r) {
    WitnessReply m{fixed<crypto::CredentialBytes>(r), r.u64(), r.u16(), {}, {}};
    const uint8_t held = r.u8();
    if (held == 1) m.held = certified(r);
    if (r.failed() || held > 1 || r.remaining() > kBodyMax) return malformed();
    m.body = rest(r);
    return WitnessMessage(std::move(m));
}

Result<WitnessMessage> read_heads(Reader& r) {
    Heads m{fixed<crypto::CredentialBytes>(r), {}};
    const uint8_t count = r.u8();
    if (count == 0 || count > limits::kBookHeadsMax) return malformed();
    for (uint8_t i = 0; i < count; ++i) m.heads.push_back(ledger::SignedHead::read(r));
    if (!r.done()) return malformed();
    return WitnessMessage(std::move(m));
}

}  // namespace

bool is_witness_message(ByteView bytes) { return as_text(bytes).starts_with(kMagic); }

Bytes encode(const WitnessMessage& message) {
    Bytes out;
    Writer w(out);
    w.put(kMagic).u8(kVersion);
    std::visit([&w](const auto& m) { write(w, m); }, message);
    return out;
}

Result<WitnessMessage> parse_witness_message(ByteView bytes) {
    Reader r(bytes);
    const bool known = as_text(r.view(kMagic.size())) == kMagic && r.u8() == kVersion;
    const uint8_t what = r.u8();
    if (!known || r.failed() || bytes.size() > limits::kWitnessRequestMax) return malformed();
    switch (static_cast<What>(what)) {
        case What::kRequest: {
            WitnessRequest m{fixed<crypto::CredentialBytes>(r), {}};
            if (r.failed() || r.remaining() == 0) return malformed();
            m.text = rest(r);
            return WitnessMessage(std::move(m));
        }
        case What::kReply: return read_reply(r);
        case What::kHeads: return read_heads(r);
        case What::kFork: {
            AIP_ASSIGN(ledger::Contradiction m, parse_contradiction(r.view(r.remaining())));
            return WitnessMessage(std::move(m));
        }
    }
    return malformed();
}

Bytes encode_contradiction(const ledger::Contradiction& what) {
    Bytes out;
    Writer w(out);
    put(w, what.older);
    put(w, what.newer);
    w.put(what.root_then.view());
    for (const Digest& hash : what.path) w.put(hash.view());
    return out;
}

Result<ledger::Contradiction> parse_contradiction(ByteView bytes) {
    Reader r(bytes);
    ledger::Contradiction what;
    what.older = certified(r);
    what.newer = certified(r);
    what.root_then = fixed<Digest>(r);
    const size_t hashes = r.remaining() / Digest::kSize;
    if (hashes > limits::kConsistencyHashesMax) return malformed();
    for (size_t i = 0; i < hashes; ++i) what.path.push_back(fixed<Digest>(r));
    if (!r.done()) return malformed();
    return what;
}

}  // namespace aip::node

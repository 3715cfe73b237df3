#include "node/head.hpp"

#include "base/limits.hpp"

namespace aip::node {
namespace {

constexpr std::string_view kModelMagic = "AIPM";
constexpr std::string_view kAnswerMagic = "AIPQ";
constexpr std::string_view kReceiptMagic = "AIPR";
constexpr uint8_t kVersion = 1;
constexpr uint8_t kModelVersion = 2;  // 1 had no task record
constexpr size_t kTextMax = 255;

void put_part(Writer& w, ByteView part) { w.u32(static_cast<uint32_t>(part.size())).put(part); }
Bytes part(Reader& r) { return to_bytes(r.view(r.u32())); }
bool starts_with(Reader& r, std::string_view magic, uint8_t version = kVersion) {
    return as_text(r.view(magic.size())) == magic && r.u8() == version;
}

Error malformed(std::string_view what) { return {ErrorCode::kInvalid, std::string(what) + " is malformed"}; }

bool printable(std::string_view text) {
    for (char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    return text.size() <= kTextMax;
}

}  // namespace

Bytes ModelHead::encode() const {
    Bytes out;
    Writer w(out);
    w.put(kModelMagic).u8(kModelVersion);
    put_part(w, manifest);
    put_part(w, journey);
    put_part(w, proof);
    put_part(w, as_bytes(name));
    put_part(w, task);
    return out;
}

Result<ModelHead> ModelHead::parse(ByteView bytes) {
    Reader r(bytes);
    if (!starts_with(r, kModelMagic, kModelVersion)) return malformed("model head");
    ModelHead head;
    head.manifest = part(r);
    head.journey = part(r);
    head.proof = part(r);
    head.name = as_text(part(r));
    head.task = part(r);
    if (!r.done() || !printable(head.name)) return malformed("model head");
    return head;
}

Bytes Answer::encode() const {
    Bytes out;
    Writer w(out);
    w.put(kAnswerMagic).u8(kVersion).u64(query);
    put_part(w, proof);
    put_part(w, as_bytes(text));
    return out;
}

Result<Answer> Answer::parse(ByteView bytes) {
    Reader r(bytes);
    if (!starts_with(r, kAnswerMagic)) return malformed("answer");
    Answer answer;
    answer.query = r.u64();
    answer.proof = part(r);
    answer.text = as_text(part(r));
    if (!r.done() || !printable(answer.text)) return malformed("answer");
    return answer;
}

Bytes Receipt::encode() const {
    Bytes out;
    Writer(out)
        .put(kReceiptMagic)
        .u8(kVersion)
        .u64(transfer)
        .put(version.view())
        .u64(static_cast<uint64_t>(at.unix_ms()));
    return out;
}

Result<Receipt> Receipt::parse(ByteView body) {
    Reader r(body);
    if (!starts_with(r, kReceiptMagic)) return malformed("receipt");
    Receipt receipt;
    receipt.transfer = r.u64();
    static_cast<void>(r.copy(receipt.version.bytes));
    receipt.at = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    if (!r.done()) return malformed("receipt");
    return receipt;
}

Result<Admitted> admit(ModelHead head, const Address& sender, crypto::Verifier& verifier, WallTime now) {
    AIP_ASSIGN(const crypto::Opened opened, verifier.open(kManifestDomain, head.manifest, now));
    AIP_ASSIGN(model::Manifest manifest, model::Manifest::parse(to_bytes(opened.body)));
    AIP_ASSIGN(const ledger::EntryProof proof, ledger::EntryProof::parse(head.proof));
    AIP_ASSIGN(ledger::HopStatement statement, ledger::verify(proof, verifier, now));
    const ledger::GiverProof giver = ledger::giver_proof(proof, head.proof);
    if (statement.version != manifest.id() || statement.content != manifest.content())
        return Error{ErrorCode::kDenied, "the ledger entry is about another version than the manifest"};
    if (statement.node != sender)
        return Error{ErrorCode::kDenied,
                     "the ledger entry is of " + statement.node.text() + ", the model came from " + sender.text()};
    std::optional<routing::JourneyRecord> journey;
    if (!head.journey.empty()) {
        AIP_ASSIGN(auto held, routing::open_journey(head.journey, verifier, now));
        if (held.holder.address != sender)
            return Error{ErrorCode::kDenied,
                         "the journey record is signed by " + held.holder.address.text() + ", not by the sender"};
        // Not the journey's id: one version may be on several journeys, its ledger entry names the first.
        if (held.record.task != manifest.task())
            return Error{ErrorCode::kDenied, "the journey record belongs to another model"};
        if (!held.record.recent.empty() && held.record.recent.back().version != manifest.id())
            return Error{ErrorCode::kDenied, "the last stop of the journey record made another version"};
        if (!held.record.spent(now).empty()) return Error{ErrorCode::kDenied, "the journey's budget is spent"};
        journey = std::move(held.record);
    }
    return Admitted{std::move(manifest),     std::move(head.manifest), std::move(journey),
                    std::move(head.journey), std::move(statement),     giver,
                    std::move(head.name),    opened.signer.address};
}

}  // namespace aip::node

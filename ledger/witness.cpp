#include "ledger/witness.hpp"

#include "base/limits.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kOld = "old ";
const std::string kPrefix = "witness/";

Error malformed(std::string_view what) {
    return {ErrorCode::kInvalid, "malformed request to a witness: " + std::string(what)};
}

std::string encode(const CertifiedHead& head) {
    Bytes out;
    Writer w(out);
    w.put(head.credential.view());
    head.head.write(w);
    return std::string(as_text(out));
}

Result<CertifiedHead> decode(std::string_view value) {
    Reader r(as_bytes(value));
    CertifiedHead head;
    static_cast<void>(r.copy(head.credential.bytes));
    head.head = SignedHead::read(r);
    if (!r.done())
        return Error{ErrorCode::kCorrupt, "what this node has cosigned is damaged; restore its state from a backup"};
    return head;
}

WitnessAnswer refuse(WitnessStatus status, std::string why) { return {status, std::move(why), {}, {}}; }

}  // namespace

std::string AddCheckpoint::text() const {
    std::string out = std::string(kOld) + std::to_string(old_size) + "\n";
    for (const Digest& hash : proof) out += to_base64(hash.view()) + "\n";
    return out + "\n" + checkpoint;
}

Result<AddCheckpoint> AddCheckpoint::parse(std::string_view text) {
    if (text.size() > limits::kWitnessRequestMax) return malformed("too long");
    LineReader lines(text);
    auto line = lines.next();
    const auto old = line && line->starts_with(kOld) ? parse_decimal(line->substr(kOld.size())) : std::nullopt;
    if (!old) return malformed("no old size");
    AddCheckpoint request{*old, {}, {}};
    for (line = lines.next(); line && !line->empty(); line = lines.next()) {
        const auto hash = parse_base64_digest(*line);
        if (!hash || request.proof.size() == limits::kConsistencyHashesMax) return malformed("bad consistency proof");
        request.proof.push_back(*hash);
    }
    if (!line || lines.done()) return malformed("no checkpoint");
    request.checkpoint = std::string(lines.rest());
    return request;
}

std::string_view witness_status_name(WitnessStatus status) {
    switch (status) {
        case WitnessStatus::kCosigned: return "cosigned";
        case WitnessStatus::kMalformed: return "malformed";
        case WitnessStatus::kBadSignature: return "bad_signature";
        case WitnessStatus::kUnknownLog: return "unknown_log";
        case WitnessStatus::kConflict: return "conflict";
        case WitnessStatus::kBadProof: return "bad_proof";
    }
    return "unknown";
}

Witness::Witness(KvStore& store, const crypto::Signer& signer, const crypto::PublicKey& root)
    : store_(&store),
      signer_(&signer),
      verifier_(root),
      key_{log_origin(signer.self().address), signer.self().operational} {}

Result<Witness> Witness::open(KvStore& store, const crypto::Signer& signer, const crypto::PublicKey& root) {
    Witness witness(store, signer, root);
    AIP_ASSIGN(const auto pairs, store.scan(kPrefix));
    for (const auto& [name, value] : pairs) {
        AIP_ASSIGN(const CertifiedHead head, decode(value));
        witness.logs_.emplace(name.substr(kPrefix.size()), head);
    }
    return witness;
}

Result<WitnessAnswer> Witness::add_checkpoint(const AddCheckpoint& request, const crypto::CredentialBytes& log,
                                              WallTime now) {
    const auto note = Note::parse(request.checkpoint);
    const auto checkpoint = note ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (!checkpoint) return refuse(WitnessStatus::kMalformed, checkpoint.error().text);
    const auto owner = verifier_.credential(log, now);
    if (!owner) return refuse(WitnessStatus::kUnknownLog, owner.error().text);
    const NoteKey key = log_key(*owner);
    if (checkpoint->origin != key.name) return refuse(WitnessStatus::kUnknownLog, "not the log of " + key.name);
    if (key.name == key_.name) return refuse(WitnessStatus::kUnknownLog, "a node does not witness its own log");
    const auto head = SignedHead::from(request.checkpoint, key);
    if (!head) return refuse(WitnessStatus::kBadSignature, head.error().text);
    if (request.old_size > head->size)
        return refuse(WitnessStatus::kMalformed, "the old size is above that of the checkpoint");
    return grow(key.name, {log, *head}, request, now);
}

// From here on the log is known and has signed what it says.
Result<WitnessAnswer> Witness::grow(const std::string& origin, const CertifiedHead& next, const AddCheckpoint& request,
                                    WallTime now) {
    const auto held = logs_.find(origin);
    const uint64_t size = held == logs_.end() ? 0 : held->second.head.size;
    const uint64_t next_size = next.head.size;
    WitnessAnswer answer;
    if (held != logs_.end()) {
        answer.cosigned = held->second;
        answer.caught = contradiction(held->second, next);
    }
    if (request.old_size != size || answer.caught) {
        answer.status = WitnessStatus::kConflict;
        answer.body = std::to_string(size) + "\n";
        return answer;
    }
    if (held == logs_.end() && logs_.size() >= limits::kWitnessLogsMax)
        return refuse(WitnessStatus::kUnknownLog, "this witness has no room for another log");
    if (size == 0) {
        if (!request.proof.empty() || (next_size == 0 && next.head.root != empty_root()))
            return refuse(WitnessStatus::kBadProof, "from size 0 nothing is to be proven");
    } else if (!verify_consistency(size, held->second.head.root, next_size, next.head.root, request.proof)) {
        answer.status = WitnessStatus::kBadProof;
        answer.body = "the consistency proof does not lead from what was cosigned";
        const auto then = implied_old_root(size, next_size, next.head.root, request.proof);
        if (then && *then != held->second.head.root)
            answer.caught = Contradiction{held->second, next, *then, request.proof};
        return answer;
    }
    KvBatch batch;
    batch.put(kPrefix + origin, encode(next));
    AIP_TRY(store_->write(batch, true));
    logs_[origin] = next;
    const auto seconds = static_cast<uint64_t>(now.unix_ms() / 1000);
    const std::string text = Checkpoint{origin, next_size, next.head.root}.text();
    const crypto::Signature signature = signer_->sign_raw(as_bytes(cosigned_message(text, seconds)));
    return WitnessAnswer{WitnessStatus::kCosigned, cosignature_line(key_, seconds, signature), next, {}};
}

}  // namespace aip::ledger

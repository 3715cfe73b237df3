#include <dirent.h>

#include <algorithm>

#include "base/limits.hpp"
#include "ledger/entry.hpp"
#include "ledger/export.hpp"
#include "ledger/export_files.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr size_t kVkeyFileMax = 256 * kKeyEventsMax;
constexpr size_t kProofFileMax = 3 * kNoteBytesMax;

// One directory being checked; every error names its file.
class ExportCheck {
public:
    ExportCheck(std::string directory, crypto::Verifier* verifier)
        : directory_(std::move(directory)), verifier_(verifier) {}

    Result<ExportReport> run() {
        AIP_TRY(read_keys());
        AIP_TRY(read_checkpoints());
        AIP_TRY(check_entries());
        AIP_TRY(check_keys());
        AIP_TRY(check_consistency());
        AIP_TRY(expect_files("entry", report_.entries));
        AIP_TRY(expect_files("inclusion", report_.inclusions));
        AIP_TRY(expect_files("consistency", report_.consistencies));
        return report_;
    }

private:
    Error in_file(const std::string& name, const Error& error) const { return error.within(directory_ + "/" + name); }

    Result<Bytes> file(const std::string& name, size_t bytes_max) const {
        return crypto::read_small_file(directory_ + "/" + name, bytes_max);
    }

    Result<std::string> line(const std::string& name) const {
        AIP_ASSIGN(const Bytes bytes, file(name, kNoteBytesMax));
        LineReader lines(as_text(bytes));
        const auto text = lines.next();
        if (!text || !lines.done()) return in_file(name, {ErrorCode::kInvalid, "should be one line"});
        return std::string(*text);
    }

    Result<std::vector<std::string>> list(const std::string& part) const {
        DIR* directory = opendir((directory_ + "/" + part).c_str());
        if (directory == nullptr)
            return Error{ErrorCode::kNotFound, "no export in " + directory_ + ": " + part + "/ cannot be read"};
        std::vector<std::string> names;
        while (const dirent* entry = readdir(directory))
            if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
        closedir(directory);
        return names;
    }

    Result<void> expect_files(const std::string& part, uint64_t count) const {
        AIP_ASSIGN(const auto names, list(part));
        if (names.size() == count) return {};
        return Error{ErrorCode::kCorrupt, directory_ + "/" + part + " has " + std::to_string(names.size()) +
                                              " files, the checkpoints call for " + std::to_string(count)};
    }

    Result<void> read_keys() {
        AIP_ASSIGN(report_.origin, line("origin"));
        AIP_ASSIGN(const Bytes text, file("vkey", kVkeyFileMax));
        LineReader lines(as_text(text));
        while (const auto vkey = lines.next()) {
            auto key = NoteKey::parse(*vkey);
            if (!key) return in_file("vkey", key.error());
            if (key->name != report_.origin)
                return in_file("vkey",
                               {ErrorCode::kDenied, "is the key of " + key->name + ", not of " + report_.origin});
            keys_.push_back(std::move(*key));
        }
        if (keys_.empty() || !lines.done()) return in_file("vkey", {ErrorCode::kInvalid, "is not lines of keys"});
        return {};
    }

    // The checkpoint in a note that one of the log's keys signed.
    Result<Checkpoint> opened(ByteView bytes) {
        AIP_ASSIGN(const Note note, Note::parse(as_text(bytes)));
        AIP_ASSIGN(const NoteKey* key, signer_of_note(note, keys_));
        AIP_ASSIGN(Checkpoint checkpoint, open_checkpoint(as_text(bytes), *key));
        signers_[checkpoint.size] = key->key;
        return checkpoint;
    }

    Result<void> read_checkpoints() {
        AIP_ASSIGN(const auto names, list("checkpoint"));
        for (const std::string& name : names) {
            const std::string path = "checkpoint/" + name;
            AIP_ASSIGN(const Bytes bytes, file(path, kNoteBytesMax));
            const auto checkpoint = opened(bytes);
            if (!checkpoint) return in_file(path, checkpoint.error());
            if (name != std::to_string(checkpoint->size) || checkpoint->size == 0)
                return in_file(path, {ErrorCode::kDenied, "is of size " + std::to_string(checkpoint->size)});
            checkpoints_[checkpoint->size] = *checkpoint;
            newest_text_ =
                checkpoints_.rbegin()->first == checkpoint->size ? std::string(as_text(bytes)) : newest_text_;
        }
        if (checkpoints_.empty()) return Error{ErrorCode::kNotFound, "no checkpoint in " + directory_};
        report_.checkpoints = checkpoints_.size();
        return {};
    }

    Result<void> check_entries() {
        Frontier tree;
        std::vector<StoredHash> unused;
        const uint64_t size = checkpoints_.rbegin()->first;
        for (uint64_t index = 0; index < size; ++index) {
            AIP_ASSIGN(const Bytes leaf, file(entry_file(index), limits::kLeafBytesMax));
            unused.clear();
            tree.append(leaf_hash(leaf), unused);
            AIP_TRY(check_inclusion(index, leaf_hash(leaf)));
            AIP_TRY(check_signature(index, leaf));
            ++report_.entries;
            const auto it = checkpoints_.find(tree.size());
            if (it != checkpoints_.end() && it->second.root != tree.root())
                return in_file(checkpoint_file(tree.size()), {ErrorCode::kDenied, "the entries have another root"});
        }
        return {};
    }

    Result<void> check_inclusion(uint64_t index, const Digest& leaf) {
        const std::string name = inclusion_file(index);
        AIP_ASSIGN(const Bytes bytes, file(name, kProofFileMax));
        const auto proof = TlogProof::parse(as_text(bytes));
        if (!proof) return in_file(name, proof.error());
        if (proof->index != index || proof->checkpoint != newest_text_)
            return in_file(name, {ErrorCode::kDenied, "is not about this entry in the newest tree"});
        const Checkpoint& newest = checkpoints_.rbegin()->second;
        const auto verdict = verify_inclusion(leaf, index, newest.size, proof->path, newest.root);
        if (!verdict) return in_file(name, verdict.error());
        ++report_.inclusions;
        return {};
    }

    Result<void> check_signature(uint64_t index, const Bytes& leaf) {
        if (verifier_ == nullptr) return {};
        const auto checked = check_entry(leaf, *verifier_, {});
        if (!checked) return in_file(entry_file(index), checked.error());
        if (log_origin(checked->signer.address) != report_.origin)
            return in_file(entry_file(index), {ErrorCode::kDenied, "is signed by another node than the log's"});
        const auto valid = history_.follow(index, *checked);
        if (!valid) return in_file(entry_file(index), valid.error());
        ++report_.signed_leaves;
        return {};
    }

    Result<void> check_keys() {
        if (verifier_ == nullptr) return {};
        for (const auto& [size, key] : signers_)
            if (!history_.may_sign_tree(size, key))
                return in_file(checkpoint_file(size),
                               {ErrorCode::kDenied, "is signed by a key that was not valid then"});
        return {};
    }

    Result<void> check_consistency() {
        for (auto old = checkpoints_.begin(); std::next(old) != checkpoints_.end(); ++old) {
            const Checkpoint& a = old->second;
            const Checkpoint& b = std::next(old)->second;
            const std::string name = consistency_file(a.size, b.size);
            AIP_ASSIGN(const Bytes bytes, file(name, kProofFileMax));
            const auto path = parse_consistency(as_text(bytes), a.size, b.size);
            if (!path) return in_file(name, path.error());
            const auto verdict = verify_consistency(a.size, a.root, b.size, b.root, *path);
            if (!verdict) return in_file(name, verdict.error());
            ++report_.consistencies;
        }
        return {};
    }

    std::string directory_;
    crypto::Verifier* verifier_;
    std::vector<NoteKey> keys_;
    std::map<uint64_t, crypto::PublicKey> signers_;  // of the checkpoints, by size
    KeyHistory history_;
    std::map<uint64_t, Checkpoint> checkpoints_;
    std::string newest_text_;
    ExportReport report_;
};

}  // namespace

Result<ExportReport> check_export(const std::string& directory, crypto::Verifier* verifier) {
    return ExportCheck(directory, verifier).run();
}

}  // namespace aip::ledger

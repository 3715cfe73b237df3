// The key directory of a node, on disk.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/owned_fd.hpp"
#include "crypto/identity.hpp"

namespace aip::crypto {
namespace {

constexpr size_t kSubjectAt = 5;  // in a certificate, behind magic and version
constexpr size_t kRotationNoteMax = 4096;
constexpr int64_t kTenYearsMs = int64_t{10} * 365 * 24 * 3600 * 1000;

std::string file_in(const std::string& directory, const char* name) { return directory + "/" + name; }

Result<void> replace_file(const std::string& path, const std::string& by) {
    if (std::rename(by.c_str(), path.c_str()) == 0) return {};
    return Error{ErrorCode::kIo, "cannot replace " + path + ": " + std::strerror(errno)};
}

Result<void> sync_directory(const std::string& directory) {
    const OwnedFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd && fsync(fd.get()) == 0) return {};
    return Error{ErrorCode::kIo, "cannot sync " + directory + ": " + std::strerror(errno)};
}

// The note with a line about the key that is in use until now; the oldest lines make room.
Result<std::string> note_about_compromise(const std::string& directory, std::string note, std::string_view why) {
    AIP_ASSIGN(const Bytes in_use, read_small_file(file_in(directory, "operational.cert"), kCertificateBytes));
    const auto certificate = CertificateBytes::from(in_use);
    if (!certificate) return Error{ErrorCode::kInvalid, file_in(directory, "operational.cert") + " is no certificate"};
    const PublicKey key = *PublicKey::from(certificate->view().subspan(kSubjectAt, PublicKey::kSize));
    note += key.hex() + ": " + std::string(why) + "\n";
    while (note.size() > kRotationNoteMax) note.erase(0, note.find('\n') + 1);
    return note;
}

}  // namespace

Result<PublicKey> create_key_directory(const std::string& directory, WallTime now) {
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return Error{ErrorCode::kIo, "cannot create " + directory + ": " + std::strerror(errno)};
    const SecretKey identity = SecretKey::generate();
    const SecretKey operational = SecretKey::generate();
    AIP_TRY(save_secret_key(identity, file_in(directory, "identity.key"), kIdentityLabel));
    AIP_TRY(save_public_key(identity.public_key(), file_in(directory, "identity.pub"), kIdentityLabel));
    AIP_TRY(save_secret_key(operational, file_in(directory, "operational.key"), kOperationalLabel));
    const Validity validity{now, WallTime::from_unix_ms(now.unix_ms() + kTenYearsMs)};
    const CertificateBytes certificate = certify_operational(identity, operational.public_key(), validity);
    AIP_TRY(write_new_file(file_in(directory, "operational.cert"), certificate.view(), 0644));
    return identity.public_key();
}

Result<PublicKey> rotate_key_directory(const std::string& directory, std::string_view compromised, WallTime now) {
    AIP_ASSIGN(const SecretKey identity, load_secret_key(file_in(directory, "identity.key"), kIdentityLabel));
    const SecretKey operational = SecretKey::generate();
    const Validity validity{now, WallTime::from_unix_ms(now.unix_ms() + kTenYearsMs)};
    const CertificateBytes certificate = certify_operational(identity, operational.public_key(), validity);
    AIP_ASSIGN(std::string note, load_rotation_note(directory));
    if (!compromised.empty()) {
        AIP_ASSIGN(note, note_about_compromise(directory, std::move(note), compromised));
    }
    for (const char* name : {"operational.key", "operational.cert", "operational.note"})
        std::remove((file_in(directory, name) + ".new").c_str());  // of a rotation that was interrupted
    AIP_TRY(save_secret_key(operational, file_in(directory, "operational.key.new"), kOperationalLabel));
    AIP_TRY(write_new_file(file_in(directory, "operational.cert.new"), certificate.view(), 0644));
    AIP_TRY(write_new_file(file_in(directory, "operational.note.new"), as_bytes(note), 0644));
    for (const char* name : {"operational.note", "operational.cert", "operational.key"})
        AIP_TRY(replace_file(file_in(directory, name), file_in(directory, name) + ".new"));
    AIP_TRY(sync_directory(directory));
    return operational.public_key();
}

Result<std::string> load_rotation_note(const std::string& directory) {
    auto note = read_small_file(file_in(directory, "operational.note"), kRotationNoteMax);
    if (!note && note.error().code == ErrorCode::kNotFound) return std::string();
    if (!note) return note.error();
    return std::string(as_text(*note));
}

std::optional<std::string> why_compromised(std::string_view note, const PublicKey& key) {
    const std::string start = key.hex() + ": ";
    for (size_t at = 0, end = 0; (end = note.find('\n', at)) != std::string_view::npos; at = end + 1) {
        const std::string_view line = note.substr(at, end - at);
        if (line.starts_with(start)) return std::string(line.substr(start.size()));
    }
    return std::nullopt;
}

Result<void> certify_key_directory(const std::string& directory, const SecretKey& root, Validity validity) {
    AIP_ASSIGN(const PublicKey identity, load_public_key(file_in(directory, "identity.pub"), kIdentityLabel));
    AIP_TRY(write_new_file(file_in(directory, "node.cert"), certify_node(root, identity, validity).view(), 0644));
    return save_public_key(root.public_key(), file_in(directory, "network.pub"), kRootLabel);
}

Result<PublicKey> load_network_root(const std::string& directory) {
    return load_public_key(file_in(directory, "network.pub"), kRootLabel);
}

Result<Signer> load_signer(const std::string& directory, WallTime now) {
    const std::string hint =
        "; make keys with 'aipctl key create " + directory + "' and certify them with 'aipctl key certify'";
    auto operational = load_secret_key(file_in(directory, "operational.key"), kOperationalLabel);
    if (!operational)
        return Error{operational.error().code,
                     operational.error().text + (operational.error().code == ErrorCode::kNotFound ? hint : "")};
    auto root = load_network_root(directory);
    if (!root) return Error{root.error().code, root.error().text + hint};
    Bytes both;
    for (const char* name : {"node.cert", "operational.cert"}) {
        auto bytes = read_small_file(file_in(directory, name), kCertificateBytes);
        if (!bytes) return Error{bytes.error().code, bytes.error().text + hint};
        both.insert(both.end(), bytes->begin(), bytes->end());
    }
    const auto credential = CredentialBytes::from(both);
    if (!credential)
        return Error{ErrorCode::kInvalid, "certificates in " + directory + " have the wrong length" + hint};
    AIP_ASSIGN(const Principal self, verify_credential(*credential, *root, now));
    if (self.operational != operational->public_key())
        return Error{ErrorCode::kDenied,
                     file_in(directory, "operational.cert") + " certifies another key than operational.key" + hint};
    return Signer(std::move(*operational), *credential, self);
}

}  // namespace aip::crypto

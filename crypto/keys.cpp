#include "crypto/keys.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace aip::crypto {
namespace {

constexpr std::string_view kSecretMagic = "aipacket-secret-key-v1";
constexpr std::string_view kPublicMagic = "aipacket-public-key-v1";
constexpr size_t kKeyFileBytesMax = 512;

void init_sodium() {
    static const int ready = sodium_init();
    AIP_ASSERT(ready >= 0);
}

Error os_error(const std::string& action, const std::string& path) {
    const int cause = errno;
    const ErrorCode code = cause == ENOENT                       ? ErrorCode::kNotFound
                           : cause == EEXIST                     ? ErrorCode::kExists
                           : (cause == EACCES || cause == EPERM) ? ErrorCode::kDenied
                           : cause == ENOSPC                     ? ErrorCode::kNoSpace
                                                                 : ErrorCode::kIo;
    return {code, "cannot " + action + " " + path + ": " + std::strerror(cause)};
}

struct File {
    int fd;
    ~File() {
        if (fd >= 0) close(fd);
    }
};

// Splits "MAGIC LABEL VALUE\n" and returns VALUE if the first two are as expected.
Result<std::string> key_line(const Bytes& bytes, std::string_view magic, std::string_view label,
                             const std::string& path) {
    const std::string expected = std::string(magic) + " " + std::string(label) + " ";
    std::string_view text = as_text(bytes);
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (!text.starts_with(expected))
        return Error{ErrorCode::kInvalid,
                     path + " is not a key file of kind '" + expected.substr(0, expected.size() - 1) + "'"};
    return std::string(text.substr(expected.size()));
}

}  // namespace

struct SecretKey::State {
    unsigned char secret[crypto_sign_SECRETKEYBYTES];
    PublicKey public_key;
    ~State() { sodium_memzero(secret, sizeof secret); }
};

SecretKey::SecretKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
SecretKey::~SecretKey() = default;
SecretKey::SecretKey(SecretKey&&) noexcept = default;
SecretKey& SecretKey::operator=(SecretKey&&) noexcept = default;

SecretKey SecretKey::generate() {
    init_sodium();
    Digest seed;
    randombytes_buf(seed.bytes.data(), seed.bytes.size());
    SecretKey key = from_seed(seed);
    sodium_memzero(seed.bytes.data(), seed.bytes.size());
    return key;
}

SecretKey SecretKey::from_seed(const Digest& seed) {
    init_sodium();
    auto state = std::make_unique<State>();
    crypto_sign_seed_keypair(state->public_key.bytes.data(), state->secret, seed.bytes.data());
    return SecretKey(std::move(state));
}

const PublicKey& SecretKey::public_key() const { return state_->public_key; }

Signature SecretKey::sign(ByteView message) const {
    Signature signature;
    crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(), state_->secret);
    return signature;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
    init_sodium();
    return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(), key.bytes.data()) == 0;
}

Result<Bytes> read_small_file(const std::string& path, size_t bytes_max) {
    File file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.fd < 0) return os_error("read", path);
    constexpr size_t kFirstRead = 4096;  // a key file, and it lies nowhere else in memory
    Bytes bytes;
    size_t used = 0;
    while (used <= bytes_max) {
        if (used == bytes.size()) bytes.resize(std::min(bytes_max + 1, std::max(kFirstRead, 2 * used)));
        const ssize_t n = read(file.fd, bytes.data() + used, bytes.size() - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return os_error("read", path);
        if (n == 0) break;
        used += static_cast<size_t>(n);
    }
    if (used > bytes_max)
        return Error{ErrorCode::kInvalid, path + " is larger than " + std::to_string(bytes_max) + " bytes"};
    bytes.resize(used);
    return bytes;
}

Result<void> write_new_file(const std::string& path, ByteView bytes, unsigned mode) {
    File file{open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
    if (file.fd < 0) return os_error("create", path);
    size_t used = 0;
    while (used < bytes.size()) {
        const ssize_t n = write(file.fd, bytes.data() + used, bytes.size() - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const Error error = os_error("write", path);
            unlink(path.c_str());
            return error;
        }
        used += static_cast<size_t>(n);
    }
    if (fsync(file.fd) != 0) return os_error("sync", path);
    return {};
}

Result<void> save_secret_key(const SecretKey& key, const std::string& path, std::string_view label) {
    unsigned char seed[crypto_sign_SEEDBYTES];
    crypto_sign_ed25519_sk_to_seed(seed, key.state_->secret);
    std::string line = std::string(kSecretMagic) + " " + std::string(label) + " " + to_base64(seed) + "\n";
    const auto result = write_new_file(path, as_bytes(line), 0600);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(line.data(), line.size());
    return result;
}

namespace {

Result<void> check_private(const std::string& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return os_error("read", path);
    if ((info.st_mode & 077) != 0)
        return Error{ErrorCode::kDenied, path + " can be read by others than its owner; run: chmod 600 " + path};
    return {};
}

}  // namespace

Result<Bytes> load_shared_key(const std::string& path) {
    AIP_TRY(check_private(path));
    AIP_ASSIGN(Bytes text, read_small_file(path, kKeyFileBytesMax));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const auto key = from_hex({reinterpret_cast<const char*>(text.data()), text.size()});
    sodium_memzero(text.data(), text.size());
    if (!key || key->size() < 16 || key->size() > 64)
        return Error{ErrorCode::kInvalid,
                     path + " holds no key of 32 to 128 hex digits; make one: openssl rand -hex 32"};
    return *key;
}

Result<SecretKey> load_secret_key(const std::string& path, std::string_view label) {
    AIP_TRY(check_private(path));
    AIP_ASSIGN(Bytes bytes, read_small_file(path, kKeyFileBytesMax));
    AIP_ASSIGN(std::string value, key_line(bytes, kSecretMagic, label, path));
    auto raw = from_base64(value);
    sodium_memzero(bytes.data(), bytes.size());
    sodium_memzero(value.data(), value.size());
    if (!raw || raw->size() != Digest::kSize)
        return Error{ErrorCode::kInvalid, path + " holds no 32-byte seed in base64"};
    auto seed = *Digest::from(*raw);
    SecretKey key = SecretKey::from_seed(seed);
    sodium_memzero(raw->data(), raw->size());
    sodium_memzero(seed.bytes.data(), seed.bytes.size());
    return key;
}

Result<void> save_public_key(const PublicKey& key, const std::string& path, std::string_view label) {
    return write_new_file(path, as_bytes(std::string(kPublicMagic) + " " + std::string(label) + " " + key.hex() + "\n"),
                          0644);
}

Result<PublicKey> load_public_key(const std::string& path, std::string_view label) {
    AIP_ASSIGN(const Bytes bytes, read_small_file(path, kKeyFileBytesMax));
    AIP_ASSIGN(const std::string value, key_line(bytes, kPublicMagic, label, path));
    const auto key = PublicKey::parse_hex(value);
    if (!key) return Error{ErrorCode::kInvalid, path + " holds no 32-byte public key in hex"};
    return *key;
}

}  // namespace aip::crypto

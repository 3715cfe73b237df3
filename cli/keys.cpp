#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "cli/commands.hpp"
#include "crypto/identity.hpp"

namespace aip::cli {
namespace {

std::string hex_text(uint64_t value) {
    uint8_t bytes[8];
    store_be64(bytes, value);
    return to_hex(bytes);
}

bool exists(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0;
}

Card key_card(const std::string& directory, const crypto::PublicKey& identity) {
    Card card("key");
    card.add("directory", directory).add("identity", identity.hex());
    card.add("interface_id", hex_text(static_cast<uint64_t>(crypto::interface_id(identity))));
    return card;
}

}  // namespace

Result<Outcome> network_create(Context&, const std::string& directory) {
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return Error{ErrorCode::kIo, "cannot create " + directory + ": " + std::strerror(errno)};
    const crypto::SecretKey root = crypto::SecretKey::generate();
    const std::string secret = directory + "/network.key";
    AIP_TRY(crypto::save_secret_key(root, secret, crypto::kRootLabel));
    AIP_TRY(crypto::save_public_key(root.public_key(), directory + "/network.pub", crypto::kRootLabel));
    return Card("network")
        .add("network_id", crypto::network_id(root.public_key()).hex())
        .add("root", root.public_key().hex())
        .add("secret_key", secret)
        .note("keep " + secret + " offline: whoever has it can add nodes to the network")
        .done();
}

Result<Outcome> key_create(Context& context, const std::string& directory) {
    AIP_ASSIGN(const crypto::PublicKey identity, crypto::create_key_directory(directory, context.now));
    return key_card(directory, identity)
        .note("not a member of a network yet: aipctl key certify " + directory + " --network NETWORK.key")
        .done();
}

Result<Outcome> key_certify(Context& context, const std::string& directory, const std::string& network, int64_t days) {
    AIP_ASSIGN(const crypto::SecretKey root, crypto::load_secret_key(network, crypto::kRootLabel));
    const crypto::Validity validity{context.now, context.now + Duration::seconds(days * 24 * 3600)};
    AIP_TRY(crypto::certify_key_directory(directory, root, validity));
    return key_show(context, directory);
}

Result<Outcome> key_show(Context& context, const std::string& directory) {
    AIP_ASSIGN(const crypto::PublicKey identity,
               crypto::load_public_key(directory + "/identity.pub", crypto::kIdentityLabel));
    Card card = key_card(directory, identity);
    if (!exists(directory + "/node.cert"))
        return card.note("not certified: aipctl key certify " + directory + " --network NETWORK.key").done();
    AIP_ASSIGN(const crypto::Signer signer, crypto::load_signer(directory, context.now));
    AIP_ASSIGN(const crypto::PublicKey root, crypto::load_network_root(directory));
    const crypto::Principal& self = signer.self();
    return card.add("operational", self.operational.hex())
        .add("address", self.address.text())
        .add("network_id", crypto::network_id(root).hex())
        .add("valid_from", time_text(self.validity.not_before))
        .add("valid_until", time_text(self.validity.not_after))
        .done();
}

}  // namespace aip::cli

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/limits.hpp"
#include "base/time_text.hpp"
#include "cli/commands.hpp"
#include "cli/ledger_source.hpp"
#include "crypto/revocation.hpp"
#include "crypto/vote.hpp"
#include "ledger/entry.hpp"

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

Result<crypto::PublicKey> identity_from(const std::string& text) {
    const auto key = crypto::PublicKey::parse_hex(text);
    auto named = key ? Result<crypto::PublicKey>(*key) : crypto::load_public_key(text, crypto::kIdentityLabel);
    if (!named) return named.error().within("the identity to revoke (64 hex digits, or its identity.pub)");
    return named;
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

Result<Outcome> key_rotate(Context& context, const std::string& directory, const std::string& compromised) {
    if (compromised.size() > ledger::kKeyReasonMax || compromised.find('\n') != std::string::npos)
        return Error{ErrorCode::kInvalid, "the reason is one line of at most 128 bytes"};
    AIP_ASSIGN(const crypto::PublicKey key, crypto::rotate_key_directory(directory, compromised, context.now));
    return Card("rotated")
        .add("directory", directory)
        .add("operational", key.hex())
        .note("restart the daemon: it signs with the new key and writes the change into its ledger")
        .done();
}

Result<Outcome> key_revoke(Context& context, const std::string& identity, const std::string& network,
                           const std::string& from, const std::string& out) {
    AIP_ASSIGN(const crypto::PublicKey named, identity_from(identity));
    AIP_ASSIGN(const crypto::SecretKey root, crypto::load_secret_key(network, crypto::kRootLabel));
    WallTime since = context.now;
    if (!from.empty()) {
        AIP_ASSIGN(since, time_from(from));
    }
    const crypto::RevocationBytes bytes = crypto::revoke_node(root, named, since, context.now);
    AIP_TRY(crypto::write_new_file(out, bytes.view(), 0644));
    return Card("revocation")
        .add("identity", named.hex())
        .add("node", crypto::node_address(root.public_key(), named).text())
        .add("from", time_text(since))
        .add("file", out)
        .note("tell any node of the network: aipctl key announce " + out)
        .done();
}

Result<Outcome> key_allow_votes(Context& context, uint32_t votes, const std::string& network, const std::string& out) {
    AIP_ASSIGN(const crypto::SecretKey root, crypto::load_secret_key(network, crypto::kRootLabel));
    const crypto::VoteRule rule{static_cast<uint8_t>(votes), context.now};
    AIP_TRY(crypto::write_new_file(out, crypto::make_vote_rule(root, rule).view(), 0644));
    return Card("rule about votes")
        .add("votes", votes)
        .add("file", out)
        .note("tell any node of the network: aipctl key announce " + out)
        .done();
}

Result<Outcome> key_vote(Context& context, const std::string& identity, const std::string& directory,
                         const std::string& from, const std::string& out) {
    AIP_ASSIGN(const crypto::PublicKey named, identity_from(identity));
    AIP_ASSIGN(const crypto::Signer signer, crypto::load_signer(directory, context.now));
    WallTime since = context.now;
    if (!from.empty()) {
        AIP_ASSIGN(since, time_from(from));
    }
    AIP_TRY(crypto::write_new_file(out, crypto::cast_vote(signer, {named, since, context.now}), 0644));
    return Card("vote")
        .add("identity", named.hex())
        .add("voter", signer.self().address.text())
        .add("from", time_text(since))
        .add("file", out)
        .note("tell any node of the network: aipctl key announce " + out)
        .done();
}

Result<Outcome> key_announce(Context& context, const std::string& file) {
    AIP_ASSIGN(const Bytes bytes, crypto::read_small_file(file, limits::kOfferBytesMax));
    return order(context, "revoke", {to_hex(bytes)});
}

Result<Outcome> key_list(Context& context, const std::string& node) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    std::optional<Address> at;
    if (!node.empty()) {
        AIP_ASSIGN(at, address_from(node));
    }
    Outcome outcome{
        {"operational keys",
         {{"number", ColumnType::kInteger}, {"entry", ColumnType::kInteger}, {"change"}, {"key"}, {"time"}, {"reason"}},
         {},
         {}},
        Layout::kTable};
    crypto::Verifier verifier(connection.welcome().network);
    ledger::KeyHistory history;
    AIP_TRY(each_key_event(connection, at, [&](ByteView bytes) -> Result<void> {
        AIP_ASSIGN(const ledger::EntryProof proof, ledger::EntryProof::parse(bytes));
        AIP_ASSIGN(ledger::CheckedEntry checked, ledger::verify_entry(proof, verifier, {}));
        auto* event = std::get_if<ledger::KeyEvent>(&checked.entry);
        if (event == nullptr) return Error{ErrorCode::kCorrupt, "the ledger answered with another entry"};
        outcome.report.rows.push_back({static_cast<int64_t>(outcome.report.rows.size()),
                                       static_cast<int64_t>(proof.index),
                                       std::string(ledger::key_change_name(event->change)), event->key.hex(),
                                       time_text(event->time), event->reason});
        return history.add(proof.index, std::move(*event));
    }));
    return outcome;
}

}  // namespace aip::cli

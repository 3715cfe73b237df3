// The messages of rfc/0014 section 5 as vectors: the log of node 2 of rfc/vectors/0004, witness 5.
#include "node/witness_message.hpp"
#include "tests/ledger/fixture.hpp"

namespace aip::node {
namespace {

std::string vector_file(const std::string& name) {
    return ledger::read_text(std::string(AIP_SOURCE_DIR) + "/rfc/vectors/0014/" + name);
}

TEST(WitnessVectors, AreWhatWeWriteAndRead) {
    const crypto::Signer log = ledger::signer_of(2);
    const crypto::Signer witness = ledger::signer_of(5);
    const ledger::ForkProof fork = *ledger::ForkProof::parse(vector_file("same-size.fork-proof"));
    const ledger::CertifiedHead& three = fork.what.older;
    const std::pair<const char*, WitnessMessage> all[] = {
        {"request.hex", WitnessRequest{log.credential(), vector_file("request.txt")}},
        {"answer-conflict.hex", WitnessReply{witness.credential(), 7, 409, three, "3\n"}},
        {"heads.hex", Heads{log.credential(), {three.head}}},
        {"fork.hex", fork.what},
    };
    for (const auto& [name, message] : all) {
        const Bytes bytes = encode(message);
        EXPECT_EQ(vector_file(name), to_hex(bytes) + "\n") << name;
        EXPECT_EQ(parse_witness_message(bytes).value(), message) << name;
    }
}

}  // namespace
}  // namespace aip::node

// What other implementations send, and what the RFCs say, read by us: rfc/vectors/0009.
#include <gmock/gmock.h>

#include "tests/routing/babel/packets.hpp"

namespace aip::routing::babel::test {
namespace {

using testing::ElementsAreArray;

// tcpdump names the flags of an update; here they show in what later updates mean.
std::string without_flags(std::string line) {
    for (const char* flag : {"/prefix", "/id"})
        if (const size_t at = line.find(flag); line.starts_with("Update") && at != std::string::npos)
            line.erase(at, std::string(flag).size());
    return line;
}

void reads_every_packet_of(const std::string& name, size_t count_min) {
    const auto vectors = read_vectors(name);
    ASSERT_GE(vectors.size(), count_min);
    for (const Vector& vector : vectors) {
        SCOPED_TRACE(vector.what + " " + to_hex(vector.bytes));
        const Parsed parsed = parse(vector.bytes);
        EXPECT_EQ(parsed.result, ParseResult::kGood);
        std::vector<std::string> said, expected, origins;
        for (const std::string& line : vector.says) expected.push_back(without_flags(line));
        for (const Tlv& tlv : parsed.tlvs) {
            said.push_back(std::visit(ToText{}, tlv));
            const auto* update = std::get_if<UpdateTlv>(&tlv);
            if (update != nullptr && update->metric != kInfinity) origins.push_back(hex16(update->router_id));
        }
        EXPECT_THAT(said, ElementsAreArray(expected));
        EXPECT_THAT(origins, ElementsAreArray(vector.origins));
    }
}

TEST(Vectors, ReadsWhatTheRfcSays) { reads_every_packet_of("packets.txt", 20); }
TEST(Vectors, ReadsWhatBabeldSends) { reads_every_packet_of("babeld.txt", 8); }
TEST(Vectors, ReadsWhatBirdSends) { reads_every_packet_of("bird.txt", 12); }
TEST(Vectors, ReadsWhatTheySendWithAMac) {
    reads_every_packet_of("babeld_mac.txt", 10);
    reads_every_packet_of("bird_mac.txt", 12);
}

MacKey rfc_key() {
    MacKey key(32);
    for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(i);
    return key;
}

Authenticator::Verdict first_heard(const Vector& vector, const MacKey& key) {
    SeededRng rng(1);
    Authenticator authenticator({key}, rng);
    return authenticator.check(vector.bytes, vector.endpoints, Instant());
}

TEST(Vectors, FindsMacsAsTheRfcSays) {
    const std::map<std::string, Authenticator::Verdict> verdicts{{"signed", Authenticator::Verdict::kChallenged},
                                                                 {"forged", Authenticator::Verdict::kBadMac},
                                                                 {"none", Authenticator::Verdict::kNoMac}};
    const auto vectors = read_vectors("mac.txt");
    ASSERT_GE(vectors.size(), 16u);
    for (const Vector& vector : vectors)
        EXPECT_EQ(first_heard(vector, rfc_key()), verdicts.at(vector.verdict)) << vector.what;
}

TEST(Vectors, FindsTheMacsOfBabeldAndBirdGood) {
    for (const char* name : {"babeld_mac.txt", "bird_mac.txt"}) {
        for (const Vector& vector : read_vectors(name)) {
            EXPECT_EQ(first_heard(vector, rfc_key()), Authenticator::Verdict::kChallenged);
            EXPECT_EQ(first_heard(vector, MacKey(32, 1)), Authenticator::Verdict::kBadMac);
        }
    }
    for (const Vector& vector : read_vectors("bird.txt"))
        EXPECT_EQ(first_heard(vector, rfc_key()), Authenticator::Verdict::kNoMac);
}

}  // namespace
}  // namespace aip::routing::babel::test

// What the owner of a node orders: revocations, tags, pruning.
#include "node/node.hpp"
#include "node/tags.hpp"
#include "sim/keys.hpp"

#include "tests/node/world.hpp"

namespace aip::node {
namespace {

struct Ordered : World {
    Result<Report> order(size_t i, const std::string& name, std::vector<std::string> args) {
        std::optional<Result<Report>> got;
        node(i).order(name, args, [&](Result<Report> r) { got = std::move(r); });
        network.machine(i).wake();
        run_until([&] { return got.has_value(); });
        return got ? *got : Result<Report>(Error{ErrorCode::kTimeout, "no answer"});
    }
    bool knows_of(size_t i, const std::string& what) {
        const auto& lines = network.machine(i).lines();
        return std::any_of(lines.begin(), lines.end(),
                           [&](const std::string& line) { return line.find(what) != std::string::npos; });
    }
    std::string revocation(const crypto::PublicKey& identity) {
        const WallTime now = network.queue().wall();
        return crypto::revoke_node(sim::make_root(1), identity, now, now).hex();
    }
};
struct Revoked : Ordered {};
struct Tags : Ordered {};

TEST_F(Revoked, ReachEveryNodeAndSurviveARestart) {
    row(4);
    const auto out = network.machine(3).signer().self().identity;
    const std::string word = revocation(out);
    ASSERT_TRUE(order(0, "revoke", {word}));
    const std::string said = "revoked identity " + out.hex();
    EXPECT_TRUE(run_until([&] { return knows_of(1, said) && knows_of(2, said); }, Duration::seconds(10)));
    EXPECT_TRUE(run_until([&] { return network.machine(2).durable().contains("revoked/" + out.hex()); }));
    network.machine(2).kill();
    ASSERT_TRUE(network.machine(2).start().has_value());
    run_for(Duration::seconds(120));
    const std::vector<std::vector<Cell>> told{{out.hex(), word}};
    EXPECT_EQ(report(2, "revocations")->rows, told) << "what an audit takes along";
    EXPECT_EQ(node(2).routes().to(network.machine(3).address()), nullptr) << "nobody introduces it any more";
    EXPECT_NE(node(2).routes().to(network.machine(0).address()), nullptr);
}

TEST_F(Revoked, ByEnoughMembersWhereTheRootSaysSo) {
    row(4);
    const auto out = network.machine(3).signer().self().identity;
    const WallTime now = network.queue().wall();
    const auto vote = [&](size_t i, const crypto::PublicKey& about) {
        return to_hex(crypto::cast_vote(network.machine(i).signer(), {about, now, now}));
    };
    EXPECT_EQ(order(0, "revoke", {vote(0, out)}).error().code, ErrorCode::kDenied) << "nobody said so yet";
    ASSERT_TRUE(order(0, "revoke", {crypto::make_vote_rule(sim::make_root(1), {2, now}).hex()}));
    ASSERT_TRUE(run_until([&] { return knows_of(2, "2 members together may revoke"); }));
    ASSERT_TRUE(order(0, "revoke", {vote(0, out)}));
    ASSERT_TRUE(order(0, "revoke", {vote(0, out)})) << "the same again is one vote";
    EXPECT_EQ(order(0, "revoke", {vote(3, out)}).error().code, ErrorCode::kDenied) << "about himself";
    run_for(Duration::seconds(5));
    const std::string said = "2 members have revoked identity " + out.hex();
    EXPECT_FALSE(knows_of(0, said)) << "one is too few";
    ASSERT_TRUE(order(1, "revoke", {vote(1, out)}));
    EXPECT_TRUE(run_until([&] { return knows_of(0, said) && knows_of(2, said); }, Duration::seconds(10)));
    ASSERT_TRUE(order(0, "revoke", {crypto::make_vote_rule(sim::make_root(1), {0, now + Duration::seconds(1)}).hex()}));
    ASSERT_TRUE(run_until([&] { return knows_of(2, " 0 members together may revoke"); }));
    run_for(Duration::seconds(1));
    network.machine(2).kill();
    ASSERT_TRUE(network.machine(2).start().has_value()) << "what was put out stays out";
    run_for(Duration::seconds(120));
    EXPECT_EQ(node(2).routes().to(network.machine(3).address()), nullptr) << "nobody introduces it any more";
    EXPECT_NE(node(2).routes().to(network.machine(0).address()), nullptr);
}

TEST_F(Revoked, MembersThatTheRootPutOutHaveNoVote) {
    row(3);
    const auto out = network.machine(2).signer().self().identity;
    const WallTime now = network.queue().wall();
    ASSERT_TRUE(order(0, "revoke", {crypto::make_vote_rule(sim::make_root(1), {1, now}).hex()}));
    ASSERT_TRUE(order(0, "revoke", {revocation(out)}));
    const auto vote =
        crypto::cast_vote(network.machine(2).signer(), {network.machine(0).signer().self().identity, now, now});
    EXPECT_EQ(order(0, "revoke", {to_hex(vote)}).error().code, ErrorCode::kDenied);
}

// More at once than a neighbour checks in a second, to one that was away.
TEST_F(Revoked, ManyWordsAllArrive) {
    row(2);
    network.fail(0, 1);
    const WallTime now = network.queue().wall();
    const auto identity = [](uint8_t i, uint8_t kind) {
        crypto::PublicKey key;
        key.bytes[0] = i;
        key.bytes[1] = kind;
        return key;
    };
    for (uint8_t i = 0; i < 240; ++i) ASSERT_TRUE(order(0, "revoke", {revocation(identity(i, 1))}));
    ASSERT_TRUE(order(0, "revoke", {crypto::make_vote_rule(sim::make_root(1), {9, now}).hex()}));
    for (size_t voter = 0; voter < 2; ++voter)
        for (uint8_t i = 0; i < 30; ++i) {
            const auto vote = crypto::cast_vote(network.machine(voter).signer(), {identity(i, 2), now, now});
            ASSERT_TRUE(order(0, "revoke", {to_hex(vote)}));
        }
    const auto known = [&](const std::string& prefix) {
        const auto& disk = network.machine(1).durable();
        return std::count_if(disk.begin(), disk.end(),
                             [&](const auto& item) { return item.first.starts_with(prefix); });
    };
    EXPECT_EQ(known("revo"), 0);
    network.recover(0, 1);
    run_for(Duration::seconds(100));
    EXPECT_EQ(known("revoked/"), 240);
    EXPECT_EQ(known("revocation-rule"), 1);
    EXPECT_EQ(known("revocation-vote/"), 60);
}

TEST_F(Revoked, AreRefusedUnlessTheRootSignedThem) {
    row(1);
    EXPECT_EQ(order(0, "revoke", {"00"}).error().code, ErrorCode::kInvalid);
    const WallTime now = network.queue().wall();
    const auto forged = crypto::revoke_node(sim::make_root(7), network.machine(0).signer().self().identity, now, now);
    EXPECT_EQ(order(0, "revoke", {forged.hex()}).error().code, ErrorCode::kDenied);
    EXPECT_EQ(order(0, "nonsense", {}).error().code, ErrorCode::kNotFound);
}

TEST_F(Tags, NameAVersionThatIsThenNotPruned) {
    row(2, {0, 1});
    const auto first = send(0, network.machine(1).address(), model_file(1));
    const auto second = send(0, network.machine(1).address(), model_file(2));
    ASSERT_TRUE(first && second);
    ASSERT_TRUE(order(0, "tag", {"digits@good", first->version.hex()}));
    ASSERT_TRUE(order(0, "prune", {"0"}));
    const auto models = report(0, "models");
    ASSERT_EQ(models->rows.size(), 1u);
    EXPECT_EQ(std::get<std::string>(models->rows[0][0]), first->version.hex());
    ASSERT_EQ(report(0, "tags")->rows.size(), 1u);
    EXPECT_EQ(report(0, "ledger-log")->rows.size(), 3u) << "the key and both versions: entries stay";
    ASSERT_TRUE(order(0, "untag", {"digits@good"}));
    ASSERT_TRUE(order(0, "prune", {"0"}));
    EXPECT_TRUE(report(0, "models")->rows.empty());
    EXPECT_FALSE(order(0, "tag", {"digits@good", first->version.hex()})) << "its bytes are gone";
}

struct Rollbacks : Ordered {};

TEST_F(Rollbacks, EndTheJourneysThatBeganHereAndSetOutFromTheTaggedVersion) {
    row(3, {0});
    const auto first = send(0, OnJourney{9, ""}, model_file(1));
    ASSERT_TRUE(delivered());
    ASSERT_TRUE(finish(keeper.given[0], model_file(2)));
    ASSERT_TRUE(delivered(2));
    ASSERT_TRUE(order(0, "tag", {"digits@good", first->version.hex()}));
    const auto back = order(0, "rollback", {"digits@good", "5"});
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(std::get<int64_t>(back->rows[0][1]), 1);
    run_for(Duration::seconds(2));
    const auto late = finish(keeper.given[1], model_file(3));
    ASSERT_TRUE(late);
    EXPECT_THAT(late->why, testing::HasSubstr("newer walker"));
    ASSERT_TRUE(delivered(3));
    EXPECT_EQ(keeper.given[2].delivery.version, first->version);
    EXPECT_THAT(keeper.given[2].delivery.why, testing::HasSubstr("rolled back to digits@good"));
    const auto log = report(0, "ledger-log");
    EXPECT_EQ(std::get<std::string>(log->rows.back()[1]), "rolled-back");
}

TEST_F(Rollbacks, EndMoreJourneysThanTheNewsboxHasRoomFor) {
    row(6, {0});
    std::optional<VersionId> first;
    for (uint8_t i = 1; i <= 60; ++i) {
        const auto sent = send(0, OnJourney{9, ""}, model_file(i, 100));
        ASSERT_TRUE(sent) << sent.error().text;
        if (!first) first = sent->version;
    }
    ASSERT_TRUE(order(0, "tag", {"digits@good", first->hex()}));
    const auto back = order(0, "rollback", {"digits@good", "5"});
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(std::get<int64_t>(back->rows[0][1]), 60);
    run_for(Duration::seconds(5));
    size_t waiting = 0;  // in nobody's hands
    for (size_t i = 1; i < 6; ++i)
        for (const auto& one : node(i).journeys().view()) waiting += one.delivered ? 0 : 1;
    EXPECT_LE(waiting, 1u) << "the one that set out";
}

TEST_F(Rollbacks, ThatCannotBeginAreNotInTheLedger) {
    row(2, {0});
    const auto first = send(0, OnJourney{9, ""}, model_file(1));
    ASSERT_TRUE(first);
    ASSERT_TRUE(order(0, "tag", {"digits@good", first->version.hex()}));
    const auto back = order(0, "rollback", {"digits@good"});
    ASSERT_FALSE(back);
    EXPECT_THAT(back.error().text, testing::HasSubstr("sets no budget"));
    const auto log = report(0, "ledger-log");
    EXPECT_NE(std::get<std::string>(log->rows.back()[1]), "rolled-back");
}

TEST_F(Rollbacks, NeedATagTheyKnow) {
    row(1);
    EXPECT_EQ(order(0, "rollback", {"digits@good"}).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(order(0, "rollback", {"digits@good", "many"}).error().code, ErrorCode::kInvalid);
}

TEST_F(Tags, OneThatIsThereCanBeMovedWhenThereIsNoRoomForMore) {
    row(1);
    const crypto::Signer& signer = network.machine(0).signer();
    MemoryKvStore store;
    const Tag tag{"digits@good", VersionId{{7}}, WallTime::from_unix_ms(13)};
    ASSERT_TRUE(put_tag(store, tag, signer));
    const std::string key = store.scan("")->front().first;
    KvBatch batch;
    for (size_t i = 1; i < kTagsMax; ++i) batch.put(key + std::to_string(i), "");
    ASSERT_TRUE(store.write(batch, false));
    EXPECT_EQ(put_tag(store, {"digits@more", tag.version, tag.at}, signer).error().code, ErrorCode::kNoSpace);
    EXPECT_TRUE(put_tag(store, {"digits@good", VersionId{{8}}, tag.at}, signer));
}

TEST_F(Tags, AreRefusedIfMalformed) {
    row(1);
    for (const char* name : {"", "digits", "@", "digits@", "@good", "Digits@good", "digits@g@d"})
        EXPECT_FALSE(is_tag_name(name)) << name;
    EXPECT_EQ(order(0, "untag", {"digits@good"}).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(order(0, "tag", {"digits@good", "xyz"}).error().code, ErrorCode::kInvalid);
    const Tag tag{"digits@good", VersionId{{7}}, WallTime::from_unix_ms(13)};
    const Bytes bytes = tag.encode();
    EXPECT_EQ(*Tag::parse(bytes), tag);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(Tag::parse(ByteView(bytes).first(n))) << n;
}

}  // namespace
}  // namespace aip::node

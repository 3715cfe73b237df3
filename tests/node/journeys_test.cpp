// What becomes of models at nodes in a row:
//
//        0 -- 1 -- 2 ...        a program on each, bound to the task unless said otherwise
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::HasSubstr;

struct Journeys : World {};

TEST_F(Journeys, ModelIsDeliveredTrainedAndEndsWhenItsBudgetIsSpent) {
    row(3);
    const auto sent = send(0, OnJourney{2, ""}, model_file(1));
    ASSERT_TRUE(sent.has_value()) << sent.error().text;
    ASSERT_TRUE(delivered());
    EXPECT_EQ(keeper.given[0].file, model_file(1));
    EXPECT_EQ(keeper.given[0].delivery.version, sent->version);
    EXPECT_EQ(keeper.given[0].delivery.stop, 1u);
    const auto first = finish(keeper.given[0], model_file(2));
    ASSERT_TRUE(first.has_value()) << first.error().text;
    EXPECT_TRUE(first->next.has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].file, model_file(2));
    EXPECT_THAT(keeper.given[1].delivery.parents, testing::ElementsAre(sent->version));
    const auto last = finish(keeper.given[1], model_file(3));
    ASSERT_TRUE(last.has_value());
    EXPECT_FALSE(last->next.has_value());
    EXPECT_THAT(last->why, HasSubstr("budget"));
    run_for(Duration::seconds(5));
    const auto kept = custody(keeper.given[1].machine);
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].state, CustodyState::kEnded);
    EXPECT_EQ(kept[0].version, last->version);
    EXPECT_EQ(holders(), 1u);
}

TEST_F(Journeys, ModelOfAProgramThatDiedIsDeliveredAgain) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    network.machine(1).kill_program();
    run_for(Duration::seconds(1));
    network.machine(1).start_program();
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].file, model_file(1));
    EXPECT_NE(keeper.given[1].session, keeper.given[0].session);
    EXPECT_FALSE(finish(keeper.given[0], model_file(2)).has_value());  // the dead one's delivery is nobody's
    EXPECT_TRUE(finish(keeper.given[1], model_file(2)).has_value());
}

TEST_F(Journeys, ModelOfAMachineThatLostPowerIsDeliveredAgain) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start().has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].file, model_file(1));
    EXPECT_TRUE(finish(keeper.given[1], model_file(2)).has_value());
}

TEST_F(Journeys, NodeThatHasJustStartedWaitsToHearOfTheOthersBeforeItTrainsAlone) {
    row(3);
    ASSERT_TRUE(send(0, OnJourney{4, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    ASSERT_TRUE(finish(keeper.given[0], model_file(2)).has_value());
    ASSERT_TRUE(delivered(2));
    // Its neighbours do not notice, and what they told it before they say again only when it is due.
    const size_t here = keeper.given[1].machine;
    network.machine(here).kill();
    ASSERT_TRUE(network.machine(here).start().has_value());
    ASSERT_TRUE(delivered(3));
    ASSERT_EQ(keeper.given[2].machine, here);
    const auto stop = finish(keeper.given[2], model_file(3));
    ASSERT_TRUE(stop.has_value());
    EXPECT_NE(stop->next, network.machine(here).address());
    ASSERT_TRUE(delivered(4));
    EXPECT_NE(keeper.given[3].machine, here);
}

TEST_F(Journeys, StopsOfASoleMemberNameNoSenderAndClaimNoBytes) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{2, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    EXPECT_EQ(keeper.given[0].delivery.from, network.machine(0).address());
    EXPECT_GT(custody(1)[0].wire_bytes, 8000u);
    ASSERT_TRUE(finish(keeper.given[0], model_file(2)).has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_TRUE(keeper.given[1].delivery.from.is_zero());
    EXPECT_EQ(custody(1)[0].wire_bytes, 0u);
    const auto last = finish(keeper.given[1], model_file(3));
    ASSERT_TRUE(last.has_value());
    std::optional<std::vector<AuditStep>> steps;  // the second stop's parent is asked of this node, not of the first's
    node(1).audit(last->version, [&](std::vector<AuditStep> s) { steps = std::move(s); });
    ASSERT_TRUE(run_until([&] { return steps.has_value(); }));
    ASSERT_EQ(steps->size(), 3u);
    for (const AuditStep& step : *steps) EXPECT_FALSE(step.proof.empty()) << step.note;
}

TEST_F(Journeys, ModelMovesOnUnchangedWhenNoProgramComes) {
    settings.trainer_patience = Duration::seconds(5);
    row(3, {0});
    const auto sent = send(0, OnJourney{1, ""}, model_file(1));
    ASSERT_TRUE(delivered());
    const size_t first = keeper.given[0].machine;
    network.machine(first).kill_program();
    ASSERT_TRUE(delivered(2, Duration::seconds(120)));
    EXPECT_NE(keeper.given[1].machine, first);
    EXPECT_EQ(keeper.given[1].delivery.version, sent->version);
    const auto log = report(first, "ledger-log");
    ASSERT_EQ(log->rows.size(), 2u);  // the first says which key signs
    EXPECT_EQ(std::get<std::string>(log->rows[1][1]), "relayed");
}

TEST_F(Journeys, ReleasedModelMovesOnUnchanged) {
    row(3, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    ASSERT_TRUE(release(keeper.given[0]).has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_NE(keeper.given[1].machine, keeper.given[0].machine);
    EXPECT_EQ(keeper.given[1].file, model_file(1));
}

TEST_F(Journeys, FinishNamesTheRuleThatTheFileBreaksAndMayBeTriedAgain) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const auto broken = finish(keeper.given[0], to_bytes(as_bytes("this is no model at all")));
    ASSERT_FALSE(broken.has_value());
    EXPECT_EQ(broken.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(broken.error().text, HasSubstr("safetensors"));
    EXPECT_TRUE(finish(keeper.given[0], model_file(2)).has_value());
}

TEST_F(Journeys, WorkThatAJourneyRecordCannotHoldIsRefusedBeforeItIsSigned) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    WorkDone work;
    for (uint32_t i = 0; i <= limits::kJourneyMetricsMax; ++i) work.metrics["metric" + std::to_string(i)] = 1;
    std::optional<Result<FinishedStop>> finished;
    const Keeper::Given& given = keeper.given[0];
    node(1).finish(given.session, given.delivery.id, work, OnJourney{}, source_of(model_file(2)),
                   [&](Result<FinishedStop> r) { finished = std::move(r); });
    ASSERT_TRUE(finished.has_value());
    EXPECT_EQ(finished->error().code, ErrorCode::kInvalid);
    EXPECT_EQ(report(1, "ledger-log")->rows.size(), 1u) << "only which key signs";
    EXPECT_TRUE(finish(given, model_file(2)).has_value());
}

TEST_F(Journeys, FinishedModelGoesWhereItsProgramSays) {
    row(3, {0, 2});
    ASSERT_TRUE(send(0, OnJourney{2, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const auto stop = finish(keeper.given[0], model_file(2), network.machine(2).address());
    ASSERT_TRUE(stop.has_value());
    EXPECT_EQ(stop->next, network.machine(2).address());
    EXPECT_TRUE(run_until([&] { return !custody(2).empty() && custody(1).empty(); }));
}

TEST_F(Journeys, OnlyTheSessionThatHasADeliveryMayFinishIt) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    Keeper::Given other = keeper.given[0];
    other.session = kClient;
    EXPECT_EQ(finish(other, model_file(2)).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(release(other).error().code, ErrorCode::kNotFound);
}

TEST_F(Journeys, StopThatIsDownBeforeItAskedForAnythingIsNotWaitedFor) {
    settings.transfer_timeout = Duration::seconds(5);
    row(3, {0, 1});  // 2 is the only trainer at first
    network.machine(2).kill();
    start_send(0, OnJourney{1, ""}, model_file(1));
    run_for(Duration::seconds(2));
    keeper.serves.insert(&network.machine(1));
    network.machine(1).kill_program();
    network.machine(1).start_program();
    ASSERT_TRUE(delivered(1, Duration::seconds(120)));
    EXPECT_EQ(keeper.given[0].machine, 1u);
}

// A stop that has the model, and whose receipt was lost, may be silent for long: the model must not go to a second one.
TEST_F(Journeys, StopThatMayHaveTheModelIsAskedAgainRatherThanReplaced) {
    settings.transfer_timeout = Duration::seconds(4);
    row(3, {0});
    start_send(0, OnJourney{3, ""}, model_file(1, 300'000));
    ASSERT_TRUE(run_until([&] { return !custody(0).empty() && custody(0)[0].state == CustodyState::kOutbound; }));
    const size_t next = custody(0)[0].to == network.machine(1).address() ? 1 : 2;
    ASSERT_EQ(next, 1u);
    network.block(1, 0);  // nothing comes back from here on: neither acceptance of blocks nor receipt
    run_for(Duration::milliseconds(5));
    network.recover(0, 1);
    ASSERT_TRUE(run_until([&] { return !custody(1).empty(); }));  // it has promised
    network.fail(0, 1);                                           // before anybody heard of it
    network.machine(1).kill();
    ASSERT_EQ(custody(0).size(), 1u);  // no receipt came
    run_for(Duration::seconds(120));   // many silent attempts, no route
    ASSERT_EQ(custody(0).size(), 1u);
    EXPECT_EQ(custody(0)[0].to, network.machine(1).address());
    EXPECT_EQ(custody(2).size(), 0u);
    // A restart of the sender must not forget the doubt either.
    network.machine(0).kill();
    ASSERT_TRUE(network.machine(0).start().has_value());
    run_for(Duration::seconds(60));
    EXPECT_EQ(custody(0)[0].to, network.machine(1).address());
    network.recover(0, 1);
    ASSERT_TRUE(network.machine(1).start().has_value());
    ASSERT_TRUE(run_until([&] { return custody(0).empty(); }, Duration::seconds(120)));
    EXPECT_EQ(holders(), 1u);
}

TEST_F(Journeys, FullDiskAtTheReceiverSendsTheModelElsewhere) {
    row(3, {0});
    network.machine(1).block_faults().fail_put(1, ErrorCode::kNoSpace);
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    EXPECT_EQ(keeper.given[0].machine, 2u);
    EXPECT_TRUE(custody(1).empty());
}

TEST_F(Journeys, FullDiskAtTheSenderIsSaidToTheProgram) {
    row(2);
    network.machine(0).block_faults().fail_put(1, ErrorCode::kNoSpace);
    const auto sent = send(0, OnJourney{1, ""}, model_file(1));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().code, ErrorCode::kNoSpace);
    EXPECT_TRUE(custody(0).empty());
}

TEST_F(Journeys, FullDiskWhenAProgramFinishesLeavesTheModelWithIt) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    network.machine(1).block_faults().fail_put(1, ErrorCode::kNoSpace);
    EXPECT_EQ(finish(keeper.given[0], model_file(2)).error().code, ErrorCode::kNoSpace);
    network.machine(1).block_faults().heal();
    EXPECT_TRUE(finish(keeper.given[0], model_file(2)).has_value());
}

TEST_F(Journeys, PromiseThatCannotBeWrittenStopsTheNodeBeforeAReceiptLeaves) {
    row(2, {0});
    network.machine(1).kv_faults().fail_writes("custody/");
    start_send(0, OnJourney{1, ""}, model_file(1));
    EXPECT_FALSE(run_until([&] { return answer.has_value(); }));
    EXPECT_THAT(network.complaint(), HasSubstr("fatal"));
    EXPECT_EQ(custody(0).size(), 1u);
}

TEST_F(Journeys, CancelledTransferReleasesTheSendingProgram) {
    settings.transfer_timeout = Duration::seconds(20);
    row(2);
    network.fail(0, 1);
    start_send(0, network.machine(1).address(), model_file(1));
    ASSERT_TRUE(run_until([&] { return report(0, "transfers")->rows.size() == 1; }));
    EXPECT_EQ(node(0).cancel(12345).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(node(0).cancel(custody(0)[0].transfer).has_value());
    network.machine(0).wake();
    ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
    EXPECT_EQ(answer->error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(custody(0).empty());
}

struct Letters : World {};

TEST_F(Letters, ModelAddressedToANodeWaitsForWhoeverReceivesIt) {
    row(3);
    ASSERT_TRUE(send(0, network.machine(2).address(), model_file(1)).has_value());
    run_for(Duration::seconds(2));
    EXPECT_TRUE(keeper.given.empty());
    EXPECT_EQ(custody(2).size(), 1u);
    ASSERT_TRUE(node(2).receive(session(2), kTask, false).has_value());
    network.machine(2).wake();
    ASSERT_TRUE(delivered());
    EXPECT_EQ(keeper.given[0].delivery.journey, 0u);
    EXPECT_EQ(keeper.given[0].delivery.from, network.machine(0).address());
    EXPECT_EQ(finish(keeper.given[0], model_file(2)).error().code, ErrorCode::kInvalid);
    ASSERT_TRUE(release(keeper.given[0]).has_value());
    EXPECT_TRUE(custody(2).empty());
}

TEST_F(Letters, ReceiverMayWaitForOneThatIsStillToCome) {
    row(2);
    EXPECT_EQ(node(1).receive(session(1), kTask, false).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(node(1).receive(session(1), "", true).has_value());
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(1)).has_value());
    EXPECT_TRUE(delivered());
}

TEST_F(Letters, NotReleasedIsDeliveredAgainToTheNextProgram) {
    row(2);
    ASSERT_TRUE(node(1).receive(session(1), kTask, true).has_value());
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    network.machine(1).kill_program();
    network.machine(1).start_program();
    ASSERT_TRUE(node(1).receive(session(1), kTask, false).has_value());
    network.machine(1).wake();
    EXPECT_TRUE(delivered(2));
}

TEST_F(Letters, WithoutARouteIsRefusedWithTheCommandThatShowsRoutes) {
    row(1);
    const auto sent = send(0, Address::make(network.machine(0).address().network(), InterfaceId{77}), model_file(1));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().code, ErrorCode::kUnreachable);
    EXPECT_THAT(sent.error().text, HasSubstr("aipctl routes"));
}

TEST_F(Letters, FileThatIsNoModelIsRefusedWithTheRule) {
    row(2);
    const auto sent = send(0, network.machine(1).address(), to_bytes(as_bytes("hello")));
    ASSERT_FALSE(sent.has_value());
    EXPECT_EQ(sent.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(sent.error().text, HasSubstr("safetensors"));
    EXPECT_TRUE(custody(0).empty());
}

// The number of a transfer is its sender's choice; it must not be a key of ours.
TEST_F(Letters, CannotOverwriteAJourneyByItsNumber) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const uint64_t journey = custody(1)[0].id;
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(2)).has_value());
    ASSERT_EQ(custody(1).size(), 2u);
    std::set<uint64_t> ids;
    for (const Custody& c : custody(1)) ids.insert(c.id);
    EXPECT_TRUE(ids.contains(journey));
    for (const auto& [key, value] : network.machine(1).durable())  // "tombstone/" + 16 digits of the transfer + peer
        if (key.starts_with("tombstone/")) {
            const Bytes transfer = *from_hex(key.substr(10, 16));
            EXPECT_FALSE(ids.contains(load_be64(transfer.data())));
        }
    EXPECT_TRUE(finish(keeper.given[0], model_file(3)).has_value());
}

// One member that offers and never sends must not keep all others out.
TEST_F(Letters, OnePeerMayOfferAQuarterOfTheTransfersAtMost) {
    row(2);
    network.block(1, 0);
    for (uint64_t transfer = 1; transfer <= 40; ++transfer) {
        aipacket::Offer offer;
        offer.transfer = transfer;
        offer.destination = network.machine(1).address();
        offer.head_size = 100;
        offer.symbol_size = 1024;
        offer.task = kTask;
        const Bytes sealed = network.machine(0).signer().seal(aipacket::kOfferDomain, aipacket::encode_offer(offer));
        Bytes packet(aipacket::kPacketOverhead + sealed.size());
        std::copy(sealed.begin(), sealed.end(), packet.begin() + aipacket::kPacketOverhead);
        aipacket::Endpoints ends;
        ends.source = network.machine(0).address();
        ends.destination = network.machine(1).address();
        aipacket::Header header;
        header.kind = aipacket::Kind::kOffer;
        header.transfer = transfer;
        packet.resize(aipacket::encode(packet, ends, header, sealed.size()));
        network.machine(1).receive(0, packet);
    }
    run_for(Duration::seconds(1));
    EXPECT_EQ(report(1, "transfers")->rows.size(), limits::kTransfersMax / 4);
    EXPECT_EQ(counter(1, "transfer.offers_refused_full"), 40 - limits::kTransfersMax / 4);
    run_for(Duration::seconds(40));  // and these time out
    EXPECT_TRUE(report(1, "transfers")->rows.empty());
}

TEST_F(Letters, RouteThatIsLostForGoodEndsTheTransferAndTheNodeSleepsMeanwhile) {
    settings.transfer_timeout = Duration::seconds(20);
    row(2);
    network.fail(0, 1);
    start_send(0, network.machine(1).address(), model_file(1));
    run_for(Duration::seconds(10));  // the neighbour is lost after 3.5 s
    EXPECT_FALSE(answer.has_value());
    const uint64_t before = network.queue().count();
    ASSERT_TRUE(run_until([&] { return answer.has_value(); }, Duration::seconds(30)));
    EXPECT_EQ(answer->error().code, ErrorCode::kTimeout);
    EXPECT_LT(network.queue().count() - before, 1000u);  // hellos and offers, no busy loop
    EXPECT_TRUE(custody(0).empty());
}

}  // namespace
}  // namespace aip::node

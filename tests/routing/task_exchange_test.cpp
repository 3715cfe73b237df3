// Task records find their way to every node: many exchanges on one wire that loses, and a stranger on it.
#include "routing/task_exchange.hpp"

#include <gmock/gmock.h>

#include <deque>

#include "base/limits.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

struct Shelf final : TaskShelf {
    std::vector<TaskTag> tags() const override {
        std::vector<TaskTag> all;
        for (const auto& [tag, task] : tasks) all.push_back(tag);
        return all;
    }
    const SignedTask* record(const TaskTag& tag) const override {
        const auto it = tasks.find(tag);
        return it == tasks.end() ? nullptr : &it->second;
    }
    bool has_room(const TaskRecord&, const Address&) const override { return tasks.size() < room; }
    void put(SignedTask task, Instant now, WallTime) override {
        const TaskTag tag = task_tag(task.id);
        tasks.emplace(tag, std::move(task));
        exchange->announce(tag, now);
    }
    std::map<TaskTag, SignedTask> tasks;
    size_t room = 1000;
    TaskExchange* exchange = nullptr;
};

struct Host {
    explicit Host(const std::string& name, uint64_t seed)
        : signer(test::make_signer(name)),
          verifier(test::root_key()),
          rng(seed),
          exchange(signer.self().address, verifier, rng, shelf) {
        shelf.exchange = &exchange;
    }
    const Address& address() const { return signer.self().address; }

    crypto::Signer signer;
    crypto::Verifier verifier;
    SeededRng rng;
    Shelf shelf;
    TaskExchange exchange;
};

TaskRecord task_called(const std::string& name) {
    TaskRecord record = open_task_rules(name);
    record.created = test::kWall;
    return record;
}

class Wire : public testing::Test {
protected:
    void hosts(size_t n) {
        for (size_t i = 0; i < n; ++i) all_.push_back(std::make_unique<Host>("host " + std::to_string(i), i + 1));
        everyone_reaches_everyone();
    }
    void everyone_reaches_everyone() {
        std::vector<Address> addresses;
        for (const auto& host : all_) addresses.push_back(host->address());
        for (const auto& host : all_) host->exchange.set_peers(addresses, now_);
    }
    SignedTask create(size_t at, const std::string& name) {
        SignedTask task = *seal_task(task_called(name), all_[at]->signer);
        all_[at]->shelf.put(task, now_, test::kWall);
        return task;
    }
    // Runs until the time is over, waking each when it wants to be woken.
    void run(Duration time) {
        const Instant end = now_ + time;
        while (now_ <= end) {
            for (const auto& host : all_) {
                for (TaskOut& out : host->exchange.poll(now_)) {
                    ++packets_;
                    bytes_ += out.payload.size();
                    if (!rng_.chance(loss_)) deliver(host->address(), out);
                }
            }
            Instant next = end + Duration::nanoseconds(1);
            for (const auto& host : all_) next = std::min(next, host->exchange.next_wakeup());
            now_ = std::max(next, now_ + Duration::milliseconds(1));
        }
    }
    void deliver(const Address& from, const TaskOut& out) {
        for (const auto& host : all_)
            if (host->address() == out.to) host->exchange.on_packet(from, out.payload, now_, test::wall_at(now_));
    }
    size_t holders() const {
        size_t count = 0;
        for (const auto& host : all_) count += !host->shelf.tasks.empty();
        return count;
    }
    TaskVerdict receive(size_t at, const Address& from, const Bytes& payload) {
        return all_[at]->exchange.on_packet(from, payload, now_, test::wall_at(now_));
    }

    std::vector<std::unique_ptr<Host>> all_;
    SeededRng rng_{9};
    double loss_ = 0;
    Instant now_ = test::at_ms(0);
    size_t packets_ = 0;
    size_t bytes_ = 0;
};

Bytes packet(uint8_t type, ByteView rest) {
    Bytes out;
    Writer(out).u8(type).put(rest);
    return out;
}

TEST_F(Wire, ARecordReachesAHundredNodesWithinASecond) {
    hosts(100);
    run(Duration::seconds(2));
    create(0, "fashion");
    run(Duration::seconds(1));
    EXPECT_EQ(holders(), 100u);
}

TEST_F(Wire, ARecordReachesEveryNodeAlthoughPacketsAreLost) {
    loss_ = 0.3;
    hosts(50);
    create(7, "fashion");
    run(Duration::seconds(120));
    EXPECT_EQ(holders(), 50u);
}

TEST_F(Wire, ANewcomerLearnsAllThereIsMoreThanOneListLong) {
    hosts(2);
    for (int i = 0; i < 100; ++i) create(0, "task" + std::to_string(i));
    run(Duration::seconds(60));
    EXPECT_EQ(all_[1]->shelf.tasks.size(), 100u);
    hosts(1);
    run(Duration::seconds(120));
    EXPECT_EQ(all_[2]->shelf.tasks.size(), 100u);
}

TEST_F(Wire, BothSidesOfAPartitionLearnWhatTheOtherMade) {
    hosts(10);
    std::vector<Address> left, right;
    for (size_t i = 0; i < 10; ++i) (i < 5 ? left : right).push_back(all_[i]->address());
    for (size_t i = 0; i < 10; ++i) all_[i]->exchange.set_peers(i < 5 ? left : right, now_);
    create(0, "left");
    create(9, "right");
    run(Duration::seconds(60));
    EXPECT_EQ(all_[9]->shelf.tasks.size(), 1u);
    everyone_reaches_everyone();
    run(Duration::seconds(5));
    for (const auto& host : all_) EXPECT_EQ(host->shelf.tasks.size(), 2u);
}

TEST_F(Wire, IsQuietWhenAllIsSaid) {
    hosts(20);
    create(0, "fashion");
    run(Duration::seconds(300));
    packets_ = bytes_ = 0;
    run(Duration::seconds(600));
    EXPECT_LE(bytes_, 20 * 600 * 6u) << "under 6 bytes a second and node";
    EXPECT_EQ(holders(), 20u);
}

TEST_F(Wire, ARecordThatNobodyAskedForCostsNoSignatureCheck) {
    hosts(2);
    const SignedTask task = *seal_task(task_called("fashion"), all_[1]->signer);
    EXPECT_EQ(receive(0, all_[1]->address(), packet(5, task.sealed)), TaskVerdict::kUnasked);
    EXPECT_EQ(all_[0]->exchange.signature_checks(), 0u);
    EXPECT_EQ(receive(0, test::plain_address(77), packet(5, task.sealed)), TaskVerdict::kNotPeer);
}

TEST_F(Wire, AForgedRecordIsRefusedAndTheRealOneStillTaken) {
    hosts(2);
    const SignedTask task = *seal_task(task_called("fashion"), all_[1]->signer);
    Bytes forged = task.sealed;
    forged.back() ^= 1;
    const Bytes have = packet(2, task_tag(task.id).view());
    EXPECT_EQ(receive(0, all_[1]->address(), have), TaskVerdict::kHeard);
    EXPECT_EQ(receive(0, all_[1]->address(), packet(5, forged)), TaskVerdict::kBadSignature);
    EXPECT_EQ(receive(0, all_[1]->address(), have), TaskVerdict::kHeard);
    EXPECT_EQ(receive(0, all_[1]->address(), packet(5, task.sealed)), TaskVerdict::kAccepted);
}

TEST_F(Wire, AFloodOfForgeriesCostsNoMoreChecksThanTheBucketHolds) {
    hosts(2);
    for (int i = 0; i < 5000; ++i) {
        SignedTask task = *seal_task(task_called("t" + std::to_string(i)), all_[1]->signer);
        task.sealed.back() ^= 1;
        receive(0, all_[1]->address(), packet(2, task_tag(task.id).view()));
        receive(0, all_[1]->address(), packet(5, task.sealed));
    }
    EXPECT_LE(all_[0]->exchange.signature_checks(), 100u);
    EXPECT_GT(all_[0]->exchange.count(TaskVerdict::kRateLimited), 4000u);
}

TEST_F(Wire, QuestionsAreAnsweredOnlyAsOftenAsABucketAllows) {
    hosts(2);
    const SignedTask task = create(0, "fashion");
    run(Duration::seconds(30));
    for (int i = 0; i < 5000; ++i) receive(0, all_[1]->address(), packet(4, task_tag(task.id).view()));
    packets_ = 0;
    run(Duration::seconds(1));
    EXPECT_LE(packets_, 100u);
}

TEST_F(Wire, WhatFindsNoRoomIsNotAskedForAgainAtOnce) {
    hosts(2);
    all_[1]->shelf.room = 0;
    create(0, "fashion");
    run(Duration::seconds(50));
    EXPECT_EQ(all_[1]->exchange.count(TaskVerdict::kNoRoom), 1u);
    all_[1]->shelf.room = 1;
    run(Duration::seconds(200));
    EXPECT_EQ(all_[1]->shelf.tasks.size(), 1u);
}

TEST_F(Wire, RefusesWhatIsMalformed) {
    hosts(2);
    const Address& peer = all_[1]->address();
    EXPECT_EQ(receive(0, peer, {}), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, packet(0, {})), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, packet(6, {})), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, packet(1, Bytes(31))), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, packet(1, Bytes(33))), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, packet(2, Bytes(17))), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, packet(2, Bytes(65 * 16))), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, packet(5, Bytes(10))), TaskVerdict::kMalformed);
    EXPECT_EQ(receive(0, peer, Bytes(limits::kTaskBytesMax + 2)), TaskVerdict::kTooLong);
}

}  // namespace
}  // namespace aip::routing

#include "daemons/core_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "model/import.hpp"
#include "model/merge.hpp"
#include "model/safetensors.hpp"

namespace aip::daemons {
namespace {

TEST(CorePool, DoesEveryPieceOnceAndReturnsWhenAllAreDone) {
    for (size_t width : {1u, 2u, 5u}) {
        CorePool pool(width);
        EXPECT_EQ(pool.width(), width);
        for (size_t count = 0; count < 300; ++count) {
            std::vector<int> done(count);  // not atomic: a piece is one thread's alone
            pool.each(count, [&](size_t piece) { ++done[piece]; });
            EXPECT_EQ(done, std::vector<int>(count, 1));
        }
    }
}

// The first two pieces wait for each other: no core alone could do them.
TEST(CorePool, WorksOnSeveralCoresAtOnce) {
    CorePool pool(2);
    std::mutex mutex;
    std::condition_variable met;
    std::set<std::thread::id> threads;
    pool.each(2, [&](size_t) {
        std::unique_lock lock(mutex);
        threads.insert(std::this_thread::get_id());
        met.notify_all();
        met.wait(lock, [&] { return threads.size() == 2; });
    });
    EXPECT_EQ(threads.size(), 2u);
}

// A model of 40 blocks, each of other bytes.
Bytes large_model(float scale) {
    Bytes weights(40u << 20);
    for (size_t i = 0; i < weights.size() / sizeof(float); ++i) {
        const float value = scale * static_cast<float>(i);
        std::memcpy(weights.data() + i * sizeof value, &value, sizeof value);
    }
    const std::vector<model::TensorView> tensors{{"w", model::Dtype::kF32, {weights.size() / sizeof(float)}, weights}};
    return *model::write_safetensors(tensors, {});
}

TEST(CorePool, ImportsAndMergesAsOneCoreDoes) {
    CorePool pool(4);
    Serial alone;
    model::MemoryBlockStore blocks;
    const model::ManifestFields about{{}, "digits", {}};
    std::vector<model::MergeInput> inputs;
    for (const float scale : {1.0f, 3.0f}) {
        model::OwnedSource file(large_model(scale));
        const auto by_many = model::import_model(file, blocks, about, {}, pool);
        ASSERT_TRUE(by_many.has_value());
        EXPECT_EQ(by_many->id(), model::hash_model(file, about, alone)->id());
        inputs.push_back({*by_many, 1});
    }
    const auto rule = model::make_merge_rule({"mean", 0}, inputs.size());
    ASSERT_TRUE(rule.has_value());
    auto merged = model::MergedModel::open(inputs, **rule, blocks);
    ASSERT_TRUE(merged.has_value());
    const auto by_many = model::hash_model(*merged, about, pool);
    ASSERT_TRUE(by_many.has_value());
    EXPECT_EQ(by_many->id(), model::hash_model(*merged, about, alone)->id());
    EXPECT_NE(by_many->content(), inputs[0].manifest.content());
}

}  // namespace
}  // namespace aip::daemons

// The recipe of the demo on real images: a model that hops among four uneven shards must come near one trained on
// everything, and be far better than one that stays. Skipped where dataset-fashion-mnist is not installed.
#include <gtest/gtest.h>

#include <filesystem>

#include "learning/sgd_trainer.hpp"

namespace aip::learning {
namespace {

constexpr uint64_t kStops = 120;

class OnFashionMnist : public testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!std::filesystem::exists(kFashionMnistDir)) return;
        data_ = new FashionMnist(load_fashion_mnist().value());
    }
    static void TearDownTestSuite() { delete data_; }
    void SetUp() override {
        if (!data_) GTEST_SKIP() << "apt-get install dataset-fashion-mnist";
    }

    // Mean accuracy after each of the last `lap` stops of a fresh MLP-64 that takes the trainers in turn.
    static double journey(const std::vector<Shard>& shards, size_t lap, uint64_t seed) {
        SeededRng rng(seed);
        const size_t widths[] = {784, 64, 10};
        Mlp mlp = Mlp::create(widths, rng);
        const Batch test = data_->test.batch(first_of_each_class(data_->test).rows);
        std::vector<SgdTrainer> trainers;
        for (const Shard& shard : shards) trainers.emplace_back(shard, SgdPlan{.seed = seed});
        double sum = 0;
        for (uint64_t stop = 0; stop < kStops; ++stop) {
            EXPECT_TRUE(trainers[stop % trainers.size()].train(mlp, stop));
            if (stop + lap >= kStops) sum += accuracy(mlp, test);
        }
        return sum / static_cast<double>(lap);
    }

    static inline FashionMnist* data_ = nullptr;
};

TEST_F(OnFashionMnist, AllImagesAreThere) {
    EXPECT_EQ(data_->train.size(), 60'000u);
    EXPECT_EQ(data_->test.size(), 10'000u);
    EXPECT_EQ(data_->train.pixels(), 784u);
    EXPECT_EQ(everything(data_->train).label_counts(), std::vector<uint64_t>(10, 6000));
    EXPECT_EQ(first_of_each_class(data_->test).size(), 1000u);
}

TEST_F(OnFashionMnist, AJourneyComesNearPooledTrainingAndFarAboveStaying) {
    std::vector<Shard> shards;
    for (const std::vector<uint8_t>& classes : {std::vector<uint8_t>{0, 7, 8}, {1, 6, 9}, {2, 5}, {3, 4}})
        shards.push_back(of_classes(data_->train, classes));
    for (uint64_t seed : {1, 2}) {
        const double travelled = journey(shards, 4, seed);
        const double pooled = journey({everything(data_->train)}, 4, seed);
        const double alone = journey({shards[0]}, 4, seed);
        EXPECT_GE(travelled, pooled - 0.15) << "seed " << seed;
        EXPECT_GE(travelled, alone + 0.35) << "seed " << seed;
        EXPECT_GE(pooled, 0.75) << "seed " << seed;
    }
}

}  // namespace
}  // namespace aip::learning

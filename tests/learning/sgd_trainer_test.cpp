#include "learning/sgd_trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/sha256.hpp"
#include "tests/learning/samples.hpp"

namespace aip::learning {
namespace {

using testing::HasSubstr;

Bytes fresh_file(std::initializer_list<size_t> widths, uint64_t seed = 1) {
    SeededRng rng(seed);
    return Mlp::create(std::vector<size_t>(widths), rng).to_safetensors().value();
}

class SgdTrainerOnSpots : public testing::Test {
protected:
    Dataset data_ = bright_spots(500), test_ = bright_spots(100, 8);
    SgdPlan plan_{.steps = 50, .batch = 20, .sgd = {.learning_rate = 0.2f}, .seed = 3};
    Bytes model_ = fresh_file({16, 12, 10});
};

TEST_F(SgdTrainerOnSpots, LearnsAndSaysWhatItDid) {
    SgdTrainer trainer(everything(data_), plan_, everything(test_));
    const auto trained = trainer.train(model_, 1);
    ASSERT_TRUE(trained) << trained.error().text;
    EXPECT_EQ(trained->work.what, "sgd");
    EXPECT_EQ(trained->work.steps, 50u);
    EXPECT_EQ(trained->work.samples, 1000u);
    EXPECT_LT(trained->work.loss_after, 0.7 * trained->work.loss_before);
    EXPECT_GT(trained->work.metrics.at("accuracy"), 0.9);
    EXPECT_NE(trained->file, model_);
    EXPECT_EQ(trained->file.size(), model_.size());
}

TEST_F(SgdTrainerOnSpots, SameFileAndStopGiveTheSameBytesInAnyRun) {
    SgdTrainer trainer(everything(data_), plan_), again(everything(data_), plan_);
    const Bytes first = trainer.train(model_, 7).value().file;
    EXPECT_EQ(trainer.train(model_, 7).value().file, first);
    EXPECT_EQ(again.train(model_, 7).value().file, first);
}

// Written down once: another digest means that this compiler or processor computes other bits.
TEST_F(SgdTrainerOnSpots, EveryMachineComputesThisVersion) {
    const Bytes trained = SgdTrainer(everything(data_), plan_).train(model_, 7).value().file;
    EXPECT_EQ(crypto::sha256(model_).hex(), "9c6c15b4937d2fa446cce0af5b0bca6a724eb8857e25172d779ff925143baea4");
    EXPECT_EQ(crypto::sha256(trained).hex(), "9fbfe6fa1d5ce9be2c7cb4131b26bc2b76f4108d22c35c14653d833ebb16f646");
}

TEST_F(SgdTrainerOnSpots, OtherStopsAndSeedsDrawOtherSamples) {
    SgdTrainer trainer(everything(data_), plan_);
    const Bytes first = trainer.train(model_, 7).value().file;
    EXPECT_NE(trainer.train(model_, 8).value().file, first);
    plan_.seed = 4;
    EXPECT_NE(SgdTrainer(everything(data_), plan_).train(model_, 7).value().file, first);
}

TEST_F(SgdTrainerOnSpots, RefusesAModelForOtherImages) {
    SgdTrainer trainer(everything(data_), plan_);
    EXPECT_THAT(trainer.train(fresh_file({15, 10}), 1).error().text, HasSubstr("15 inputs, an image has 16"));
    EXPECT_THAT(trainer.train(fresh_file({16, 9}), 1).error().text, HasSubstr("9 classes"));
    EXPECT_FALSE(trainer.train(as_bytes("no model at all"), 1));
}

TEST_F(SgdTrainerOnSpots, ReturnsNoModelThatDiverged) {
    plan_.sgd.learning_rate = 1e30f;
    const auto trained = SgdTrainer(everything(data_), plan_).train(model_, 1);
    ASSERT_FALSE(trained);
    EXPECT_THAT(trained.error().text, HasSubstr("lower learning rate"));
}

}  // namespace
}  // namespace aip::learning

// Models of two tensors, merged by each rule; and what merging refuses.
#include "model/merge.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "model/numbers.hpp"
#include "tests/model/support.hpp"

namespace aip::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
Bytes raw(const std::vector<T>& values) {
    Bytes bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

struct Merge : testing::Test {
    Manifest model_of(const std::vector<TensorView>& tensors, const Metadata& metadata = {}) {
        return test::import_bytes(*write_safetensors(tensors, metadata), blocks).value();
    }
    // Tensor "b" of the first number, tensor "w" of the rest.
    Manifest floats(const std::vector<float>& values) {
        const Bytes b = raw(std::vector<float>{values.front()});
        const Bytes w = raw(std::vector<float>(values.begin() + 1, values.end()));
        return model_of({{"w", Dtype::kF32, {values.size() - 1}, w}, {"b", Dtype::kF32, {1}, b}});
    }
    Result<Manifest> merged(std::vector<MergeInput> models, const MergeOrder& order) {
        auto rule = make_merge_rule(order, models.size());
        if (!rule) return rule.error();
        auto source = MergedModel::open(std::move(models), **rule, blocks);
        if (!source) return source.error();
        weights = source->weights();
        Serial cores;
        return import_model(*source, blocks, test::fields(), {}, cores);
    }
    Result<Manifest> merged(const std::vector<Manifest>& models, const MergeOrder& order) {
        std::vector<MergeInput> inputs;
        for (const Manifest& model : models) inputs.push_back({model, 1});
        return merged(std::move(inputs), order);
    }
    std::vector<float> values(const Manifest& model) {  // in the order floats() takes them
        const Bytes file = test::export_bytes(model, blocks).value();
        std::vector<float> out((file.size() - model.header_size()) / sizeof(float));
        std::memcpy(out.data(), file.data() + model.header_size(), out.size() * sizeof(float));
        return out;
    }
    std::vector<float> values(const std::vector<Manifest>& models, const MergeOrder& order) {
        const auto model = merged(models, order);
        EXPECT_TRUE(model.has_value()) << test::error_text(model);
        return model ? values(*model) : std::vector<float>();
    }

    MemoryBlockStore blocks;
    std::vector<double> weights;
};

TEST_F(Merge, MeanIsWeightedBySamples) {
    const auto model = merged({{floats({0, 1, 10}), 100}, {floats({4, 5, -10}), 300}}, {"mean", 0});
    EXPECT_THAT(values(*model), ElementsAre(3, 4, -5));
    EXPECT_THAT(weights, ElementsAre(0.25, 0.75));
}

TEST_F(Merge, MeanOfModelsThatSawNothingIsPlain) {
    const auto model = merged({{floats({0, 1, 10}), 0}, {floats({4, 5, -10}), 0}}, {"mean", 0});
    EXPECT_THAT(values(*model), ElementsAre(2, 3, 0));
}

TEST_F(Merge, ModelThatSawNothingHasNoPartInTheMean) {
    const auto model = merged({{floats({9, 9, 9}), 0}, {floats({4, 5, -10}), 7}}, {"mean", 0});
    EXPECT_THAT(values(*model), ElementsAre(4, 5, -10));
}

TEST_F(Merge, MedianIsTheMiddleOfEachNumber) {
    const std::vector<Manifest> three{floats({1, 7, 0}), floats({2, 5, 100}), floats({9, 6, -100})};
    EXPECT_THAT(values(three, {"median", 0}), ElementsAre(2, 6, 0));
    EXPECT_THAT(values({three[0], three[1]}, {"median", 0}), ElementsAre(1.5, 6, 50));
}

TEST_F(Merge, TrimmedMeanLeavesOutTheEnds) {
    const std::vector<Manifest> five{floats({1, 0, 1e9f}), floats({2, 0, 1}), floats({3, 0, 2}), floats({4, 0, 3}),
                                     floats({1000, 0, -1e9f})};
    EXPECT_THAT(values(five, {"trimmed-mean", 0.2}), ElementsAre(3, 0, 2));
}

// Scores with f = 1 of 5: the sums of the 2 smallest squared distances. Of 0, 1, 2, 4, 100 they are 5, 2, 5, 13, ...
TEST_F(Merge, KrumTakesTheModelInTheMiddleOfTheCrowd) {
    const std::vector<Manifest> five{floats({0, 0}), floats({100, 0}), floats({1, 0}), floats({2, 0}), floats({4, 0})};
    EXPECT_THAT(values(five, {"krum", 0.2}), ElementsAre(1, 0));
    EXPECT_THAT(weights, ElementsAre(0, 0, 1, 0, 0));
}

// Of 7 with f = 1, the 3 best by the sums of the 4 smallest: of 0, 1, 2, 3, 4, 50, -80 these are 2, 1 and 3.
TEST_F(Merge, MultiKrumIsTheMeanOfTheBest) {
    const std::vector<Manifest> seven{floats({0, 0}), floats({1, 0}),  floats({2, 1}),  floats({3, 2}),
                                      floats({4, 0}), floats({50, 0}), floats({-80, 0})};
    EXPECT_THAT(values(seven, {"multi-krum", 0.14}), ElementsAre(2, 1));
}

TEST_F(Merge, RuleSaysHowManyModelsItNeedsAndTheNextOneIsTaken) {
    EXPECT_THAT(make_merge_rule({"krum", 0.2}, 4).error().text, HasSubstr("needs 5 models or more, here are 4"));
    EXPECT_THAT(make_merge_rule({"trimmed-mean", 0.2}, 2).error().text, HasSubstr("needs 3"));
    EXPECT_EQ(pick_merge_rule({"krum", 0.2}, 5)->rule->name(), "krum");
    const auto picked = pick_merge_rule({"krum", 0.2}, 4);
    EXPECT_EQ(picked->rule->name(), "trimmed-mean");
    EXPECT_THAT(picked->instead, HasSubstr("krum with 1 wrong needs 5"));
    EXPECT_EQ(pick_merge_rule({"multi-krum", 0.2}, 2)->rule->name(), "median");
    EXPECT_EQ(pick_merge_rule({"mean", 0.2}, 2)->instead, "");
    EXPECT_FALSE(make_merge_rule({"best", 0.2}, 2).has_value());
    EXPECT_FALSE(pick_merge_rule({"median", 0.5}, 2).has_value());
    EXPECT_FALSE(pick_merge_rule({"median", std::nan("")}, 2).has_value());
}

TEST_F(Merge, RefusesAnEmptyListAndTooManyModels) {
    EXPECT_THAT(make_merge_rule({"mean", 0}, 0).error().text, HasSubstr("no model"));
    const auto rule = make_merge_rule({"mean", 0}, 1).value();
    EXPECT_FALSE(MergedModel::open({}, *rule, blocks).has_value());
    const std::vector<MergeInput> many(limits::kParentsMax + 1, MergeInput{floats({1, 2}), 1});
    EXPECT_THAT(MergedModel::open(many, *rule, blocks).error().text, HasSubstr("at most 16"));
}

TEST_F(Merge, RefusesAnotherArchitectureAndNamesTheTensor) {
    const Bytes four(16, 0);
    const Manifest a = model_of({{"w", Dtype::kF32, {4}, four}});
    const auto complaint = [&](const Manifest& b) { return test::error_text(merged({a, b}, {})); };
    EXPECT_THAT(complaint(model_of({{"v", Dtype::kF32, {4}, four}})), HasSubstr("'v' is not in"));
    EXPECT_THAT(complaint(model_of({{"w", Dtype::kF32, {2, 2}, four}})), HasSubstr("'w' has another type or shape"));
    EXPECT_THAT(complaint(model_of({{"w", Dtype::kI32, {4}, four}})), HasSubstr("'w' has another type or shape"));
    EXPECT_THAT(complaint(model_of({})), HasSubstr("fewer tensors"));
}

TEST_F(Merge, RefusesNumbersThatAreNotFinite) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        const Manifest broken = floats({1, bad});
        for (const char* rule : {"mean", "median"}) {
            const auto error = test::error_text(merged({floats({1, 2}), broken}, {rule, 0.2}));
            EXPECT_THAT(error, HasSubstr(broken.id().short_hex()));
            EXPECT_THAT(error, HasSubstr("'w' holds a number that is NaN"));
        }
        EXPECT_FALSE(merged({broken, broken}, {}).has_value()) << "also if all of them have it";
        EXPECT_THAT(test::error_text(check_finite(broken, blocks)), HasSubstr("'w'"));
    }
    EXPECT_TRUE(check_finite(floats({1, 2}), blocks).has_value());
}

TEST_F(Merge, RefusesAMeanThatOverflows) {
    const Bytes low = raw<double>({-1.7e308}), high = raw<double>({1.7e308});
    const Manifest a = model_of({{"w", Dtype::kF64, {1}, low}});
    const Manifest b = model_of({{"w", Dtype::kF64, {1}, high}});
    EXPECT_THAT(test::error_text(merged({a, b}, {})), HasSubstr("no finite mean"));
}

TEST_F(Merge, WhatHasNoNumbersMustBeTheSame) {
    const Bytes yes(4, 1), no(4, 0), one = raw<float>({1}), three = raw<float>({3});
    const Manifest a = model_of({{"w", Dtype::kF32, {1}, one}, {"mask", Dtype::kBool, {4}, yes}});
    const Manifest b = model_of({{"w", Dtype::kF32, {1}, three}, {"mask", Dtype::kBool, {4}, yes}});
    const Manifest c = model_of({{"w", Dtype::kF32, {1}, three}, {"mask", Dtype::kBool, {4}, no}});
    EXPECT_TRUE(merged({a, b}, {}).has_value());
    EXPECT_THAT(test::error_text(merged({a, c}, {})), HasSubstr("'mask' is BOOL, which has no mean"));
}

// Another order of the tensors in the file, and other metadata: still the same architecture.
TEST_F(Merge, FindsTensorsByNameWhereverTheyStand) {
    const std::string header =
        R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
    Bytes file;
    Writer(file).u64_le(header.size()).put(header).put(raw<float>({2, 3, 1}));
    const Manifest swapped = test::import_bytes(file, blocks).value();
    const Manifest canonical = floats({3, 4, 5});
    const auto both = merged({swapped, canonical}, {});
    ASSERT_TRUE(both.has_value());
    const Manifest& first = std::min(swapped.content(), canonical.content()) == swapped.content() ? swapped : canonical;
    EXPECT_EQ(both->header_size(), first.header_size());
    auto found = values(*both);
    std::sort(found.begin(), found.end());
    EXPECT_THAT(found, ElementsAre(2, 3, 4));
}

TEST_F(Merge, DamagedBlockIsAnErrorAndNoModel) {
    FaultyBlockStore faulty(blocks);
    const Manifest a = floats({1, 2}), b = floats({3, 4});
    const auto rule = make_merge_rule({}, 2).value();
    auto source = MergedModel::open({{a, 1}, {b, 1}}, *rule, faulty).value();
    faulty.flip_bit_on_read(3);
    Serial cores;
    EXPECT_EQ(import_model(source, blocks, test::fields(), {}, cores).error().code, ErrorCode::kCorrupt);
}

class MergeProperty : public Merge, public testing::WithParamInterface<const char*> {
protected:
    // Over several blocks, the last one not full.
    Manifest random_model(Rng& rng) {
        std::vector<float> w(2 * limits::kBlockBytes / sizeof(float) + 777);
        for (float& value : w) value = static_cast<float>(rng.unit() - 0.5);
        const Bytes bytes = raw(w), bias = raw<float>({static_cast<float>(rng.unit())});
        return model_of({{"w", Dtype::kF32, {w.size()}, bytes}, {"b", Dtype::kF32, {1}, bias}});
    }
};

TEST_P(MergeProperty, OrderDoesNotMatter) {
    SeededRng rng(1);
    std::vector<MergeInput> models;
    for (uint64_t i = 0; i < 7; ++i) models.push_back({random_model(rng), 1 + rng.below(1000)});
    const auto once = merged(models, {GetParam(), 0.2});
    ASSERT_TRUE(once.has_value()) << test::error_text(once);
    std::rotate(models.begin(), models.begin() + 3, models.end());
    std::swap(models[0], models[1]);
    EXPECT_EQ(merged(models, {GetParam(), 0.2})->id(), once->id());
}

TEST_P(MergeProperty, OfEqualsIsTheSameBytes) {
    SeededRng rng(2);
    const Manifest model = random_model(rng);
    const Manifest negative_zeros = floats({-0.0f, -0.0f, 1e-45f});
    for (const Manifest& one : {model, negative_zeros}) {
        EXPECT_EQ(merged(std::vector<Manifest>(7, one), {GetParam(), 0.2})->id(), one.id());
        EXPECT_EQ(merged(std::vector<Manifest>(3, one), {GetParam(), 0})->id(), one.id());
    }
}

INSTANTIATE_TEST_SUITE_P(Rules, MergeProperty, testing::Values("mean", "median", "trimmed-mean", "krum", "multi-krum"),
                         [](const auto& rule) {
                             std::string name = rule.param;
                             std::erase(name, '-');
                             return name;
                         });

struct RobustMerge : MergeProperty {};

// Ten honest models near 0, four that say a million: the mean follows them, none of these does.
TEST_P(RobustMerge, IgnoresAMinorityOfOutliers) {
    SeededRng rng(3);
    std::vector<MergeInput> models;
    for (int i = 0; i < 14; ++i) {
        std::vector<float> w(200);
        for (float& value : w) value = i % 4 == 1 ? 1e6f : static_cast<float>(rng.unit() - 0.5);
        models.push_back({floats(w), i % 4 == 1 ? uint64_t{1'000'000} : 1});
    }
    const auto robust = merged(models, {GetParam(), 0.28});
    ASSERT_TRUE(robust.has_value()) << test::error_text(robust);
    for (const float value : values(*robust)) EXPECT_LT(std::fabs(value), 0.5f);
    EXPECT_GT(values(*merged(models, {"mean", 0})).front(), 1e5f);
}

INSTANTIATE_TEST_SUITE_P(Rules, RobustMerge, testing::Values("median", "trimmed-mean", "krum", "multi-krum"),
                         [](const auto& rule) {
                             std::string name = rule.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST(Numbers, AreReadAndWrittenAsTheFormatsSay) {
    const auto through = [](Dtype dtype, Bytes bytes) {
        std::vector<double> numbers(bytes.size() / number_bytes(dtype));
        EXPECT_TRUE(decode_numbers(dtype, bytes, numbers));
        Bytes again(bytes.size());
        encode_numbers(dtype, numbers, again);
        EXPECT_EQ(again, bytes) << dtype_name(dtype);
        return numbers;
    };
    EXPECT_THAT(through(Dtype::kF16, raw<uint16_t>({0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x03ff, 0x0400})),
                ElementsAre(1, -2, std::ldexp(1, -24), 65504, 0, std::ldexp(1023, -24), std::ldexp(1, -14)));
    EXPECT_THAT(through(Dtype::kBF16, raw<uint16_t>({0x3f80, 0xc040, 0x0001, 0x7f7f})),
                ElementsAre(1, -3, std::ldexp(1, -133), std::ldexp(255, 120)));
    EXPECT_THAT(through(Dtype::kC64, raw<float>({1.5f, -2})), ElementsAre(1.5, -2));
    EXPECT_THAT(through(Dtype::kI8, {0x80, 0x7f}), ElementsAre(-128, 127));
    EXPECT_THAT(through(Dtype::kU64, raw<uint64_t>({(uint64_t{1} << 53) - 1})), ElementsAre(9007199254740991.0));
    EXPECT_THAT(through(Dtype::kF64, raw<double>({1e-300})), ElementsAre(1e-300));
    EXPECT_EQ(number_bytes(Dtype::kBool), 0u);
    EXPECT_EQ(number_bytes(Dtype::kF8E4M3), 0u);
}

TEST(Numbers, RoundToNearestAndToEven) {
    const auto rounded = [](Dtype dtype, double number) {
        Bytes bytes(number_bytes(dtype));
        encode_numbers(dtype, std::span(&number, 1), bytes);
        double back = 0;
        decode_numbers(dtype, bytes, std::span(&back, 1));
        return back;
    };
    EXPECT_EQ(rounded(Dtype::kF16, 2049), 2048);
    EXPECT_EQ(rounded(Dtype::kF16, 2051), 2052);
    EXPECT_EQ(rounded(Dtype::kF16, 4095), 4096) << "into the next exponent";
    EXPECT_EQ(rounded(Dtype::kF16, std::ldexp(1.5, -24)), std::ldexp(2, -24));
    EXPECT_EQ(rounded(Dtype::kBF16, 257), 256);
    EXPECT_EQ(rounded(Dtype::kU8, 2.5), 2);
    EXPECT_EQ(rounded(Dtype::kI32, -3.7), -4);
}

TEST(Numbers, RefusesWhatCannotBeReckonedWith) {
    double number = 0;
    const auto reads = [&](Dtype dtype, const Bytes& bytes) {
        return decode_numbers(dtype, bytes, std::span(&number, 1));
    };
    EXPECT_FALSE(reads(Dtype::kF16, raw<uint16_t>({0x7c00})));
    EXPECT_FALSE(reads(Dtype::kBF16, raw<uint16_t>({0xffc0})));
    EXPECT_FALSE(reads(Dtype::kF64, raw<double>({std::numeric_limits<double>::infinity()})));
    EXPECT_FALSE(reads(Dtype::kI64, raw<int64_t>({-(int64_t{1} << 53)})));
}

}  // namespace
}  // namespace aip::model

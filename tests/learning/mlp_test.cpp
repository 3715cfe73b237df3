#include "learning/mlp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/limits.hpp"
#include "tests/learning/samples.hpp"

namespace aip::learning {
namespace {

using model::Dtype;
using model::TensorView;
using testing::HasSubstr;

Mlp small(uint64_t seed = 1) {
    SeededRng rng(seed);
    const size_t widths[] = {16, 8, 10};
    return Mlp::create(widths, rng);
}

TEST(Mlp, SameSeedSameFileOtherSeedOtherFile) {
    const Bytes file = small().to_safetensors().value();
    EXPECT_EQ(file, small().to_safetensors().value());
    EXPECT_NE(file, small(2).to_safetensors().value());
}

TEST(Mlp, SurvivesTheRoundTripBitForBit) {
    const Bytes file = small().to_safetensors().value();
    auto read = Mlp::from_safetensors(file);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->inputs(), 16u);
    EXPECT_EQ(read->outputs(), 10u);
    EXPECT_EQ(read->to_safetensors().value(), file);
}

TEST(Mlp, UsesTheNamesShapesAndOrderOfPyTorch) {
    SeededRng rng(1);
    const size_t widths[] = {3, 2};
    const Mlp mlp = Mlp::create(widths, rng);
    const Bytes file = mlp.to_safetensors().value();
    model::MemorySource source(file);
    const auto header = model::read_safetensors_header(source).value().header;
    ASSERT_EQ(header.tensors().size(), 2u);
    const auto& weight = header.tensors()[1];
    EXPECT_EQ(header.tensors()[0].name, "fc1.bias");
    EXPECT_EQ(weight.name, "fc1.weight");
    EXPECT_EQ(weight.shape, (std::vector<uint64_t>{2, 3}));
    float second_of_first_output = 0;
    std::memcpy(&second_of_first_output, file.data() + header.header_bytes() + weight.begin + sizeof(float),
                sizeof(float));
    EXPECT_EQ(second_of_first_output, mlp.layers()[0].weight[1 * 2 + 0]);
}

TEST(Mlp, KeepsTheMetadataOfTheFile) {
    const std::vector<float> weight(4), bias(2);
    const auto raw = [](const std::vector<float>& v) {
        return ByteView(reinterpret_cast<const uint8_t*>(v.data()), v.size() * 4);
    };
    const TensorView tensors[] = {{"fc1.weight", Dtype::kF32, {2, 2}, raw(weight)},
                                  {"fc1.bias", Dtype::kF32, {2}, raw(bias)}};
    const Bytes file = model::write_safetensors(tensors, {{"made-by", "a test"}}).value();
    EXPECT_EQ(Mlp::from_safetensors(file).value().to_safetensors().value(), file);
}

TEST(Mlp, LogitsOfAnImageDoNotDependOnItsBatch) {
    SeededRng rng(4);
    const size_t widths[] = {784, 64, 10};
    Mlp mlp = Mlp::create(widths, rng);
    const auto x = random_floats(20 * 784, rng);
    const auto together = mlp.logits(x);
    const std::vector<float> of_twenty(together.begin(), together.end());
    for (size_t row = 0; row < 20; ++row) {
        const auto alone = mlp.logits(std::span(x).subspan(row * 784, 784));
        EXPECT_EQ(std::memcmp(alone.data(), &of_twenty[row * 10], 10 * sizeof(float)), 0) << "row " << row;
    }
}

// One tensor of a good file replaced: the refusal must name it.
struct Wrong {
    const char* what;
    std::string name;  // which one to change; "": one more
    TensorView with;
    std::string says;
};

class MlpRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(MlpRefuses, NamesTheTensor) {
    static const Bytes zeros(4096);
    std::vector<TensorView> tensors = {{"fc1.weight", Dtype::kF32, {4, 6}, {}},
                                       {"fc1.bias", Dtype::kF32, {4}, {}},
                                       {"fc2.weight", Dtype::kF32, {3, 4}, {}},
                                       {"fc2.bias", Dtype::kF32, {3}, {}}};
    const Wrong& wrong = GetParam();
    if (wrong.name.empty()) tensors.push_back(wrong.with);
    for (TensorView& tensor : tensors) {
        if (tensor.name == wrong.name) tensor = wrong.with;
        if (tensor.data.empty())
            tensor.data = ByteView(zeros).first(model::tensor_bytes(tensor.dtype, tensor.shape).value());
    }
    const auto mlp = Mlp::from_safetensors(model::write_safetensors(tensors, {}).value());
    ASSERT_FALSE(mlp);
    EXPECT_EQ(mlp.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(mlp.error().text, HasSubstr(wrong.says));
}

const uint8_t kNan[16] = {0, 0, 0xc0, 0x7f};
INSTANTIATE_TEST_SUITE_P(
    Tensors, MlpRefuses,
    testing::Values(
        Wrong{"AnUnknownTensor", "", {"conv1.weight", Dtype::kF32, {2}, {}}, "another kind"},
        Wrong{"AGapInTheNumbers", "", {"fc4.weight", Dtype::kF32, {3, 3}, {}}, "another kind"},
        Wrong{"ALayerWithoutBias", "", {"fc3.weight", Dtype::kF32, {3, 3}, {}}, "fc3.bias is missing"},
        Wrong{"AMissingFirstLayer", "fc1.weight", {"first", Dtype::kF32, {4, 6}, {}}, "fc1.weight is missing"},
        Wrong{"OtherTypes", "fc2.weight", {"fc2.weight", Dtype::kF16, {3, 4}, {}}, "fc2.weight has type F16"},
        Wrong{"LayersThatDoNotFit", "fc2.weight", {"fc2.weight", Dtype::kF32, {3, 5}, {}}, "[3,5] where [3,4]"},
        Wrong{"ABiasOfOtherLength", "fc1.bias", {"fc1.bias", Dtype::kF32, {5}, {}}, "fc1.bias has shape [5]"},
        Wrong{"AWeightThatIsNoMatrix", "fc1.weight", {"fc1.weight", Dtype::kF32, {4, 3, 2}, {}}, "[4,3,2]"},
        Wrong{"AnEmptyWeight", "fc1.weight", {"fc1.weight", Dtype::kF32, {0, 6}, {}}, "fc1.weight has shape [0,6]"},
        Wrong{"NotANumber", "fc1.bias", {"fc1.bias", Dtype::kF32, {4}, kNan}, "fc1.bias holds a value"}),
    [](const auto& test) { return test.param.what; });

TEST(Mlp, RefusesAFileThatEndsEarlyAtEveryByte) {
    const Bytes file = small().to_safetensors().value();
    for (size_t size = 0; size < file.size(); ++size)
        EXPECT_FALSE(Mlp::from_safetensors(ByteView(file).first(size))) << size;
}

}  // namespace
}  // namespace aip::learning

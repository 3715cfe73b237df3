// Mlp as a file: reading and writing, apart from the arithmetic in mlp.cpp.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/limits.hpp"
#include "learning/mlp.hpp"

namespace aip::learning {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian, and copied as they are");

std::string name_of(size_t layer, const char* part) { return "fc" + std::to_string(layer) + "." + part; }

std::string text_of(const std::vector<uint64_t>& shape) {
    std::string text = "[";
    for (uint64_t size : shape) text += (text.size() > 1 ? "," : "") + std::to_string(size);
    return text + "]";
}

Error refuse(const std::string& what) {
    return {ErrorCode::kInvalid, what + "; an MLP has fc1.weight [out,in], fc1.bias [out], fc2.weight, ..., all F32"};
}

// The tensors of one file, each to be taken exactly once.
class Tensors {
public:
    Tensors(const model::SafetensorsHeader& header, ByteView data) : header_(header), data_(data) {}

    const model::TensorInfo* find(const std::string& name) const {
        const auto& all = header_.tensors();
        const auto at = std::find_if(all.begin(), all.end(), [&](const auto& t) { return t.name == name; });
        return at == all.end() ? nullptr : &*at;
    }

    Result<std::vector<float>> take(const std::string& name, const std::vector<uint64_t>& shape) {
        const auto* info = find(name);
        if (!info) return refuse("tensor " + name + " is missing");
        if (info->dtype != model::Dtype::kF32)
            return refuse("tensor " + name + " has type " + std::string(dtype_name(info->dtype)));
        if (info->shape != shape)
            return refuse("tensor " + name + " has shape " + text_of(info->shape) + " where " + text_of(shape) +
                          " is needed");
        std::vector<float> values(info->size() / sizeof(float));
        std::memcpy(values.data(), data_.data() + info->begin, info->size());
        if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); }))
            return refuse("tensor " + name + " holds a value that is not a finite number");
        ++taken_;
        return values;
    }

    bool all_taken() const { return taken_ == header_.tensors().size(); }

private:
    const model::SafetensorsHeader& header_;
    ByteView data_;
    size_t taken_ = 0;
};

std::vector<float> transposed(std::span<const float> matrix, size_t rows, size_t columns) {
    std::vector<float> out(matrix.size());
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j) out[j * rows + i] = matrix[i * columns + j];
    return out;
}

ByteView raw(const std::vector<float>& values) {
    return {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)};
}

Result<Dense> read_layer(Tensors& tensors, size_t number, uint64_t inputs_expected) {
    const std::string name = name_of(number, "weight");
    const auto* info = tensors.find(name);
    if (!info) return refuse("tensor " + name + " is missing");
    if (info->shape.size() != 2 || info->size() == 0)
        return refuse("tensor " + name + " has shape " + text_of(info->shape));
    const uint64_t outputs = info->shape[0], inputs = number == 1 ? info->shape[1] : inputs_expected;
    AIP_ASSIGN(const std::vector<float> weight, tensors.take(name, {outputs, inputs}));
    AIP_ASSIGN(std::vector<float> bias, tensors.take(name_of(number, "bias"), {outputs}));
    Dense layer(inputs, outputs);
    layer.weight = transposed(weight, outputs, inputs);
    layer.bias = std::move(bias);
    return layer;
}

}  // namespace

Result<Mlp> Mlp::from_safetensors(ByteView file) {
    model::MemorySource source(file);
    AIP_ASSIGN(const model::RawHeader raw_header, model::read_safetensors_header(source));
    const auto& header = raw_header.header;
    Tensors tensors(header, file.subspan(header.header_bytes()));
    Mlp mlp;
    while (!tensors.all_taken()) {
        const size_t number = mlp.layers_.size() + 1;
        if (number > 1 && !tensors.find(name_of(number, "weight"))) return refuse("there are tensors of another kind");
        if (number > limits::kMlpLayersMax) return refuse("there are too many layers");
        AIP_ASSIGN(Dense layer, read_layer(tensors, number, number > 1 ? mlp.outputs() : 0));
        mlp.layers_.push_back(std::move(layer));
    }
    if (mlp.layers_.empty()) return refuse("the file holds no tensor");
    mlp.metadata_ = header.metadata();
    return mlp;
}

Result<Bytes> Mlp::to_safetensors() const {
    std::vector<std::vector<float>> weights;
    for (const Dense& layer : layers_) weights.push_back(transposed(layer.weight, layer.inputs(), layer.outputs()));
    std::vector<model::TensorView> views;
    for (size_t i = 0; i < layers_.size(); ++i) {
        const uint64_t in = layers_[i].inputs(), out = layers_[i].outputs();
        views.push_back({name_of(i + 1, "weight"), model::Dtype::kF32, {out, in}, raw(weights[i])});
        views.push_back({name_of(i + 1, "bias"), model::Dtype::kF32, {out}, raw(layers_[i].bias)});
    }
    return model::write_safetensors(views, metadata_);
}

}  // namespace aip::learning

// make_model: writes the model a journey starts with, an untrained MLP-64 for Fashion-MNIST, or with --random-bytes a
// big file of several random tensors to try transfers with.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "learning/mlp.hpp"

using namespace aip;

Bytes random_model(uint64_t data_bytes, Rng& rng) {
    constexpr uint64_t kTensors = 8, kRow = 256;
    const uint64_t rows = data_bytes / sizeof(float) / kRow / kTensors + 1;
    Bytes values(rows * kRow * sizeof(float) * kTensors);
    for (size_t i = 0; i < values.size(); i += sizeof(uint64_t)) store_be64(&values[i], rng.next());
    std::vector<model::TensorView> tensors;
    for (uint64_t i = 0; i < kTensors; ++i) {
        const uint64_t size = values.size() / kTensors;
        const std::string name = "layer" + std::to_string(i) + ".weight";
        tensors.push_back({name, model::Dtype::kI32, {rows, kRow}, ByteView(values).subspan(i * size, size)});
    }
    return model::write_safetensors(tensors, {}).value();
}

int main(int argc, char** argv) {
    std::string path;
    uint64_t random_bytes = 0, seed = 1;
    CLI::App app("writes a model file to start a journey or try a transfer with");
    app.add_option("file", path, "safetensors file to write")->required();
    app.add_option("--random-bytes", random_bytes, "random tensors of this size instead: 120M")
        ->transform(CLI::AsSizeValue(false))
        ->check(CLI::Range(uint64_t{1}, uint64_t{4} << 30));
    app.add_option("--seed", seed, "of the values")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    SeededRng rng(seed);
    const size_t widths[] = {784, 64, 10};
    const Bytes bytes = random_bytes > 0 ? random_model(random_bytes, rng)
                                         : learning::Mlp::create(widths, rng).to_safetensors().value();
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) {
        std::cerr << "make_model: cannot write " << path << '\n';
        return 1;
    }
    std::cout << path << ": " << bytes.size() << " bytes\n";
}

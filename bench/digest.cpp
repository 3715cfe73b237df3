// digest: how fast the bytes of a model become its blocks' digests and its manifest (model/import.hpp), beside
// libcrypto's SHA-256 over the same bytes on as many cores: in memory, and read from a file that the system has in its
// cache, piece by piece, by both. Rounds of both in turn; medians. Limit: SHA-NI, and from a few cores on the memory.
#include <openssl/evp.h>
#include <sys/mman.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/owned_fd.hpp"
#include "daemons/core_pool.hpp"
#include "model/import.hpp"
#include "model/safetensors.hpp"

namespace {

using namespace aip;

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// libcrypto over pieces of the size of a block, on as many cores.
void libcrypto(model::Source& file, Parallel& cores) {
    constexpr uint64_t kPiece = 1u << 20;
    cores.each((file.size() + kPiece - 1) / kPiece, [&](size_t i) {
        thread_local Bytes room;
        const auto piece = file.view(i * kPiece, std::min(kPiece, file.size() - i * kPiece), room);
        AIP_ASSERT(piece.has_value());
        std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
        AIP_ASSERT(EVP_Digest(piece->data(), piece->size(), out.data(), nullptr, EVP_sha256(), nullptr) == 1);
    });
}

struct Speeds {
    double ours = 0, libcrypto = 0;  // bytes a second
};

Speeds measure(model::Source& file, size_t width, int rounds) {
    daemons::CorePool cores(width);
    std::vector<double> ours, theirs;
    for (int i = 0; i < rounds; ++i) {
        theirs.push_back(seconds_of([&] { libcrypto(file, cores); }));
        ours.push_back(seconds_of([&] { AIP_ASSERT(model::hash_model(file, {{}, "digits", {}}, cores).has_value()); }));
    }
    const auto size = static_cast<double>(file.size());
    return {size / median(ours), size / median(theirs)};
}

}  // namespace

int main(int argc, char** argv) {
    size_t megabytes = 512, width = std::max(1u, std::thread::hardware_concurrency());
    int rounds = 7;
    bool smoke = false, json = false;
    CLI::App app("the digest of a model beside libcrypto's SHA-256");
    app.add_option("--megabytes", megabytes, "of the model")->check(CLI::Range(1, 8192))->capture_default_str();
    app.add_option("--cores", width)->check(CLI::Range(1, 256))->capture_default_str();
    app.add_option("--rounds", rounds)->check(CLI::Range(1, 100))->capture_default_str();
    app.add_flag("--json", json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "32 MB once: only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) megabytes = 32, rounds = 1;

    const Bytes weights(megabytes << 20, 0x5A);
    const std::vector<model::TensorView> tensors{{"w", model::Dtype::kU8, {weights.size()}, weights}};
    const Bytes file = *model::write_safetensors(tensors, {});
    const OwnedFd fd(memfd_create("model", MFD_CLOEXEC));
    model::FdSink sink(fd.get());
    AIP_ASSERT(sink.write(file).has_value());
    model::MemorySource memory(file);
    model::FdSource cached = *model::FdSource::open(fd.get());
    nlohmann::json out{{"megabytes", megabytes}, {"cores", width}};
    const auto compare = [&](const char* where, model::Source& source, size_t cores) {
        const Speeds speeds = measure(source, cores, rounds);
        std::printf("%-6s %zu core%s: model %.2f GB/s, libcrypto %.2f GB/s, ratio %.3f\n", where, cores,
                    cores == 1 ? " " : "s", speeds.ours / 1e9, speeds.libcrypto / 1e9, speeds.ours / speeds.libcrypto);
        out[where][cores == 1 ? "one_core" : "all_cores"] = {{"model_gb_s", speeds.ours / 1e9},
                                                             {"libcrypto_gb_s", speeds.libcrypto / 1e9},
                                                             {"ratio", speeds.ours / speeds.libcrypto}};
    };
    for (const size_t cores : {size_t{1}, width}) {
        compare("memory", memory, cores);
        compare("file", cached, cores);
    }
    if (json) std::printf("%s\n", out.dump().c_str());
    return 0;
}

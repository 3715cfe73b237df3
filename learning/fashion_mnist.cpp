#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/limits.hpp"
#include "learning/dataset.hpp"

namespace aip::learning {
namespace {

Result<Bytes> read_idx_gz(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file)
        return Error{ErrorCode::kNotFound,
                     "cannot open " + path + ": " + std::strerror(errno) + "; apt-get install dataset-fashion-mnist"};
    const auto size = static_cast<std::streamoff>(file.tellg());
    if (size < 0 || static_cast<uint64_t>(size) > limits::kIdxBytesMax)
        return Error{ErrorCode::kInvalid, path + " is no file, or too long"};
    Bytes compressed(static_cast<size_t>(size));
    file.seekg(0).read(reinterpret_cast<char*>(compressed.data()), size);
    if (!file) return Error{ErrorCode::kIo, "cannot read " + path};
    auto idx = gunzip(compressed, limits::kIdxBytesMax);
    if (!idx) return idx.error().within(path);
    return idx;
}

Result<Dataset> load(const std::string& prefix) {
    AIP_ASSIGN(const Bytes images, read_idx_gz(prefix + "-images-idx3-ubyte.gz"));
    AIP_ASSIGN(const Bytes labels, read_idx_gz(prefix + "-labels-idx1-ubyte.gz"));
    auto data = Dataset::from_idx(images, labels);
    if (!data) return data.error().within(prefix);
    return data;
}

}  // namespace

Result<FashionMnist> load_fashion_mnist(const std::string& directory) {
    AIP_ASSIGN(Dataset train, load(directory + "/train"));
    AIP_ASSIGN(Dataset test, load(directory + "/t10k"));
    return FashionMnist{std::move(train), std::move(test)};
}

}  // namespace aip::learning

#include "model/safetensors.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <unordered_set>

#include "base/limits.hpp"
#include "model/json_scanner.hpp"
#include "model/text.hpp"

namespace aip::model {
namespace {

Error refused(std::string rule) { return {ErrorCode::kInvalid, "not a safetensors file: " + std::move(rule)}; }

struct HeaderJson {
    std::vector<TensorInfo> tensors;
    Metadata metadata;
};

// One walk over the JSON text. Checks everything that one entry alone can break.
class HeaderWalk {
public:
    explicit HeaderWalk(std::string_view json) : scanner_(json) {}

    Result<HeaderJson> run() {
        AIP_TRY(scanner_.object([&](std::string&& key) { return member(std::move(key)); }));
        if (scanner_.rest().find_first_not_of(' ') != std::string_view::npos)
            return refused("only spaces may follow the JSON");
        return std::move(out_);
    }

private:
    Result<void> member(std::string&& key) {
        if (!keys_.insert(key).second) return refused("duplicate key " + quoted(key));
        if (key == "__metadata__") return metadata();
        if (key.size() > limits::kTensorNameMax)
            return refused("tensor name " + quoted(key) + " is longer than " + std::to_string(limits::kTensorNameMax) +
                           " bytes");
        if (out_.tensors.size() == limits::kTensorsMax)
            return refused("more than " + std::to_string(limits::kTensorsMax) + " tensors");
        return tensor(std::move(key));
    }

    Result<void> metadata() {
        return scanner_.object([&](std::string&& key) -> Result<void> {
            if (out_.metadata.size() == limits::kFileMetadataPairsMax)
                return refused("more than " + std::to_string(limits::kFileMetadataPairsMax) +
                               " entries in __metadata__");
            AIP_ASSIGN(auto value, scanner_.string());
            const auto [at, inserted] = out_.metadata.emplace(std::move(key), std::move(value));
            if (!inserted) return refused("duplicate key " + quoted(at->first) + " in __metadata__");
            return {};
        });
    }

    Result<void> tensor(std::string&& name) {
        std::optional<std::string> dtype;
        std::optional<std::vector<uint64_t>> shape, offsets;
        const auto in_tensor = " in tensor " + quoted(name);
        AIP_TRY(scanner_.object([&](std::string&& field) -> Result<void> {
            const bool again =
                (field == "dtype" && dtype) || (field == "shape" && shape) || (field == "data_offsets" && offsets);
            if (again) return refused("duplicate field " + quoted(field) + in_tensor);
            if (field == "dtype") return into(dtype, scanner_.string());
            if (field == "shape") return into(shape, scanner_.integers(limits::kTensorRankMax));
            if (field == "data_offsets") return into(offsets, scanner_.integers(2));
            return refused("unknown field " + quoted(field) + in_tensor);
        }));
        if (!dtype || !shape || !offsets) return refused("dtype, shape or data_offsets missing" + in_tensor);
        const auto known = dtype_from_name(*dtype);
        if (!known) return refused("unknown dtype " + quoted(*dtype) + in_tensor);
        if (offsets->size() != 2) return refused("data_offsets is not a pair" + in_tensor);
        out_.tensors.push_back({std::move(name), *known, std::move(*shape), (*offsets)[0], (*offsets)[1]});
        return {};
    }

    template <class T>
    static Result<void> into(std::optional<T>& out, Result<T> value) {
        if (!value) return std::move(value).error();
        out = std::move(value).value();
        return {};
    }

    JsonScanner scanner_;
    HeaderJson out_;
    std::unordered_set<std::string> keys_;
};

Result<void> check_size(const TensorInfo& tensor) {
    const auto name = quoted(tensor.name);
    if (tensor.end < tensor.begin) return refused("data_offsets of " + name + " end before they begin");
    const auto bytes = tensor_bytes(tensor.dtype, tensor.shape);
    if (!bytes) return refused("shape of " + name + " overflows 64 bits or is no whole number of bytes");
    if (*bytes != tensor.size())
        return refused("shape and dtype of " + name + " need " + std::to_string(*bytes) +
                       " bytes, its data_offsets span " + std::to_string(tensor.size()));
    return {};
}

// `tensors` sorted by offset: no hole, no overlap, nothing behind the last.
Result<void> check_tiling(const std::vector<TensorInfo>& tensors, uint64_t data_bytes) {
    uint64_t end = 0;
    const TensorInfo* previous = nullptr;
    for (const auto& tensor : tensors) {
        const auto begins = quoted(tensor.name) + " begins at " + std::to_string(tensor.begin);
        const auto ends = previous ? quoted(previous->name) + " ends at " : "the data section begins at ";
        if (tensor.begin < end) return refused("tensors overlap: " + begins + " before " + ends + std::to_string(end));
        if (tensor.begin > end) return refused("hole between tensors: " + begins + ", " + ends + std::to_string(end));
        end = tensor.end;
        previous = &tensor;
    }
    if (end > data_bytes)
        return refused("file too short: tensors end at " + std::to_string(end) + " of a data section of " +
                       std::to_string(data_bytes) + " bytes");
    if (end < data_bytes) return refused(std::to_string(data_bytes - end) + " trailing bytes after the last tensor");
    return {};
}

}  // namespace

Result<uint64_t> safetensors_header_bytes(ByteView first_eight, uint64_t file_size) {
    Reader reader(first_eight);
    const uint64_t n = reader.u64_le();
    if (reader.failed() || file_size < 8) return refused("shorter than the 8 bytes of the header length");
    if (file_size > limits::kModelBytesMax)
        return refused("larger than " + std::to_string(limits::kModelBytesMax) + " bytes");
    if (n > file_size - 8)
        return refused("header longer than the file: " + std::to_string(n) + " bytes announced, " +
                       std::to_string(file_size - 8) + " there");
    if (n > limits::kSafetensorsHeaderMax)
        return refused("header of " + std::to_string(n) + " bytes, limit " +
                       std::to_string(limits::kSafetensorsHeaderMax));
    return 8 + n;
}

Result<SafetensorsHeader> SafetensorsHeader::parse(ByteView first_bytes, uint64_t file_size) {
    AIP_ASSIGN(const uint64_t header_bytes,
               safetensors_header_bytes(first_bytes.first(std::min<size_t>(8, first_bytes.size())), file_size));
    if (first_bytes.size() != header_bytes)
        return refused("header of " + std::to_string(header_bytes) + " bytes, " + std::to_string(first_bytes.size()) +
                       " given");
    const std::string_view json = as_text(first_bytes.subspan(8));
    if (!json.starts_with('{')) return refused("header does not begin with '{'");
    if (!is_utf8(json)) return refused("header is not UTF-8");
    auto walked = HeaderWalk(json).run();
    if (!walked) {
        auto error = std::move(walked).error();
        return error.text.starts_with("not a safetensors file") ? error : refused(error.text);
    }
    SafetensorsHeader header;
    header.tensors_ = std::move(walked->tensors);
    header.metadata_ = std::move(walked->metadata);
    header.header_bytes_ = header_bytes;
    for (const auto& tensor : header.tensors_) AIP_TRY(check_size(tensor));
    std::sort(header.tensors_.begin(), header.tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
        return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    AIP_TRY(check_tiling(header.tensors_, file_size - header_bytes));
    return header;
}

Result<RawHeader> read_safetensors_header(Source& source) {
    Bytes bytes(8);
    if (source.size() < 8) return refused("shorter than the 8 bytes of the header length");
    AIP_TRY(source.read(0, bytes));
    AIP_ASSIGN(const uint64_t header_bytes, safetensors_header_bytes(bytes, source.size()));
    bytes.resize(header_bytes);
    AIP_TRY(source.read(8, MutableBytes(bytes).subspan(8)));
    AIP_ASSIGN(auto header, SafetensorsHeader::parse(bytes, source.size()));
    return RawHeader{std::move(bytes), std::move(header)};
}

}  // namespace aip::model

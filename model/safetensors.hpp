// Safetensors, strictly: u64 LE n | n bytes of JSON | data. The reader accepts a file only if there is exactly one way
// to read it, so that what was hashed and signed means the same to everybody: no duplicate key anywhere, no unknown
// field, '{' first, nothing but spaces behind the JSON, tensors that tile the data exactly. That is stricter than the
// reference, which lets the last of two equal keys win. Every refusal is kInvalid and names the rule that was broken.
//
// Invariant: the tensors of a SafetensorsHeader are sorted by (begin, end, name); each begins where the one before
// ended, the first at 0, the last ends at the end of the file; size == product of shape * bits / 8, without overflow.
// Rules: rfc/0007 section 2. Pure functions over bytes; any thread. Does not look at the data.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/dtype.hpp"
#include "model/source.hpp"

namespace aip::model {

struct TensorInfo {
    std::string name;
    Dtype dtype = Dtype::kF32;
    std::vector<uint64_t> shape;
    uint64_t begin = 0;  // relative to the data section
    uint64_t end = 0;

    uint64_t size() const { return end - begin; }
    bool operator==(const TensorInfo&) const = default;
};

using Metadata = std::map<std::string, std::string>;

class SafetensorsHeader {
public:
    // `first_bytes` are the first 8 + n bytes of a file of `file_size` bytes, neither more nor less.
    static Result<SafetensorsHeader> parse(ByteView first_bytes, uint64_t file_size);

    const std::vector<TensorInfo>& tensors() const { return tensors_; }
    const Metadata& metadata() const { return metadata_; }
    uint64_t header_bytes() const { return header_bytes_; }  // 8 + n: where the data section begins
    uint64_t data_bytes() const { return tensors_.empty() ? 0 : tensors_.back().end; }

private:
    SafetensorsHeader() = default;

    std::vector<TensorInfo> tensors_;
    Metadata metadata_;
    uint64_t header_bytes_ = 0;
};

// 8 + n from a file's first eight bytes; checked against the limits and the file's size.
Result<uint64_t> safetensors_header_bytes(ByteView first_eight, uint64_t file_size);

// The raw first 8 + n bytes of a file, read once, and what they say.
struct RawHeader {
    Bytes bytes;
    SafetensorsHeader header;
};
Result<RawHeader> read_safetensors_header(Source& source);

struct TensorView {
    std::string name;
    Dtype dtype = Dtype::kF32;
    std::vector<uint64_t> shape;
    ByteView data;  // row-major, little-endian
};

// The canonical file of these tensors: the same tensors and metadata give the same bytes, whatever order they came in.
// Order and spelling are those of the reference writer (dtype falling, then name; header padded with spaces to 8).
// kInvalid if parse() would refuse the result.
Result<Bytes> write_safetensors(std::span<const TensorView> tensors, const Metadata& metadata);

}  // namespace aip::model

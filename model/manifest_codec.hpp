// Inside of model/: what stands in a manifest's bytes, and the way between the two. The Cap'n Proto library is used
// here and nowhere else in the layer; its exceptions end here.
#pragma once

#include "model/manifest.hpp"

namespace aip::model {

// The encoded facts; everything else in a Manifest follows from them.
struct ManifestRecord {
    uint64_t header_size = 0;
    uint64_t file_size = 0;
    Digest content;
    struct Tensor {
        std::string name;
        Dtype dtype = Dtype::kF32;
        std::vector<uint64_t> shape;
    };
    std::vector<Tensor> tensors;
    std::vector<Digest> digests;
    ManifestFields fields;
};

Bytes encode_manifest(const ManifestRecord& record);
// Checks shape, limits and that the bytes are the canonical encoding; not what the record means.
Result<ManifestRecord> decode_manifest(ByteView bytes);

// Turns a record into a Manifest: derives offsets and blocks, checks that everything agrees.
struct ManifestCodec {
    static Result<Manifest> build(ManifestRecord record);
};

}  // namespace aip::model

// A manifest is the name tag of one version of a model: which tensors, cut into which blocks, from which parents, for
// which task. Two names, never mixed:
//   content()  digest of the weights alone: equal weights, equal name, whatever parents, task, metadata, or the file's
//              spelling of its JSON and order of its tensors
//   id()       SHA-256 of the manifest's bytes: binds content, the exact file, parents, task and metadata
//
// Block cutting: the file's header section (8 + n bytes), then each tensor in file order, is cut into blocks of
// limits::kBlockBytes, the last one of each shorter; a block never spans two of them. So everything about blocks but
// their digests follows from header size, dtypes and shapes: the encoding does not repeat it and nothing can disagree.
//
// Invariant: a Manifest exists only if its bytes are the one canonical encoding of what its members say (decoding and
// encoding again gives the same bytes), every limit holds and content() was recomputed. Whether the blocks say the same
// is model/import.hpp's business (check_header). Format: rfc/0007 section 3 to 5. A value; any thread.
#pragma once

#include "base/ids.hpp"
#include "model/safetensors.hpp"

namespace aip::model {

struct BlockRef {
    Digest digest;
    uint32_t size = 0;  // 1 to limits::kBlockBytes
};

struct ManifestTensor {
    std::string name;
    Dtype dtype = Dtype::kF32;
    std::vector<uint64_t> shape;
    uint64_t offset = 0;  // from the beginning of the file
    uint64_t size = 0;
    uint32_t first_block = 0;  // index into blocks()
    uint32_t block_count = 0;  // 0 for an empty tensor
};

// What the maker of a version says about it; the rest follows from the file.
struct ManifestFields {
    std::vector<VersionId> parents;  // first the one it was trained from; no duplicates
    std::string task;                // its key
    Metadata metadata;
};

class Manifest {
public:
    static Result<Manifest> parse(Bytes bytes);
    // `digests`: of the blocks the file was cut into, in order.
    static Result<Manifest> make(const SafetensorsHeader& header, std::span<const Digest> digests,
                                 ManifestFields fields);

    ByteView bytes() const { return bytes_; }
    const VersionId& id() const { return id_; }
    const Digest& content() const { return content_; }
    uint64_t file_size() const { return file_size_; }
    uint64_t header_size() const { return header_size_; }      // the first 8 + n bytes of the file
    uint32_t header_blocks() const { return header_blocks_; }  // blocks()[0 .. header_blocks()) hold them
    const std::vector<BlockRef>& blocks() const { return blocks_; }
    const std::vector<ManifestTensor>& tensors() const { return tensors_; }  // in file order
    const std::vector<VersionId>& parents() const { return fields_.parents; }
    const std::string& task() const { return fields_.task; }
    const Metadata& metadata() const { return fields_.metadata; }  // sorted by key

private:
    friend struct ManifestCodec;
    Manifest() = default;

    Bytes bytes_;
    VersionId id_;
    Digest content_;
    uint64_t file_size_ = 0;
    uint64_t header_size_ = 0;
    uint32_t header_blocks_ = 0;
    std::vector<BlockRef> blocks_;
    std::vector<ManifestTensor> tensors_;
    ManifestFields fields_;
};

}  // namespace aip::model

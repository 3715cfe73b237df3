#include "model/manifest.hpp"

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "base/task_key.hpp"
#include "crypto/sha256.hpp"
#include "model/manifest_codec.hpp"
#include "model/text.hpp"

namespace aip::model {
namespace {

Error refused(std::string why) { return {ErrorCode::kInvalid, "manifest refused: " + std::move(why)}; }

Result<void> check_fields(const ManifestFields& fields) {
    if (!is_task_key(fields.task))
        return refused("task name " + quoted(fields.task) + ": use 1 to " + std::to_string(limits::kTaskNameMax) +
                       " of a-z 0-9 . _ -, or the key of a created task");
    if (fields.parents.size() > limits::kParentsMax)
        return refused("more than " + std::to_string(limits::kParentsMax) + " parents");
    const std::set<VersionId> distinct(fields.parents.begin(), fields.parents.end());
    if (distinct.size() != fields.parents.size()) return refused("the same parent twice");
    if (fields.metadata.size() > limits::kMetadataPairsMax)
        return refused("more than " + std::to_string(limits::kMetadataPairsMax) + " metadata pairs");
    for (const auto& [key, value] : fields.metadata) {
        if (key.empty()) return refused("empty metadata key");
        if (!is_utf8(key) || !is_utf8(value)) return refused("metadata " + quoted(key) + " is not UTF-8");
        if (key.size() + value.size() > limits::kMetadataBytesMax)
            return refused("metadata " + quoted(key) + " is longer than " + std::to_string(limits::kMetadataBytesMax) +
                           " bytes");
    }
    return {};
}

Result<void> check_names(const std::vector<ManifestRecord::Tensor>& tensors) {
    std::vector<std::string_view> names;
    names.reserve(tensors.size());
    for (const auto& tensor : tensors) {
        if (tensor.name.size() > limits::kTensorNameMax || !is_utf8(tensor.name) || tensor.name == "__metadata__")
            return refused("tensor name " + quoted(tensor.name) + " is too long, not UTF-8 or reserved");
        names.push_back(tensor.name);
    }
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) return refused("two tensors named " + quoted(*twice));
    return {};
}

// Appends the blocks that `size` bytes are cut into; false if they would be too many.
bool cut(uint64_t size, std::vector<BlockRef>& blocks) {
    if (size > uint64_t{limits::kBlocksMax - blocks.size()} * limits::kBlockBytes) return false;
    for (; size > 0; size -= blocks.back().size)
        blocks.push_back({{}, static_cast<uint32_t>(std::min<uint64_t>(size, limits::kBlockBytes))});
    return true;
}

// rfc/0007 section 5.
Digest content_digest(const std::vector<ManifestTensor>& tensors, const std::vector<BlockRef>& blocks) {
    std::vector<const ManifestTensor*> by_name;
    by_name.reserve(tensors.size());
    for (const auto& tensor : tensors) by_name.push_back(&tensor);
    std::sort(by_name.begin(), by_name.end(), [](auto a, auto b) { return a->name < b->name; });

    crypto::Sha256 hash;
    Bytes head;
    Writer(head).put("aipacket content v1").u32(static_cast<uint32_t>(tensors.size()));
    for (const ManifestTensor* tensor : by_name) {
        const auto dtype = dtype_name(tensor->dtype);
        Writer out(head);
        out.u16(static_cast<uint16_t>(tensor->name.size())).put(tensor->name);
        out.u8(static_cast<uint8_t>(dtype.size())).put(dtype);
        out.u8(static_cast<uint8_t>(tensor->shape.size()));
        for (const uint64_t extent : tensor->shape) out.u64(extent);
        out.u32(tensor->block_count);
        hash.update(head);
        head.clear();
        for (uint32_t i = 0; i < tensor->block_count; ++i) hash.update(blocks[tensor->first_block + i].digest.view());
    }
    return hash.update(head).finish();  // head is empty unless there was no tensor
}

}  // namespace

Result<Manifest> ManifestCodec::build(ManifestRecord record) {
    AIP_TRY(check_fields(record.fields));
    AIP_TRY(check_names(record.tensors));
    const uint64_t header_max = 8 + limits::kSafetensorsHeaderMax;
    if (record.header_size < 10 || record.header_size > header_max)  // "{}" is the shortest header there is
        return refused("file header of " + std::to_string(record.header_size) + " bytes");

    Manifest manifest;
    manifest.header_size_ = record.header_size;
    AIP_ASSERT(cut(record.header_size, manifest.blocks_));
    manifest.header_blocks_ = static_cast<uint32_t>(manifest.blocks_.size());
    uint64_t offset = record.header_size;
    for (auto& tensor : record.tensors) {
        const auto size = tensor_bytes(tensor.dtype, tensor.shape);
        const auto first = static_cast<uint32_t>(manifest.blocks_.size());
        if (!size || !cut(*size, manifest.blocks_)) return refused("tensor " + quoted(tensor.name) + " is too large");
        if (!manifest.tensors_.empty() && *size == 0 && manifest.tensors_.back().size == 0 &&
            manifest.tensors_.back().name > tensor.name)
            return refused("empty tensors at one offset are not sorted by name");
        manifest.tensors_.push_back({std::move(tensor.name), tensor.dtype, std::move(tensor.shape), offset, *size,
                                     first, static_cast<uint32_t>(manifest.blocks_.size()) - first});
        offset += *size;
    }
    if (offset != record.file_size || offset > limits::kModelBytesMax)
        return refused("header and tensors make " + std::to_string(offset) + " bytes, the file has " +
                       std::to_string(record.file_size));
    if (record.digests.size() != manifest.blocks_.size())
        return refused(std::to_string(record.digests.size()) + " block digests for " +
                       std::to_string(manifest.blocks_.size()) + " blocks");
    for (size_t i = 0; i < record.digests.size(); ++i) manifest.blocks_[i].digest = record.digests[i];
    manifest.file_size_ = offset;
    manifest.content_ = content_digest(manifest.tensors_, manifest.blocks_);
    manifest.fields_ = std::move(record.fields);
    return manifest;
}

Result<Manifest> Manifest::parse(Bytes bytes) {
    AIP_ASSIGN(auto record, decode_manifest(bytes));
    const Digest claimed = record.content;
    AIP_ASSIGN(auto manifest, ManifestCodec::build(std::move(record)));
    if (manifest.content_ != claimed) return refused("its content digest is not that of its tensors");
    manifest.id_ = VersionId{crypto::sha256(bytes).bytes};
    manifest.bytes_ = std::move(bytes);
    return manifest;
}

Result<Manifest> Manifest::make(const SafetensorsHeader& header, std::span<const Digest> digests,
                                ManifestFields fields) {
    ManifestRecord record;
    record.header_size = header.header_bytes();
    record.file_size = header.header_bytes() + header.data_bytes();
    for (const auto& tensor : header.tensors()) record.tensors.push_back({tensor.name, tensor.dtype, tensor.shape});
    record.digests.assign(digests.begin(), digests.end());
    record.fields = std::move(fields);
    AIP_ASSIGN(const auto derived, ManifestCodec::build(record));
    record.content = derived.content();
    Bytes bytes = encode_manifest(record);
    if (bytes.size() > limits::kManifestBytesMax)
        return refused("larger than " + std::to_string(limits::kManifestBytesMax) + " bytes: too many tensors");
    return parse(std::move(bytes));
}

}  // namespace aip::model

#include "model/manifest_codec.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>

#include "base/limits.hpp"
#include "model/manifest.capnp.h"
#include "model/text.hpp"

namespace aip::model {
namespace {

constexpr uint16_t kFormat = 1;

Error refused(std::string why) { return {ErrorCode::kInvalid, "not a manifest: " + std::move(why)}; }

capnp::Text::Reader text_of(std::string_view text) { return {text.data(), text.size()}; }
std::string string_of(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

template <class Id>
void write_ids(capnp::Data::Builder out, const std::vector<Id>& ids) {
    auto at = out.begin();
    for (const auto& id : ids) at = std::copy(id.bytes.begin(), id.bytes.end(), at);
}

template <class Id>
Result<std::vector<Id>> read_ids(capnp::Data::Reader data, size_t count_max, const char* what) {
    if (data.size() % Id::kSize != 0) return refused(std::string(what) + " are no whole number of 32-byte digests");
    if (data.size() / Id::kSize > count_max)
        return refused("more than " + std::to_string(count_max) + " " + std::string(what));
    std::vector<Id> ids(data.size() / Id::kSize);
    auto at = data.begin();
    for (auto& id : ids) {
        std::copy_n(at, Id::kSize, id.bytes.begin());
        at += Id::kSize;
    }
    return ids;
}

void write_record(const ManifestRecord& record, schema::Manifest::Builder out) {
    out.setFormat(kFormat);
    out.setHeaderSize(static_cast<uint32_t>(record.header_size));
    out.setFileSize(record.file_size);
    out.setContent({record.content.bytes.data(), Digest::kSize});
    auto tensors = out.initTensors(static_cast<unsigned>(record.tensors.size()));
    for (unsigned i = 0; i < tensors.size(); ++i) {
        const auto& tensor = record.tensors[i];
        tensors[i].setName(text_of(tensor.name));
        tensors[i].setDtype(text_of(dtype_name(tensor.dtype)));
        auto shape = tensors[i].initShape(static_cast<unsigned>(tensor.shape.size()));
        for (unsigned k = 0; k < shape.size(); ++k) shape.set(k, tensor.shape[k]);
    }
    write_ids(out.initBlockDigests(static_cast<unsigned>(record.digests.size() * Digest::kSize)), record.digests);
    write_ids(out.initParents(static_cast<unsigned>(record.fields.parents.size() * VersionId::kSize)),
              record.fields.parents);
    out.setTask(text_of(record.fields.task));
    auto metadata = out.initMetadata(static_cast<unsigned>(record.fields.metadata.size()));
    unsigned at = 0;
    for (const auto& [key, value] : record.fields.metadata) {
        metadata[at].setKey(text_of(key));
        metadata[at++].setValue(text_of(value));
    }
}

Result<void> read_tensors(capnp::List<schema::Manifest::Tensor>::Reader tensors, ManifestRecord& record) {
    if (tensors.size() > limits::kTensorsMax)
        return refused("more than " + std::to_string(limits::kTensorsMax) + " tensors");
    record.tensors.reserve(tensors.size());
    for (const auto tensor : tensors) {
        const auto dtype = dtype_from_name(string_of(tensor.getDtype()));
        if (!dtype) return refused("unknown dtype " + quoted(string_of(tensor.getDtype())));
        const auto shape = tensor.getShape();
        if (shape.size() > limits::kTensorRankMax)
            return refused("tensor of rank " + std::to_string(shape.size()) + ", limit " +
                           std::to_string(limits::kTensorRankMax));
        auto& read = record.tensors.emplace_back();
        read.name = string_of(tensor.getName());
        read.dtype = *dtype;
        for (const uint64_t extent : shape) read.shape.push_back(extent);
    }
    return {};
}

Result<void> read_metadata(capnp::List<schema::Manifest::Pair>::Reader pairs, ManifestRecord& record) {
    if (pairs.size() > limits::kMetadataPairsMax)
        return refused("more than " + std::to_string(limits::kMetadataPairsMax) + " metadata pairs");
    for (const auto pair : pairs) {
        auto key = string_of(pair.getKey());
        if (!record.fields.metadata.emplace(key, string_of(pair.getValue())).second)
            return refused("duplicate metadata key " + quoted(key));
    }
    return {};
}

Result<ManifestRecord> read_record(schema::Manifest::Reader in) {
    ManifestRecord record;
    if (in.getFormat() != kFormat)
        return refused("format " + std::to_string(in.getFormat()) + ", this program knows " + std::to_string(kFormat));
    record.header_size = in.getHeaderSize();
    record.file_size = in.getFileSize();
    AIP_ASSIGN(const auto content, read_ids<Digest>(in.getContent(), 1, "content digests"));
    if (content.empty()) return refused("no content digest");
    record.content = content.front();
    AIP_TRY(read_tensors(in.getTensors(), record));
    AIP_ASSIGN(record.digests, read_ids<Digest>(in.getBlockDigests(), limits::kBlocksMax, "block digests"));
    AIP_ASSIGN(record.fields.parents, read_ids<VersionId>(in.getParents(), limits::kParentsMax, "parents"));
    record.fields.task = string_of(in.getTask());
    AIP_TRY(read_metadata(in.getMetadata(), record));
    return record;
}

}  // namespace

Bytes encode_manifest(const ManifestRecord& record) {
    capnp::MallocMessageBuilder message;
    auto root = message.initRoot<schema::Manifest>();
    write_record(record, root);
    const auto words = capnp::canonicalize(root.asReader());
    const auto bytes = words.asBytes();
    return Bytes(bytes.begin(), bytes.end());
}

Result<ManifestRecord> decode_manifest(ByteView bytes) {
    if (bytes.size() > limits::kManifestBytesMax)
        return refused("larger than " + std::to_string(limits::kManifestBytesMax) + " bytes");
    if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0) return refused("no whole number of 8-byte words");
    auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
    std::memcpy(words.asBytes().begin(), bytes.data(), bytes.size());
    try {
        const kj::ArrayPtr<const capnp::word> segment = words;
        capnp::ReaderOptions options;
        options.traversalLimitInWords = 2 * words.size() + 64;
        options.nestingLimit = 8;
        capnp::SegmentArrayMessageReader message({&segment, 1}, options);
        AIP_ASSIGN(auto record, read_record(message.getRoot<schema::Manifest>()));
        const Bytes again = encode_manifest(record);
        if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()))
            return refused("its bytes are not the canonical encoding of what they say");
        return record;
    } catch (const kj::Exception&) {
        return refused("malformed Cap'n Proto message");
    }
}

}  // namespace aip::model

#include "model/import.hpp"

#include <algorithm>
#include <deque>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "model/text.hpp"

namespace aip::model {
namespace {

// Cuts one section after the other into blocks, each of which ends up in the store, if there is one. As many as there
// are cores are read, hashed at once, and put.
class Cutter {
public:
    Cutter(Source& source, BlockStore* blocks, const Progress& progress, Parallel& cores)
        : source_(source), blocks_(blocks), progress_(progress), cores_(cores) {}

    Result<void> header(ByteView bytes) {
        for (; !bytes.empty(); bytes = bytes.subspan(std::min<size_t>(bytes.size(), limits::kBlockBytes))) {
            AIP_ASSIGN(Bytes * block, next(std::min<size_t>(bytes.size(), limits::kBlockBytes)));
            std::copy_n(bytes.begin(), block->size(), block->begin());
        }
        return {};
    }

    Result<void> tensor(uint64_t size) {
        while (size > 0) {
            AIP_ASSIGN(Bytes * block, next(std::min<uint64_t>(size, limits::kBlockBytes)));
            AIP_TRY(source_.read(cut_ - block->size(), *block));
            size -= block->size();
        }
        return {};
    }

    Result<std::vector<Digest>> finish() {
        AIP_TRY(put());
        return std::move(digests_);
    }

private:
    // Room for the next block, whose bytes the caller fills in.
    Result<Bytes*> next(size_t size) {
        if (digests_.size() + used_ == limits::kBlocksMax)
            return Error{ErrorCode::kInvalid, "model has more than " + std::to_string(limits::kBlocksMax) + " blocks"};
        if (used_ == cores_.width()) AIP_TRY(put());
        if (used_ == buffers_.size()) buffers_.emplace_back();
        buffers_[used_].resize(size);
        cut_ += size;
        return &buffers_[used_++];
    }

    Result<void> put() {
        const size_t first = digests_.size();
        digests_.resize(first + used_);
        cores_.each(used_, [&](size_t i) { digests_[first + i] = crypto::sha256(buffers_[i]); });
        for (size_t i = 0; i < used_; ++i) {
            if (blocks_ != nullptr) {
                AIP_ASSIGN(const bool there, blocks_->has(digests_[first + i]));
                if (!there) AIP_TRY(blocks_->put(digests_[first + i], buffers_[i]));
            }
            done_ += buffers_[i].size();
            if (progress_) progress_(done_, source_.size());
        }
        used_ = 0;
        return {};
    }

    Source& source_;
    BlockStore* blocks_;
    const Progress& progress_;
    Parallel& cores_;
    std::deque<Bytes> buffers_;
    size_t used_ = 0;  // of them, not put yet
    std::vector<Digest> digests_;
    uint64_t cut_ = 0;
    uint64_t done_ = 0;
};

Result<Bytes> read_block(const Manifest& manifest, BlockStore& blocks, size_t index) {
    const BlockRef& block = manifest.blocks()[index];
    AIP_ASSIGN(auto bytes, blocks.read(block.digest));
    if (bytes.size() != block.size)
        return Error{ErrorCode::kInvalid, "block " + block.digest.hex() + " has " + std::to_string(bytes.size()) +
                                              " bytes, the manifest says " + std::to_string(block.size)};
    return bytes;
}

Result<Manifest> cut(Source& source, BlockStore* blocks, const ManifestFields& fields, const Progress& progress,
                     Parallel& cores) {
    AIP_ASSIGN(const auto raw, read_safetensors_header(source));
    Cutter cutter(source, blocks, progress, cores);
    AIP_TRY(cutter.header(raw.bytes));
    for (const auto& tensor : raw.header.tensors()) AIP_TRY(cutter.tensor(tensor.size()));
    AIP_ASSIGN(const auto digests, cutter.finish());
    return Manifest::make(raw.header, digests, fields);
}

}  // namespace

Result<Manifest> import_model(Source& source, BlockStore& blocks, const ManifestFields& fields,
                              const Progress& progress, Parallel& cores) {
    return cut(source, &blocks, fields, progress, cores);
}

Result<Manifest> hash_model(Source& source, const ManifestFields& fields, Parallel& cores) {
    return cut(source, nullptr, fields, {}, cores);
}

Result<void> export_model(const Manifest& manifest, BlockStore& blocks, Sink& sink) {
    AIP_TRY(check_header(manifest, blocks));
    for (size_t i = 0; i < manifest.blocks().size(); ++i) {
        AIP_ASSIGN(const auto bytes, read_block(manifest, blocks, i));
        AIP_TRY(sink.write(bytes));
    }
    return {};
}

Result<void> check_header(const Manifest& manifest, BlockStore& blocks) {
    Bytes raw;
    raw.reserve(manifest.header_size());
    for (size_t i = 0; i < manifest.header_blocks(); ++i) {
        AIP_ASSIGN(const auto bytes, read_block(manifest, blocks, i));
        Writer(raw).put(bytes);
    }
    AIP_ASSIGN(const auto header, SafetensorsHeader::parse(raw, manifest.file_size()));
    const auto same = [&](const TensorInfo& a, const ManifestTensor& b) {
        return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape;
    };
    const auto& in_file = header.tensors();
    const auto& named = manifest.tensors();
    const auto [differs, other] = std::mismatch(in_file.begin(), in_file.end(), named.begin(), named.end(), same);
    if (differs == in_file.end() && other == named.end()) return {};
    const auto name = [](const auto& list, auto at) { return at == list.end() ? "no tensor" : quoted(at->name); };
    return Error{ErrorCode::kInvalid, "manifest " + manifest.id().short_hex() + " lies about its file: it names " +
                                          name(named, other) + " where the file has " + name(in_file, differs)};
}

Result<std::vector<uint32_t>> missing_blocks(const Manifest& manifest, BlockStore& blocks) {
    std::vector<uint32_t> missing;
    for (uint32_t i = 0; i < manifest.blocks().size(); ++i) {
        AIP_ASSIGN(const bool there, blocks.has(manifest.blocks()[i].digest));
        if (!there) missing.push_back(i);
    }
    return missing;
}

}  // namespace aip::model

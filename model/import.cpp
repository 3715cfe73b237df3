#include "model/import.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "model/text.hpp"

namespace aip::model {
namespace {

// Cuts one section after the other into blocks, each of which ends up in the store, if there is one. A few for each
// core are read and hashed in a round, each by one core while its bytes are in that core's cache; then they are put.
class Cutter {
public:
    Cutter(uint64_t total, BlockStore* blocks, const Progress& progress, Parallel& cores)
        : total_(total), blocks_(blocks), progress_(progress), cores_(cores), pieces_(at_once(cores.width())) {}

    Result<void> section(Source& source, uint64_t offset, uint64_t size) {
        while (size > 0) {
            const auto length = static_cast<size_t>(std::min<uint64_t>(size, limits::kBlockBytes));
            if (digests_.size() + used_ == limits::kBlocksMax)
                return Error{ErrorCode::kInvalid,
                             "model has more than " + std::to_string(limits::kBlocksMax) + " blocks"};
            pieces_[used_].source = &source;
            pieces_[used_].offset = offset;
            pieces_[used_].size = length;
            offset += length;
            size -= length;
            if (++used_ == pieces_.size()) AIP_TRY(put());
        }
        return {};
    }

    Result<std::vector<Digest>> finish() {
        AIP_TRY(put());
        return std::move(digests_);
    }

private:
    struct Piece {
        Source* source = nullptr;
        uint64_t offset = 0;
        size_t size = 0;
        Bytes room;
        Result<ByteView> bytes = ByteView();
        Digest digest;
    };

    // Several for each core, so that one that is late holds the others up only now and then.
    static size_t at_once(size_t width) { return width == 1 ? 1 : std::max(width, std::min<size_t>(4 * width, 32)); }

    Result<void> put() {
        cores_.each(used_, [this](size_t i) {
            Piece& piece = pieces_[i];
            piece.bytes = piece.source->view(piece.offset, piece.size, piece.room);
            if (piece.bytes) piece.digest = crypto::sha256(*piece.bytes);
        });
        for (size_t i = 0; i < used_; ++i) {
            const Piece& piece = pieces_[i];
            if (!piece.bytes) return piece.bytes.error();
            if (blocks_ != nullptr) {
                AIP_ASSIGN(const bool there, blocks_->has(piece.digest));
                if (!there) AIP_TRY(blocks_->put(piece.digest, *piece.bytes));
            }
            digests_.push_back(piece.digest);
            done_ += piece.size;
            if (progress_) progress_(done_, total_);
        }
        used_ = 0;
        return {};
    }

    uint64_t total_;
    BlockStore* blocks_;
    const Progress& progress_;
    Parallel& cores_;
    std::vector<Piece> pieces_;
    size_t used_ = 0;  // of them, not put yet
    std::vector<Digest> digests_;
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
    Cutter cutter(source.size(), blocks, progress, cores);
    MemorySource header(raw.bytes);  // as it was checked
    AIP_TRY(cutter.section(header, 0, header.size()));
    uint64_t offset = header.size();
    for (const auto& tensor : raw.header.tensors()) {
        AIP_TRY(cutter.section(source, offset, tensor.size()));
        offset += tensor.size();
    }
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

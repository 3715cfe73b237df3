// BlockStore: where blocks live, each under the SHA-256 of its bytes. Whoever puts a block has checked its digest; the
// store checks again on every read, so nothing it returns is ever something else than what was asked for.
//
// put() makes a block readable at once, sync() makes all puts so far durable: a crash before sync() may forget a block
// but never damages it. Putting a block twice, and erasing one that is not there, are fine.
// Used from the storage thread only; read() also from the cores that help it (base/parallel.hpp) while it waits for
// them. Real: model/file_block_store.hpp. Here: the in-memory one of tests and simulator, and a decorator that injects
// faults.
#pragma once

#include <functional>
#include <map>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace aip::model {

class BlockStore {
public:
    virtual ~BlockStore() = default;
    virtual Result<bool> has(const Digest& digest) = 0;
    virtual Result<void> put(const Digest& digest, ByteView bytes) = 0;  // kNoSpace when the disk is full
    virtual Result<Bytes> read(const Digest& digest) = 0;                // kNotFound; kCorrupt if bytes changed
    virtual Result<void> sync() = 0;
    virtual Result<void> erase(const Digest& digest) = 0;
    virtual Result<std::vector<Digest>> list() = 0;  // every block has() knows, in any order
};

class MemoryBlockStore final : public BlockStore {
public:
    Result<bool> has(const Digest& digest) override { return blocks_.contains(digest); }
    Result<void> put(const Digest& digest, ByteView bytes) override;
    Result<Bytes> read(const Digest& digest) override;
    Result<void> sync() override;
    Result<void> erase(const Digest& digest) override;
    Result<std::vector<Digest>> list() override;

    void crash();  // power cut: what was put since the last sync() is gone, what was erased stays erased
    size_t block_count() const { return blocks_.size(); }
    uint64_t bytes_held() const;

private:
    struct Block {
        Bytes bytes;
        bool durable = false;
    };
    std::map<Digest, Block> blocks_;
};

// Passes everything on, except for the faults that were asked for. A flipped bit is noticed as a real store would.
class FaultyBlockStore final : public BlockStore {
public:
    explicit FaultyBlockStore(BlockStore& inner) : inner_(inner) {}

    void fail_put(size_t nth, ErrorCode code);  // the nth put from now (1 = the next) and all later ones
    void fail_erase(size_t nth, ErrorCode code);
    void flip_bit_on_read(size_t nth) { flip_at_ = reads_ + nth; }  // the nth read from now, once
    void heal();

    Result<bool> has(const Digest& digest) override { return inner_.has(digest); }
    Result<void> put(const Digest& digest, ByteView bytes) override;
    Result<Bytes> read(const Digest& digest) override;
    Result<void> sync() override { return inner_.sync(); }
    Result<void> erase(const Digest& digest) override;
    Result<std::vector<Digest>> list() override { return inner_.list(); }

private:
    BlockStore& inner_;
    size_t puts_ = 0, reads_ = 0, erases_ = 0;
    size_t put_fails_at_ = SIZE_MAX, erase_fails_at_ = SIZE_MAX, flip_at_ = SIZE_MAX;
    ErrorCode put_error_ = ErrorCode::kIo, erase_error_ = ErrorCode::kIo;
};

// What every BlockStore says of a block whose bytes no longer match its name.
Error corrupt_block(const Digest& digest, std::string_view where);

}  // namespace aip::model

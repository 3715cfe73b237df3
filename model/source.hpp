// Where model files come from and go to. A Source has a size that never changes: whoever reads one sees the file as it
// was when the Source was made, or an error, never a mixture without noticing the missing end. (Bytes changed in the
// middle of a file while it is read can't be noticed; importing reads each byte exactly once, so they do no harm.
// Nobody changes the bytes under a MemorySource.) Blocking calls: storage jobs make them. The fd versions borrow their
// descriptor; the caller closes it.
#pragma once

#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace aip::model {

class Source {
public:
    virtual ~Source() = default;
    virtual uint64_t size() const = 0;
    // All of it, or an error. Several threads may read at once.
    virtual Result<void> read(uint64_t offset, MutableBytes out) = 0;
    // The same without a copy where the bytes are in memory; else they are read into `room`.
    virtual Result<ByteView> view(uint64_t offset, size_t size, Bytes& room);
};

class Sink {
public:
    virtual ~Sink() = default;
    virtual Result<void> write(ByteView bytes) = 0;  // appends all of it, or an error
};

class MemorySource final : public Source {
public:
    explicit MemorySource(ByteView bytes) : bytes_(bytes) {}
    uint64_t size() const override { return bytes_.size(); }
    Result<void> read(uint64_t offset, MutableBytes out) override;
    Result<ByteView> view(uint64_t offset, size_t size, Bytes& room) override;

private:
    ByteView bytes_;
};

// Owns what it reads from.
class OwnedSource final : public Source {
public:
    explicit OwnedSource(Bytes bytes) : bytes_(std::move(bytes)) {}
    uint64_t size() const override { return bytes_.size(); }
    Result<void> read(uint64_t offset, MutableBytes out) override { return MemorySource(bytes_).read(offset, out); }
    Result<ByteView> view(uint64_t offset, size_t size, Bytes& room) override {
        return MemorySource(bytes_).view(offset, size, room);
    }

private:
    Bytes bytes_;
};

class MemorySink final : public Sink {
public:
    Result<void> write(ByteView bytes) override;
    const Bytes& bytes() const { return bytes_; }

private:
    Bytes bytes_;
};

class FdSource final : public Source {
public:
    static Result<FdSource> open(int fd);  // kInvalid unless a regular file (a memfd is one)
    uint64_t size() const override { return size_; }
    Result<void> read(uint64_t offset, MutableBytes out) override;  // kInvalid if the file became shorter

private:
    FdSource(int fd, uint64_t size) : fd_(fd), size_(size) {}

    int fd_;
    uint64_t size_;
};

class FdSink final : public Sink {
public:
    explicit FdSink(int fd) : fd_(fd) {}
    Result<void> write(ByteView bytes) override;  // kNoSpace when the disk is full

private:
    int fd_;
};

}  // namespace aip::model

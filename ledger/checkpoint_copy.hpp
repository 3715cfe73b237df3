// FileCheckpointCopy: the last signed checkpoint in a small file beside the database (rfc/0004 section 5.3). Two slots
// of 4 KiB are written in turn, each [u64 sequence | u32 crc32c of the text | u32 length | text], so a torn write
// costs the newer slot at most and a write is one fdatasync. Storage executor only.
#pragma once

#include <memory>

#include "ledger/log_store.hpp"

namespace aip::ledger {

class FileCheckpointCopy final : public CheckpointCopy {
public:
    static Result<std::unique_ptr<FileCheckpointCopy>> open(const std::string& path);  // creates it if it is not there
    ~FileCheckpointCopy() override;
    FileCheckpointCopy(const FileCheckpointCopy&) = delete;
    FileCheckpointCopy& operator=(const FileCheckpointCopy&) = delete;

    Result<std::optional<std::string>> read() override;
    Result<void> write(std::string_view signed_checkpoint) override;

private:
    FileCheckpointCopy(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

    int fd_;
    std::string path_;
    uint64_t sequence_ = 0;  // of the newest slot; the next write goes to the other one
};

}  // namespace aip::ledger

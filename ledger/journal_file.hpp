// FileJournalFile: the file of a Journal on a real disk. It is written full of zeros when it is created, so that later
// writes neither move its end nor allocate anything, and one fdatasync makes them durable. Storage executor only.
#pragma once

#include "base/owned_fd.hpp"
#include "ledger/journal.hpp"

namespace aip::ledger {

class FileJournalFile final : public JournalFile {
public:
    static Result<std::unique_ptr<FileJournalFile>> open(const std::string& path);  // creates it if it is not there

    Result<Bytes> read() override;
    Result<void> write(uint64_t offset, ByteView bytes) override;
    Result<void> sync() override;

private:
    FileJournalFile(OwnedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    OwnedFd fd_;
    std::string path_;
};

}  // namespace aip::ledger

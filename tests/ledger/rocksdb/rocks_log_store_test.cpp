#include "ledger/rocksdb/rocks_log_store.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include "../fixture.hpp"
#include "ledger/journal_file.hpp"

namespace aip::ledger {
namespace {

struct Disk {
    TempDir dir;
    crypto::Signer signer = signer_of(2);

    struct Opened {
        std::unique_ptr<RocksLogStore> store;
        std::unique_ptr<FileJournalFile> journal;
        std::unique_ptr<Log> log;
    };
    Result<Opened> open() {
        Opened opened;
        AIP_ASSIGN(opened.store, RocksLogStore::open(dir / "ledger"));
        AIP_ASSIGN(opened.journal, FileJournalFile::open(dir / "journal"));
        AIP_ASSIGN(opened.log, Log::open(*opened.store, *opened.journal, signer));
        return opened;
    }
    // Every file of the database whose name ends in `ending`, non-empty.
    std::vector<std::string> files(const std::string& ending) {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(dir / "ledger"))
            if (entry.path().string().ends_with(ending) && entry.file_size() > 0) found.push_back(entry.path());
        std::sort(found.begin(), found.end());
        return found;
    }
};

TEST(RocksLogStore, IsTheSameAfterReopening) {
    Disk disk;
    MemoryLogStore memory;
    MemoryJournalFile memory_journal;
    auto twin = *Log::open(memory, memory_journal, disk.signer);
    for (uint64_t n = 0; n < 30; n += 3) {
        auto opened = disk.open();
        ASSERT_TRUE(opened) << opened.error().text;
        ASSERT_EQ(opened->log->size(), n);
        ASSERT_TRUE(grow(*opened->log, disk.signer, n, 3));
        ASSERT_TRUE(grow(*twin, disk.signer, n, 3));
        EXPECT_EQ(opened->log->root(), twin->root());
    }
    auto opened = *disk.open();
    EXPECT_EQ(*opened.log->checkpoint(), *twin->checkpoint());
    for (uint64_t n = 0; n < 30; ++n) {
        EXPECT_EQ(*opened.log->leaf(n), *twin->leaf(n));
        EXPECT_EQ(*opened.log->find(version_of(n)), n);
        EXPECT_EQ(*opened.log->prove(n), *twin->prove(n));
        EXPECT_EQ(*opened.log->checkpoint(n), *twin->checkpoint(n));
    }
    EXPECT_EQ(*opened.log->find(version_of(30)), std::nullopt);
}

TEST(RocksLogStore, FindsTheFirstOfSeveralEntriesAboutAVersion) {
    Disk disk;
    auto opened = *disk.open();
    const std::vector<Bytes> leaves{leaf_of(disk.signer, 0), leaf_of(disk.signer, 1), leaf_of(disk.signer, 1)};
    ASSERT_TRUE(opened.log->append(leaves, std::vector{version_of(0), version_of(1), version_of(1)}));
    EXPECT_EQ(*opened.log->find(version_of(1)), 1u);
}

// The process dies without a word between two appends; whatever it was told is durable is there.
TEST(RocksLogStore, KeepsWhatWasAcknowledgedWhenTheProcessIsKilled) {
    Disk disk;
    const pid_t child = fork();
    if (child == 0) {
        auto opened = disk.open();
        const bool ok = opened && grow(*opened->log, disk.signer, 0, 7) && grow(*opened->log, disk.signer, 7, 1);
        if (ok) kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    auto opened = disk.open();
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(opened->log->size(), 8u);
    EXPECT_EQ(*opened->log->leaf(7), leaf_of(disk.signer, 7));
}

// A power cut takes what the database did not sync, from the end or out of the middle of its log.
TEST(RocksLogStore, WhatItsOwnLogLostComesBackFromTheJournal) {
    for (const bool torn : {true, false}) {
        Disk disk;
        {
            auto opened = *disk.open();
            for (uint64_t n = 0; n < 3; ++n) ASSERT_TRUE(grow(*opened.log, disk.signer, n, 1));
        }
        const auto logs = disk.files(".log");
        ASSERT_FALSE(logs.empty());
        std::string bytes = read_text(logs.back());
        if (torn) bytes.resize(bytes.size() - 10);
        if (!torn) bytes[bytes.size() / 4] ^= 1;
        write_text(logs.back(), bytes);
        const auto opened = disk.open();
        ASSERT_TRUE(opened) << opened.error().text;
        EXPECT_EQ(opened->log->size(), 3u);
        for (uint64_t n = 0; n < 3; ++n) EXPECT_EQ(*opened->log->leaf(n), leaf_of(disk.signer, n));
    }
}

TEST(RocksLogStore, AnOlderCopyOfItIsRefused) {
    Disk disk;
    { ASSERT_TRUE(grow(*disk.open()->log, disk.signer, 0, 3)); }
    std::filesystem::copy(disk.dir / "ledger", disk.dir / "older");
    for (uint64_t n = 3; n < 12; n += 3) ASSERT_TRUE(grow(*disk.open()->log, disk.signer, n, 3));
    std::filesystem::remove_all(disk.dir / "ledger");
    std::filesystem::rename(disk.dir / "older", disk.dir / "ledger");
    const auto opened = disk.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(opened.error().text.find("3 entries"), std::string::npos) << opened.error().text;
}

TEST(RocksLogStore, ALostDatabaseIsNotSilentlyStartedAfresh) {
    Disk disk;
    for (uint64_t n = 0; n < 9; n += 3) ASSERT_TRUE(grow(*disk.open()->log, disk.signer, n, 3));
    std::filesystem::remove_all(disk.dir / "ledger");
    EXPECT_EQ(disk.open().error().code, ErrorCode::kCorrupt);
}

TEST(RocksLogStore, SaysSoWhenItIsOpenAlready) {
    Disk disk;
    auto first = *disk.open();
    const auto second = RocksLogStore::open(disk.dir / "ledger");
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().text.find("cannot open"), std::string::npos);
}

}  // namespace
}  // namespace aip::ledger

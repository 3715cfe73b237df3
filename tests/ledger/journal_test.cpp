#include "ledger/journal.hpp"

#include <unistd.h>

#include "fixture.hpp"
#include "ledger/journal_file.hpp"

namespace aip::ledger {
namespace {

constexpr size_t kSmallHalf = 4 * Journal::kPageBytes;

LogBatch batch_of(uint64_t first, uint64_t count, size_t leaf_bytes = 100) {
    LogBatch batch;
    batch.first_index = first;
    for (uint64_t n = first; n < first + count; ++n) {
        batch.leaves.push_back(Bytes(leaf_bytes, static_cast<uint8_t>(n)));
        batch.versions.push_back(version_of(n));
    }
    batch.checkpoint = "signed for " + std::to_string(batch.size());
    return batch;
}

std::vector<uint64_t> sizes(const std::vector<LogBatch>& records) {
    std::vector<uint64_t> found;
    for (const LogBatch& record : records) found.push_back(record.size());
    return found;
}

std::vector<uint64_t> sizes_in(MemoryJournalFile& file) { return sizes(*Journal(file, kSmallHalf).recover()); }

TEST(Journal, ARecordIsReadBackAsItWasWritten) {
    const LogBatch batch = batch_of(5, 3, 2000);
    const Bytes bytes = format_record(7, batch);
    EXPECT_EQ(bytes.size() % Journal::kPageBytes, 0u);
    const auto record = parse_record(bytes);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->sequence, 7u);
    EXPECT_EQ(record->bytes, bytes.size());
    EXPECT_EQ(record->batch.first_index, 5u);
    EXPECT_EQ(record->batch.leaves, batch.leaves);
    EXPECT_EQ(record->batch.versions, batch.versions);
    EXPECT_EQ(record->batch.checkpoint, batch.checkpoint);
}

TEST(Journal, RefusesEveryTruncationAndEveryFlippedBitOfARecord) {
    const LogBatch batch = batch_of(0, 2);
    Bytes bytes = format_record(1, batch);
    size_t used = bytes.size();
    while (bytes[used - 1] == 0) --used;
    for (size_t n = 0; n < used; ++n) EXPECT_FALSE(parse_record(ByteView(bytes).first(n))) << n;
    for (size_t bit = 0; bit < 8 * used; ++bit) {
        bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
        EXPECT_FALSE(parse_record(bytes)) << "bit " << bit;
        bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
}

TEST(Journal, KeepsWhatIsNewestAcrossReopening) {
    MemoryJournalFile file;
    EXPECT_EQ(sizes_in(file), std::vector<uint64_t>{});
    for (uint64_t n = 0; n < 3; ++n) {
        Journal journal(file, kSmallHalf);
        ASSERT_TRUE(journal.recover());
        ASSERT_TRUE(journal.write(batch_of(n, 1)));
    }
    EXPECT_EQ(sizes_in(file), (std::vector<uint64_t>{1, 2, 3}));
}

TEST(Journal, AHalfThatIsFullIsNotOverwrittenUntilTheTurnAfterNext) {
    MemoryJournalFile file;
    Journal journal(file, kSmallHalf);
    ASSERT_TRUE(journal.recover());
    for (uint64_t n = 0; n < 10; ++n) {
        if (!journal.fits(batch_of(n, 1))) journal.turn();
        ASSERT_TRUE(journal.write(batch_of(n, 1)));
    }
    EXPECT_EQ(sizes_in(file), (std::vector<uint64_t>{3, 4, 5, 6, 7, 8, 9, 10})) << "records 1 and 2 are overwritten";
}

TEST(Journal, ATornRecordCostsNothingThatWasWrittenBefore) {
    MemoryJournalFile file;
    Journal journal(file, kSmallHalf);
    ASSERT_TRUE(journal.recover());
    for (uint64_t n = 0; n < 4; ++n) {
        ASSERT_TRUE(journal.write(batch_of(n, 1)));
        const Bytes whole = file.bytes();
        file.bytes()[n * Journal::kPageBytes + 30] ^= 1;
        EXPECT_EQ(sizes_in(file).size(), n);
        file.bytes() = whole;
    }
}

TEST(Journal, DamageInTheMiddleCutsOffWhatIsOlder) {
    MemoryJournalFile file;
    Journal journal(file, kSmallHalf);
    for (uint64_t n = 0; n < 4; ++n) ASSERT_TRUE(journal.write(batch_of(n, 1)));
    file.bytes()[Journal::kPageBytes + 40] ^= 1;
    EXPECT_EQ(sizes_in(file), (std::vector<uint64_t>{3, 4}));
}

TEST(Journal, RefusesAFileInWhichNothingCanBeRead) {
    MemoryJournalFile file;
    file.bytes() = Bytes(8192, 'x');
    EXPECT_EQ(Journal(file).recover().error().code, ErrorCode::kCorrupt);
}

TEST(JournalFile, IsWholeFromTheStart) {
    TempDir dir;
    {
        const auto file = *FileJournalFile::open(dir / "journal");
        EXPECT_EQ(std::filesystem::file_size(dir / "journal"), 2 * Journal::kHalfBytes);
        Journal journal(*file);
        ASSERT_TRUE(journal.recover());
        journal.turn();
        ASSERT_TRUE(journal.write(batch_of(0, 3)));
    }
    const auto file = *FileJournalFile::open(dir / "journal");
    EXPECT_EQ(sizes(*Journal(*file).recover()), std::vector<uint64_t>{3});
    EXPECT_FALSE(FileJournalFile::open(dir / "no/such/directory"));
}

TEST(JournalFile, ACreationThatWasCutShortIsFinished) {
    TempDir dir;
    write_text(dir / "journal", std::string(1000, '\0'));
    const auto file = *FileJournalFile::open(dir / "journal");
    EXPECT_EQ(file->read()->size(), 2 * Journal::kHalfBytes);
    EXPECT_EQ(Journal(*file).recover()->size(), 0u);
}

}  // namespace
}  // namespace aip::ledger

// make_export DIRECTORY: exports a log of 600 entries and two keys of one made-up node, appended in groups of 1 to 17,
// for run.sh; its tiles, brought up after every 100 entries, go to DIRECTORY-tiles. DIRECTORY-thief is a log whose
// first key was revoked and rotated itself back in.
#include <cstdio>

#include "../ledger/fixture.hpp"
#include "ledger/key_history.hpp"
#include "ledger/tiles.hpp"

namespace aip::ledger {
namespace {

constexpr uint64_t kEntries = 600;

Result<std::unique_ptr<Log>> opened(MemoryLogStore& store, MemoryJournalFile& journal, const crypto::Signer& signer) {
    AIP_ASSIGN(auto log, Log::open(store, journal, signer));
    AIP_TRY(record_key(*log, signer, "", "aipacketd/0.1.0", kNow));
    return log;
}

Result<ExportReport> make_export(const std::string& directory) {
    MemoryLogStore store;
    MemoryJournalFile journal;
    const crypto::Signer before = signer_of(2), after = signer_of(2, 77);  // its key is rotated in the middle
    AIP_ASSIGN(auto log, opened(store, journal, before));
    for (uint64_t n = 0, group = 1; n < kEntries; n += group, group = group % 17 + 1) {
        const crypto::Signer& signer = n < kEntries / 2 ? before : after;
        if (signer.self().operational != log->key().key) {
            AIP_ASSIGN(log, opened(store, journal, signer));
        }
        LogExportSource source(*log);
        AIP_TRY(grow(*log, signer, n, std::min(group, kEntries - n)));
        if (n % 100 < group) AIP_TRY(write_tiles(source, directory + "-tiles", kTreeSizeMax));
    }
    LogExportSource source(*log);
    AIP_TRY(write_tiles(source, directory + "-tiles", kTreeSizeMax));
    return write_export(source, directory);
}

class ThiefSource final : public LogExportSource {
public:
    explicit ThiefSource(const Log& log) : LogExportSource(log), log_(log) {}
    Result<std::vector<NoteKey>> keys() override { return std::vector<NoteKey>{log_.key()}; }

private:
    const Log& log_;
};

Result<ExportReport> make_thief(const std::string& directory) {
    MemoryLogStore store;
    MemoryJournalFile journal;
    const crypto::Signer stolen = signer_of(2), fresh = signer_of(2, 77);
    AIP_TRY(opened(store, journal, stolen));
    AIP_TRY(opened(store, journal, fresh));
    AIP_ASSIGN(const auto log, Log::open(store, journal, stolen));
    KeyEvent back;
    back.number = 2;
    back.change = KeyChange::kRotated;
    back.key = stolen.self().operational;
    back.previous = fresh.self().operational;
    back.node = stolen.self().address;
    back.software = "aipacketd/0.1.0";
    back.time = kNow;
    AIP_ASSIGN(const Bytes leaf, make_key_leaf(back, stolen));
    const VersionId id = key_event_id(back.number);
    AIP_TRY(log->append(std::span(&leaf, 1), std::span(&id, 1)));
    AIP_TRY(grow(*log, stolen, 0, 3));
    ThiefSource source(*log);
    return write_export(source, directory);
}

}  // namespace
}  // namespace aip::ledger

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_export DIRECTORY\n");
        return 2;
    }
    const std::string directory = argv[1], thief = directory + "-thief";
    for (const std::string& old : {directory, directory + "-tiles", thief}) std::filesystem::remove_all(old);
    auto report = aip::ledger::make_export(directory);
    if (report) report = aip::ledger::make_thief(thief);
    if (!report) {
        std::fprintf(stderr, "make_export: %s\n", report.error().text.c_str());
        return 1;
    }
    std::printf("%s\n", aip::ledger::network_root().public_key().hex().c_str());
    return 0;
}

// make_export DIRECTORY: exports a log of 600 entries of one made-up node, appended in groups of 1 to 17, for run.sh;
// its tiles, brought up after every 100 entries, go to DIRECTORY-tiles.
#include <cstdio>

#include "../ledger/fixture.hpp"
#include "ledger/tiles.hpp"

namespace aip::ledger {
namespace {

constexpr uint64_t kEntries = 600;

Result<ExportReport> make_export(const std::string& directory) {
    MemoryLogStore store;
    MemoryJournalFile journal;
    const crypto::Signer signer = signer_of(2);
    AIP_ASSIGN(const auto log, Log::open(store, journal, signer));
    LogExportSource source(*log);
    for (uint64_t n = 0, group = 1; n < kEntries; n += group, group = group % 17 + 1) {
        AIP_TRY(grow(*log, signer, n, std::min(group, kEntries - n)));
        if (n % 100 < group) AIP_TRY(write_tiles(source, directory + "-tiles", kTreeSizeMax));
    }
    AIP_TRY(write_tiles(source, directory + "-tiles", kTreeSizeMax));
    return write_export(source, directory);
}

}  // namespace
}  // namespace aip::ledger

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_export DIRECTORY\n");
        return 2;
    }
    std::filesystem::remove_all(argv[1]);
    std::filesystem::remove_all(std::string(argv[1]) + "-tiles");
    const auto report = aip::ledger::make_export(argv[1]);
    if (!report) {
        std::fprintf(stderr, "make_export: %s\n", report.error().text.c_str());
        return 1;
    }
    std::printf("%s\n", aip::ledger::network_root().public_key().hex().c_str());
    return 0;
}

// make_export DIRECTORY: exports a log of 41 entries of one made-up node, appended in groups of 1 to 5, for run.sh.
#include <cstdio>

#include "../ledger/fixture.hpp"
#include "ledger/export.hpp"

namespace aip::ledger {
namespace {

Result<ExportReport> make_export(const std::string& directory) {
    MemoryLogStore store;
    MemoryJournalFile journal;
    const crypto::Signer signer = signer_of(2);
    AIP_ASSIGN(const auto log, Log::open(store, journal, signer));
    for (uint64_t n = 0, group = 1; n < 41; n += group, group = group % 5 + 1)
        AIP_TRY(grow(*log, signer, n, std::min(group, 41 - n)));
    LogExportSource source(*log);
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
    const auto report = aip::ledger::make_export(argv[1]);
    if (!report) {
        std::fprintf(stderr, "make_export: %s\n", report.error().text.c_str());
        return 1;
    }
    std::printf("%s\n", aip::ledger::network_root().public_key().hex().c_str());
    return 0;
}

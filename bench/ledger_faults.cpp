// ledger_faults: a ledger that is broken in every way that a disk or a kill can break it, and looked at after each.
// Every file-system call of opening and appending fails once for each kind of fault; processes that append are killed
// at random times; single bits of everything that is stored are flipped, in the files and in what they hold. Nothing
// acknowledged may be lost, no size signed twice, no damage shown or signed upon, none missed by fsck.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ledger/rocksdb/upkeep.hpp"
#include "tests/ledger/rocksdb/torture.hpp"

namespace {

using namespace aip;
using namespace aip::ledger;
using namespace aip::ledger::torture;
namespace fs = std::filesystem;

struct Options {
    uint64_t kills = 1'000, flips = 10'000, stride = 1, seed = 1;
};

struct Tally {
    uint64_t points = 0, kills = 0, flips = 0, harmless = 0, wrong = 0, acknowledged = 0;

    void say(const std::string& where, const std::string& what) {
        if (what.empty()) return;
        ++wrong;
        std::printf("%s: %s\n", where.c_str(), what.c_str());
    }
};

constexpr uint64_t kAppends = 6;

void at_every_call(const Options& options, Tally& result) {
    const crypto::Signer signer = signer_of(2);
    const uint64_t calls = calls_of_a_life(signer, kAppends);
    for (const Fault fault : {Fault::kEio, Fault::kEnospc, Fault::kKill}) {
        TempDir dir;
        History history(dir / "");
        for (uint64_t nth = 0; nth < calls; nth += options.stride, ++result.points) {
            const std::string where =
                "fault " + std::to_string(static_cast<int>(fault)) + " at call " + std::to_string(nth);
            result.say(where, history.child(signer, fault, nth, kAppends));
            result.say(where, history.inspect(signer));
        }
        result.acknowledged += history.acknowledged();
    }
}

void at_random_times(const Options& options, Tally& result) {
    const crypto::Signer signer = signer_of(2);
    SeededRng rng(options.seed);
    std::unique_ptr<TempDir> dir;
    std::unique_ptr<History> history;
    for (; result.kills < options.kills; ++result.kills) {
        if (result.kills % 100 == 0) {  // a new log now and then: killed while it is made, too
            dir = std::make_unique<TempDir>();
            history = std::make_unique<History>(*dir / "");
        }
        const std::string where = "kill " + std::to_string(result.kills);
        const uint64_t before = history->acknowledged();
        result.say(where, history->child(signer, Fault::kNone, 0, UINT64_MAX, 1 + rng.below(200'000)));
        result.say(where, history->inspect(signer));
        result.acknowledged += history->acknowledged() - before;
    }
}

void flip_bit(const std::string& path, uint64_t bit) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(bit / 8));
    const char byte = static_cast<char>(file.get() ^ (1 << bit % 8));
    file.seekp(static_cast<std::streamoff>(bit / 8));
    file.put(byte);
}

// All that a log shows, as one text; or why it does not open.
std::string shown(const std::string& state, const crypto::Signer& signer) {
    const auto store = RocksLogStore::open(state + "/ledger");
    const auto journal = FileJournalFile::open(state + "/ledger.journal");
    if (!store || !journal) return "refused";
    const auto log = Log::open(**store, **journal, signer);
    if (!log) return "refused";
    std::string all = *(*log)->checkpoint();
    for (uint64_t n = 0; n < (*log)->size(); ++n) {
        const auto proof = (*log)->prove(n);
        all += proof ? to_hex(proof->encode()) : "refused";
    }
    return all;
}

// In the files of a whole ledger: found by fsck, or of no consequence; never shown.
void flip_in_files(const Options& options, Tally& result) {
    constexpr uint64_t kEntries = 60;
    const crypto::Signer signer = signer_of(2);
    auto known = verifier();
    TempDir dir;
    const std::string good = dir / "good", bad = dir / "bad";
    fs::create_directory(good);
    for (uint64_t n = 0; n < kEntries; n += 20) {
        const auto store = *RocksLogStore::open(good + "/ledger");
        const auto journal = *FileJournalFile::open(good + "/ledger.journal");
        const auto log = *Log::open(*store, *journal, signer);
        AIP_ASSERT(grow(*log, signer, n, 20));
    }
    SeededRng rng(options.seed);
    std::vector<std::string> files{"ledger.journal"};
    for (const auto& file : fs::directory_iterator(good + "/ledger"))
        if (file.file_size() > 0 && file.path().filename().string().rfind("LOG", 0) != 0)
            files.push_back("ledger/" + file.path().filename().string());
    fs::copy(good, dir / "look", fs::copy_options::recursive);
    const std::string expected = shown(dir / "look", signer);
    AIP_ASSERT(expected != "refused");
    for (; result.flips < options.flips; ++result.flips) {
        fs::remove_all(bad);
        fs::copy(good, bad, fs::copy_options::recursive);
        const std::string& name = files[rng.below(files.size())];
        const uint64_t bytes = name == "ledger.journal" ? 128u << 10 : fs::file_size(bad + "/" + name);
        const uint64_t bit = rng.below(8 * bytes);
        flip_bit(bad + "/" + name, bit);
        const auto report = fsck(bad, &known);
        const bool found = !report || report->problems != 0;
        const std::string after = shown(bad, signer);
        const std::string where = "bit " + std::to_string(bit) + " of " + name;
        if (after == expected) {
            result.harmless += found ? 0 : 1;
        } else if (!found) {
            result.say(where, "fsck did not find it");
        } else if (after != "refused" && after.find("refused") == std::string::npos) {
            result.say(where, "damage was shown");
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    bool smoke = false, json = false;
    CLI::App app("Faults, kills and flipped bits in a ledger on a real disk");
    app.add_option("--kills", options.kills, "at random times")->capture_default_str();
    app.add_option("--flips", options.flips, "of single bits")->capture_default_str();
    app.add_option("--stride", options.stride, "of file-system calls that fail")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--seed", options.seed, "")->capture_default_str();
    app.add_flag("--json", json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) options = {3, 5, 60, options.seed};
    Tally result;
    at_every_call(options, result);
    at_random_times(options, result);
    flip_in_files(options, result);
    std::printf(
        "%llu calls failed, %llu kills, %llu entries acknowledged and kept; %llu bits flipped, %llu of them of no "
        "consequence; wrong: %llu\n",
        static_cast<unsigned long long>(result.points), static_cast<unsigned long long>(result.kills),
        static_cast<unsigned long long>(result.acknowledged), static_cast<unsigned long long>(result.flips),
        static_cast<unsigned long long>(result.harmless), static_cast<unsigned long long>(result.wrong));
    if (json)
        std::printf("%s\n", nlohmann::json{{"calls_failed", result.points},
                                           {"kills", result.kills},
                                           {"acknowledged", result.acknowledged},
                                           {"flips", result.flips},
                                           {"harmless_flips", result.harmless},
                                           {"wrong", result.wrong}}
                                .dump()
                                .c_str());
    return result.wrong == 0 ? 0 : 1;
}

// ledger: what an entry costs, beside what bounds it in the same run. One durable append alone, beside the disk's own
// fdatasync and one synced RocksDB write; signature-checked entries as fast as they go, and 1,000 a second, through the
// group commit of a daemon; a log of a million entries: its bulk import, opening it, proving in it.
#include "bench/ledger_world.hpp"

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace aip::bench {
namespace {

struct Options {
    std::string directory;
    size_t single = 2'000;
    double seconds = 8;
    uint64_t entries = 1'000'000;
    size_t stops = 10'000;
};
constexpr size_t kAuditLogs = 20;

crypto::SecretKey key_of(uint8_t tag) {
    Digest seed;
    seed.bytes.fill(tag);
    return crypto::SecretKey::from_seed(seed);
}

}  // namespace

Member::Member() : root_(key_of(1)) {
    const crypto::Validity validity{WallTime::from_unix_ms(1'700'000'000'000),
                                    WallTime::from_unix_ms(1'900'000'000'000)};
    const crypto::SecretKey identity = key_of(2);
    crypto::SecretKey operational = key_of(3);
    const auto credential =
        crypto::make_credential(crypto::certify_node(root_, identity.public_key(), validity),
                                crypto::certify_operational(identity, operational.public_key(), validity));
    auto self = crypto::verify_credential(credential, root_.public_key(), kBenchTime);
    signer_ = std::make_unique<crypto::Signer>(std::move(operational), credential, *self);
}

SignedLeaf Member::leaf(uint64_t n) const {
    ledger::HopStatement s;
    store_be64(s.version.bytes.data(), n + 1);
    s.content.bytes.fill(static_cast<uint8_t>(n));
    s.parents = {s.version};
    s.task = "fashion";
    s.what = "trained";
    s.samples = 200;
    s.steps = 10;
    s.loss_before = 0.75;
    s.loss_after = 0.5;
    s.metrics = {{"accuracy", 0.625}};
    s.received_from = signer_->self().address;
    s.node = signer_->self().address;
    s.software = "aipacketd/0.1.0";
    s.time = kBenchTime;
    s.journey = n;
    auto leaf = make_leaf(s, *signer_);
    AIP_ASSERT(leaf);
    return {std::move(*leaf), s.version};
}

Result<DiskLog> DiskLog::open(const std::string& directory, const crypto::Signer& signer) {
    std::filesystem::create_directories(directory);
    DiskLog disk;
    AIP_ASSIGN(disk.store, ledger::RocksLogStore::open(directory + "/ledger"));
    AIP_ASSIGN(disk.journal, ledger::FileJournalFile::open(directory + "/ledger.journal"));
    AIP_ASSIGN(disk.log, ledger::Log::open(*disk.store, *disk.journal, signer));
    return disk;
}

namespace {

using nlohmann::json;

Result<void> measure_single(const Options& options, const Member& member, json& out) {
    AIP_ASSIGN(const SingleAppends s, single_appends(options.directory, member, options.single));
    std::printf(
        "one durable append: p50 %.2f, p99 %.2f ms; fdatasync of a page in place: p50 %.2f, p99 %.2f ms "
        "(ratio of p99 %.2f); one synced RocksDB write: p99 %.2f ms\n",
        s.append_p50_ms, s.append_p99_ms, s.fdatasync_p50_ms, s.fdatasync_p99_ms, s.append_p99_ms / s.fdatasync_p99_ms,
        s.rocksdb_p99_ms);
    out["append_p99_ms"] = s.append_p99_ms;
    out["fdatasync_p99_ms"] = s.fdatasync_p99_ms;
    out["rocksdb_write_p99_ms"] = s.rocksdb_p99_ms;
    return {};
}

// RocksDB's own: batches of 256 leaves, each synced, nothing signed, checked or hashed.
double rocksdb_group_commit(const Options& options, const Member& member) {
    RocksPeer peer(options.directory + "/peer");
    const std::vector<Bytes> batch(256, member.leaf(1).bytes);
    const double start = seconds_now();
    size_t written = 0;
    for (; seconds_now() - start < options.seconds / 2; written += batch.size()) peer.write(batch);
    return static_cast<double>(written) / (seconds_now() - start);
}

Result<void> measure_bulk(const Options& options, const Member& member, json& out) {
    AIP_ASSIGN(const Bulk bulk, bulk_appends(options.directory, member, options.seconds));
    const double rocks = rocksdb_group_commit(options, member);
    const double signatures = verifications_per_s(member, options.seconds / 4);
    std::printf(
        "durable, signature-checked entries: %.0f/s; RocksDB's group commit of 256: %.0f/s; signature checks of "
        "one core: %.0f/s\n",
        bulk.entries_per_s, rocks, signatures);
    AIP_ASSIGN(Times paced, paced_appends(options.directory, member, 1000, options.seconds));
    std::printf("at 1,000/s, due until durable: p50 %.1f, p99 %.1f ms\n", paced.percentile(0.5),
                paced.percentile(0.99));
    out["entries_per_s"] = bulk.entries_per_s;
    out["rocksdb_group_commit_per_s"] = rocks;
    out["verifications_per_s"] = signatures;
    out["p99_ms_at_1000"] = paced.percentile(0.99);
    return {};
}

// Leaves of one statement with its number written over the first bytes: as large as real ones, each different.
Result<void> fill(ledger::Log& log, const Member& member, uint64_t entries) {
    const SignedLeaf model = member.leaf(1);
    std::vector<Bytes> leaves(1000, model.bytes);
    std::vector<VersionId> versions(leaves.size(), model.version);
    while (log.size() < entries) {
        for (size_t i = 0; i < leaves.size(); ++i) {
            store_be64(leaves[i].data(), log.size() + i);
            store_be64(versions[i].bytes.data(), log.size() + i);
        }
        AIP_TRY(log.append(leaves, versions));
    }
    const SignedLeaf last = member.leaf(entries);
    AIP_TRY(log.append(std::span(&last.bytes, 1), std::span(&last.version, 1)));
    return {};
}

Result<void> measure_large(const Options& options, const Member& member, json& out) {
    const std::string directory = options.directory + "/large";
    const double start = seconds_now();
    {
        AIP_ASSIGN(const DiskLog disk, DiskLog::open(directory, member.signer()));
        AIP_TRY(fill(*disk.log, member, options.entries));
    }
    const double filled = seconds_now();
    AIP_ASSIGN(const DiskLog disk, DiskLog::open(directory, member.signer()));
    const double opened = seconds_now() - filled;

    AIP_ASSIGN(const ProofCost proof, proof_cost(*disk.log, member, options.entries));
    std::printf(
        "log of %llu entries: imported at %.0f/s, opened in %.2f s; proof of an entry with 3 cosignatures %zu bytes, "
        "made in %.0f us, all of it checked in p50 %.0f, p99 %.0f us\n",
        static_cast<unsigned long long>(disk.log->size()), static_cast<double>(options.entries) / (filled - start),
        opened, proof.bytes, proof.prove_us, proof.verify_us, proof.verify_p99_us);
    out["open_s"] = opened;
    out["open_entries"] = disk.log->size();
    out["proof_bytes"] = proof.bytes;
    out["proof_verify_us"] = proof.verify_us;
    return {};
}

Result<void> run(const Options& options, json& out) {
    const Member member;
    AIP_TRY(measure_single(options, member, out));
    AIP_TRY(measure_bulk(options, member, out));
    AIP_TRY(measure_large(options, member, out));
    AIP_ASSIGN(const double stops_per_s, audit_stops_per_s(options.stops, kAuditLogs));
    std::printf("audit of %zu stops over %zu logs: %.0f stops/s\n", options.stops, kAuditLogs, stops_per_s);
    out["audit_stops_per_s"] = stops_per_s;
    return {};
}

}  // namespace
}  // namespace aip::bench

int main(int argc, char** argv) {
    using namespace aip::bench;
    Options options;
    bool smoke = false, with_json = false;
    CLI::App app("Durable appends to a ledger, beside the disk's flush, RocksDB's group commit and signature checks");
    app.add_option("--directory", options.directory, "where to write; default: a new one in TMPDIR or /tmp");
    app.add_option("--entries", options.entries, "of the large log")
        ->check(CLI::Range(1'000ul, 10'000'000ul))
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "of each load")->check(CLI::Range(0.1, 600.0))->capture_default_str();
    app.add_flag("--json", with_json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) options = {options.directory, 50, 0.2, 2'000, 100};
    std::string made;
    if (options.directory.empty()) {
        made = (std::filesystem::temp_directory_path() / "bench-ledger-XXXXXX").string();
        if (mkdtemp(made.data()) == nullptr) {
            std::fprintf(stderr, "ledger: cannot make %s; name a --directory\n", made.c_str());
            return 1;
        }
        options.directory = made;
    }
    nlohmann::json out;
    const auto verdict = run(options, out);
    if (!made.empty()) std::filesystem::remove_all(made);
    if (!verdict) {
        std::fprintf(stderr, "ledger: %s\n", verdict.error().text.c_str());
        return 1;
    }
    if (with_json) std::printf("%s\n", out.dump().c_str());
    return 0;
}

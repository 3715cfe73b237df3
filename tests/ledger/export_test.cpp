#include "ledger/export.hpp"

#include "fixture.hpp"

namespace aip::ledger {
namespace {

struct Scene {
    TempDir dir;
    MemoryLogStore store;
    MemoryJournalFile journal;
    crypto::Signer signer = signer_of(2);
    std::unique_ptr<Log> log = *Log::open(store, journal, signer);
    LogExportSource source{*log};

    // 11 entries under four checkpoints.
    std::string exported() {
        EXPECT_TRUE(grow(*log, signer, 0, 1) && grow(*log, signer, 1, 4));
        EXPECT_TRUE(grow(*log, signer, 5, 5) && grow(*log, signer, 10, 1));
        const auto report = write_export(source, dir / "out");
        EXPECT_TRUE(report) << report.error().text;
        EXPECT_EQ(report->entries, 11u);
        EXPECT_EQ(report->checkpoints, 4u);
        EXPECT_EQ(report->consistencies, 3u);
        return dir / "out";
    }
};

TEST(Export, IsWhatItsCheckerAccepts) {
    Scene scene;
    const std::string out = scene.exported();
    auto v = verifier();
    const auto report = check_export(out, &v);
    ASSERT_TRUE(report) << report.error().text;
    EXPECT_EQ(report->origin, log_origin(scene.signer.self().address));
    EXPECT_EQ(report->entries, 11u);
    EXPECT_EQ(report->inclusions, 11u);
    EXPECT_EQ(report->checkpoints, 4u);
    EXPECT_EQ(report->consistencies, 3u);
    EXPECT_EQ(report->signed_leaves, 11u);
    EXPECT_EQ(check_export(out, nullptr)->signed_leaves, 0u);
    EXPECT_EQ(read_text(out + "/entry/3"), as_text(leaf_of(scene.signer, 3)));
    EXPECT_EQ(read_text(out + "/vkey"), scene.log->key().vkey() + "\n");
}

TEST(Export, NeverOverwrites) {
    Scene scene;
    const std::string out = scene.exported();
    EXPECT_EQ(write_export(scene.source, out).error().code, ErrorCode::kExists);
    EXPECT_TRUE(check_export(out, nullptr));
}

TEST(Export, OfAnEmptyLogSaysSo) {
    Scene scene;
    EXPECT_EQ(write_export(scene.source, scene.dir / "out").error().code, ErrorCode::kNotFound);
    EXPECT_FALSE(check_export(scene.dir / "out", nullptr));
}

TEST(Export, AFlippedBitInAnyByteOfAnyFileIsFound) {
    Scene scene;
    const std::string out = scene.exported();
    for (const char* name : {"origin", "vkey", "checkpoint/5", "checkpoint/11", "entry/0", "entry/10", "inclusion/4",
                             "consistency/1-5", "consistency/10-11"}) {
        const std::string path = out + "/" + name;
        const std::string good = read_text(path);
        ASSERT_FALSE(good.empty()) << name;
        for (size_t i = 0; i < good.size(); i += 1 + good.size() / 97) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
            write_text(path, bad);
            const auto report = check_export(out, nullptr);
            EXPECT_FALSE(report) << name << " byte " << i;
        }
        write_text(path, good);
    }
    EXPECT_TRUE(check_export(out, nullptr));
}

TEST(Export, AMissingOrExtraFileIsFound) {
    Scene scene;
    const std::string out = scene.exported();
    for (const char* name : {"entry/4", "inclusion/4", "consistency/1-5", "vkey"}) {
        const std::string good = read_text(out + "/" + name);
        std::filesystem::remove(out + "/" + name);
        EXPECT_FALSE(check_export(out, nullptr)) << name;
        write_text(out + "/" + name, good);
    }
    write_text(out + "/entry/11", "more");
    EXPECT_FALSE(check_export(out, nullptr));
}

TEST(Export, TheEntriesOfAnotherNodeAreFoundWhereTheNetworkRootIsKnown) {
    Scene scene;
    ASSERT_TRUE(scene.log->append(std::vector<Bytes>{leaf_of(signer_of(3), 0)}, std::vector{version_of(0)}));
    ASSERT_TRUE(write_export(scene.source, scene.dir / "out"));
    auto v = verifier();
    EXPECT_TRUE(check_export(scene.dir / "out", nullptr));
    EXPECT_EQ(check_export(scene.dir / "out", &v).error().code, ErrorCode::kDenied);
}

}  // namespace
}  // namespace aip::ledger

#include "ledger/tiles.hpp"

#include "crypto/sha256.hpp"
#include "fixture.hpp"

namespace aip::ledger {
namespace {

// A log that is only a list of entries, signed at every size: transparency-dev/tessera's published test log
// (testdata/log), whose key is published too.
class TesseraLog final : public ExportSource {
public:
    static constexpr const char* kLeaves[] = {"one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
                                              "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};
    uint64_t size = 0;

    Result<std::vector<NoteKey>> keys() override {
        return std::vector{
            *NoteKey::parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")};
    }
    Result<std::optional<std::string>> checkpoint(uint64_t size_max) override {
        const Bytes seed = *from_base64("AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg");
        const auto secret = crypto::SecretKey::from_seed(*Digest::from(ByteView(seed).subspan(1)));
        Frontier tree;
        std::vector<StoredHash> unused;
        for (uint64_t i = 0; i < std::min(size, size_max); ++i) tree.append(leaf_hash(as_bytes(kLeaves[i])), unused);
        const NoteKey by = keys()->front();
        const std::string text = Checkpoint{by.name, tree.size(), tree.root()}.text();
        return std::optional(signed_note(text, by, secret.sign(as_bytes(text))));
    }
    Result<Bytes> entry(uint64_t index) override { return to_bytes(as_bytes(kLeaves[index])); }
    Result<MerklePath> inclusion(uint64_t, uint64_t) override { return MerklePath{}; }
    Result<MerklePath> consistency(uint64_t, uint64_t) override { return MerklePath{}; }
};

TEST(Tiles, ThePublishedTestLogIsRebuiltByteForByte) {
    TempDir dir;
    TesseraLog log;
    std::map<std::string, std::string> made;  // name, digest
    for (log.size = 0; log.size <= std::size(TesseraLog::kLeaves); ++log.size) {
        const auto report = write_tiles(log, dir / "log", kTreeSizeMax);
        ASSERT_TRUE(report) << report.error().text;
        const std::string checkpoint = read_text(dir / "log/checkpoint");
        made["checkpoint." + std::to_string(log.size)] = crypto::sha256(as_bytes(checkpoint)).hex();
    }
    for (const auto& file : std::filesystem::recursive_directory_iterator(dir / "log/tile"))
        if (file.is_regular_file())
            made[std::filesystem::relative(file.path(), dir / "log")] =
                crypto::sha256(as_bytes(read_text(file.path()))).hex();
    std::ifstream expected(std::string(AIP_SOURCE_DIR) + "/rfc/vectors/0004/tessera-testdata.sha256");
    size_t files = 0;
    for (std::string digest, name; expected >> digest >> name; ++files) EXPECT_EQ(made[name], digest) << name;
    EXPECT_EQ(files, 46u);
    EXPECT_EQ(made.size(), 46u) << "nothing else is written";
}

TEST(Tiles, NamesAreThoseOfTheSpecification) {
    EXPECT_EQ(tile_file(0, 1234067, kTileWidth), "tile/0/x001/x234/067");
    EXPECT_EQ(tile_file(2, 0, 7), "tile/2/000.p/7");
    EXPECT_EQ(tile_file(1, 999, 255), "tile/1/999.p/255");
    EXPECT_EQ(bundle_file(1000, kTileWidth), "tile/entries/x001/000");
}

struct World {
    TempDir dir;
    MemoryLogStore store;
    MemoryJournalFile journal;
    crypto::Signer signer = signer_of(2);
    std::unique_ptr<Log> log = *Log::open(store, journal, signer);
    LogExportSource source{*log};
    std::string tiles = dir / "tiles";

    void grow_to(uint64_t size) {
        while (log->size() < size) {
            std::vector<Bytes> leaves;
            for (uint64_t n = log->size(); n < std::min(size, log->size() + 1000); ++n) {
                Bytes leaf;
                Writer(leaf).u64(n);
                leaves.push_back(leaf);
            }
            ASSERT_TRUE(log->append(leaves, std::vector<VersionId>(leaves.size(), version_of(1))));
        }
    }
    Result<TilesReport> write(uint64_t entries_max = kTreeSizeMax) { return write_tiles(source, tiles, entries_max); }
};

TEST(Tiles, GrowByWhatIsNewAndNeverTouchAFullTile) {
    World w;
    w.grow_to(300);
    ASSERT_TRUE(w.write());
    const auto written = std::filesystem::last_write_time(w.tiles + "/tile/0/000");
    w.grow_to(70'000);
    const auto report = w.write();
    ASSERT_TRUE(report) << report.error().text;
    EXPECT_EQ(report->old_size, 300u);
    EXPECT_EQ(report->size, 70'000u);
    EXPECT_EQ(std::filesystem::last_write_time(w.tiles + "/tile/0/000"), written);
    EXPECT_EQ(read_text(w.tiles + "/checkpoint"), *w.log->checkpoint());
    for (const char* there : {"/tile/0/272", "/tile/0/273.p/112", "/tile/1/000", "/tile/1/001.p/17", "/tile/2/000.p/1",
                              "/tile/entries/273.p/112"})
        EXPECT_TRUE(std::filesystem::exists(w.tiles + there)) << there;
    EXPECT_FALSE(std::filesystem::exists(w.tiles + "/tile/0/001.p")) << "its full tile is there";
    const auto tile = parse_tile(as_bytes(read_text(w.tiles + "/tile/1/000")), kTileWidth);
    for (uint64_t i = 0; i < kTileWidth; ++i) EXPECT_EQ((*tile)[i], *w.store.hash({8, i}));
}

TEST(Tiles, AreTheSameWhetherWrittenAtOnceOrInSteps) {
    World w;
    w.grow_to(2'500);
    while ((*w.write(1000)).size < 2'500) {}
    ASSERT_TRUE(write_tiles(w.source, w.dir / "other", kTreeSizeMax));
    for (const auto& file : std::filesystem::recursive_directory_iterator(w.dir / "other")) {
        if (!file.is_regular_file()) continue;
        const auto name = std::filesystem::relative(file.path(), w.dir / "other").string();
        EXPECT_EQ(read_text(file.path()), read_text(w.tiles + "/" + name)) << name;
    }
}

TEST(Tiles, DamageAtTheirRightEdgeIsFoundBeforeTheyGrow) {
    for (const char* name : {"/tile/0/001.p/44", "/tile/1/000.p/1", "/tile/entries/001.p/44", "/checkpoint"}) {
        World w;
        w.grow_to(300);
        ASSERT_TRUE(w.write());
        std::string bytes = read_text(w.tiles + name);
        bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 4);
        write_text(w.tiles + name, bytes);
        w.grow_to(301);
        EXPECT_FALSE(w.write()) << name;
        EXPECT_EQ(read_text(w.tiles + name), bytes) << name;
    }
}

// Full tiles are there and their partial ones gone, but the checkpoint is old: the process died before it was replaced.
TEST(Tiles, GoOnAfterWritingStoppedBeforeTheCheckpoint) {
    World w;
    w.grow_to(300);
    ASSERT_TRUE(w.write());
    const std::string old = read_text(w.tiles + "/checkpoint");
    w.grow_to(600);
    ASSERT_TRUE(w.write());
    write_text(w.tiles + "/checkpoint", old);
    w.grow_to(700);
    const auto report = w.write();
    ASSERT_TRUE(report) << report.error().text;
    EXPECT_EQ(report->old_size, 300u);
    ASSERT_TRUE(write_tiles(w.source, w.dir / "other", kTreeSizeMax));
    for (const char* name : {"/tile/0/001", "/tile/entries/001", "/tile/1/000.p/2", "/checkpoint"})
        EXPECT_EQ(read_text(w.tiles + name), read_text(w.dir / "other" + name)) << name;
}

TEST(Tiles, OfAnotherLogAreNotOverwritten) {
    World w;
    w.grow_to(3);
    ASSERT_TRUE(w.write());
    TesseraLog other;
    other.size = 5;
    EXPECT_EQ(write_tiles(other, w.tiles, kTreeSizeMax).error().code, ErrorCode::kExists);
}

TEST(Tiles, OfALongerLogAreNotSetBack) {
    World w;
    w.grow_to(10);
    ASSERT_TRUE(w.write());
    World shorter;
    shorter.grow_to(5);
    EXPECT_EQ(write_tiles(shorter.source, w.tiles, kTreeSizeMax).error().code, ErrorCode::kCorrupt);
}

TEST(Tiles, ATornBundleIsRefusedAtEveryLength) {
    Bytes bundle;
    for (uint8_t i = 0; i < 3; ++i) Writer(bundle).u16(4).put(Bytes(4, i));
    EXPECT_EQ(parse_bundle(bundle, 3)->size(), 3u);
    EXPECT_EQ((*parse_bundle(bundle, 3))[2], Bytes(4, 2));
    for (size_t n = 0; n < bundle.size(); ++n) EXPECT_FALSE(parse_bundle(ByteView(bundle).first(n), 3)) << n;
    EXPECT_FALSE(parse_bundle(bundle, 2));
    EXPECT_FALSE(parse_tile(Bytes(31), 1));
    EXPECT_FALSE(parse_tile(Bytes(257 * 32), 257));
}

}  // namespace
}  // namespace aip::ledger

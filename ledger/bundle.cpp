#include "ledger/bundle.hpp"

#include "crypto/sha256.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kMagic = "AIPB";
constexpr uint8_t kVersion = 1;

}  // namespace

Bytes bundle_head(const VersionId& version) {
    Bytes out;
    Writer(out).put(kMagic).u8(kVersion).put(version.view());
    return out;
}

Bytes bundle_item(BundleKind kind, ByteView bytes) {
    AIP_ASSERT(bytes.size() <= kBundleItemMax);
    Bytes out;
    Writer(out).u8(static_cast<uint8_t>(kind)).u32(static_cast<uint32_t>(bytes.size())).put(bytes);
    return out;
}

Bytes bundle_missing(const VersionId& version, std::string_view why) {
    Bytes body;
    Writer(body).put(version.view()).put(why);
    return bundle_item(BundleKind::kMissing, body);
}

Digest bundle_end(ByteView bundle_so_far) { return crypto::sha256(bundle_so_far); }

Result<BundleReader> BundleReader::open(ByteView whole) {
    const Error damaged{ErrorCode::kInvalid, "the bundle is cut off or damaged; export it again"};
    if (whole.size() < Digest::kSize) return damaged;
    const ByteView bundle = whole.first(whole.size() - Digest::kSize);
    Reader r(bundle);
    const bool known = as_text(r.view(kMagic.size())) == kMagic && r.u8() == kVersion;
    BundleReader reader;
    static_cast<void>(r.copy(reader.version_.bytes));
    if (!known || r.failed())
        return Error{ErrorCode::kInvalid, "not a lineage bundle; make one with 'aipctl ledger export --lineage'"};
    if (Digest::from(whole.last(Digest::kSize)) != bundle_end(bundle)) return damaged;
    reader.rest_ = bundle.subspan(r.position());
    return reader;
}

Result<std::optional<BundleItem>> BundleReader::next() {
    if (rest_.empty()) return std::optional<BundleItem>();
    Reader r(rest_);
    BundleItem item;
    item.kind = static_cast<BundleKind>(r.u8());
    const uint32_t size = r.u32();
    item.bytes = r.view(size);
    if (r.failed() || size > kBundleItemMax)
        return Error{ErrorCode::kInvalid, "the bundle is cut off or damaged; export it again"};
    rest_ = rest_.subspan(r.position());
    return std::optional(item);
}

}  // namespace aip::ledger

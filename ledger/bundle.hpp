// A lineage bundle: everything one needs to check a version back to its origin, in one file that needs neither a daemon
// nor a network (rfc/0004 section 7.2). The version it is about, then items in any order: entry proofs of its stops,
// entry proofs of the key events of their logs, manifests, the names of versions nobody had a proof of, and whom the
// network root has revoked.
//
//   "AIPB" | u8 version = 1 | version id | items, each u8 kind | u32 length | bytes | SHA-256 of all before
//
// A reader skips kinds it does not know. The digest finds damage, not lies: nothing here is believed, LineageAudit
// checks it. Pure; reads borrow.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"

namespace aip::ledger {

inline constexpr size_t kBundleItemMax = limits::kManifestBytesMax;
inline constexpr uint64_t kBundleBytesMax = uint64_t{1} << 30;

enum class BundleKind : uint8_t {
    kStop = 1,      // entry proof
    kKeyEvent = 2,  // entry proof
    kManifest = 3,  // of a version: its bytes (rfc/0007)
    kMissing = 4,   // version id, then why, as text
    kRevoked = 5,   // the network root's word about an identity (rfc/0006 section 8)
};

struct BundleItem {
    BundleKind kind = BundleKind::kStop;
    ByteView bytes;
};

Bytes bundle_head(const VersionId& version);
Bytes bundle_item(BundleKind kind, ByteView bytes);  // of at most kBundleItemMax
Bytes bundle_missing(const VersionId& version, std::string_view why);
Digest bundle_end(ByteView bundle_so_far);

class BundleReader {
public:
    static Result<BundleReader> open(ByteView bundle);  // borrows it

    const VersionId& version() const { return version_; }
    Result<std::optional<BundleItem>> next();  // nothing at the end

private:
    VersionId version_;
    ByteView rest_;
};

}  // namespace aip::ledger

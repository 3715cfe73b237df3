#include "node/tags.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace aip::node {
namespace {

constexpr std::string_view kMagic = "AIPT";
constexpr uint8_t kVersion = 1;
const std::string kPrefix = "tag/";

bool is_word(std::string_view text, size_t bytes_max) {
    return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

}  // namespace

bool is_tag_name(std::string_view name) {
    const size_t at = name.find('@');
    return at != std::string_view::npos && is_word(name.substr(0, at), limits::kTaskNameMax) &&
           is_word(name.substr(at + 1), kTagWordMax);
}

Bytes Tag::encode() const {
    Bytes out;
    Writer w(out);
    w.put(kMagic).u8(kVersion).put(version.view()).u64(static_cast<uint64_t>(at.unix_ms()));
    w.u8(static_cast<uint8_t>(name.size())).put(name);
    return out;
}

Result<Tag> Tag::parse(ByteView body) {
    Reader r(body);
    const bool known = as_text(r.view(kMagic.size())) == kMagic && r.u8() == kVersion;
    Tag tag;
    static_cast<void>(r.copy(tag.version.bytes));
    tag.at = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    tag.name = as_text(r.view(r.u8()));
    if (!known || !r.done() || !is_tag_name(tag.name)) return Error{ErrorCode::kCorrupt, "a stored tag is malformed"};
    return tag;
}

Result<void> put_tag(KvStore& store, const Tag& tag, const crypto::Signer& signer) {
    if (!is_tag_name(tag.name))
        return Error{ErrorCode::kInvalid, "'" + tag.name + "' is no tag: write TASK@WORD, of a-z 0-9 . _ -"};
    AIP_ASSIGN(const auto all, store.scan(kPrefix));
    const bool moves =
        std::any_of(all.begin(), all.end(), [&](const auto& t) { return t.first == kPrefix + tag.name; });
    if (!moves && all.size() >= kTagsMax)
        return Error{ErrorCode::kNoSpace, "this node has " + std::to_string(kTagsMax) + " tags; remove some"};
    KvBatch batch;
    batch.put(kPrefix + tag.name, std::string(as_text(signer.seal(kTagDomain, tag.encode()))));
    return store.write(batch, true);
}

Result<void> erase_tag(KvStore& store, const std::string& name) {
    AIP_ASSIGN(const auto there, store.get(kPrefix + name));
    if (!there) return Error{ErrorCode::kNotFound, "no tag '" + name + "' here; see 'aipctl models tags'"};
    KvBatch batch;
    batch.erase(kPrefix + name);
    return store.write(batch, true);
}

Result<std::vector<Tag>> list_tags(KvStore& store, const crypto::PublicKey& network_root) {
    AIP_ASSIGN(const auto pairs, store.scan(kPrefix));
    std::vector<Tag> tags;
    crypto::Verifier verifier(network_root);
    for (const auto& [key, sealed] : pairs) {
        // Its credential may have expired since: what counts is that it was valid when the tag was made.
        AIP_ASSIGN(const crypto::Claim claim, crypto::sealed_claim(as_bytes(sealed)));
        AIP_ASSIGN(Tag tag, Tag::parse(claim.body));
        AIP_TRY(verifier.open(kTagDomain, as_bytes(sealed), tag.at));
        tags.push_back(std::move(tag));
    }
    return tags;
}

}  // namespace aip::node

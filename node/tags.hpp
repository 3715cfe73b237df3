// Tags: names that people give to versions, "fashion@good" (rfc/0008 section 9). Each is a record signed by this node,
// kept in its KvStore under "tag/" + name; a tagged version is never pruned. Functions over the store; storage
// executor. Not here: tags of other nodes. A tag is this node's word for its own users.
#pragma once

#include <string>
#include <vector>

#include "base/kv_store.hpp"
#include "base/time.hpp"
#include "crypto/identity.hpp"

namespace aip::node {

inline constexpr std::string_view kTagDomain = "tag";
inline constexpr size_t kTagsMax = 4096;   // of one node
inline constexpr size_t kTagWordMax = 64;  // bytes after the @

struct Tag {
    std::string name;  // TASK@WORD
    VersionId version;
    WallTime at;

    Bytes encode() const;
    static Result<Tag> parse(ByteView body);
    bool operator==(const Tag&) const = default;
};

bool is_tag_name(std::string_view name);

Result<void> put_tag(KvStore& store, const Tag& tag, const crypto::Signer& signer);
Result<void> erase_tag(KvStore& store, const std::string& name);  // kNotFound
// All of them, in the order of their names. Signed by this node when they were made: kCorrupt if one is not.
Result<std::vector<Tag>> list_tags(KvStore& store, const crypto::PublicKey& network_root);

}  // namespace aip::node

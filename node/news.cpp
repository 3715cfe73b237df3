#include "node/news.hpp"

namespace aip::node {
namespace {

constexpr std::string_view kMagic = "AIPJ";
constexpr uint8_t kVersion = 1;

}  // namespace

bool is_news(ByteView body) { return as_text(body).starts_with(kMagic); }

Bytes News::encode() const {
    Bytes out;
    Writer w(out);
    w.put(kMagic).u8(kVersion).u8(static_cast<uint8_t>(kind)).u64(journey).u32(walker).u32(stop);
    w.put(version.view()).put(other.view()).u64(static_cast<uint64_t>(at.unix_ms()));
    if (kind == NewsKind::kMerged) w.u64(into);
    return out;
}

Result<News> News::parse(ByteView body) {
    Reader r(body);
    const bool known = as_text(r.view(kMagic.size())) == kMagic && r.u8() == kVersion;
    News news;
    const uint8_t kind = r.u8();
    news.journey = r.u64();
    news.walker = r.u32();
    news.stop = r.u32();
    static_cast<void>(r.copy(news.version.bytes));
    static_cast<void>(r.copy(news.other.bytes));
    news.at = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    if (kind == static_cast<uint8_t>(NewsKind::kMerged)) news.into = r.u64();
    if (!known || !r.done() || kind < 1 || kind > static_cast<uint8_t>(NewsKind::kWanted))
        return Error{ErrorCode::kInvalid, "news of a journey is malformed"};
    news.kind = static_cast<NewsKind>(kind);
    return news;
}

}  // namespace aip::node

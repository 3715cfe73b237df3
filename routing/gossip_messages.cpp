#include "routing/gossip_messages.hpp"

#include <algorithm>

namespace aip::routing {
namespace {

constexpr uint8_t kPresence = 1;
constexpr uint8_t kNews = 2;
constexpr uint8_t kWant = 3;
constexpr uint8_t kFlag = 0x80;

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("gossip ") + why}; }

// Tasks are named once, items refer to them.
void put_items(Writer& out, const std::vector<GossipItem>& items) {
    AIP_ASSERT(items.size() <= kGossipItemsMax);
    std::vector<uint64_t> tasks;
    for (const GossipItem& item : items)
        if (std::find(tasks.begin(), tasks.end(), item.task) == tasks.end()) tasks.push_back(item.task);
    AIP_ASSERT(tasks.size() <= kGossipTasksMax);
    out.u8(static_cast<uint8_t>(tasks.size()));
    for (const uint64_t task : tasks) out.u64(task);
    out.u8(static_cast<uint8_t>(items.size()));
    for (const GossipItem& item : items) {
        const auto at = std::find(tasks.begin(), tasks.end(), item.task) - tasks.begin();
        out.u8(static_cast<uint8_t>(at | (item.flag ? kFlag : 0)));
        out.u64(static_cast<uint64_t>(item.origin)).u64(item.sequence);
    }
}

Result<std::vector<GossipItem>> take_items(Reader& in) {
    std::vector<uint64_t> tasks(in.u8());
    if (tasks.size() > kGossipTasksMax) return invalid("names too many tasks");
    for (uint64_t& task : tasks) task = in.u64();
    std::vector<GossipItem> items(in.u8());
    if (items.size() > kGossipItemsMax) return invalid("has too many items");
    for (GossipItem& item : items) {
        const uint8_t at = in.u8();
        item.flag = (at & kFlag) != 0;
        item.origin = InterfaceId{in.u64()};
        item.sequence = in.u64();
        if (static_cast<size_t>(at & ~kFlag) >= tasks.size()) return invalid("refers to a task it does not name");
        item.task = tasks[static_cast<size_t>(at & ~kFlag)];
    }
    return items;
}

void put(Writer& out, const Presence& presence) {
    AIP_ASSERT(presence.tasks.size() <= limits::kInterestListenMax);
    out.u8(kPresence).u8(presence.ask ? 1 : 0).u64(presence.instance);
    out.u8(static_cast<uint8_t>(presence.tasks.size()));
    for (const uint64_t task : presence.tasks) out.u64(task);
}

void put(Writer& out, const News& news) {
    out.u8(kNews).u64(news.instance).u32(news.from).u32(news.to).u32(news.version).u16(news.beat_s).u64(news.members);
    put_items(out, news.items);
}

void put(Writer& out, const Want& want) {
    out.u8(kWant).u8(want.since ? 1 : 0);
    if (want.since) out.u64(want.since->instance).u32(want.since->version);
    put_items(out, want.items);
}

Result<GossipMessage> take_presence(Reader& in) {
    Presence presence;
    const uint8_t ask = in.u8();
    presence.ask = ask == 1;
    presence.instance = in.u64();
    presence.tasks.resize(in.u8());
    if (ask > 1 || presence.tasks.size() > limits::kInterestListenMax) return invalid("presence is out of range");
    for (uint64_t& task : presence.tasks) task = in.u64();
    return GossipMessage(std::move(presence));
}

Result<GossipMessage> take_news(Reader& in) {
    News news;
    news.instance = in.u64();
    news.from = in.u32();
    news.to = in.u32();
    news.version = in.u32();
    news.beat_s = in.u16();
    news.members = in.u64();
    AIP_ASSIGN(news.items, take_items(in));
    if (news.from > news.to || news.to > news.version) return invalid("news runs backwards");
    return GossipMessage(std::move(news));
}

Result<GossipMessage> take_want(Reader& in) {
    Want want;
    const uint8_t since = in.u8();
    if (since > 1) return invalid("want is out of range");
    if (since == 1) {
        Want::Since since_version;
        since_version.instance = in.u64();
        since_version.version = in.u32();
        want.since = since_version;
    }
    AIP_ASSIGN(want.items, take_items(in));
    return GossipMessage(std::move(want));
}

}  // namespace

Bytes encode_gossip(const GossipMessage& message) {
    Bytes out;
    Writer writer(out);
    std::visit([&](const auto& m) { put(writer, m); }, message);
    return out;
}

Result<GossipMessage> parse_gossip(ByteView payload) {
    Reader in(payload);
    const uint8_t type = in.u8();
    Result<GossipMessage> message = type == kPresence ? take_presence(in)
                                    : type == kNews   ? take_news(in)
                                    : type == kWant   ? take_want(in)
                                                      : invalid("is of an unknown type");
    if (message && !in.done()) return invalid("has another length than its parts");
    return message;
}

size_t record_bytes(const RecordView& record) {
    return 3 + (record.credential ? crypto::kCredentialBytes : 0) + 8 + record.body.size() + crypto::Signature::kSize;
}

void append_record(Bytes& payload, const RecordView& record) {
    Writer out(payload);
    out.u16(static_cast<uint16_t>(record.body.size())).u8(record.credential ? 1 : 0);
    if (record.credential) out.put(record.credential->view());
    out.u64(record.hint).put(record.body).put(record.signature.view());
}

Result<std::vector<RecordView>> parse_records(ByteView payload) {
    Reader in(payload);
    std::vector<RecordView> records;
    do {
        RecordView record;
        const uint16_t length = in.u16();
        const uint8_t credential = in.u8();
        if (credential > 1) return invalid("record is out of range");
        if (credential == 1) static_cast<void>(in.copy(record.credential.emplace().bytes));
        record.hint = in.u64();
        record.body = in.view(length);
        static_cast<void>(in.copy(record.signature.bytes));
        if (in.failed()) return invalid("record is cut off");
        records.push_back(record);
    } while (!in.done());
    return records;
}

}  // namespace aip::routing

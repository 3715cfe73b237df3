#include "aipacket/offer.hpp"

#include <capnp/message.h>
#include <capnp/serialize.h>

#include "aipacket/offer.capnp.h"
#include "aipacket/wire.hpp"
#include "base/limits.hpp"
#include "base/task_key.hpp"

namespace aip::aipacket {
namespace {

constexpr size_t kWord = sizeof(capnp::word);

Error refused(const std::string& why) { return {ErrorCode::kInvalid, "offer: " + why}; }

Result<Offer> read_fields(schema::Offer::Reader in) {
    Offer offer;
    offer.transfer = in.getTransfer();
    const auto destination = in.getDestination();
    const auto address = Address::from({destination.begin(), destination.size()});
    const auto digest_bytes = in.getHeadDigest();
    const auto digest = Digest::from({digest_bytes.begin(), digest_bytes.size()});
    if (!address || !digest) return refused("destination must have 16 bytes and the digest 32");
    offer.destination = *address;
    offer.head_digest = *digest;
    switch (in.getPurpose()) {
        case schema::Offer::Purpose::MODEL: offer.purpose = Purpose::kModel; break;
        case schema::Offer::Purpose::MESSAGE: offer.purpose = Purpose::kMessage; break;
        default: return refused("unknown purpose");
    }
    offer.head_size = in.getHeadSize();
    offer.symbol_size = in.getSymbolSize();
    offer.total_bytes = in.getTotalBytes();
    const auto task = in.getTask();
    offer.task.assign(task.begin(), task.size());
    return offer;
}

Result<Offer> check_limits(Offer offer) {
    if (offer.head_size == 0 || offer.head_size > limits::kHeadBytesMax) return refused("head size out of range");
    if (offer.symbol_size < limits::kSymbolBytesMin || offer.symbol_size > kPayloadBytesMax) {
        return refused("symbol size out of range");
    }
    if (offer.total_bytes > limits::kModelBytesMax) return refused("more bytes than any model has");
    if (!offer.task.empty() && !is_task_key(offer.task)) return refused("task is no task key");
    return offer;
}

}  // namespace

Bytes encode_offer(const Offer& offer) {
    capnp::MallocMessageBuilder message;
    auto out = message.initRoot<schema::Offer>();
    out.setTransfer(offer.transfer);
    out.setDestination({offer.destination.bytes.data(), offer.destination.bytes.size()});
    out.setPurpose(offer.purpose == Purpose::kModel ? schema::Offer::Purpose::MODEL : schema::Offer::Purpose::MESSAGE);
    out.setHeadDigest({offer.head_digest.bytes.data(), offer.head_digest.bytes.size()});
    out.setHeadSize(offer.head_size);
    out.setSymbolSize(offer.symbol_size);
    out.setTotalBytes(offer.total_bytes);
    if (!offer.task.empty()) out.setTask(offer.task);
    const auto words = capnp::canonicalize(out.asReader());
    const auto bytes = words.asBytes();
    return Bytes(bytes.begin(), bytes.end());
}

Result<Offer> parse_offer(ByteView body) {
    if (body.empty() || body.size() % kWord != 0 || body.size() > limits::kOfferBytesMax) {
        return refused(std::to_string(body.size()) + " bytes are no Cap'n Proto message of allowed size");
    }
    auto words = kj::heapArray<capnp::word>(body.size() / kWord);  // aligned, unlike the packet
    std::memcpy(words.begin(), body.data(), body.size());
    const kj::ArrayPtr<const capnp::word> segments[] = {words};
    try {
        capnp::ReaderOptions options;
        options.traversalLimitInWords = 2 * limits::kOfferBytesMax / kWord;
        options.nestingLimit = 4;
        capnp::SegmentArrayMessageReader message(segments, options);
        AIP_ASSIGN(Offer read, read_fields(message.getRoot<schema::Offer>()));
        AIP_ASSIGN(Offer offer, check_limits(std::move(read)));
        // isCanonical() overlooks padding and fields unknown here; writing the offer again overlooks nothing.
        const Bytes canonical = encode_offer(offer);
        if (!std::equal(canonical.begin(), canonical.end(), body.begin(), body.end())) {
            return refused("not in canonical form");
        }
        return offer;
    } catch (const kj::Exception&) {
        return refused("malformed Cap'n Proto");
    }
}

}  // namespace aip::aipacket

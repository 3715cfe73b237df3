// Canonical single-segment Cap'n Proto, both ways, for the three signed bodies of this folder. The only place here
// where a foreign exception may arise: it ends in this header as an Error. Pure functions: any thread.
// parse_canonical refuses a message that is not laid out canonically: a body cannot be padded, shuffled or given parts
// that nobody reads.
#pragma once

#include <capnp/message.h>
#include <kj/exception.h>

#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace aip::routing {

// fill(Schema::Builder)
template <class Schema, class Fill>
Bytes encode_canonical(Fill fill) {
    capnp::MallocMessageBuilder message;
    fill(message.initRoot<Schema>());
    const auto words = capnp::canonicalize(message.getRoot<Schema>().asReader());
    const auto bytes = words.asBytes();
    return Bytes(bytes.begin(), bytes.end());
}

// read(Schema::Reader) -> Result<T>
template <class Schema, class T, class Read>
Result<T> parse_canonical(ByteView body, size_t bytes_max, std::string_view what, Read read) {
    const auto invalid = [&](const char* why) { return Error{ErrorCode::kInvalid, std::string(what) + " " + why}; };
    if (body.empty() || body.size() % sizeof(capnp::word) != 0) return invalid("is not whole words");
    if (body.size() > bytes_max) return invalid("is too long");
    try {
        auto words = kj::heapArray<capnp::word>(body.size() / sizeof(capnp::word));  // aligned, as a packet is not
        std::memcpy(words.asBytes().begin(), body.data(), body.size());
        const kj::ArrayPtr<const capnp::word> segment = words;
        capnp::ReaderOptions options;
        options.traversalLimitInWords = 4 * words.size() + 64;
        options.nestingLimit = 8;
        capnp::SegmentArrayMessageReader message(kj::arrayPtr(&segment, 1), options);
        if (!message.isCanonical()) return invalid("is not in canonical form");
        return read(message.getRoot<Schema>());
    } catch (const kj::Exception&) {
        return invalid("is not well formed");
    }
}

inline Address join_address(uint64_t high, uint64_t low) {
    Address address;
    store_be64(address.bytes.data(), high);
    store_be64(address.bytes.data() + 8, low);
    return address;
}
inline uint64_t high_half(const Address& address) { return load_be64(address.bytes.data()); }
inline uint64_t low_half(const Address& address) { return load_be64(address.bytes.data() + 8); }

}  // namespace aip::routing

#include <zlib.h>

#include <algorithm>

#include "base/limits.hpp"
#include "learning/dataset.hpp"

namespace aip::learning {
namespace {

struct Inflater {
    z_stream stream{};
    bool ready = inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK;  // 16: gzip header and checksum, nothing else

    ~Inflater() {
        if (ready) inflateEnd(&stream);
    }
};

}  // namespace

Result<Bytes> gunzip(ByteView compressed, size_t size_max) {
    constexpr size_t kChunk = 1u << 20;
    const auto refuse = [](const char* why) { return Error{ErrorCode::kInvalid, std::string("gzip data ") + why}; };
    if (compressed.size() > limits::kIdxBytesMax) return refuse("is too long");
    Inflater inflater;
    if (!inflater.ready) return Error{ErrorCode::kNoSpace, "zlib found no memory to start"};
    z_stream& z = inflater.stream;
    z.next_in = const_cast<Bytef*>(compressed.data());
    z.avail_in = static_cast<uInt>(compressed.size());
    Bytes out;
    for (int status = Z_OK; status != Z_STREAM_END;) {
        const size_t at = out.size();
        const size_t room = std::min(kChunk, size_max + 1 - at);
        out.resize(at + room);
        z.next_out = out.data() + at;
        z.avail_out = static_cast<uInt>(room);
        status = inflate(&z, Z_NO_FLUSH);
        out.resize(at + room - z.avail_out);
        if (status != Z_OK && status != Z_STREAM_END) return refuse("is damaged or cut short");
        if (out.size() > size_max) return refuse("is longer than allowed when decompressed");
    }
    if (z.avail_in != 0) return refuse("is followed by other bytes");
    return out;
}

}  // namespace aip::learning

// Any bytes as a manifest: refused, or the one canonical encoding of what it says.
#include <algorithm>

#include "base/assert.hpp"
#include "model/manifest_codec.hpp"

using namespace aip;
using namespace aip::model;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto manifest = Manifest::parse(Bytes(data, data + size));
    if (!manifest) {
        AIP_ASSERT(manifest.error().text.find('\n') == std::string::npos);
        return 0;
    }
    uint64_t bytes = 0;
    for (const auto& block : manifest->blocks()) bytes += block.size;
    AIP_ASSERT(bytes == manifest->file_size());
    const auto record = decode_manifest(manifest->bytes());
    AIP_ASSERT(record);
    const Bytes again = encode_manifest(*record);
    AIP_ASSERT(std::equal(again.begin(), again.end(), data, data + size));
    return 0;
}

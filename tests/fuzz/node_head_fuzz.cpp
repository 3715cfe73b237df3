// Any bytes as each thing a node reads of its peers and of its own disk: what is accepted is exactly what we would have
// written. The first byte says as what.
#include "base/assert.hpp"
#include "node/custody.hpp"
#include "node/head.hpp"
#include "node/news.hpp"

namespace {

template <class Message>
void read(aip::ByteView bytes) {
    const auto message = Message::parse(bytes);
    if (message) AIP_ASSERT(message->encode() == aip::to_bytes(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::node;
    if (size == 0) return 0;
    const aip::ByteView bytes(data + 1, size - 1);
    switch (data[0] % 5) {
        case 0: read<ModelHead>(bytes); break;
        case 1: read<Answer>(bytes); break;
        case 2: read<Receipt>(bytes); break;
        case 3: read<News>(bytes); break;
        default: {
            const auto custody = parse_custody(bytes);  // of its own disk, and an older form may be read
            if (!custody) return 0;
            const aip::Bytes written = encode_custody(*custody);
            AIP_ASSERT(encode_custody(*parse_custody(written)) == written);
        }
    }
    return 0;
}

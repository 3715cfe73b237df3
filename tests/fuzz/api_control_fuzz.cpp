// A byte stream as a client or a daemon would send it: cut into messages, each parsed; what parses must come back the
// same after another round.
#include "api/control.hpp"
#include "api/frame.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    aip::api::FrameReader reader;
    reader.push({data, size});
    for (;;) {
        const auto frame = reader.next();
        if (!frame || !*frame) return 0;
        const auto message = aip::api::parse(**frame);
        if (!message) continue;
        const auto again = aip::api::encode(*message);
        if (!again) continue;  // what shared its parts in one message may not fit another
        const auto back = aip::api::parse(aip::ByteView(*again).subspan(4));
        AIP_ASSERT(back.has_value());
        AIP_ASSERT(*aip::api::encode(*back) == *again);
    }
}

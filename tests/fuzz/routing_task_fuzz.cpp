// A task record from anybody: what is accepted comes back equal and has a key.
#include "routing/task.hpp"

using namespace aip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteView bytes(data, size);
    static_cast<void>(is_task_key(as_text(bytes)));
    const auto record = routing::parse_task(bytes);
    if (!record) return 0;
    const Bytes body = routing::encode_task(*record);
    const auto again = routing::parse_task(body);
    AIP_ASSERT(again && *again == *record);
    AIP_ASSERT(is_task_key(routing::task_key(*record, routing::task_id(body))));
    return 0;
}

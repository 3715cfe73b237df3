// Journal files: whatever stands in one is read without harm, and a record that is believed has one form.
#include "base/assert.hpp"
#include "ledger/journal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip;
    using namespace aip::ledger;
    const ByteView bytes(data, size);
    if (const auto record = parse_record(bytes); record && record->bytes == size)
        AIP_ASSERT(parse_record(format_record(record->sequence, record->batch))->batch.leaves == record->batch.leaves);
    MemoryJournalFile file;
    file.bytes() = to_bytes(bytes);
    static_cast<void>(Journal(file).recover());
    return 0;
}

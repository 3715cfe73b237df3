// Leaves: the envelope as it comes, and the statement inside, which a fuzzer would never find behind the base64. What
// is read is within its limits and survives being written and read again.
#include "base/assert.hpp"
#include "ledger/predicate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::ledger;
    const aip::ByteView bytes(data, size);
    if (const auto statement = read_leaf(bytes)) AIP_ASSERT(check_limits(*statement).has_value());
    const auto statement = parse_statement(aip::as_text(bytes));
    if (!statement) return 0;
    const auto text = write_statement(*statement);
    AIP_ASSERT(text.has_value());
    const auto again = parse_statement(*text);
    AIP_ASSERT(again && again->statement == statement->statement && again->credential == statement->credential);
    return 0;
}

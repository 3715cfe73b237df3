// Leaves: the envelope as it comes, and the statement inside, which a fuzzer would never find behind the base64. What
// is read, a deed or a key event, is within its limits and survives being written and read again.
#include "base/assert.hpp"
#include "ledger/entry.hpp"
#include "ledger/predicate.hpp"

namespace aip::ledger {
namespace {

void check_hop(const Statement& statement) {
    const auto read = parse_hop(statement);
    if (!read) return;
    const auto text = write_statement(*read);
    AIP_ASSERT(text.has_value());
    const auto again = parse_hop(*parse_in_toto(*text));
    AIP_ASSERT(again && again->statement == read->statement && again->credential == read->credential);
}

void check_key(const Statement& statement) {
    const auto read = parse_key_event(statement);
    if (!read) return;
    const auto text = write_key_event(*read);
    AIP_ASSERT(text.has_value());
    const auto again = parse_key_event(*parse_in_toto(*text));
    AIP_ASSERT(again && again->event == read->event && again->credential == read->credential);
}

}  // namespace
}  // namespace aip::ledger

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::ledger;
    const aip::ByteView bytes(data, size);
    if (const auto statement = read_leaf(bytes)) AIP_ASSERT(check_limits(*statement).has_value());
    const auto statement = parse_in_toto(aip::as_text(bytes));
    if (!statement) return 0;
    check_hop(*statement);
    check_key(*statement);
    return 0;
}

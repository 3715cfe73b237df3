// AIP_ASSERT: for what we got wrong, never for what the outside got wrong. It is on in release builds: a daemon
// that has broken its own invariant must stop before it writes the mistake into a ledger. Restart is always safe.
#pragma once

namespace aip {

[[noreturn]] void assert_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace aip

#define AIP_ASSERT(condition) \
    ((condition) ? static_cast<void>(0) : ::aip::assert_failed(#condition, __FILE__, __LINE__))

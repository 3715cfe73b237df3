#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace aip {

void assert_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "aipacket: internal error: %s does not hold (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace aip

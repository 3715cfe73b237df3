#include "routing/visit_filter.hpp"

#include <array>

#include "base/result.hpp"

namespace aip::routing {
namespace {

constexpr size_t kHashes = 4;
static_assert((VisitFilter::kBytes * 8) == 1u << 15, "a hash is 15 bits of a word");

uint64_t mixed(uint64_t x) {  // the finaliser of splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

std::array<size_t, kHashes> places(const Address& node, uint32_t lap) {
    uint64_t word = mixed(load_be64(node.bytes.data() + 8) + (lap + 1) * 0x9e3779b97f4a7c15);
    std::array<size_t, kHashes> out{};
    for (size_t& place : out) {
        place = word & 0x7fff;
        word >>= 16;
    }
    return out;
}

}  // namespace

void VisitFilter::add(const Address& node, uint32_t lap) {
    bits_.resize(kBytes);
    for (const size_t place : places(node, lap)) bits_[place / 8] |= static_cast<uint8_t>(1u << (place % 8));
}

bool VisitFilter::contains(const Address& node, uint32_t lap) const {
    if (bits_.empty()) return false;
    for (const size_t place : places(node, lap))
        if ((bits_[place / 8] >> (place % 8) & 1) == 0) return false;
    return true;
}

void VisitFilter::merge(const VisitFilter& other) {
    if (other.empty()) return;
    bits_.resize(kBytes);
    for (size_t i = 0; i < kBytes; ++i) bits_[i] |= other.bits_[i];
}

VisitFilter VisitFilter::from(ByteView bytes) {
    AIP_ASSERT(bytes.empty() || bytes.size() == kBytes);
    VisitFilter filter;
    filter.bits_.assign(bytes.begin(), bytes.end());
    return filter;
}

}  // namespace aip::routing

#include "dataplane/fib.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"
#include "base/limits.hpp"

namespace aip::dataplane {

Fib::Fib(size_t routes, uint64_t salt)
    : slots_(std::bit_ceil(std::max<size_t>(8, 2 * routes))), mask_(slots_.size() - 1), salt_(salt) {}

size_t Fib::slot_of(InterfaceId id) const {
    uint64_t x = static_cast<uint64_t>(id) ^ salt_;  // the finaliser of splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return static_cast<size_t>(x ^ (x >> 31)) & mask_;
}

const NextHop* Fib::find(InterfaceId id) const {
    for (size_t at = slot_of(id); slots_[at].hop.port != kNoPort; at = (at + 1) & mask_) {
        if (slots_[at].id == id) return &slots_[at].hop;
    }
    return nullptr;
}

void Fib::insert(InterfaceId id, const NextHop& hop) {
    size_t at = slot_of(id);
    while (slots_[at].hop.port != kNoPort && slots_[at].id != id) at = (at + 1) & mask_;
    if (slots_[at].hop.port == kNoPort) ++size_;
    slots_[at] = {id, hop};
    AIP_ASSERT(size_ * 2 <= slots_.size());
}

bool FibBuilder::add(InterfaceId id, const NextHop& hop) {
    if (hop.port == kNoPort || routes_.size() >= limits::kRoutesMax) return false;
    routes_.push_back({id, hop});
    return true;
}

std::unique_ptr<const Fib> FibBuilder::build() const {
    std::unique_ptr<Fib> fib(new Fib(routes_.size(), salt_));
    for (const Fib::Slot& route : routes_) fib->insert(route.id, route.hop);
    return fib;
}

}  // namespace aip::dataplane

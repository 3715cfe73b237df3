#include "dataplane/fib.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"
#include "base/limits.hpp"

namespace aip::dataplane {

Fib::Fib(const std::vector<Route>& routes, uint64_t salt)
    : slots_(std::bit_ceil(std::max<size_t>(8, 2 * routes.size()))), mask_(slots_.size() - 1), salt_(salt) {
    hops_.reserve(routes.size());
    for (const Route& route : routes) hops_.push_back(route.hop);
    std::sort(hops_.begin(), hops_.end());
    hops_.erase(std::unique(hops_.begin(), hops_.end()), hops_.end());
    hops_.shrink_to_fit();
    for (const Route& route : routes) insert(route.id, &*std::lower_bound(hops_.begin(), hops_.end(), route.hop));
}

inline size_t Fib::home_of(InterfaceId id) const {
    uint64_t x = static_cast<uint64_t>(id) ^ salt_;  // the finaliser of splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return static_cast<size_t>(x ^ (x >> 31)) & mask_;
}

// An empty slot ends the search as a hit does, and answers with its null. One test for both, in arithmetic: whether an
// id is known is what a processor predicts worst.
inline const NextHop* Fib::find_from(size_t at, InterfaceId id) const {
    const auto is_another = [id](const Slot& slot) {
        const uint64_t occupied = uint64_t{0} - static_cast<uint64_t>(slot.hop != nullptr);
        return ((static_cast<uint64_t>(slot.id) ^ static_cast<uint64_t>(id)) & occupied) != 0;
    };
    while (is_another(slots_[at])) at = (at + 1) & mask_;
    return slots_[at].hop;
}

const NextHop* Fib::find(InterfaceId id) const { return find_from(home_of(id), id); }

void Fib::find_bulk(std::span<const InterfaceId> ids, std::span<const NextHop*> hops) const {
    AIP_ASSERT(ids.size() == hops.size());
    std::array<size_t, limits::kBurstMax> homes;
    for (size_t first = 0; first < ids.size(); first += homes.size()) {
        const size_t count = std::min(homes.size(), ids.size() - first);
        for (size_t i = 0; i < count; ++i) {
            homes[i] = home_of(ids[first + i]);
            __builtin_prefetch(&slots_[homes[i]]);
        }
        for (size_t i = 0; i < count; ++i) hops[first + i] = find_from(homes[i], ids[first + i]);
    }
}

size_t Fib::longest_probe() const {
    size_t longest = 0;
    for (size_t at = 0; at < slots_.size(); ++at) {
        if (slots_[at].hop != nullptr) longest = std::max(longest, ((at - home_of(slots_[at].id)) & mask_) + 1);
    }
    return longest;
}

void Fib::insert(InterfaceId id, const NextHop* hop) {
    size_t at = home_of(id);
    while (slots_[at].hop != nullptr && slots_[at].id != id) at = (at + 1) & mask_;
    if (slots_[at].hop == nullptr) ++size_;
    slots_[at] = {id, hop};
    AIP_ASSERT(size_ * 2 <= slots_.size());
}

bool FibBuilder::add(InterfaceId id, const NextHop& hop) {
    if (hop.port == kNoPort || routes_.size() >= limits::kRoutesMax) return false;
    routes_.push_back({id, hop});
    return true;
}

std::unique_ptr<const Fib> FibBuilder::build() const { return std::unique_ptr<const Fib>(new Fib(routes_, salt_)); }

}  // namespace aip::dataplane

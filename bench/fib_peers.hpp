// The tables of DPDK that bench/fib.cpp measures ours against, with the same routes. EAL must run. What is timed is
// lookup() of a burst, its results left as the table gives them; port() reads them afterwards.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/limits.hpp"

struct rte_hash;
struct rte_fib6;

namespace aip::bench {

inline constexpr uint64_t kNoRoute = 0xffff;

struct Route {
    InterfaceId id;
    uint16_t port;
};

class Table {
public:
    virtual ~Table() = default;
    virtual void lookup(size_t first) = 0;      // queries first .. first + kBurstMax - 1
    virtual uint64_t port(size_t i) const = 0;  // of the i-th of them
};

struct TableMade {
    std::unique_ptr<Table> table;
    std::string why_not;
};

// Keys of 8 bytes, the port as data.
TableMade make_rte_hash(const std::vector<Route>& routes, const std::vector<InterfaceId>& queries);
// Each id a /128 below one network prefix.
TableMade make_rte_fib6(const std::vector<Route>& routes, const std::vector<InterfaceId>& queries);

}  // namespace aip::bench

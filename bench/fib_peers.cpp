#include "bench/fib_peers.hpp"

#include <rte_errno.h>
#include <rte_fib6.h>
#include <rte_hash.h>

#include <algorithm>

#include "base/assert.hpp"

namespace aip::bench {
namespace {

constexpr NetworkId kNetwork{{1, 2, 3, 4, 5}};
// It sets aside a table of 256 for each byte of a route beyond the first three, shared or not.
constexpr size_t kTablesOfAHost = 13;

std::array<uint8_t, 16> address_of(InterfaceId id) { return Address::make(kNetwork, id).bytes; }

class HashTable final : public Table {
public:
    HashTable(rte_hash* table, const std::vector<InterfaceId>& queries) : table_(table) {
        for (const InterfaceId& id : queries) keys_.push_back(&id);
    }
    ~HashTable() override { rte_hash_free(table_); }

    void lookup(size_t first) override {
        AIP_ASSERT(rte_hash_lookup_bulk_data(table_, &keys_[first], limits::kBurstMax, &hits_, data_) >= 0);
    }
    uint64_t port(size_t i) const override {
        return (hits_ >> i & 1) != 0 ? reinterpret_cast<uintptr_t>(data_[i]) : kNoRoute;
    }

private:
    rte_hash* table_;
    std::vector<const void*> keys_;
    uint64_t hits_ = 0;
    void* data_[limits::kBurstMax]{};
};

class Fib6 final : public Table {
public:
    Fib6(rte_fib6* table, const std::vector<InterfaceId>& queries) : table_(table) {
        for (const InterfaceId id : queries) addresses_.push_back(address_of(id));
    }
    ~Fib6() override { rte_fib6_free(table_); }

    void lookup(size_t first) override {
        auto* const addresses = reinterpret_cast<uint8_t(*)[16]>(addresses_[first].data());
        AIP_ASSERT(rte_fib6_lookup_bulk(table_, addresses, ports_.data(), limits::kBurstMax) == 0);
    }
    uint64_t port(size_t i) const override { return ports_[i]; }

private:
    rte_fib6* table_;
    std::vector<std::array<uint8_t, 16>> addresses_;
    std::array<uint64_t, limits::kBurstMax> ports_{};
};

}  // namespace

TableMade make_rte_hash(const std::vector<Route>& routes, const std::vector<InterfaceId>& queries) {
    rte_hash_parameters wanted{};
    wanted.name = "routes";
    wanted.entries = static_cast<uint32_t>(std::max<size_t>(8, 2 * routes.size()));  // at most half full, as ours
    wanted.key_len = sizeof(InterfaceId);
    rte_hash* const table = rte_hash_create(&wanted);
    if (table == nullptr) return {nullptr, rte_strerror(rte_errno)};
    auto made = std::make_unique<HashTable>(table, queries);
    for (const Route& route : routes) {
        const uintptr_t data = route.port;
        const int rc = rte_hash_add_key_data(table, &route.id, reinterpret_cast<void*>(data));
        if (rc < 0) return {nullptr, rte_strerror(-rc)};
    }
    return {std::move(made), {}};
}

TableMade make_rte_fib6(const std::vector<Route>& routes, const std::vector<InterfaceId>& queries) {
    rte_fib6_conf wanted{};
    wanted.type = RTE_FIB6_TRIE;
    wanted.default_nh = kNoRoute;
    wanted.max_routes = static_cast<int>(4 * routes.size() + 64);
    wanted.trie.nh_sz = RTE_FIB6_TRIE_4B;
    wanted.trie.num_tbl8 = static_cast<uint32_t>(kTablesOfAHost * routes.size() + 64);
    rte_fib6* const table = rte_fib6_create("routes", SOCKET_ID_ANY, &wanted);
    if (table == nullptr) return {nullptr, rte_strerror(rte_errno)};
    auto made = std::make_unique<Fib6>(table, queries);
    for (const Route& route : routes) {
        const int rc = rte_fib6_add(table, address_of(route.id).data(), 128, route.port);
        if (rc != 0) return {nullptr, rte_strerror(-rc)};
    }
    return {std::move(made), {}};
}

}  // namespace aip::bench

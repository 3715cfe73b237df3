#include <algorithm>
#include <numeric>

#include "base/assert.hpp"
#include "learning/dataset.hpp"

namespace aip::learning {
namespace {

std::array<std::vector<uint32_t>, kClasses> rows_by_class(const Dataset& data) {
    std::array<std::vector<uint32_t>, kClasses> rows;
    for (uint32_t row = 0; row < data.size(); ++row) rows[data.labels()[row]].push_back(row);
    return rows;
}

template <class T>
void shuffle(std::vector<T>& values, Rng& rng) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[rng.below(i)]);
}

struct Piece {
    uint8_t label;
    std::vector<uint32_t> rows;
};

// `count` pieces: as many of each class as can be, the classes in turn (0, 1, ..., 9, 0, ...).
std::vector<Piece> cut(const Dataset& data, size_t count, Rng& rng) {
    auto rows = rows_by_class(data);
    for (auto& of_class : rows) shuffle(of_class, rng);
    std::vector<Piece> pieces;
    for (size_t i = 0; i < count; ++i) {
        const auto label = static_cast<uint8_t>(i % kClasses);
        const size_t pieces_of_class = count / kClasses + (label < count % kClasses ? 1 : 0);
        const size_t size = rows[label].size() / pieces_of_class;
        const auto begin = rows[label].begin() + static_cast<ptrdiff_t>(i / kClasses * size);
        pieces.push_back({label, {begin, begin + static_cast<ptrdiff_t>(size)}});
    }
    return pieces;
}

}  // namespace

std::vector<uint64_t> Shard::label_counts() const {
    std::vector<uint64_t> counts(kClasses);
    for (uint32_t row : rows) ++counts[data->labels()[row]];
    return counts;
}

Shard everything(const Dataset& data) {
    Shard shard{&data, std::vector<uint32_t>(data.size())};
    std::iota(shard.rows.begin(), shard.rows.end(), 0);
    return shard;
}

Shard of_classes(const Dataset& data, std::span<const uint8_t> classes) {
    Shard shard{&data, {}};
    for (uint32_t row = 0; row < data.size(); ++row)
        if (std::find(classes.begin(), classes.end(), data.labels()[row]) != classes.end()) shard.rows.push_back(row);
    return shard;
}

Shard first_of_each_class(const Dataset& data, size_t per_class) {
    Shard shard{&data, {}};
    std::array<size_t, kClasses> taken{};
    for (uint32_t row = 0; row < data.size(); ++row)
        if (taken[data.labels()[row]]++ < per_class) shard.rows.push_back(row);
    return shard;
}

std::vector<Shard> deal_classes(const Dataset& data, size_t nodes, size_t classes_per_node, Rng& rng) {
    AIP_ASSERT(nodes > 0 && classes_per_node > 0);
    std::vector<Piece> pieces = cut(data, nodes * classes_per_node, rng);
    shuffle(pieces, rng);
    std::vector<Shard> shards(nodes, Shard{&data, {}});
    for (size_t i = 0; i < pieces.size(); ++i) {
        const size_t node = i % nodes;
        // Swap with a later piece of a class this node does not hold, if there is one.
        const auto counts = shards[node].label_counts();
        const auto fresh = std::find_if(pieces.begin() + static_cast<ptrdiff_t>(i), pieces.end(),
                                        [&](const Piece& piece) { return counts[piece.label] == 0; });
        if (fresh != pieces.end()) std::swap(pieces[i], *fresh);
        shards[node].rows.insert(shards[node].rows.end(), pieces[i].rows.begin(), pieces[i].rows.end());
    }
    return shards;
}

}  // namespace aip::learning

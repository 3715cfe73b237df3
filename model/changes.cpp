#include "model/changes.hpp"

#include <algorithm>
#include <map>

namespace aip::model {
namespace {

bool is_same(const Manifest& parent, const ManifestTensor& a, const Manifest& child, const ManifestTensor& b) {
    if (a.dtype != b.dtype || a.shape != b.shape || a.block_count != b.block_count) return false;
    const auto from = parent.blocks().begin() + a.first_block;
    return std::equal(from, from + a.block_count, child.blocks().begin() + b.first_block,
                      [](const BlockRef& x, const BlockRef& y) { return x.digest == y.digest && x.size == y.size; });
}

}  // namespace

Changes changed_tensors(const Manifest& parent, const Manifest& child) {
    std::map<std::string_view, const ManifestTensor*> before;
    for (const ManifestTensor& tensor : parent.tensors()) before[tensor.name] = &tensor;
    Changes changes;
    for (const ManifestTensor& tensor : child.tensors()) {
        ++changes.of;
        const auto it = before.find(tensor.name);
        if (it == before.end() || !is_same(parent, *it->second, child, tensor)) changes.names.push_back(tensor.name);
        if (it != before.end()) before.erase(it);
    }
    for (const auto& [name, tensor] : before) changes.names.emplace_back(name);
    changes.of += before.size();
    std::sort(changes.names.begin(), changes.names.end());
    return changes;
}

}  // namespace aip::model

#include "node/block_cache.hpp"

#include <algorithm>

namespace aip::node {

BlockCache::BlockCache(Executor& storage, model::BlockStore& store, std::vector<model::BlockRef> blocks)
    : storage_(storage), store_(store), refs_(std::move(blocks)), state_(std::make_shared<State>()) {}

ByteView BlockCache::block(uint32_t index) {
    const auto it = state_->blocks.find(index);
    return it != state_->blocks.end() && it->second ? ByteView(*it->second) : ByteView{};
}

void BlockCache::keep(std::span<const uint32_t> wanted) {
    if (wanted.empty()) return;
    if (wanted.front() == first_kept_ && wanted.back() == last_kept_) return;  // nothing moved
    first_kept_ = wanted.front();
    last_kept_ = wanted.back();
    std::erase_if(state_->blocks, [&](const auto& entry) {
        return std::find(wanted.begin(), wanted.end(), entry.first) == wanted.end();
    });
    for (uint32_t index : wanted) {
        if (!state_->blocks.contains(index)) load(index);
    }
}

void BlockCache::load(uint32_t index) {
    AIP_ASSERT(index < refs_.size());
    state_->blocks.emplace(index, std::nullopt);
    submit(
        storage_, [&store = store_, digest = refs_[index].digest] { return store.read(digest); },
        [weak = std::weak_ptr<State>(state_), index](Result<Bytes> bytes) {
            const auto state = weak.lock();
            if (!state) return;
            const auto it = state->blocks.find(index);
            if (it == state->blocks.end()) return;  // no longer wanted
            if (bytes)
                it->second = std::move(*bytes);
            else if (!state->error)
                state->error = std::move(bytes).error();
        });
}

}  // namespace aip::node

// BlockCache: the blocks an outgoing transfer needs next, read from the store on the storage executor ahead of the
// sender. Memory is bounded by the sender's wanted_range(): what leaves the range is dropped. A block that cannot be
// read ends the transfer (error()). Loop only; jobs hold a weak reference, so a cache may go while they run.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "aipacket/sender.hpp"
#include "base/executor.hpp"
#include "model/block_store.hpp"
#include "model/manifest.hpp"

namespace aip::node {

class BlockCache final : public aipacket::BlockSource {
public:
    BlockCache(Executor& storage, model::BlockStore& store, std::vector<model::BlockRef> blocks);

    ByteView block(uint32_t index) override;
    void keep(std::span<const uint32_t> wanted);  // starts reading what is missing, forgets the rest
    const std::optional<Error>& error() const { return state_->error; }

private:
    struct State {
        std::unordered_map<uint32_t, std::optional<Bytes>> blocks;  // nullopt: being read
        std::optional<Error> error;
    };

    void load(uint32_t index);

    Executor& storage_;
    model::BlockStore& store_;
    std::vector<model::BlockRef> refs_;
    std::shared_ptr<State> state_;
    uint32_t first_kept_ = UINT32_MAX;
    uint32_t last_kept_ = UINT32_MAX;
};

}  // namespace aip::node

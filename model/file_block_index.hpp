// Inside of FileBlockStore: its directory layout, and the index that saves looking at it.
#pragma once

#include <map>

#include "base/ids.hpp"
#include "base/kv_store.hpp"

namespace aip::model {

std::string block_path(const std::string& root, const Digest& digest);

std::string block_index_key(const Digest& digest);
std::string encode_block_size(uint32_t size);
// An entry that can't be read has size 0, which no block has.
Result<std::map<Digest, uint32_t>> read_block_index(KvStore& index);

Result<void> sync_directory(const std::string& path);

// Durably: ROOT, ROOT/partial, ROOT/blocks/00 to ff.
Result<void> prepare_block_directories(const std::string& root);

// Makes the index say what the directory holds; removes files that are no block or not the size the index knows.
Result<void> reconcile_block_index(const std::string& root, KvStore& index);

}  // namespace aip::model

// A model file becomes a manifest and blocks, and back. Importing reads every byte of the file exactly once, so a file
// that its owner changes meanwhile becomes a consistent model or an error. Exporting gives the exact original bytes,
// odd JSON spacing included. Memory: the file's header plus a few blocks for each core that hashes (limits in
// import.cpp).
//
// Neither syncs: VersionStore::put() makes blocks durable before it writes down the version that needs them.
// Storage thread.
#pragma once

#include <functional>

#include "base/parallel.hpp"
#include "model/block_store.hpp"
#include "model/manifest.hpp"

namespace aip::model {

using Progress = std::function<void(uint64_t bytes_done, uint64_t bytes_total)>;  // may be empty

// Checks, cuts, hashes and puts what is not there yet. kInvalid if it is no safetensors file, naming the rule.
Result<Manifest> import_model(Source& source, BlockStore& blocks, const ManifestFields& fields,
                              const Progress& progress, Parallel& cores);

// The manifest that import_model would give, with nothing stored: whose weights a file holds (content() does not depend
// on `fields`).
Result<Manifest> hash_model(Source& source, const ManifestFields& fields, Parallel& cores);

// Checks the header (below), then writes the file. kNotFound or kCorrupt name the block.
Result<void> export_model(const Manifest& manifest, BlockStore& blocks, Sink& sink);

// Do the header blocks describe the tensors the manifest names? A received model is admitted only after this: a
// manifest may be well signed and still lie. kInvalid says where they differ.
Result<void> check_header(const Manifest& manifest, BlockStore& blocks);

// Indices into manifest.blocks() that are not in the store, rising.
Result<std::vector<uint32_t>> missing_blocks(const Manifest& manifest, BlockStore& blocks);

}  // namespace aip::model

// The cosignatures that this node's checkpoints have got, kept in the node's KvStore under "cosig/" + size + witness
// for the newest few sizes, so that they travel with proofs. Losing them costs a question to the witnesses: no write
// here is durable. Storage executor only.
#pragma once

#include "base/kv_store.hpp"
#include "ledger/log.hpp"

namespace aip::node {

// `line` is a verified cosignature of the checkpoint of this size; one that comes when newer sizes fill the room is
// passed over.
Result<void> keep_cosignature(KvStore& store, uint64_t size, const Address& witness, const std::string& line);
// The lines kept for this size, by witness; as many as a checkpoint may carry.
Result<std::string> cosignatures(KvStore& store, uint64_t size);
// Entry `index` in the newest cosigned tree that holds it (else the newest of all), its checkpoint with the
// cosignatures it has.
Result<ledger::EntryProof> prove_cosigned(const ledger::Log& log, KvStore& store, uint64_t index);

}  // namespace aip::node

// The files of an export: their names and their text (rfc/0004 section 7), shared by the writer and the checker so
// that the two cannot drift apart. The Go program in tests/outside knows them on its own.
// Pure functions; reading and writing files is in export_write.cpp and export_check.cpp.
#pragma once

#include <string>

#include "ledger/merkle.hpp"

namespace aip::ledger {

std::string entry_file(uint64_t index);
std::string inclusion_file(uint64_t index);
std::string checkpoint_file(uint64_t size);
std::string consistency_file(uint64_t old_size, uint64_t size);

std::string consistency_text(uint64_t old_size, uint64_t size, const MerklePath& path);
Result<MerklePath> parse_consistency(std::string_view text, uint64_t old_size, uint64_t size);

}  // namespace aip::ledger

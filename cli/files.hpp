// Model files at the border of aipctl: opened, hashed, and copied out of a delivery so that a half-written file never
// bears the name that was asked for.
#pragma once

#include <string>

#include "base/ids.hpp"
#include "base/owned_fd.hpp"
#include "base/result.hpp"
#include "ledger/policy.hpp"

namespace aip::cli {

struct Copied {
    Digest sha256;
    uint64_t bytes = 0;
};

Result<OwnedFd> open_for_reading(const std::string& path);
Result<Digest> hash_file(int file, const std::string& path);
// To `path`, whole and synced or not at all; replaces a file of that name.
Result<Copied> copy_out(int file, const std::string& path);

Result<ledger::Policy> read_policy(const std::string& path);

// A new file with these bytes, a new directory; nothing that exists is overwritten.
Result<void> write_file(const std::string& path, ByteView bytes);
Result<void> make_directory(const std::string& path);

}  // namespace aip::cli

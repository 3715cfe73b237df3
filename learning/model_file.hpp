// Model files at the border between a trainer program and the model API, which passes open files, not bytes.
// Blocking; called by trainer programs only.
#pragma once

#include "base/bytes.hpp"
#include "base/owned_fd.hpp"
#include "base/result.hpp"

namespace aip::learning {

// All of a regular file, whatever its position. kNoSpace above limits::kTrainedModelBytesMax. `fd` is borrowed.
Result<Bytes> read_model_file(int fd);
// A new file in memory with these bytes, sealed: nobody can change it any more.
Result<OwnedFd> sealed_model_file(ByteView bytes);

}  // namespace aip::learning

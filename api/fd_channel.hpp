// Bytes and descriptors over a Unix stream socket, both ends of rfc/0005. A descriptor is sent with the first byte of
// its message; the kernel may hand it over together with bytes of the messages before, never after its own, so the
// receiver queues descriptors and gives the oldest to each message that says it brings one.
// Non-blocking calls on a borrowed socket; whoever calls waits. EINTR is retried.
#pragma once

#include <deque>
#include <optional>

#include "base/bytes.hpp"
#include "base/owned_fd.hpp"
#include "base/result.hpp"

namespace aip::api {

enum class Io : uint8_t { kDone, kWouldBlock, kClosed };

struct Received {
    Io state = Io::kDone;
    size_t bytes = 0;
};
// Appends descriptors to `files`; kInvalid if more than limits::kControlFilesWaitingMax would wait.
Result<Received> receive_some(int socket, MutableBytes out, std::deque<OwnedFd>& files);

// Sends from `bytes`; with `file` >= 0 the first byte takes it along. Gives the number sent, 0: would block.
// kUnreachable: the other end is gone.
Result<size_t> send_some(int socket, ByteView bytes, int file);

// A descriptor fit to be read as a model: a regular file (a memfd is one), open for reading.
Result<void> check_model_file(int file);

}  // namespace aip::api

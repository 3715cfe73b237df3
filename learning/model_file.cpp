#include "learning/model_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "base/limits.hpp"
#include "model/source.hpp"

namespace aip::learning {

Result<Bytes> read_model_file(int fd) {
    AIP_ASSIGN(model::FdSource source, model::FdSource::open(fd));
    if (source.size() > limits::kTrainedModelBytesMax)
        return Error{ErrorCode::kNoSpace,
                     "the model is too large to be trained in memory: " + std::to_string(source.size()) + " bytes"};
    Bytes bytes(source.size());
    AIP_TRY(source.read(0, bytes));
    return bytes;
}

Result<OwnedFd> sealed_model_file(ByteView bytes) {
    const auto failed = [](const char* what) {
        return Error{ErrorCode::kIo, std::string("cannot ") + what + " a file in memory: " + std::strerror(errno)};
    };
    OwnedFd file(memfd_create("model", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file) return failed("make");
    AIP_TRY(model::FdSink(file.get()).write(bytes));
    if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
        return failed("seal");
    return file;
}

}  // namespace aip::learning

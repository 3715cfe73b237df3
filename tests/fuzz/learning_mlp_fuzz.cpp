// Model files from strangers: an Mlp that was read is written and read again to the same bytes.
#include "base/assert.hpp"
#include "learning/mlp.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip;
    const auto mlp = learning::Mlp::from_safetensors(ByteView(data, size));
    if (!mlp) return 0;
    const Bytes once = mlp->to_safetensors().value();
    AIP_ASSERT(learning::Mlp::from_safetensors(once).value().to_safetensors().value() == once);
    return 0;
}

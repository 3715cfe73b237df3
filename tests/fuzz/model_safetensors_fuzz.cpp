// Any bytes as a model file: refused, or read with every promise of SafetensorsHeader kept.
#include "base/assert.hpp"
#include "model/safetensors.hpp"

using namespace aip;
using namespace aip::model;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    MemorySource source({data, size});
    const auto raw = read_safetensors_header(source);
    if (!raw) {
        AIP_ASSERT(raw.error().text.find('\n') == std::string::npos);
        return 0;
    }
    const auto& header = raw->header;
    std::vector<TensorView> views;
    uint64_t end = 0;
    for (const auto& tensor : header.tensors()) {
        AIP_ASSERT(tensor.begin == end && tensor_bytes(tensor.dtype, tensor.shape) == tensor.size());
        end = tensor.end;
        views.push_back({tensor.name, tensor.dtype, tensor.shape,
                         ByteView(data, size).subspan(header.header_bytes() + tensor.begin, tensor.size())});
    }
    AIP_ASSERT(header.header_bytes() + end == size);

    const auto canonical = write_safetensors(views, header.metadata());
    if (!canonical) return 0;  // only possible where escapes make the JSON longer than its limit
    MemorySource again_source(*canonical);
    const auto again = read_safetensors_header(again_source);
    AIP_ASSERT(again && again->header.metadata() == header.metadata());
    AIP_ASSERT(again->header.tensors().size() == header.tensors().size());
    return 0;
}

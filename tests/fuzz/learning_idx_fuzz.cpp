// idx files and the gzip around them: any bytes give data that keep their promises, or an error.
#include "base/assert.hpp"
#include "learning/dataset.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip;
    const ByteView input(data, size);
    if (const auto images = learning::idx_images(input))
        AIP_ASSERT(images->pixels.size() == uint64_t{images->count} * images->height * images->width);
    if (const auto labels = learning::idx_labels(input))
        for (uint8_t label : *labels) AIP_ASSERT(label < learning::kClasses);
    constexpr size_t kUnpackedMax = 1u << 20;
    if (const auto unpacked = learning::gunzip(input, kUnpackedMax)) AIP_ASSERT(unpacked->size() <= kUnpackedMax);
    return 0;
}

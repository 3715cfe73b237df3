#include <algorithm>

#include "base/limits.hpp"
#include "learning/dataset.hpp"

namespace aip::learning {
namespace {

constexpr uint32_t kMagicImages = 0x00000803;  // unsigned bytes, three dimensions
constexpr uint32_t kMagicLabels = 0x00000801;  // unsigned bytes, one dimension

Error refuse(const std::string& why) { return {ErrorCode::kInvalid, "idx file " + why}; }

Result<void> check(Reader& reader, uint32_t magic, uint32_t magic_needed, uint32_t count, uint64_t size) {
    if (reader.failed()) return refuse("ends within its header");
    if (magic != magic_needed) return refuse("has another magic number or element type than needed");
    if (count == 0 || count > limits::kIdxImagesMax) return refuse("claims " + std::to_string(count) + " items");
    if (size > limits::kIdxBytesMax) return refuse("claims more data than allowed");
    if (reader.remaining() != size)
        return refuse("holds " + std::to_string(reader.remaining()) + " bytes of data where its header claims " +
                      std::to_string(size));
    return {};
}

}  // namespace

Result<IdxImages> idx_images(ByteView file) {
    Reader reader(file);
    const uint32_t magic = reader.u32();
    IdxImages images;
    images.count = reader.u32();
    images.height = reader.u32();
    images.width = reader.u32();
    const auto bad_side = [](uint32_t side) { return side == 0 || side > limits::kIdxImageSideMax; };
    if (!reader.failed() && magic == kMagicImages && (bad_side(images.height) || bad_side(images.width)))
        return refuse("claims images of " + std::to_string(images.height) + " x " + std::to_string(images.width));
    // No overflow: each side fits 32 bits, and both together 21 once they were checked.
    const uint64_t size = reader.failed() || magic != kMagicImages
                              ? 0
                              : uint64_t{images.count} * (uint64_t{images.height} * images.width);
    AIP_TRY(check(reader, magic, kMagicImages, images.count, size));
    images.pixels = to_bytes(reader.view(size));
    return images;
}

Result<Bytes> idx_labels(ByteView file) {
    Reader reader(file);
    const uint32_t magic = reader.u32();
    const uint32_t count = reader.u32();
    AIP_TRY(check(reader, magic, kMagicLabels, count, count));
    Bytes labels = to_bytes(reader.view(count));
    if (std::any_of(labels.begin(), labels.end(), [](uint8_t label) { return label >= kClasses; }))
        return refuse("holds a label of " + std::to_string(kClasses) + " or above");
    return labels;
}

}  // namespace aip::learning

// Small inputs that several tests of learning/ share.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "learning/dataset.hpp"

namespace aip::learning {

inline std::vector<float> random_floats(size_t count, Rng& rng) {
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(rng.unit() * 2 - 1);
    return values;
}

inline Bytes idx_file(uint32_t magic, const std::vector<uint32_t>& sizes, ByteView data) {
    Bytes file;
    Writer writer(file);
    writer.u32(magic);
    for (uint32_t size : sizes) writer.u32(size);
    writer.put(data);
    return file;
}

// Images of 4 x 4 whose pixel number `label` is bright and the others noise: easy to learn, no file needed.
inline Dataset bright_spots(size_t count, uint64_t seed = 7) {
    SeededRng rng(seed);
    Bytes pixels, labels;
    for (size_t i = 0; i < count; ++i) {
        const auto label = static_cast<uint8_t>(i % kClasses);
        for (size_t p = 0; p < 16; ++p) pixels.push_back(static_cast<uint8_t>(p == label ? 255 : rng.below(64)));
        labels.push_back(label);
    }
    const auto n = static_cast<uint32_t>(count);
    return std::move(Dataset::from_idx(idx_file(0x803, {n, 4, 4}, pixels), idx_file(0x801, {n}, labels))).value();
}

}  // namespace aip::learning

// The element types of safetensors, sub-byte ones included. The order of the enumerators is the order of the format's
// reference implementation: size of an element, rising; the canonical writer sorts by it, falling.
// Names on the wire and in files are the format's own ("F32", "BF16", ...).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace aip::model {

enum class Dtype : uint8_t {
    kBool,
    kF4,
    kF6E2M3,
    kF6E3M2,
    kU8,
    kI8,
    kF8E5M2,
    kF8E4M3,
    kF8E8M0,
    kF8E4M3Fnuz,
    kF8E5M2Fnuz,
    kI16,
    kU16,
    kF16,
    kBF16,
    kI32,
    kU32,
    kF32,
    kC64,
    kF64,
    kI64,
    kU64,
};
inline constexpr size_t kDtypes = 22;

std::string_view dtype_name(Dtype dtype);
std::optional<Dtype> dtype_from_name(std::string_view name);
uint32_t dtype_bits(Dtype dtype);

// Bytes of a tensor; nullopt if the product overflows 64 bits or is no whole number of bytes.
std::optional<uint64_t> tensor_bytes(Dtype dtype, std::span<const uint64_t> shape);

}  // namespace aip::model

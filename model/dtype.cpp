#include "model/dtype.hpp"

#include <array>

namespace aip::model {
namespace {

struct Row {
    std::string_view name;
    uint32_t bits;
};

constexpr std::array<Row, kDtypes> kRows{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};
static_assert(kRows.back().name == "U64" && static_cast<size_t>(Dtype::kU64) == kDtypes - 1);

}  // namespace

std::string_view dtype_name(Dtype dtype) { return kRows[static_cast<size_t>(dtype)].name; }

std::optional<Dtype> dtype_from_name(std::string_view name) {
    for (size_t i = 0; i < kRows.size(); ++i)
        if (kRows[i].name == name) return static_cast<Dtype>(i);
    return std::nullopt;
}

uint32_t dtype_bits(Dtype dtype) { return kRows[static_cast<size_t>(dtype)].bits; }

std::optional<uint64_t> tensor_bytes(Dtype dtype, std::span<const uint64_t> shape) {
    uint64_t bits = dtype_bits(dtype);
    for (const uint64_t extent : shape)
        if (__builtin_mul_overflow(bits, extent, &bits)) return std::nullopt;
    if (bits % 8 != 0) return std::nullopt;
    return bits / 8;
}

}  // namespace aip::model

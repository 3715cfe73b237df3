#include "model/numbers.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/assert.hpp"

namespace aip::model {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian, and so are we");

constexpr double kExactMax = 9007199254740992.0;  // 2^53

template <class T>
struct Plain {
    using Raw = T;
    static double decode(T raw) { return static_cast<double>(raw); }
    static T encode(double number) {
        if constexpr (std::is_integral_v<T>)
            return static_cast<T>(std::nearbyint(number));
        else
            return static_cast<T>(number);
    }
};

// IEEE-like in 16 bits: sign, exponent, `Fraction` bits of fraction.
template <int Fraction>
struct Small {
    using Raw = uint16_t;
    static constexpr int kExponentBits = 15 - Fraction;
    static constexpr int kLowest = 2 - (1 << (kExponentBits - 1));  // exponent of the smallest normal number

    static double decode(uint16_t raw) {
        const int exponent = (raw & 0x7fff) >> Fraction;
        const int fraction = raw & ((1 << Fraction) - 1);
        if (exponent == (1 << kExponentBits) - 1) return std::numeric_limits<double>::quiet_NaN();
        const double size = exponent == 0 ? std::ldexp(fraction, kLowest - Fraction)
                                          : std::ldexp(fraction + (1 << Fraction), exponent - 1 + kLowest - Fraction);
        return (raw & 0x8000) != 0 ? -size : size;
    }
    static uint16_t encode(double number) {
        const uint16_t sign = std::signbit(number) ? 0x8000 : 0;
        int exponent = 0;
        static_cast<void>(std::frexp(number, &exponent));
        exponent = number == 0 ? kLowest : std::max(exponent - 1, kLowest);
        // A number that is rounded up to the next power of two carries into the exponent, as it should.
        const double steps = std::nearbyint(std::ldexp(std::fabs(number), Fraction - exponent));
        return static_cast<uint16_t>(sign | (((exponent - kLowest) << Fraction) + static_cast<int>(steps)));
    }
};

// `use(kind)` with the kind of number that the type has; false if it has none.
template <class Use>
bool with_kind(Dtype dtype, Use use) {
    switch (dtype) {
        case Dtype::kF64: return use(Plain<double>());
        case Dtype::kF32:
        case Dtype::kC64: return use(Plain<float>());
        case Dtype::kF16: return use(Small<10>());
        case Dtype::kBF16: return use(Small<7>());
        case Dtype::kI8: return use(Plain<int8_t>());
        case Dtype::kU8: return use(Plain<uint8_t>());
        case Dtype::kI16: return use(Plain<int16_t>());
        case Dtype::kU16: return use(Plain<uint16_t>());
        case Dtype::kI32: return use(Plain<int32_t>());
        case Dtype::kU32: return use(Plain<uint32_t>());
        case Dtype::kI64: return use(Plain<int64_t>());
        case Dtype::kU64: return use(Plain<uint64_t>());
        default: return false;
    }
}

}  // namespace

uint32_t number_bytes(Dtype dtype) {
    uint32_t bytes = 0;
    with_kind(dtype, [&bytes](auto kind) {
        bytes = sizeof(typename decltype(kind)::Raw);
        return true;
    });
    return bytes;
}

bool decode_numbers(Dtype dtype, ByteView bytes, std::span<double> numbers) {
    AIP_ASSERT(bytes.size() == numbers.size() * number_bytes(dtype));
    return with_kind(dtype, [&](auto kind) {
        typename decltype(kind)::Raw raw;
        bool good = true;
        for (size_t i = 0; i < numbers.size(); ++i) {
            std::memcpy(&raw, bytes.data() + i * sizeof raw, sizeof raw);
            numbers[i] = kind.decode(raw);
            if constexpr (std::is_integral_v<decltype(raw)> && sizeof raw == 8)
                good &= std::fabs(numbers[i]) < kExactMax;
            else
                good &= std::isfinite(numbers[i]);
        }
        return good;
    });
}

void encode_numbers(Dtype dtype, std::span<const double> numbers, MutableBytes bytes) {
    AIP_ASSERT(bytes.size() == numbers.size() * number_bytes(dtype));
    with_kind(dtype, [&](auto kind) {
        for (size_t i = 0; i < numbers.size(); ++i) {
            const auto raw = kind.encode(numbers[i]);
            std::memcpy(bytes.data() + i * sizeof raw, &raw, sizeof raw);
        }
        return true;
    });
}

}  // namespace aip::model

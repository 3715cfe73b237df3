// The elements of tensors as doubles and back: what arithmetic on models (model/merge.hpp) works with.
//
// Decoding is exact or refused: no NaN, no infinity, no integer beyond 2^53. Encoding rounds to nearest, ties to even.
// F64, F32, F16, BF16, C64 (two numbers an element) and all integers have numbers; BOOL and the types of 8 bits and
// less of which a number is only a part of a scaled group (F8, F6, F4) have none here. Pure functions; any thread.
#pragma once

#include <span>

#include "base/bytes.hpp"
#include "model/dtype.hpp"

namespace aip::model {

uint32_t number_bytes(Dtype dtype);  // of one number; 0: this type has none
// `bytes` holds exactly numbers.size() of them. False if one of them is refused.
bool decode_numbers(Dtype dtype, ByteView bytes, std::span<double> numbers);
void encode_numbers(Dtype dtype, std::span<const double> numbers, MutableBytes bytes);

}  // namespace aip::model

// Small models and files for the tests of model/.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "model/import.hpp"

namespace aip::model::test {

// A file with this JSON as header and `data_bytes` of data; n is the JSON's length.
inline Bytes file_of(std::string_view json, size_t data_bytes) {
    Bytes file;
    Writer(file).u64_le(json.size()).put(json);
    for (size_t i = 0; i < data_bytes; ++i) file.push_back(static_cast<uint8_t>(i * 7 + 1));
    return file;
}

inline Result<SafetensorsHeader> parse_file(const Bytes& file) {
    MemorySource source(file);
    auto raw = read_safetensors_header(source);
    if (!raw) return std::move(raw).error();
    return std::move(raw->header);
}

inline Result<SafetensorsHeader> parse_json(std::string_view json, size_t data_bytes) {
    return parse_file(file_of(json, data_bytes));
}

inline ManifestFields fields(std::string task = "fashion") { return {{}, std::move(task), {}}; }

inline Result<Manifest> import_bytes(ByteView file, BlockStore& blocks, const ManifestFields& about = fields()) {
    MemorySource source(file);
    Serial cores;
    return import_model(source, blocks, about, {}, cores);
}

inline Result<Bytes> export_bytes(const Manifest& manifest, BlockStore& blocks) {
    MemorySink sink;
    auto done = export_model(manifest, blocks, sink);
    if (!done) return std::move(done).error();
    return sink.bytes();
}

// A one-tensor model whose weights are all `seed`.
inline Bytes tiny_model(uint8_t seed, size_t bytes = 16) {
    const Bytes data(bytes, seed);
    return write_safetensors(std::vector<TensorView>{{"w", Dtype::kU8, {bytes}, data}}, {}).value();
}

template <class T>
std::string error_text(const Result<T>& result) {
    return result ? "no error" : result.error().text;
}

}  // namespace aip::model::test

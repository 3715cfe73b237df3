#include <algorithm>
#include <string>

#include "model/safetensors.hpp"

namespace aip::model {
namespace {

void append_string(std::string& out, std::string_view text) {
    constexpr std::string_view kSpecial = "\"\\\b\f\n\r\t", kNames = "\"\\bfnrt", kHex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        if (const size_t i = kSpecial.find(c); i != std::string_view::npos) {
            out += '\\';
            out += kNames[i];
        } else if (static_cast<uint8_t>(c) < 0x20) {
            out += "\\u00";
            out += kHex[static_cast<uint8_t>(c) >> 4];
            out += kHex[static_cast<uint8_t>(c) & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_metadata(std::string& out, const Metadata& metadata) {
    out += "\"__metadata__\":{";
    const char* separator = "";
    for (const auto& [key, value] : metadata) {
        out += separator;
        append_string(out, key);
        out += ':';
        append_string(out, value);
        separator = ",";
    }
    out += '}';
}

void append_tensor(std::string& out, const TensorView& tensor, uint64_t begin) {
    append_string(out, tensor.name);
    out += ":{\"dtype\":";
    append_string(out, dtype_name(tensor.dtype));
    out += ",\"shape\":[";
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
        if (i > 0) out += ',';
        out += std::to_string(tensor.shape[i]);
    }
    out += "],\"data_offsets\":[" + std::to_string(begin) + ',' + std::to_string(begin + tensor.data.size()) + "]}";
}

std::vector<const TensorView*> canonical_order(std::span<const TensorView> tensors) {
    std::vector<const TensorView*> order;
    order.reserve(tensors.size());
    for (const auto& tensor : tensors) order.push_back(&tensor);
    std::sort(order.begin(), order.end(), [](const TensorView* a, const TensorView* b) {
        return a->dtype != b->dtype ? a->dtype > b->dtype : a->name < b->name;
    });
    return order;
}

}  // namespace

Result<Bytes> write_safetensors(std::span<const TensorView> tensors, const Metadata& metadata) {
    const auto order = canonical_order(tensors);
    std::string json = "{";
    if (!metadata.empty()) append_metadata(json, metadata);
    uint64_t data_bytes = 0;
    for (const TensorView* tensor : order) {
        if (json.size() > 1) json += ',';
        append_tensor(json, *tensor, data_bytes);
        data_bytes += tensor->data.size();
    }
    json += '}';
    json.resize((json.size() + 7) / 8 * 8, ' ');

    Bytes file;
    file.reserve(8 + json.size() + data_bytes);
    Writer(file).u64_le(json.size()).put(json);
    AIP_TRY(SafetensorsHeader::parse(file, file.size() + data_bytes));
    for (const TensorView* tensor : order) Writer(file).put(tensor->data);
    return file;
}

}  // namespace aip::model

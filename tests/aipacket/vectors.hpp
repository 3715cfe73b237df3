// Reads the vector files of rfc/vectors: lines "key: value", comments with #, and after "packet:" hex to the end.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace aip::aipacket::testing {

struct Vector {
    std::string name;
    std::map<std::string, std::string> fields;
    Bytes packet;

    const std::string& at(const std::string& key) const { return fields.at(key); }
    uint32_t number(const std::string& key) const { return static_cast<uint32_t>(std::stoul(fields.at(key))); }
    Bytes bytes(const std::string& key) const { return from_hex(fields.at(key)).value(); }
};

inline Vector read_vector(const std::filesystem::path& path) {
    Vector vector{path.stem().string(), {}, {}};
    std::ifstream in(path);
    std::string hex;
    bool in_packet = false;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        const auto colon = line.find(':');
        if (in_packet) {
            hex += line;
        } else if (line == "packet:") {
            in_packet = true;
        } else {
            vector.fields[line.substr(0, colon)] = line.substr(std::min(line.size(), colon + 2));
        }
    }
    vector.packet = from_hex(hex).value();
    return vector;
}

inline std::vector<Vector> read_vectors(const std::string& rfc) {
    std::vector<Vector> vectors;
    for (const auto& entry : std::filesystem::directory_iterator(AIP_SOURCE_DIR "/rfc/vectors/" + rfc)) {
        if (entry.path().extension() == ".hex") vectors.push_back(read_vector(entry.path()));
    }
    std::sort(vectors.begin(), vectors.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return vectors;
}

}  // namespace aip::aipacket::testing

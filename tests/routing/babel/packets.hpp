// Babel packets as text, and the vectors of rfc/vectors/0009: blocks of lines "from", "to", "bytes", "says", "origin"
// and "verdict". The text is tcpdump's, since that is what read the recorded packets.
#pragma once

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "routing/babel/mac.hpp"
#include "routing/babel/packet.hpp"

namespace aip::routing::babel::test {

struct Vector {
    std::string what;
    Endpoints endpoints;
    Bytes bytes;
    std::vector<std::string> says, origins;
    std::string verdict;
};

inline std::vector<Vector> read_vectors(const std::string& name) {
    std::ifstream file(std::string(AIP_SOURCE_DIR "/rfc/vectors/0009/") + name);
    std::vector<Vector> vectors;
    std::string what;
    for (std::string line; std::getline(file, line);) {
        const size_t space = line.find(' ');
        const std::string key = line.substr(0, space);
        const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
        if (key == "#") what = value;
        if (key == "from") vectors.push_back({what, {Address::parse(value).value(), {}}, {}, {}, {}, {}});
        if (key == "to") vectors.back().endpoints.destination = Address::parse(value).value();
        if (key == "bytes") Writer(vectors.back().bytes).put(from_hex(value).value());
        if (key == "says") vectors.back().says.push_back(value);
        if (key == "origin") vectors.back().origins.push_back(value);
        if (key == "verdict") vectors.back().verdict = value;
    }
    return vectors;
}

inline std::string text_of(const Prefix& prefix) {
    std::string address = prefix.address.text();
    if (prefix.is_ipv4) {
        const auto& b = prefix.address.bytes;
        address =
            std::to_string(b[0]) + "." + std::to_string(b[1]) + "." + std::to_string(b[2]) + "." + std::to_string(b[3]);
    }
    return address + "/" + std::to_string(prefix.length);
}

template <class... Values>
std::string format(const char* pattern, Values... values) {
    char text[200];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

inline std::string hex16(uint64_t value) { return format("%016llx", static_cast<unsigned long long>(value)); }
inline std::string seconds(uint32_t us) { return format("%u.%06us", us / 1'000'000, us % 1'000'000); }
inline std::string interval(Duration d) {
    return "interval " + format("%lld.%02llds", d.count_ms() / 1000LL, d.count_ms() / 10LL % 100);
}

struct ToText {
    std::string operator()(const HelloTlv& t) const {
        return std::string(t.unicast ? "Unicast " : "") + "Hello seqno " + std::to_string(t.seqno) + " " +
               (t.interval == Duration() ? "unscheduled" : interval(t.interval)) +
               (t.sent_us ? " sub-timestamp " + seconds(*t.sent_us) : "");
    }
    std::string operator()(const IhuTlv& t) const {
        return "IHU " + (t.address ? t.address->text() : "any") + " rxcost " + std::to_string(t.rx_cost) + " " +
               interval(t.interval) +
               (t.echo ? " sub-timestamp " + seconds(t.echo->origin_us) + "|" + seconds(t.echo->received_us) : "");
    }
    std::string operator()(const UpdateTlv& t) const {
        const bool for_ever = t.interval == Duration::milliseconds(655'350);
        return "Update " + (t.wildcard ? "any" : text_of(t.prefix)) + " metric " + std::to_string(t.metric) +
               " seqno " + std::to_string(t.seqno) + " " + (for_ever ? "interval infinity" : interval(t.interval));
    }
    std::string operator()(const RouteRequestTlv& t) const {
        return "Route Request for " + (t.prefix ? text_of(*t.prefix) : "any");
    }
    std::string operator()(const SeqnoRequestTlv& t) const {
        return "Seqno Request for " + text_of(t.prefix) + " seqno " + std::to_string(t.seqno) + " hops " +
               std::to_string(t.hop_count) + " id " + hex16(t.router_id);
    }
    std::string operator()(const AckRequestTlv& t) const {
        return "Acknowledgment Request " + format("%04x ", t.opaque) + interval(t.interval);
    }
    std::string operator()(const AckTlv& t) const { return "Acknowledgment " + format("%04x", t.opaque); }
};

struct Parsed {
    ParseResult result;
    std::vector<Tlv> tlvs;
    ParseCounts counts;
};

inline Parsed parse(ByteView packet) {
    Parsed parsed;
    parsed.result = parse_packet(
        packet, [&parsed](const Tlv& tlv) { parsed.tlvs.push_back(tlv); }, &parsed.counts);
    return parsed;
}

inline Bytes packet_of(ByteView body) {
    Bytes packet{42, 2};
    Writer(packet).u16(static_cast<uint16_t>(body.size())).put(body);
    return packet;
}

}  // namespace aip::routing::babel::test

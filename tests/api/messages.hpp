// One message of every kind, every field set to something of its own: what round trips and truncations are tried on.
#pragma once

#include <vector>

#include "api/control.hpp"

namespace aip::api {

inline VersionId version_of(uint8_t fill) {
    VersionId id;
    id.bytes.fill(fill);
    return id;
}

inline Address address_of(uint8_t last) {
    Address address = *Address::parse("fd12:3456:789a::1");
    address.bytes[15] = last;
    return address;
}

inline Report sample_report() {
    return {"peers",
            {{"address", ColumnType::kText},
             {"rtt_us", ColumnType::kInteger},
             {"loss", ColumnType::kReal},
             {"up", ColumnType::kBoolean}},
            {{std::string("fd12::1"), int64_t{-5}, 0.25, true}, {std::monostate{}, std::monostate{}, 1.0, false}},
            {"two of two", "no more"}};
}

inline std::vector<RequestBody> every_request_body() {
    return {
        Hello{kProtocolVersion, "test"},
        Bind{"fashion"},
        Bind{"fashion", true},
        PublishInterest{"fashion", {1, 0, uint64_t{1} << 40}, 77, 1234.5},
        Send{"fashion", "mlp", NextStop{120, "coverage"}},
        Send{"fashion", "mlp",
             NextStop{0, "itinerary", 0, {}, {*Address::parse("fd01:203:405::1"), *Address::parse("fd01:203:405::2")}}},
        Send{"fashion", "mlp", address_of(9)},
        Receive{"fashion", false},
        Finish{17, {"sgd", 200, 10, 0.75, 0.5, {{"accuracy", 0.625}, {"seconds", 2}}, {{"rate", "0.05"}}}, NextStop{}},
        Release{18},
        Measured{19, {{0, 20, 0.75, 0.5}, {7, 5, 1.5, 0.25}}},
        Measured{20, {}},
        Cancel{"00ff"},
        CancelRequest{3},
        ReportQuery{"journey", {"show", "12ab"}},
        LedgerEntry{uint64_t{5}, address_of(3), 8},
        LedgerEntry{version_of(4), std::nullopt, 0},
        LedgerCheckpoint{12},
        LedgerConsistency{3, 9},
        LedgerAudit{version_of(5)},
        ExportVersion{version_of(6)},
        TaskCreate{"fashion",
                   version_of(7),
                   true,
                   12,
                   1000,
                   {address_of(1), address_of(2)},
                   "compute",
                   {{"theta", 0.5}, {"jump", 0.25}},
                   0.75,
                   0.125,
                   500,
                   120,
                   10'000,
                   3'600'000,
                   2,
                   60'000},
        TaskJoin{"fashion@00ff"},
        TaskLeave{"fashion"},
        Order{"tag", {"fashion@good", "12ab"}}};
}

inline std::vector<ReplyBody> every_reply_body() {
    Digest digest;
    digest.bytes.fill(8);
    return {Ok{},
            Failure{ErrorCode::kUnreachable, "no route to fd12::9"},
            Welcome{kProtocolVersion, "aipacketd 0.1.0", address_of(1), *crypto::PublicKey::from(digest.view())},
            Sent{version_of(7), "12ab", address_of(2), {1, 2, 3}, 100, 120, 33, digest},
            Sent{version_of(7), "", address_of(2), {}, 100, 120, 33, std::nullopt},
            Finished{version_of(9), address_of(4), "0.61 nats from what it has seen"},
            Finished{version_of(9), std::nullopt, "the last stop"},
            sample_report(),
            Blob{{9, 8, 7}},
            Audit{std::vector<AuditStep>{{version_of(1), address_of(1), {1, 1}, ""},
                                         {version_of(2), Address{}, {}, "not found"}}},
            File{12345},
            Task{"fashion@0123456789abcdef0123456789abcdef"}};
}

inline std::vector<Message> every_message() {
    std::vector<Message> all;
    for (RequestBody& body : every_request_body()) all.push_back(Request{all.size() + 1, std::move(body)});
    for (ReplyBody& body : every_reply_body()) all.push_back(Reply{all.size() + 1, std::move(body)});
    all.push_back(Progress{5, 10, 20, "00ff", "sending"});
    all.push_back(Delivery{6,
                           version_of(1),
                           {version_of(2), version_of(3)},
                           "fashion",
                           "mlp",
                           "12ab",
                           3,
                           117,
                           address_of(7),
                           4096,
                           {10, 0, 5},
                           "largest divergence",
                           {0.9, std::nullopt, 100},
                           true});
    return all;
}

}  // namespace aip::api

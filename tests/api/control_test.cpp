#include "api/control.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/limits.hpp"
#include "messages.hpp"

namespace aip::api {
namespace {

ByteView body_of(const Bytes& frame) { return ByteView(frame).subspan(4); }

TEST(Control, EveryMessageComesBackAsItWent) {
    for (const Message& message : every_message()) {
        const auto frame = encode(message);
        ASSERT_TRUE(frame);
        EXPECT_EQ(load_be32(frame->data()), frame->size() - 4);
        const auto back = parse(body_of(*frame));
        ASSERT_TRUE(back) << back.error().text;
        EXPECT_EQ(*back, message) << "kind " << message.index();
    }
}

Bytes vector(const std::string& name) {
    std::ifstream in(std::string(AIP_SOURCE_DIR) + "/rfc/vectors/0005/" + name + ".hex");
    std::string hex;
    in >> hex;
    return *from_hex(hex);
}

TEST(Control, VectorsReadAndWriteTheSameBytes) {
    const std::vector<std::pair<std::string, Message>> good = {
        {"hello", Request{1, Hello{1, "x"}}}, {"not_found", Reply{7, Failure{ErrorCode::kNotFound, "no"}}}};
    for (const auto& [name, message] : good) {
        EXPECT_EQ(*encode(message), vector(name)) << name;
        EXPECT_EQ(*parse(body_of(vector(name))), message) << name;
    }
    for (const char* bad : {"bad_file_flag", "bad_no_id", "bad_truncated"})
        EXPECT_FALSE(parse(body_of(vector(bad)))) << bad;
}

TEST(Control, LossesThatWereNotMeasuredStayNotANumber) {
    const auto frame = encode(Request{1, Finish{1, Work{}, NextStop{}}});
    const auto back = parse(body_of(*frame));
    ASSERT_TRUE(back);
    const auto& work = std::get<Finish>(std::get<Request>(*back).body).work;
    EXPECT_TRUE(std::isnan(work.loss_before) && std::isnan(work.loss_after));
}

TEST(Control, ExactlySendFinishFileAndDeliveryBringADescriptor) {
    size_t files = 0;
    for (const Message& message : every_message()) files += has_file(message);
    EXPECT_EQ(files, 6u);  // three kinds of Send among them
}

TEST(Control, EveryTruncationIsRefusedOrShorter) {
    for (const Message& message : every_message()) {
        const Bytes frame = *encode(message);
        for (size_t length = 0; length < frame.size() - 4; ++length) {
            const auto back = parse(body_of(frame).first(length));
            EXPECT_FALSE(back && *back == message) << length;
            if (length % 8 != 0) {
                EXPECT_FALSE(back);
            }
        }
    }
}

TEST(Control, EveryFlippedByteIsSurvived) {
    for (const Message& message : every_message()) {
        const Bytes frame = *encode(message);
        for (size_t at = 4; at < frame.size(); ++at) {
            Bytes bent = frame;
            bent[at] ^= 0xff;
            const auto back = parse(body_of(bent));
            if (!back) {
                EXPECT_EQ(back.error().code, ErrorCode::kInvalid);
            }
        }
    }
}

TEST(Control, RefusesTablesWhoseCellsDoNotFitTheirColumns) {
    Report report = sample_report();
    std::swap(report.columns[0], report.columns[1]);
    const auto back = parse(body_of(*encode(Reply{1, report})));
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().text, "malformed control message: a cell is not of its column's type");
}

TEST(Control, RefusesRequestsWithoutAnIdAndTooManyLabels) {
    EXPECT_FALSE(parse(body_of(*encode(Request{0, Bind{"t"}}))));
    PublishInterest interest{"t", std::vector<uint64_t>(limits::kSketchBinsMax + 1, 1), 1, 1};
    EXPECT_FALSE(parse(body_of(*encode(Request{1, interest}))));
    interest.label_counts.pop_back();
    EXPECT_TRUE(parse(body_of(*encode(Request{1, interest}))));
}

TEST(Control, RefusesToEncodeMoreThanAFrameHolds) {
    const auto frame = encode(Reply{1, Blob{Bytes(limits::kControlMessageMax)}});
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace aip::api

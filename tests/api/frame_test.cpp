#include "api/frame.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace aip::api {
namespace {

Bytes frame_of(std::string_view text) {
    Bytes out;
    Writer(out).u32(static_cast<uint32_t>(text.size())).put(text);
    return out;
}

TEST(FrameReader, GivesEveryMessageHoweverTheStreamIsCut) {
    Bytes stream = frame_of("eight by");
    for (const uint8_t byte : frame_of("sixteen bytes !!")) stream.push_back(byte);
    for (size_t step = 1; step <= stream.size(); ++step) {
        FrameReader reader;
        std::string seen;
        for (size_t at = 0; at < stream.size(); at += step) {
            reader.push(ByteView(stream).subspan(at, std::min(step, stream.size() - at)));
            for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
                seen += as_text(**frame);
                seen += '|';
            }
        }
        EXPECT_EQ(seen, "eight by|sixteen bytes !!|");
        EXPECT_TRUE(reader.empty());
    }
}

TEST(FrameReader, WaitsWhileAMessageIsIncomplete) {
    const Bytes frame = frame_of("eight by");
    for (size_t length = 1; length < frame.size(); ++length) {
        FrameReader reader;
        reader.push(ByteView(frame).first(length));
        const auto next = reader.next();
        ASSERT_TRUE(next);
        EXPECT_FALSE(next->has_value());
        EXPECT_FALSE(reader.empty());
    }
}

TEST(FrameReader, RefusesHostileLengthsBeforeTheirBytesCome) {
    for (const uint32_t length : {0u, 7u, limits::kControlMessageMax + 8, 0xffffffffu}) {
        Bytes bytes;
        Writer(bytes).u32(length);
        FrameReader reader;
        reader.push(bytes);
        const auto next = reader.next();
        ASSERT_FALSE(next) << length;
        EXPECT_EQ(next.error().code, ErrorCode::kInvalid);
    }
}

}  // namespace
}  // namespace aip::api

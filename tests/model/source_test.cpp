#include "model/source.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support.hpp"

namespace aip::model::test {
namespace {

using ::testing::HasSubstr;

class MemoryFile {
public:
    explicit MemoryFile(ByteView bytes) : fd_(memfd_create("model", MFD_CLOEXEC)) {
        EXPECT_EQ(write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    ~MemoryFile() { close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

TEST(FdSource, ReadsAnywhere) {
    const MemoryFile file(as_bytes("abcdef"));
    auto source = FdSource::open(file.fd());
    ASSERT_TRUE(source);
    EXPECT_EQ(source->size(), 6u);
    Bytes out(3);
    ASSERT_TRUE(source->read(2, out));
    EXPECT_EQ(as_text(out), "cde");
    EXPECT_FALSE(source->read(4, out));
}

TEST(Sources, ShowWhatTheyReadInPlaceOrInTheRoomGiven) {
    const MemoryFile file(as_bytes("abcdef"));
    auto source = FdSource::open(file.fd());
    ASSERT_TRUE(source);
    Bytes room;
    const auto read = source->view(2, 3, room);
    ASSERT_TRUE(read);
    EXPECT_EQ(as_text(*read), "cde");
    EXPECT_EQ(read->data(), room.data());
    EXPECT_FALSE(source->view(4, 3, room));

    const Bytes bytes{1, 2, 3};
    MemorySource memory(bytes);
    const auto seen = memory.view(1, 2, room);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->data(), bytes.data() + 1);
    EXPECT_EQ(seen->size(), 2u);
    EXPECT_FALSE(memory.view(2, 2, room));
    EXPECT_FALSE(memory.view(4, 0, room));
}

TEST(FdSource, NoticesAFileThatBecameShorter) {
    const Bytes model = tiny_model(1, 4096);
    const MemoryFile file(model);
    auto source = FdSource::open(file.fd());
    ASSERT_TRUE(source);
    ASSERT_EQ(ftruncate(file.fd(), 1000), 0);
    MemoryBlockStore blocks;
    Serial cores;
    const auto manifest = import_model(*source, blocks, fields(), {}, cores);
    ASSERT_FALSE(manifest);
    EXPECT_EQ(manifest.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(manifest.error().text, HasSubstr("file was truncated while being read"));
}

TEST(FdSource, RefusesWhatIsNoRegularFile) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    EXPECT_THAT(error_text(FdSource::open(ends[0])), HasSubstr("not a regular file"));
    close(ends[0]);
    close(ends[1]);
    EXPECT_FALSE(FdSource::open(-1));
}

TEST(FdSink, WritesEverything) {
    const MemoryFile file({});
    FdSink sink(file.fd());
    ASSERT_TRUE(sink.write(as_bytes("ab")));
    ASSERT_TRUE(sink.write(as_bytes("cd")));
    auto source = FdSource::open(file.fd()).value();
    Bytes out(4);
    ASSERT_TRUE(source.read(0, out));
    EXPECT_EQ(as_text(out), "abcd");
}

TEST(FdSink, SaysThatTheDiskIsFull) {
    const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    FdSink sink(fd);
    EXPECT_EQ(sink.write(as_bytes("x")).error().code, ErrorCode::kNoSpace);
    close(fd);
}

}  // namespace
}  // namespace aip::model::test

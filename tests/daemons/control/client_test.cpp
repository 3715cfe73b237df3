// The client library, C++ down to the socket, against a server with a fake node behind it.
#include <gtest/gtest.h>
#include <poll.h>
#include <aip/aip.hpp>

#include <fstream>

#include "fake_node.hpp"

namespace aip::daemons {
namespace {

std::string read_all(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string version_of(std::string_view content) { return crypto::sha256(as_bytes(content)).hex(); }

bool readable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return poll(&p, 1, 0) == 1;
}

template <class F>
ApiError failure_of(F call) {
    try {
        call();
    } catch (const ApiError& e) {
        return e;
    }
    return ApiError(AIP_OK, "nothing was thrown");
}

class ClientTest : public testing::Test {
protected:
    std::string write_file(const std::string& name, const std::string& content) {
        std::ofstream(directory_.file(name), std::ios::binary) << content;
        return directory_.file(name);
    }

    TemporaryDirectory directory_;
    std::string path_ = directory_.file("aipacketd.sock");
    FakeNode node_{path_};
    Client client_ = Client::connect(path_);
    Socket socket_ = client_.socket();
};

TEST_F(ClientTest, KnowsTheAddressOfItsNode) { EXPECT_EQ(client_.address(), "fd12:3456:789a::1"); }

TEST_F(ClientTest, TrainsAModelThatArrives) {
    node_.put_model("weights");
    socket_.bind("fashion");
    socket_.publish_interest({10, 0, 20}, 30, 1000);
    auto model = socket_.recv();
    ASSERT_TRUE(model);
    EXPECT_EQ(read_all(model->path()), "weights");
    EXPECT_EQ(model->version(), version_of("weights"));
    EXPECT_EQ(model->task(), "fashion");
    EXPECT_EQ(model->journey(), "12ab");
    EXPECT_EQ(model->stop(), 3u);
    EXPECT_EQ(model->stops_left(), 7u);
    EXPECT_EQ(model->labels_seen(), (std::vector<uint64_t>{1, 2}));
    EXPECT_EQ(model->stay().accuracy, 0.9);
    EXPECT_TRUE(std::isnan(model->stay().loss));
    Work work;
    work.steps = 50;
    work.metrics["accuracy"] = 0.8;
    EXPECT_TRUE(model->stay().asks_for_more(work));
    work.metrics["accuracy"] = 0.9;
    EXPECT_FALSE(model->stay().asks_for_more(work));

    const std::string trained = write_file("trained", "better weights");
    const Finished finished = model->finish(
        trained, {.what = "sgd", .samples = 200, .steps = 10, .loss_before = 0.75, .loss_after = 0.5}, next_stop());
    EXPECT_EQ(finished.version, version_of("better weights"));
    EXPECT_EQ(finished.next_stop, "fd12:3456:789a::2");
    node_.wait_until([](FakeNode& n) { return n.files.size() == 1; });
    EXPECT_EQ(node_.files[0], "better weights");
    EXPECT_EQ(std::get<api::Finish>(node_.seen.back()).work.loss_after, 0.5);
    EXPECT_EQ(failure_of([&] { model->release(); }).code(), AIP_INVALID) << "it is out of custody";
}

TEST_F(ClientTest, ReleasesAModelAddressedToThisNode) {
    node_.put_model("weights");
    socket_.receive();
    auto model = socket_.recv(std::chrono::seconds(10));
    ASSERT_TRUE(model);
    EXPECT_EQ(read_all(model->path()), "weights");
    model->release();
    EXPECT_EQ(std::get<api::Release>(node_.seen.back()).delivery, 41u);
}

TEST_F(ClientTest, MeasuresAModelThatIsToBeMeasured) {
    node_.put_model("weights");
    socket_.bind("measured", true);
    EXPECT_TRUE(std::get<api::Bind>(node_.seen.back()).measures);
    auto model = socket_.recv(std::chrono::seconds(10));
    ASSERT_TRUE(model);
    EXPECT_TRUE(model->to_measure());
    EXPECT_EQ(failure_of([&] { model->measured(std::vector<aip_class_figures>(1025)); }).code(), AIP_INVALID);
    model->measured({{3, 50, 0.5, 0.875}});
    EXPECT_EQ(std::get<api::Measured>(node_.seen.back()), (api::Measured{41, {{3, 50, 0.5, 0.875}}}));
    EXPECT_EQ(failure_of([&] { model->release(); }).code(), AIP_INVALID) << "it is out of custody";
}

TEST_F(ClientTest, SendsAFileWithProgressAndReceipt) {
    const std::string file = write_file("model", "0123456789");
    std::vector<uint64_t> done;
    const Sent sent = socket_.send(file, next_stop(120, "coverage"), "fashion", "mlp",
                                   [&](uint64_t bytes, uint64_t total, const char*) {
                                       EXPECT_EQ(total, 10u);
                                       done.push_back(bytes);
                                       return true;
                                   });
    EXPECT_EQ(done, (std::vector<uint64_t>{5, 10}));
    EXPECT_EQ(sent.version, version_of("0123456789"));
    EXPECT_EQ(sent.peer, "fd12:3456:789a::2");
    EXPECT_EQ(sent.journey, "12ab");
    EXPECT_EQ(std::get<api::NextStop>(std::get<api::Send>(node_.seen.back()).destination).stops, 120u);
}

TEST_F(ClientTest, ProgressFunctionCancelsTheSend) {
    const std::string file = write_file("model", "0123456789");
    const ApiError error = failure_of(
        [&] { socket_.send(file, next_stop(1), "slow", "", [](uint64_t, uint64_t, const char*) { return false; }); });
    EXPECT_EQ(error.code(), AIP_CANCELLED);
    socket_.bind("fashion");  // the session goes on
}

TEST_F(ClientTest, AnotherThreadCancelsAWaitingReceive) {
    std::thread other([&] { socket_.cancel(); });
    EXPECT_FALSE(socket_.recv());
    other.join();
    EXPECT_FALSE(socket_.recv(std::chrono::milliseconds(0))) << "once only; then the time is up";
}

TEST_F(ClientTest, DescriptorIsReadableWhileModelsWait) {
    EXPECT_FALSE(readable(socket_.fd()));
    node_.put_model("weights");
    socket_.receive();
    // The delivery follows the reply at once: after one more round trip it was read together with a reply.
    socket_.bind("fashion");
    EXPECT_TRUE(readable(socket_.fd()));
    EXPECT_TRUE(socket_.recv(std::chrono::milliseconds(0)));
    EXPECT_FALSE(readable(socket_.fd()));
}

TEST_F(ClientTest, ErrorsSayWhatTheNodeSaid) {
    const std::string file = write_file("model", "0123456789");
    const ApiError error = failure_of([&] { socket_.send(file, next_stop(1), "unserved"); });
    EXPECT_EQ(error.code(), AIP_NOT_FOUND);
    EXPECT_STREQ(error.what(), "no node serves task 'unserved'");
    EXPECT_EQ(failure_of([&] { socket_.send(directory_.file("none"), next_stop(1), "t"); }).code(), AIP_NOT_FOUND);
    EXPECT_STREQ(failure_of([&] { socket_.send(file, to("home"), "t"); }).what(), "home is no node address (fd..)");
}

TEST_F(ClientTest, SaysWhenThereIsNoDaemon) {
    const ApiError error = failure_of([&] { Client::connect(directory_.file("none.sock")); });
    EXPECT_EQ(error.code(), AIP_UNREACHABLE);
    EXPECT_EQ(error.what(), "no daemon at " + directory_.file("none.sock") + "; start aipacketd or give its socket");
}

TEST(Client, SaysThatTheDaemonIsGone) {
    TemporaryDirectory directory;
    auto node = std::make_unique<FakeNode>(directory.file("aip.sock"));
    Client client = Client::connect(directory.file("aip.sock"));
    Socket socket = client.socket();
    node.reset();
    EXPECT_EQ(failure_of([&] { socket.recv(); }).code(), AIP_UNREACHABLE);
    EXPECT_EQ(failure_of([&] { socket.bind("fashion"); }).code(), AIP_UNREACHABLE);
}

}  // namespace
}  // namespace aip::daemons

#include "daemons/control/control_server.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <fstream>

#include "api/connection.hpp"
#include "base/limits.hpp"
#include "fake_node.hpp"

namespace aip::daemons {
namespace {

using api::Connection;

// A client without manners: raw bytes over the socket.
class RawClient {
public:
    explicit RawClient(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        AIP_ASSERT(connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    void send(ByteView bytes, int file = -1) { AIP_ASSERT(*api::send_some(fd_.get(), bytes, file) == bytes.size()); }
    void send(const api::Message& message, int file = -1) { send(*api::encode(message), file); }
    void hello() { send(api::Request{1, api::Hello{api::kProtocolVersion, "raw"}}); }
    // All that comes until the server hangs up.
    std::vector<api::Message> until_closed() {
        std::vector<api::Message> out;
        api::FrameReader frames;
        uint8_t buffer[4096];
        ssize_t n = 0;
        while ((n = recv(fd_.get(), buffer, sizeof buffer, 0)) > 0) {
            frames.push({buffer, static_cast<size_t>(n)});
            for (auto frame = frames.next(); frame && *frame; frame = frames.next())
                out.push_back(*api::parse(**frame));
        }
        return out;
    }
    std::string last_words() {
        const auto all = until_closed();
        if (all.empty()) return "";
        const auto& reply = std::get<api::Reply>(all.back());
        EXPECT_EQ(reply.id, 0u);
        return std::get<api::Failure>(reply.body).text;
    }

private:
    OwnedFd fd_;
};

class ControlServerTest : public testing::Test {
protected:
    TemporaryDirectory directory_;
    std::string path_ = directory_.file("aipacketd.sock");
    FakeNode node_{path_};
};

TEST_F(ControlServerTest, SocketIsForOwnerAndGroupOnly) {
    struct stat status {};
    ASSERT_EQ(stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660u);
}

TEST_F(ControlServerTest, HangsUpOnGarbageSayingWhy) {
    RawClient client(path_);
    client.send(as_bytes("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(client.last_words(), "malformed control message: its length is 1195725856");
    node_.wait_until([](FakeNode& n) { return n.closed == 1; });
    EXPECT_EQ(node_.counters().garbage, 1u);
    EXPECT_TRUE(node_.seen.empty());
}

TEST_F(ControlServerTest, WantsHelloFirstAndInItsOwnVersion) {
    RawClient silent(path_);
    silent.send(api::Request{1, api::Bind{"fashion"}});
    EXPECT_EQ(silent.last_words(), "the first request must be hello");
    RawClient old(path_);
    old.send(api::Request{1, api::Hello{99, "old"}});
    EXPECT_EQ(old.last_words(), "the daemon speaks control protocol 1, the program 99; install one version of both");
}

TEST_F(ControlServerTest, RefusesAnswersFromClients) {
    RawClient client(path_);
    client.hello();
    client.send(api::Reply{1, api::Ok{}});
    EXPECT_EQ(client.last_words(), "only requests are taken on the control socket");
}

TEST_F(ControlServerTest, RefusesSendWithoutADescriptorAndDescriptorsWithoutASend) {
    RawClient missing(path_);
    missing.hello();
    missing.send(api::Request{2, api::Send{"fashion", "", api::NextStop{}}});
    EXPECT_EQ(missing.last_words(), "the request brings no descriptor");
    RawClient extra(path_);
    extra.send(api::Request{1, api::Hello{}}, memory_file("x").get());
    EXPECT_EQ(extra.last_words(), "a descriptor that no message brings");
}

TEST_F(ControlServerTest, RefusesDescriptorsThatAreNoFileAndGoesOn) {
    auto client = Connection::open(path_, "test");
    ASSERT_TRUE(client);
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const OwnedFd in(pipe_ends[0]);
    const OwnedFd out(pipe_ends[1]);
    const auto answer = client->call(api::Send{"fashion", "", api::NextStop{1, ""}}, in.get());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().text, "a model must be a regular file");
    EXPECT_TRUE(client->call(api::Bind{"fashion"}));
}

TEST_F(ControlServerTest, TellsTheNodeWhenAClientIsGone) {
    node_.put_model("weights");
    {
        auto client = Connection::open(path_, "test");
        ASSERT_TRUE(client && client->call(api::Bind{"fashion"}));
        ASSERT_TRUE(*client->wait_delivery(std::nullopt));
    }
    node_.wait_until([](FakeNode& n) { return n.closed == 1; });
    EXPECT_EQ(node_.opened, 1);
}

TEST_F(ControlServerTest, HangsUpOnAClientThatDoesNotRead) {
    RawClient client(path_);
    client.hello();
    client.send(api::Request{2, api::ReportQuery{"flood", {}}});
    node_.wait_until([](FakeNode& n) { return n.closed == 1; });
    EXPECT_EQ(node_.counters().slow, 1u);
}

TEST_F(ControlServerTest, TurnsAwayMoreClientsThanItServes) {
    std::vector<Connection> clients;
    for (uint32_t i = 0; i < limits::kControlClientsMax; ++i) clients.push_back(*Connection::open(path_, "test"));
    const auto refused = Connection::open(path_, "test");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kBusy);
    clients.clear();
    node_.wait_until([](FakeNode& n) { return n.closed == static_cast<int>(limits::kControlClientsMax); });
    EXPECT_TRUE(Connection::open(path_, "test"));
}

TEST_F(ControlServerTest, RefusesToListenWhereADaemonIsAlive) {
    boost::asio::io_context io;
    const auto second = ControlServer::listen(io, {path_, std::nullopt}, node_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kExists);
    EXPECT_EQ(second.error().text, "aipacketd is already running on " + path_);
}

TEST_F(ControlServerTest, ReplacesTheSocketOfADeadDaemonButNoOtherFile) {
    const std::string stale = directory_.file("stale.sock");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    stale.copy(address.sun_path, sizeof address.sun_path - 1);
    {
        const OwnedFd dead(socket(AF_UNIX, SOCK_STREAM, 0));
        ASSERT_EQ(bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    boost::asio::io_context io;
    EXPECT_TRUE(ControlServer::listen(io, {stale, std::nullopt}, node_));
    EXPECT_FALSE(std::filesystem::exists(stale)) << "the server takes its socket with it";

    const std::string file = directory_.file("precious");
    std::ofstream(file) << "data";
    const auto refused = ControlServer::listen(io, {file, std::nullopt}, node_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, file + " exists and is not a socket; remove it or configure another path");
    EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(ControlServerTest, NamesAPathItCannotListenOn) {
    boost::asio::io_context io;
    const auto nowhere = ControlServer::listen(io, {directory_.file("no/such/aip.sock"), std::nullopt}, node_);
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, ErrorCode::kNotFound);
    EXPECT_FALSE(ControlServer::listen(io, {std::string(108, 'x'), std::nullopt}, node_));
}

TEST(PeerIsAllowed, RootOwnUserAndGroupMembersOnly) {
    const uid_t daemon = 990;
    EXPECT_TRUE(peer_is_allowed({0, {0}}, daemon, std::nullopt));
    EXPECT_TRUE(peer_is_allowed({daemon, {990}}, daemon, std::nullopt));
    EXPECT_FALSE(peer_is_allowed({1000, {1000}}, daemon, std::nullopt));
    EXPECT_FALSE(peer_is_allowed({1000, {1000, 27}}, daemon, 991));
    EXPECT_TRUE(peer_is_allowed({1000, {1000, 991}}, daemon, 991));
}

}  // namespace
}  // namespace aip::daemons

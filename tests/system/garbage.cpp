// garbage SOCKET       writes bytes that are no control message and demands to be hung up on
// garbage FROM TO      sends a thousand packets that are none, from one UDP port of loopback to another
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

int to_control_socket(const char* path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path) return 2;
    std::strcpy(address.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 2;
    const char junk[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n and more that is no message";
    if (send(fd, junk, sizeof junk, MSG_NOSIGNAL) < 0) return 2;
    timeval limit{10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char answer[4096];
    for (;;) {
        const ssize_t n = recv(fd, answer, sizeof answer, 0);
        if (n == 0) return 0;  // hung up
        if (n < 0) return 1;
    }
}

sockaddr_in loopback(const char* port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::atoi(port)));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int to_udp_port(const char* from_port, const char* to_port) {
    const sockaddr_in from = loopback(from_port), to = loopback(to_port);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) return 2;
    std::mt19937 random(1);
    for (int i = 0; i < 1000; ++i) {
        std::vector<unsigned char> junk(1 + random() % 1400);
        for (unsigned char& byte : junk) byte = static_cast<unsigned char>(random());
        if (i % 2 == 0) junk[0] = 0x60;  // as IPv6 begins
        static_cast<void>(sendto(fd, junk.data(), junk.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
        if (i % 50 == 0) usleep(1000);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2) return to_control_socket(argv[1]);
    return argc == 3 ? to_udp_port(argv[1], argv[2]) : 2;
}

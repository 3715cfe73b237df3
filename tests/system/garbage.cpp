// garbage SOCKET: writes bytes that are no control message and demands to be hung up on.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (argc != 2 || std::strlen(argv[1]) >= sizeof address.sun_path) return 2;
    std::strcpy(address.sun_path, argv[1]);
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

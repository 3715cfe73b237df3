// send FILE TASK STOPS: starts a model on a journey of STOPS training stops and says where it went.
// send FILE TASK fd..:  sends it to one node instead.
#include <aip/aip.hpp>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: send FILE TASK STOPS|ADDRESS\n");
        return 2;
    }
    try {
        const std::string where = argv[3];
        const bool address = where.find(':') != std::string::npos;
        const auto stops = static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10));
        aip::Client client = aip::Client::connect();
        aip::Socket socket = client.socket();
        const aip::Sent sent =
            socket.send(argv[1], address ? aip::to(where) : aip::next_stop(stops), argv[2], "",
                        [](uint64_t done, uint64_t total, const char* note) {
                            std::fprintf(stderr, "\r%3.0f %% %s", total ? 100.0 * done / total : 0.0, note);
                            return true;
                        });
        std::printf("\nversion %s\nsigned for by %s\n%llu bytes in %lld ms\n", sent.version.c_str(), sent.peer.c_str(),
                    static_cast<unsigned long long>(sent.bytes), static_cast<long long>(sent.elapsed.count()));
        if (!sent.journey.empty()) std::printf("journey %s\n", sent.journey.c_str());
        return 0;
    } catch (const aip::ApiError& e) {
        std::fprintf(stderr, "send: %s\n", e.what());
        return 1;
    }
}

// receive FILE [TASK]: waits for a model sent to this node's address and writes it to FILE.
#include <aip/aip.hpp>
#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        std::fprintf(stderr, "usage: receive FILE [TASK]\n");
        return 2;
    }
    try {
        aip::Client client = aip::Client::connect();
        aip::Socket socket = client.socket();
        std::fprintf(stderr, "waiting for a model sent to %s\n", client.address().c_str());
        socket.receive(argc == 3 ? argv[2] : "");
        auto model = socket.recv();
        if (!model) return 1;
        std::ifstream in(model->path(), std::ios::binary);
        std::ofstream out(argv[1], std::ios::binary | std::ios::trunc);
        out << in.rdbuf();
        if (!out.flush()) {
            std::fprintf(stderr, "receive: cannot write %s\n", argv[1]);
            return 1;  // not released: it is delivered again
        }
        model->release();
        std::printf("version %s\nfrom %s\n%llu bytes\n", model->version().c_str(), model->from().c_str(),
                    static_cast<unsigned long long>(model->bytes()));
        return 0;
    } catch (const aip::ApiError& e) {
        std::fprintf(stderr, "receive: %s\n", e.what());
        return 1;
    }
}

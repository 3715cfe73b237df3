#include <chrono>
#include <csignal>
#include <iostream>

#include "cli/app.hpp"

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
    return aip::cli::run({argv + 1, argv + argc}, std::cout, std::cerr, aip::WallTime::from_unix_ms(now));
}

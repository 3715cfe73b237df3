// LogCapture: DPDK tells why something failed only in its log. While one of these lives, the log goes here instead of
// to stderr; cause() is the driver's own line, without the general ones that follow it. One at a time.
#pragma once

#include <cstdio>
#include <string>

namespace aip::dataplane {

class LogCapture {
public:
    LogCapture();
    ~LogCapture();
    LogCapture(const LogCapture&) = delete;
    LogCapture& operator=(const LogCapture&) = delete;

    std::string cause() const;

private:
    char* text_ = nullptr;
    size_t size_ = 0;
    FILE* stream_;
};

}  // namespace aip::dataplane

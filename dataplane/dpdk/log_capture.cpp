#include "dataplane/dpdk/log_capture.hpp"

#include <rte_log.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace aip::dataplane {

LogCapture::LogCapture() : stream_(::open_memstream(&text_, &size_)) {
    if (stream_ != nullptr) rte_openlog_stream(stream_);
}

LogCapture::~LogCapture() {
    rte_openlog_stream(nullptr);  // back to DPDK's default
    if (stream_ != nullptr) std::fclose(stream_);
    std::free(text_);
}

std::string LogCapture::cause() const {
    if (stream_ == nullptr || std::fflush(stream_) != 0) return "no cause given";
    std::string_view all(text_, size_);
    std::string_view first;
    while (!all.empty()) {
        const size_t end = std::min(all.find('\n'), all.size());
        const std::string_view line = all.substr(0, end);
        all.remove_prefix(std::min(end + 1, all.size()));
        if (line.empty()) continue;
        if (line.substr(0, 4) != "EAL:") return std::string(line);
        if (first.empty()) first = line;
    }
    return first.empty() ? "no cause given" : std::string(first);
}

}  // namespace aip::dataplane

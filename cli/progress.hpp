// How far a transfer is, on standard error: a bar that redraws itself on a terminal, a line every tenth elsewhere.
#pragma once

#include <chrono>
#include <ostream>

#include "api/control.hpp"

namespace aip::cli {

class ProgressPrinter {
public:
    ProgressPrinter(std::ostream& err, bool terminal) : err_(err), terminal_(terminal) {}
    ~ProgressPrinter() { end_line(); }
    ProgressPrinter(const ProgressPrinter&) = delete;
    ProgressPrinter& operator=(const ProgressPrinter&) = delete;

    void show(const api::Progress& progress);

private:
    void end_line();

    std::ostream& err_;
    const bool terminal_;
    bool line_open_ = false;
    uint64_t tenth_shown_ = UINT64_MAX;
    std::string note_shown_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace aip::cli

#include "cli/progress.hpp"

#include <algorithm>

#include "cli/report.hpp"

namespace aip::cli {
namespace {
constexpr uint64_t kBarWidth = 30;
}

void ProgressPrinter::show(const api::Progress& p) {
    const double share = p.total == 0 ? 0 : std::min(1.0, static_cast<double>(p.done) / static_cast<double>(p.total));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const auto rate = static_cast<uint64_t>(seconds > 0 ? static_cast<double>(p.done) / seconds : 0);
    const std::string figures = std::to_string(static_cast<int>(share * 100)) + " %  " + bytes_text(p.done) + " of " +
                                bytes_text(p.total) + "  " + bytes_text(rate) + "/s  " + p.note;
    if (terminal_) {
        const auto full = static_cast<size_t>(share * kBarWidth);
        err_ << "\r[" << std::string(full, '#') << std::string(kBarWidth - full, ' ') << "] " << figures << "\x1b[K"
             << std::flush;
        line_open_ = true;
        return;
    }
    if (p.done == 0) return;  // a log needs no line that says nothing yet
    const auto tenth = static_cast<uint64_t>(share * 10);
    if (tenth == tenth_shown_ && p.note == note_shown_) return;
    tenth_shown_ = tenth;
    note_shown_ = p.note;
    err_ << figures << std::endl;
}

void ProgressPrinter::end_line() {
    if (line_open_) err_ << std::endl;
}

}  // namespace aip::cli

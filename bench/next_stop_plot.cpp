// A small SVG by hand: no plotting library for one picture.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdarg>

#include "bench/next_stop_walks.hpp"

namespace aip::bench {
namespace {

constexpr double kLeft = 70, kTop = 40, kWidth = 560, kHeight = 380;
constexpr double kDecadeMin = -3, kDecadeMax = 1;
constexpr std::array kColours = {"#1b6ca8", "#e07b00", "#7a3fa0", "#1d8348", "#c0392b", "#7f8c8d"};

__attribute__((format(printf, 1, 2))) std::string text(const char* format, ...) {
    char line[400];
    va_list values;
    va_start(values, format);
    std::vsnprintf(line, sizeof line, format, values);
    va_end(values);
    return line;
}

double x_of(double sent) { return kLeft + kWidth * sent / kTransmissions; }
double y_of(double divergence) {
    const double decade = std::clamp(std::log10(std::max(divergence, 1e-9)), kDecadeMin, kDecadeMax);
    return kTop + kHeight * (kDecadeMax - decade) / (kDecadeMax - kDecadeMin);
}

std::string axes() {
    std::string svg =
        text("<rect x='%g' y='%g' width='%g' height='%g' fill='none' stroke='#444'/>\n", kLeft, kTop, kWidth, kHeight);
    for (double decade = kDecadeMin; decade <= kDecadeMax; ++decade) {
        const double y = y_of(std::pow(10, decade));
        svg += text("<line x1='%g' x2='%g' y1='%g' y2='%g' stroke='#ddd'/>", kLeft, kLeft + kWidth, y, y);
        svg += text("<text x='%g' y='%g' text-anchor='end'>%g</text>\n", kLeft - 6, y + 4, std::pow(10, decade));
    }
    for (uint32_t sent = 0; sent <= kTransmissions; sent += 25)
        svg += text("<text x='%g' y='%g' text-anchor='middle'>%u</text>\n", x_of(sent), kTop + kHeight + 18, sent);
    return svg + text("<text x='%g' y='%g'>D(global || seen) in nats, by one-hop transmissions of the model</text>\n",
                      kLeft, kTop - 14);
}

}  // namespace

std::string plot_svg(const std::map<std::string, Means>& curves) {
    std::string svg =
        "<svg xmlns='http://www.w3.org/2000/svg' width='830' height='460' font-family='sans-serif' font-size='13'>\n"
        "<rect width='830' height='460' fill='white'/>\n" +
        axes();
    size_t i = 0;
    for (const auto& [policy, means] : curves) {
        const char* colour = kColours[i % kColours.size()];
        svg += text("<polyline fill='none' stroke-width='2' stroke='%s' points='", colour);
        for (uint32_t sent = 0; sent <= kTransmissions; ++sent)
            svg += text("%.1f,%.1f ", x_of(sent), y_of(means.divergence[sent]));
        svg += text("'/>\n<text x='%g' y='%g' fill='%s'>%s</text>\n", kLeft + kWidth + 12,
                    kTop + 20 + 22 * static_cast<double>(i), colour, policy.c_str());
        ++i;
    }
    return svg + "</svg>\n";
}

}  // namespace aip::bench

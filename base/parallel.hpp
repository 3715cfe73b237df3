// Parallel: pieces of work that touch nothing in common, run at once where there are cores for it. each() returns when
// all of them are done. Nobody can tell which ran first, so a piece leaves its result in a place of its own, and the
// outcome is the same with any number of cores. Serial: one after the other (simulator, tests). The daemon's:
// daemons/core_pool.hpp.
#pragma once

#include <cstddef>
#include <functional>

namespace aip {

class Parallel {
public:
    virtual ~Parallel() = default;
    virtual size_t width() const = 0;                                                    // pieces at once, at least 1
    virtual void each(size_t count, const std::function<void(size_t piece)>& work) = 0;  // work(0) to work(count - 1)
};

class Serial final : public Parallel {
public:
    size_t width() const override { return 1; }
    void each(size_t count, const std::function<void(size_t piece)>& work) override {
        for (size_t piece = 0; piece < count; ++piece) work(piece);
    }
};

}  // namespace aip

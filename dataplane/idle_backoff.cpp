#include "dataplane/idle_backoff.hpp"

#include <algorithm>

namespace aip::dataplane {

Duration IdleBackoff::next(bool did_work) {
    if (did_work) {
        last_ = {};
    } else {
        last_ = last_ == Duration{} ? config_.first : std::min(last_ * 2, config_.cap);
    }
    return last_;
}

}  // namespace aip::dataplane

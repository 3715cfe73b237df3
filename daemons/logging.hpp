// The daemon's log: lines on standard error. Under systemd (JOURNAL_STREAM is set) each line starts with its syslog
// priority, "<6>", and carries no time of its own; elsewhere it has time and level. Secret keys cannot be printed at
// all (crypto/keys.hpp). Used by the loop thread and the storage thread; the sink is locked.
#pragma once

#include <spdlog/logger.h>

#include <memory>

#include "daemons/config.hpp"

namespace aip::daemons {

std::shared_ptr<spdlog::logger> make_logger(LogLevel level);

}  // namespace aip::daemons

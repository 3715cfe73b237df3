// Daemon: the node with everything real around it, built in one place and in one order (see daemon.cpp): lock, keys,
// ports, socket, then privileges go, then databases, then the loop. run() returns when SIGTERM or SIGINT came.
// The loop thread does everything but blocking storage work; it sleeps when idle, at most 4 ms while a port must be
// polled, else until the next timer, packet, request or completion.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "daemons/config.hpp"

namespace aip::daemons {

class Daemon {
public:
    static Result<std::unique_ptr<Daemon>> start(const Config& config);
    ~Daemon();
    Result<void> run();  // an error if a write that must not fail has failed

private:
    struct Parts;
    explicit Daemon(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace aip::daemons

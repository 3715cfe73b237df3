// Trainer: the port between "a model arrived" and "here is its next version". The trainer program calls it; the daemon
// never does, it only writes down the Work it is told.
//
// Contract: train() is deterministic (the same file, stop and configuration give the same bytes), leaves its input as
// it is, and returns a whole file or an error, never a half-trained or non-finite model.
#pragma once

#include <cmath>
#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace aip::learning {

// What was done at a stop; it goes into the ledger. NAN: not measured.
struct Work {
    std::string what;
    uint64_t samples = 0;  // drawn, repetitions counted
    uint64_t steps = 0;
    double loss_before = NAN;
    double loss_after = NAN;
    std::map<std::string, double> metrics;  // "accuracy": share of the test set, 0..1
};

struct Trained {
    Bytes file;
    Work work;
};

class Trainer {
public:
    virtual ~Trainer() = default;
    virtual Result<Trained> train(ByteView model_file, uint64_t stop) = 0;
};

}  // namespace aip::learning

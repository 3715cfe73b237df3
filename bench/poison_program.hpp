// The trainer programs of `tools/bench poison`: honest ones, and ones that poison what they hand on.
#pragma once

#include <set>

#include "learning/hold_out.hpp"
#include "learning/sgd_trainer.hpp"
#include "sim/network.hpp"

namespace aip::bench {

enum class Attack : uint8_t { kNone, kSignFlip, kScale10, kScale100, kNoise, kLabelFlip, kBackdoor };
std::string_view attack_name(Attack attack);

inline constexpr uint8_t kBackdoorLabel = 7;
// A white square of 4 x 4 pixels in a corner.
void stamp(learning::Batch& batch);

struct Score {  // of the versions that honest stops made last
    double accuracy = 0, backdoor = 0;
    uint32_t count = 0;
    double mean() const { return accuracy / count; }
    double backdoor_mean() const { return backdoor / count; }
};

struct Tests {
    learning::Batch clean;
    learning::Batch stamped;  // none of kBackdoorLabel
    uint32_t judged = 100;    // the last stops
};

class Program final : public sim::Program {
public:
    Program(learning::Shard shard, const learning::Shard& probe, const learning::SgdPlan& plan, Attack attack,
            const Tests& tests, Score& score);

    void on_start(sim::Machine& machine, node::SessionId session) override;
    void on_delivery(sim::Machine& machine, node::SessionId session, const node::Delivery& delivery,
                     Bytes file) override;

private:
    void measure(sim::Machine& machine, node::SessionId session, const node::Delivery& delivery, const Bytes& file);
    void train(learning::Mlp& mlp, uint32_t stop) const;
    void poison(learning::Mlp& mlp, uint32_t stop) const;
    void train_on_lies(learning::Mlp& mlp, uint32_t stop) const;

    std::vector<uint64_t> labels_;
    learning::HoldOut hold_out_;
    learning::Shard shard_;
    learning::SgdPlan plan_;
    learning::SgdTrainer trainer_;
    Attack attack_;
    const Tests& tests_;
    Score& score_;
};

}  // namespace aip::bench

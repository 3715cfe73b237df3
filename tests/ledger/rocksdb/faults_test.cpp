#include "torture.hpp"

namespace aip::ledger::torture {
namespace {

constexpr uint64_t kAppends = 6;
constexpr uint64_t kPointsOfOneFault = 12;  // spread over all calls; bench/ledger_faults takes every one

// A log of a few entries, opened and appended to: at every point it breaks in, what is left is whole.
void break_everywhere(Fault fault) {
    const crypto::Signer signer = signer_of(2);
    const uint64_t calls = calls_of_a_life(signer, kAppends);
    ASSERT_GT(calls, 20u);
    TempDir dir;
    History history(dir / "");
    ASSERT_EQ(history.child(signer, Fault::kNone, 0, kAppends), "");
    const uint64_t stride = std::max<uint64_t>(1, calls / kPointsOfOneFault);
    for (uint64_t nth = 0; nth < calls; nth += stride) {
        EXPECT_EQ(history.child(signer, fault, nth, kAppends), "") << "call " << nth;
        ASSERT_EQ(history.inspect(signer), "") << "call " << nth;
    }
    EXPECT_GT(history.acknowledged(), kAppends * 2);
}

TEST(Faults, AnErrorOfTheDiskAtAnyCallLosesNothing) { break_everywhere(Fault::kEio); }
TEST(Faults, AFullDiskAtAnyCallLosesNothing) { break_everywhere(Fault::kEnospc); }
TEST(Faults, AKillAtAnyCallLosesNothing) { break_everywhere(Fault::kKill); }

TEST(Faults, AKillWhileTheLogIsMadeLeavesOneThatOpens) {
    const crypto::Signer signer = signer_of(2);
    for (uint64_t nth = 0; nth < 60; nth += 6) {
        TempDir dir;
        History history(dir / "");
        EXPECT_EQ(history.child(signer, Fault::kKill, nth, 1), "");
        EXPECT_EQ(history.inspect(signer), "") << "call " << nth;
    }
}

}  // namespace
}  // namespace aip::ledger::torture

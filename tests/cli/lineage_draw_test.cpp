#include <gtest/gtest.h>

#include "cli/lineage.hpp"

namespace aip::cli {
namespace {

TEST(LineageDot, ABackslashAtTheEndOfAReasonEndsNoLabel) {
    ledger::Lineage lineage;
    lineage.steps.emplace_back();
    lineage.steps[0].why = "no \"answer\" from C:\\";
    const std::string dot = lineage_dot(lineage);
    EXPECT_NE(dot.find("no &quot;answer&quot; from C:\\\\\", color="), std::string::npos) << dot;
}

}  // namespace
}  // namespace aip::cli

// HopStatement <-> the JSON of an in-toto Statement (rfc/0004 section 4.2): the text that a leaf signs.
// Invariant: what is written or read is within the limits of check_limits(), so a statement that was read can be
// written again. A field of the predicate is added here, in the rfc's table and in the vectors together.
// Pure functions. Nothing about signatures: that is statement.hpp.
#pragma once

#include "ledger/statement.hpp"

namespace aip::ledger {

struct SignedStatement {
    HopStatement statement;
    crypto::CredentialBytes credential;
};

// kInvalid names the field that is out of its limits.
Result<void> check_limits(const HopStatement& statement);

Result<std::string> write_statement(const SignedStatement& statement);
Result<SignedStatement> parse_hop(const Statement& statement);

}  // namespace aip::ledger

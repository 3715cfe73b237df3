// HopStatement <-> the JSON of an in-toto Statement (rfc/0004 section 4.2). Nothing about signatures.
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
Result<SignedStatement> parse_statement(std::string_view text);

}  // namespace aip::ledger

// JsonScanner: reads JSON (RFC 8259) token by token, as strictly as the grammar allows, for the one kind of document
// that safetensors headers are. It builds no tree: the caller says what must come next and checks for duplicates.
// Invariant: never reads past its text; every error is kInvalid and says at which byte. Knows strings, non-negative
// integers, arrays of such integers and objects; anything else is refused by name ("negative number").
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace aip::model {

class JsonScanner {
public:
    explicit JsonScanner(std::string_view text) : text_(text) {}

    // Calls on_member(key) with the scanner in front of each value; on_member must consume the value.
    Result<void> object(const std::function<Result<void>(std::string&& key)>& on_member);
    Result<std::string> string();
    Result<uint64_t> integer();
    Result<std::vector<uint64_t>> integers(size_t count_max);

    std::string_view rest() const { return text_.substr(at_); }
    Error error_here(std::string_view what) const;

private:
    void skip_space();
    bool accept(char c);  // skips white space first
    Result<void> expect(char c);
    Result<void> escape(std::string& out);
    Result<uint32_t> hex4();

    std::string_view text_;
    size_t at_ = 0;
};

}  // namespace aip::model

// Result<T>: a value or the reason why the outside went wrong. Member names are those of std::expected (g++ 12 in
// C++20 mode has none). Errors are part of the interface: the text is one line that says what to do.
// Not used on the packet path, which has verdicts and counted drop reasons instead.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.hpp"

namespace aip {

// What kind of thing went wrong; decides exit status of aipctl and lets callers react. The text explains it.
enum class ErrorCode : unsigned char {
    kInvalid = 1,      // malformed input: a file, a packet, a flag, a configuration
    kNotFound = 2,     // no such version, task, node, file
    kExists = 3,       // already there, already running
    kDenied = 4,       // permission, signature, certificate
    kUnreachable = 5,  // no route, peer gone
    kNoSpace = 6,      // disk or configured limit is full
    kIo = 7,           // the operating system failed a read, write or sync
    kCorrupt = 8,      // stored bytes do not match their digest or proof
    kCancelled = 9,    // somebody asked to stop
    kBusy = 10,        // a limit on concurrent work was reached, try again
    kTimeout = 11,     // no answer in time
};

std::string_view error_code_name(ErrorCode code);

struct Error {
    ErrorCode code;
    std::string text;

    // The same error with a frame around it: "offer from fd..: " + text.
    Error within(std::string_view context) const { return {code, std::string(context) + ": " + text}; }
};

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & {
        AIP_ASSERT(has_value());
        return std::get<0>(state_);
    }
    const T& value() const& {
        AIP_ASSERT(has_value());
        return std::get<0>(state_);
    }
    T&& value() && {
        AIP_ASSERT(has_value());
        return std::get<0>(std::move(state_));
    }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T operator*() && { return std::move(*this).value(); }  // by value: for (auto& x : *f()) must not dangle
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& {
        AIP_ASSERT(!has_value());
        return std::get<1>(state_);
    }
    Error&& error() && {
        AIP_ASSERT(!has_value());
        return std::get<1>(std::move(state_));
    }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), ok_(false) {}

    bool has_value() const { return ok_; }
    explicit operator bool() const { return ok_; }
    void value() const { AIP_ASSERT(ok_); }
    const Error& error() const& {
        AIP_ASSERT(!ok_);
        return error_;
    }
    Error&& error() && {
        AIP_ASSERT(!ok_);
        return std::move(error_);
    }

private:
    Error error_{ErrorCode::kInvalid, {}};
    bool ok_ = true;
};

}  // namespace aip

// Returns the error of `expr` from the enclosing function; the value, if any, is dropped.
#define AIP_TRY(expr)                                                  \
    do {                                                               \
        auto aip_try_result = (expr);                                  \
        if (!aip_try_result) return std::move(aip_try_result).error(); \
    } while (false)

// AIP_ASSIGN(auto x, f()): x = value, or return the error.
#define AIP_ASSIGN_CAT2(a, b) a##b
#define AIP_ASSIGN_CAT(a, b) AIP_ASSIGN_CAT2(a, b)
#define AIP_ASSIGN(decl, expr) AIP_ASSIGN_IMPL(AIP_ASSIGN_CAT(aip_assign_, __LINE__), decl, expr)
#define AIP_ASSIGN_IMPL(tmp, decl, expr)     \
    auto tmp = (expr);                       \
    if (!tmp) return std::move(tmp).error(); \
    decl = std::move(tmp).value()

#include "base/result.hpp"

namespace aip {

std::string_view error_code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalid: return "invalid";
        case ErrorCode::kNotFound: return "not-found";
        case ErrorCode::kExists: return "exists";
        case ErrorCode::kDenied: return "denied";
        case ErrorCode::kUnreachable: return "unreachable";
        case ErrorCode::kNoSpace: return "no-space";
        case ErrorCode::kIo: return "io";
        case ErrorCode::kCorrupt: return "corrupt";
        case ErrorCode::kCancelled: return "cancelled";
        case ErrorCode::kBusy: return "busy";
        case ErrorCode::kTimeout: return "timeout";
    }
    return "unknown";
}

}  // namespace aip

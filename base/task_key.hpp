// How tasks are called. A name is 1..limits::kTaskNameMax of [a-z0-9._-]. A key, which every record, packet and
// statement uses, is "NAME@" and the first 32 hex digits of the task record's digest, or the bare name of an open task
// that nobody created (rfc/0010 section 1). Pure functions, any thread; they know nothing of which tasks there are.
#pragma once

#include <string_view>

namespace aip {

bool is_task_name(std::string_view text);
bool is_task_key(std::string_view text);             // a bare name is one too
std::string_view task_name(std::string_view key);    // what stands before the '@'
std::string_view task_digits(std::string_view key);  // and after it; empty for a bare name

}  // namespace aip

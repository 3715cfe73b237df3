// Is this text a UDP endpoint, "192.0.2.1:7000" or "[2001:db8::1]:7000"? Numbers only: a configuration that needs a
// name server to be understood fails at the worst moment.
#pragma once

#include <string_view>

namespace aip::daemons {

bool is_endpoint(std::string_view text);

}  // namespace aip::daemons

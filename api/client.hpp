// What stands behind the opaque handles of aip/aip.h. A client and a socket begin with their last error, so that
// aip_last_error() takes either. Inside the library only.
#pragma once

#include <functional>
#include <string>

#include "aip/aip.h"
#include "api/connection.hpp"

namespace aip::api {

struct Handle {
    std::string error;
};

// Runs `work`, keeps the text of its error in `handle`. The C border: nothing is thrown past it.
aip_status guarded(Handle& handle, const std::function<Result<void>()>& work);

Result<Destination> destination_from(const aip_destination* to);
Result<Work> work_from(const aip_work* work);
void copy_text(char* out, size_t size, const std::string& text);  // cut to fit, terminated

}  // namespace aip::api

struct aip_client : aip::api::Handle {
    std::string path;
    std::string address;
};

struct aip_socket : aip::api::Handle {
    aip::api::Connection connection;
};

struct aip_model {
    aip_socket& socket;
    aip::api::Arrival arrival;
    bool in_custody = true;
    std::string version = arrival.delivery.version.hex();
    std::string from = arrival.delivery.from.text();
    std::string path = "/proc/self/fd/" + std::to_string(arrival.file.get());
};

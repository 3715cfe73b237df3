// What a person may ask of Echo, and which node is meant.
#include <charconv>

#include "node/echo.hpp"

namespace aip::node {
namespace {

Result<uint32_t> number(const std::string& text, const char* what, uint32_t least, uint32_t most) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most) return value;
    return Error{ErrorCode::kInvalid, std::string(what) + " '" + text + "' is not a number from " +
                                          std::to_string(least) + " to " + std::to_string(most)};
}

// The interface id as the last four groups of an address, none left out.
std::string last_groups(const Address& address) {
    static constexpr size_t kFirst = 8;
    std::string text;
    for (size_t at = kFirst; at < address.bytes.size(); at += 2) {
        char group[4];
        const auto [end, error] = std::to_chars(group, group + sizeof group, load_be16(&address.bytes[at]), 16);
        text += (at == kFirst ? "" : ":") + std::string(group, end);
    }
    return text;
}

}  // namespace

Result<EchoOrder> parse_echo_order(const std::string& name, const std::vector<std::string>& args) {
    EchoOrder order;
    order.trace = name == "trace";
    if (args.empty() || args.size() > (order.trace ? 1 : 3))
        return Error{ErrorCode::kInvalid, name + " takes an address" + (order.trace ? "" : ", a count, an interval")};
    order.to = args[0];
    if (args.size() > 1) {
        AIP_ASSIGN(order.count, number(args[1], "count", 1, limits::kEchoCountMax));
    }
    if (args.size() > 2) {
        AIP_ASSIGN(const uint32_t ms,
                   number(args[2], "interval", limits::kEchoIntervalMinMs, limits::kEchoIntervalMaxMs));
        order.interval = Duration::milliseconds(ms);
    }
    return order;
}

Result<Address> find_node(const std::string& text, const std::vector<Address>& known) {
    if (const auto address = Address::parse(text)) return *address;
    std::optional<Address> found;
    for (const Address& node : known) {
        if (text.empty() || (!node.text().starts_with(text) && !last_groups(node).starts_with(text))) continue;
        if (found && *found != node)
            return Error{ErrorCode::kInvalid, "'" + text + "' begins more than one node's address; write more of it"};
        found = node;
    }
    if (found) return *found;
    return Error{ErrorCode::kNotFound, "'" + text + "' is no address and begins none; see 'aipctl routes'"};
}

}  // namespace aip::node

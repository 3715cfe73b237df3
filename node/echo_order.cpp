// What a person may ask of Echo, and which node is meant.
#include <algorithm>
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

Result<std::vector<std::string>> split(const std::string& list) {
    std::vector<std::string> parts;
    for (size_t at = 0; at < list.size();) {
        const size_t comma = std::min(list.find(',', at), list.size());
        parts.push_back(list.substr(at, comma - at));
        at = comma + 1;
    }
    if (parts.size() < limits::kSegmentsMax) return parts;
    return Error{ErrorCode::kInvalid,
                 "more than " + std::to_string(limits::kSegmentsMax - 1) + " nodes to pass; leave some out"};
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
    if (args.empty() || args.size() > (order.trace ? 2 : 5))
        return Error{
            ErrorCode::kInvalid,
            name + " takes an address" + (order.trace ? "" : ", a count, an interval, a size") + ", nodes to pass"};
    order.to = args[0];
    const size_t via_at = order.trace ? 1 : 4;
    if (args.size() > via_at) {
        AIP_ASSIGN(order.via, split(args[via_at]));
    }
    if (order.trace) return order;
    if (args.size() > 1) {
        AIP_ASSIGN(order.count, number(args[1], "count", 1, limits::kEchoCountMax));
    }
    if (args.size() > 2) {
        AIP_ASSIGN(const uint32_t ms,
                   number(args[2], "interval", limits::kEchoIntervalMinMs, limits::kEchoIntervalMaxMs));
        order.interval = Duration::milliseconds(ms);
    }
    if (args.size() > 3) {
        AIP_ASSIGN(order.size, number(args[3], "size", kEchoSizeMin, limits::kPortMtuMax));
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

Result<EchoPath> find_path(const EchoOrder& order, const std::vector<Address>& known) {
    EchoPath path;
    AIP_ASSIGN(path.to, find_node(order.to, known));
    for (const std::string& name : order.via) {
        AIP_ASSIGN(const Address node, find_node(name, known));
        const bool twice = !path.via.empty() && path.via.back() == node;
        if (twice) return Error{ErrorCode::kInvalid, "'" + name + "' is to be passed twice running; name it once"};
        path.via.push_back(node);
    }
    if (!path.via.empty() && path.via.back() == path.to)
        return Error{ErrorCode::kInvalid, "the last node to pass is the destination; leave it out"};
    return path;
}

}  // namespace aip::node

// Tasks: made, joined and left through the daemon.
#include <charconv>

#include "cli/commands.hpp"

namespace aip::cli {
namespace {

Result<std::pair<std::string, double>> weight_from(const std::string& text) {
    const size_t equals = text.find('=');
    double value = 0;
    if (equals != std::string::npos) {
        const auto [end, error] = std::from_chars(text.data() + equals + 1, text.data() + text.size(), value);
        if (error == std::errc{} && end == text.data() + text.size()) return std::pair{text.substr(0, equals), value};
    }
    return Error{ErrorCode::kInvalid, "weight '" + text + "' is not understood; say it like jump=0.05"};
}

Result<uint64_t> or_none(const std::string& text, Result<uint64_t> (*read)(const std::string&)) {
    return text.empty() ? Result<uint64_t>(uint64_t{0}) : read(text);
}

Result<api::TaskCreate> rules_of(const TaskOptions& options) {
    api::TaskCreate task;
    task.name = options.name;
    task.features = options.features != 0;
    task.sketch_size = task.features ? options.features : options.classes;
    task.policy = options.policy;
    if (options.theta) task.weights.emplace_back("theta", *options.theta);
    for (const std::string& text : options.weights) {
        AIP_ASSIGN(auto weight, weight_from(text));
        task.weights.push_back(std::move(weight));
    }
    if (options.accuracy) task.accuracy = *options.accuracy;
    if (options.loss) task.loss = *options.loss;
    task.steps = options.steps;
    task.stops = options.stops;
    AIP_ASSIGN(task.wire_bytes, or_none(options.bytes, bytes_from));
    AIP_ASSIGN(task.time_ms, or_none(options.time, ms_from));
    task.walkers = options.walkers;
    AIP_ASSIGN(task.late_ms, or_none(options.late, ms_from));
    for (const std::string& text : options.members) {
        AIP_ASSIGN(const Address member, address_from(text));
        task.members.push_back(member);
    }
    if (!options.base.empty()) {
        AIP_ASSIGN(task.base, version_from(options.base));
    }
    AIP_ASSIGN(task.model_bytes_max, or_none(options.model_bytes_max, bytes_from));
    return task;
}

Result<Outcome> ask(Context& context, const char* title, api::RequestBody request) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(const api::Task task, api::expect<api::Task>(connection.call(std::move(request))));
    return Card(title).add("task", task.key.substr(0, task.key.find('@'))).add("key", task.key).done();
}

}  // namespace

Result<Outcome> task_create(Context& context, const TaskOptions& options) {
    AIP_ASSIGN(api::TaskCreate task, rules_of(options));
    return ask(context, "created and joined", std::move(task));
}

Result<Outcome> task_join(Context& context, const std::string& task) {
    return ask(context, "joined", api::TaskJoin{task});
}

Result<Outcome> task_leave(Context& context, const std::string& task) {
    return ask(context, "left", api::TaskLeave{task});
}

}  // namespace aip::cli

// Simulated machines with a program on each, and the verbs these tests need. Program sessions are the machine's own;
// kClient is a second program, which only sends.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>

#include "base/report.hpp"
#include "model/safetensors.hpp"
#include "node/head.hpp"
#include "sim/network.hpp"

namespace aip::node {

inline constexpr const char* kTask = "digits";
inline constexpr SessionId kClient = 1'000'000;

inline Bytes model_file(uint8_t fill, size_t bytes = 8000) {
    const Bytes weights(bytes, fill);
    const std::vector<model::TensorView> tensors{{"w", model::Dtype::kU8, {bytes}, weights}};
    return *model::write_safetensors(tensors, {});
}

inline std::unique_ptr<model::Source> source_of(Bytes bytes) {
    return std::make_unique<model::OwnedSource>(std::move(bytes));
}

// A program that keeps what it is given, until a test says what it does with it.
struct Keeper final : sim::Program {
    struct Given {
        size_t machine;
        SessionId session;
        Delivery delivery;
        Bytes file;
    };
    void on_start(sim::Machine& machine, SessionId session) override {
        sessions[&machine] = session;
        if (serves.contains(&machine)) {
            ASSERT_TRUE(machine.node().bind(session, kTask).has_value());
            ASSERT_TRUE(machine.node().publish_interest(session, kTask, {{{10, 20}, {}}, 30, 100}).has_value());
        }
    }
    void on_delivery(sim::Machine& machine, SessionId session, const Delivery& delivery, Bytes file) override {
        given.push_back({numbers.at(&machine), session, delivery, std::move(file)});
    }
    std::set<const sim::Machine*> serves;  // bound to the task
    std::map<const sim::Machine*, SessionId> sessions;
    std::map<const sim::Machine*, size_t> numbers;
    std::vector<Given> given;
};

class World : public testing::Test {
protected:
    // n machines in a row; all serve the task but those named.
    void row(size_t n, std::set<size_t> without_trainer = {}, sim::LinkOptions link = {}) {
        for (size_t i = 0; i < n; ++i) {
            sim::MachineOptions options;
            options.settings = settings;
            network.add_node(options);
        }
        for (size_t i = 0; i + 1 < n; ++i) network.link(i, i + 1, link);
        for (size_t i = 0; i < n; ++i) {
            keeper.numbers[&network.machine(i)] = i;
            if (!without_trainer.contains(i)) keeper.serves.insert(&network.machine(i));
            network.machine(i).set_program(&keeper);
        }
        ASSERT_TRUE(network.start().has_value());
        run_for(Duration::seconds(3));
    }

    Node& node(size_t i) { return network.machine(i).node(); }
    SessionId session(size_t i) { return keeper.sessions.at(&network.machine(i)); }

    void run_for(Duration time) {
        ASSERT_NE(network.run(time, [] { return false; }), sim::Network::End::kBroken) << network.complaint();
    }
    template <class Condition>
    bool run_until(Condition condition, Duration limit = Duration::seconds(60)) {
        return network.run(limit, condition) == sim::Network::End::kDone;
    }

    // Starts it and lets it run until the answer is here.
    Result<SentModel> send(size_t from, const NextDestination& to, Bytes file, Duration limit = Duration::seconds(60)) {
        start_send(from, to, std::move(file));
        run_until([&] { return answer.has_value(); }, limit);
        return answer ? *answer : Result<SentModel>(Error{ErrorCode::kTimeout, "no answer: " + network.complaint()});
    }
    void start_send(size_t from, const NextDestination& to, Bytes file) {
        answer.reset();
        node(from).send(kClient, {kTask, "name", to}, source_of(std::move(file)), {},
                        [this](Result<SentModel> sent) { answer = std::move(sent); });
        network.machine(from).wake();
    }
    Result<FinishedStop> finish(const Keeper::Given& given, Bytes file, const NextDestination& next = OnJourney{}) {
        std::optional<Result<FinishedStop>> finished;
        WorkDone work;
        work.samples = 30;
        work.steps = 3;
        node(given.machine)
            .finish(given.session, given.delivery.id, work, next, source_of(std::move(file)),
                    [&finished](Result<FinishedStop> r) { finished = std::move(r); });
        network.machine(given.machine).wake();
        run_until([&] { return finished.has_value(); });
        return finished ? *finished : Result<FinishedStop>(Error{ErrorCode::kTimeout, network.complaint()});
    }
    Result<void> release(const Keeper::Given& given) {
        std::optional<Result<void>> released;
        node(given.machine).release(given.session, given.delivery.id, [&](Result<void> r) { released = std::move(r); });
        network.machine(given.machine).wake();
        run_until([&] { return released.has_value(); });
        return released ? *released : Result<void>(Error{ErrorCode::kTimeout, network.complaint()});
    }
    bool delivered(size_t count = 1, Duration limit = Duration::seconds(60)) {
        return run_until([&] { return keeper.given.size() >= count; }, limit);
    }
    Result<Report> report(size_t i, const std::string& name, std::vector<std::string> args = {}) {
        std::optional<Result<Report>> got;
        node(i).report(name, args, [&](Result<Report> r) { got = std::move(r); });
        run_until([&] { return got.has_value(); });
        return got ? *got : Result<Report>(Error{ErrorCode::kTimeout, "no report"});
    }
    int64_t counter(size_t i, const std::string& name) {
        const auto counters = report(i, "counters");
        for (const auto& row : counters->rows)
            if (std::get<std::string>(row[0]) == name) return std::get<int64_t>(row[1]);
        ADD_FAILURE() << "no counter " << name;
        return -1;
    }
    // A packet that machine `from` might have written arrives at machine `to`, on that port.
    void say(size_t from, size_t to, size_t port, aipacket::Kind kind, const Bytes& payload) {
        Bytes packet(aipacket::kPacketOverhead + payload.size());
        std::copy(payload.begin(), payload.end(), packet.begin() + aipacket::kPacketOverhead);
        aipacket::Header header;
        header.kind = kind;
        aipacket::Endpoints ends;
        ends.source = network.machine(from).address();
        ends.destination = network.machine(to).address();
        packet.resize(aipacket::encode(packet, ends, header, payload.size()));
        network.machine(to).receive(port, packet);
    }
    size_t leaving(size_t i) {
        const auto under_way = node(i).exchange().view();
        return static_cast<size_t>(std::count_if(under_way.begin(), under_way.end(), [](const TransferView& t) {
            return t.outgoing && t.purpose == aipacket::Purpose::kModel;
        }));
    }
    // Machine `from` says that it examines a child of this version; does a model leave `to`?
    bool lends(size_t to, size_t from, const VersionId& version) {
        const News news{NewsKind::kWanted, 1, 0, 0, version, {}, network.queue().wall()};
        say(from, to, 0, aipacket::Kind::kNews, network.machine(from).signer().seal(kNewsDomain, news.encode()));
        return run_until([&] { return leaving(to) > 0; }, Duration::seconds(2));
    }
    std::vector<Custody> custody(size_t i) {
        std::vector<Custody> records;
        for (const auto& [key, value] : network.machine(i).durable())
            if (key.starts_with("custody/")) records.push_back(*parse_custody(as_bytes(value)));
        return records;
    }
    // How many machines have a custody record now.
    size_t holders() {
        size_t count = 0;
        for (size_t i = 0; i < network.size(); ++i) count += custody(i).size();
        return count;
    }

    Settings settings;
    sim::Network network{1};
    Keeper keeper;
    std::optional<Result<SentModel>> answer;
};

}  // namespace aip::node

// What every aipctl command has and gives. A command is a function from a Context to an Outcome; its Report is printed
// in one place, an Error becomes one line on standard error. Exit statuses are an interface (docs/man/aipctl.1.md).
#pragma once

#include <ostream>
#include <string>

#include "api/connection.hpp"
#include "base/report.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "cli/report.hpp"

namespace aip::cli {

enum class Exit : int {
    kOk = 0,
    kFailed = 1,       // the operation failed
    kUsage = 2,        // the command line is wrong
    kNoDaemon = 3,     // the daemon cannot be reached
    kNotVerified = 4,  // a signature, digest or proof is wrong
    kTimeout = 5,      // nothing came in time
};

struct Outcome {
    Report report;
    Layout layout = Layout::kTable;
    Exit exit = Exit::kOk;
};

class Context {
public:
    std::string socket = api::kDefaultSocket;
    bool json = false;
    std::ostream& out;
    std::ostream& err;
    WallTime now;

    Result<api::Connection> connect() {
        auto connection = api::Connection::open(socket, "aipctl");
        unreachable = !connection.has_value();
        return connection;
    }
    Result<Report> query(std::string name, std::vector<std::string> args = {}) {
        AIP_ASSIGN(api::Connection connection, connect());
        return api::expect<Report>(connection.call(api::ReportQuery{std::move(name), std::move(args)}));
    }
    void print(const Report& report, Layout layout) const {
        out << (json ? to_json(report) : to_text(report, layout)) << std::flush;
    }
    bool unreachable = false;  // the last connect() failed
};

// A one-row report built field by field.
class Card {
public:
    explicit Card(std::string title) { report_.title = std::move(title), report_.rows.emplace_back(); }
    Card& add(std::string name, Cell value) {
        const size_t type = value.index() == 0 ? 0 : value.index() - 1;
        report_.columns.push_back({std::move(name), static_cast<ColumnType>(type)});
        report_.rows[0].push_back(std::move(value));
        return *this;
    }
    Card& add(std::string name, uint64_t value) { return add(std::move(name), Cell(static_cast<int64_t>(value))); }
    Card& note(std::string text) {
        report_.notes.push_back(std::move(text));
        return *this;
    }
    Outcome done() { return {std::move(report_), Layout::kCard}; }

private:
    Report report_;
};

Result<uint64_t> bytes_from(const std::string& text);  // "10G": k, M, G, T are powers of 1000
Result<uint64_t> ms_from(const std::string& text);     // "1.5h": ms, s, m, h, d
Result<WallTime> time_from(const std::string& text);
Result<Address> address_from(const std::string& text);
Result<VersionId> version_from(const std::string& text);

}  // namespace aip::cli

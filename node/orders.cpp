// What the node's owner tells it to do, beside sending models: revocations, tags, pruning (rfc/0005).
#include <charconv>

#include "crypto/sha256.hpp"
#include "node/node.hpp"
#include "node/tags.hpp"

namespace aip::node {
namespace {

constexpr size_t kReportManifestMax = 1u << 20;  // a manifest in a report

Error not_a(std::string_view what) { return {ErrorCode::kInvalid, "this is not " + std::string(what)}; }

bool number_in(const std::string& text, uint32_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

Report one_row(std::string title, std::string column, std::string value) {
    return {std::move(title), {{std::move(column), ColumnType::kText}}, {{Cell(std::move(value))}}, {}};
}

}  // namespace

void Node::order(const std::string& name, const std::vector<std::string>& args,
                 std::function<void(Result<Report>)> done) {
    if (name == "revoke") return order_revoke(args, std::move(done));
    if (name == "tag") return order_tag(args, std::move(done));
    if (name == "untag") return order_untag(args, std::move(done));
    if (name == "rollback") return order_rollback(args, std::move(done));
    if (name == "prune") return order_prune(args, std::move(done));
    done(Error{ErrorCode::kNotFound, "this node knows no order '" + name + "'"});
}

void Node::order_revoke(const std::vector<std::string>& args, std::function<void(Result<Report>)> done) {
    const auto word =
        args.size() == 1 && args[0].size() <= 2 * limits::kOfferBytesMax ? from_hex(args[0]) : std::nullopt;
    if (!word) return done(not_a("a revocation, a rule about votes or a vote, in hex"));
    revocations_.take(*word, [done = std::move(done), sha256 = crypto::sha256(*word)](const Result<void>& taken) {
        if (!taken) return done(taken.error());
        done(one_row("announced", "sha256", sha256.hex()));
    });
}

void Node::order_tag(const std::vector<std::string>& args, std::function<void(Result<Report>)> done) {
    const auto version = args.size() == 2 ? VersionId::parse_hex(args[1]) : std::nullopt;
    if (!version) return done(not_a("a tag and a version of 64 hex digits"));
    submit(
        services_.storage,
        [services = services_, tag = Tag{args[0], *version, services_.clock.wall()}]() -> Result<Report> {
            AIP_ASSIGN(const auto stored, services.versions.get(tag.version));
            if (!stored) return Error{ErrorCode::kNotFound, "version " + tag.version.hex() + " is not on this node"};
            AIP_TRY(put_tag(services.state, tag, services.signer));
            Report report = one_row("tagged", "tag", tag.name);
            report.columns.push_back({"version", ColumnType::kText});
            report.rows[0].emplace_back(tag.version.hex());
            return report;
        },
        std::move(done));
}

void Node::order_untag(const std::vector<std::string>& args, std::function<void(Result<Report>)> done) {
    if (args.size() != 1) return done(not_a("a tag"));
    submit(
        services_.storage,
        [&state = services_.state, name = args[0]]() -> Result<Report> {
            AIP_TRY(erase_tag(state, name));
            return one_row("untagged", "tag", name);
        },
        std::move(done));
}

void Node::order_rollback(const std::vector<std::string>& args, std::function<void(Result<Report>)> done) {
    Rollback order;
    if (args.empty() || args.size() > 2) return done(not_a("a tag, with or without a number of stops"));
    order.tag = args[0];
    if (args.size() == 2 && !number_in(args[1], order.stops)) return done(not_a("a number of stops"));
    submit(
        services_.storage,
        [services = services_, root = verifier_.root(), tag = args[0]]() -> Result<VersionId> {
            AIP_ASSIGN(const std::vector<Tag> tags, list_tags(services.state, root));
            for (const Tag& known : tags)
                if (known.name == tag) return known.version;
            return Error{ErrorCode::kNotFound, "no tag '" + tag + "' here; see 'aipctl models tags'"};
        },
        [this, order = std::move(order), done = std::move(done)](const Result<VersionId>& version) mutable {
            if (!version) return done(version.error());
            order.version = *version;
            journeys_->rollback(std::move(order), [done = std::move(done)](const Result<RolledBack>& back) {
                if (!back) return done(back.error());
                Bytes id;
                Writer(id).u64(back->journey);
                done(Report{"rolled back",
                            {{"journey", ColumnType::kText}, {"ended", ColumnType::kInteger}},
                            {{to_hex(id), static_cast<int64_t>(back->ended)}},
                            {}});
            });
        });
}

void Node::order_prune(const std::vector<std::string>& args, std::function<void(Result<Report>)> done) {
    uint32_t recent = settings_.keep_versions;
    if (!args.empty() && !number_in(args[0], recent)) return done(not_a("a number of versions"));
    journeys_->prune(recent, [done = std::move(done)](const Result<size_t>& pruned) {
        if (!pruned) return done(pruned.error());
        done(Report{"pruned", {{"versions", ColumnType::kInteger}}, {{static_cast<int64_t>(*pruned)}}, {}});
    });
}

void Node::report_tags(std::function<void(Result<Report>)> done) {
    submit(
        services_.storage,
        [services = services_, root = verifier_.root()]() -> Result<Report> {
            AIP_ASSIGN(const std::vector<Tag> tags, list_tags(services.state, root));
            Report r{"Tags",
                     {{"tag", ColumnType::kText}, {"version", ColumnType::kText}, {"time_ms", ColumnType::kInteger}},
                     {},
                     {}};
            for (const Tag& tag : tags)
                r.rows.push_back({tag.name, tag.version.hex(), static_cast<int64_t>(tag.at.unix_ms())});
            return r;
        },
        std::move(done));
}

// A version's manifest, for whoever checks its history.
void Node::report_manifest(const std::vector<std::string>& args, std::function<void(Result<Report>)> done) {
    const auto version = args.size() == 1 ? VersionId::parse_hex(args[0]) : std::nullopt;
    if (!version) return done(Error{ErrorCode::kInvalid, "which version? 64 hex digits"});
    submit(
        services_.storage,
        [&versions = services_.versions, id = *version]() -> Result<Report> {
            AIP_ASSIGN(const auto stored, versions.get(id));
            if (!stored) return Error{ErrorCode::kNotFound, "version " + id.hex() + " is not on this node"};
            if (stored->manifest.bytes().size() > kReportManifestMax)
                return Error{ErrorCode::kNoSpace, "the manifest is too large for a report"};
            return Report{"Manifest",
                          {{"version", ColumnType::kText},
                           {"tensors", ColumnType::kInteger},
                           {"bytes", ColumnType::kInteger},
                           {"manifest", ColumnType::kText}},
                          {{id.hex(), static_cast<int64_t>(stored->manifest.tensors().size()),
                            static_cast<int64_t>(stored->manifest.file_size()), to_hex(stored->manifest.bytes())}},
                          {}};
        },
        std::move(done));
}

}  // namespace aip::node

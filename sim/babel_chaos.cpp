#include "sim/babel_chaos.hpp"

#include <set>

namespace aip::sim {
namespace {

class Chaos {
public:
    explicit Chaos(const BabelChaosOptions& options) : world_(world_options(options)), events_(options.events) {
        const size_t nodes = 8 + pick(9);
        for (size_t i = 0; i < nodes; ++i) world_.add_node();
        for (size_t i = 1; i < nodes; ++i) join(i, pick(i));  // a tree, so that all are connected at first
        for (size_t i = 0; i < nodes; ++i) join(pick(nodes), pick(nodes));
        next_ = world_.queue().now() + milliseconds(3000);
    }

    BabelChaosResult run() {
        while (world_.events() < events_) {
            world_.queue().at(next_, [] {});  // so that time reaches it
            while (world_.queue().now() < next_ && world_.events() < events_) world_.run_one();
            mutate();
            next_ = world_.queue().now() + milliseconds(pick(800));
        }
        return {world_.events(), world_.loops(), world_.first_loop()};
    }

private:
    static BabelWorldOptions world_options(const BabelChaosOptions& options) {
        BabelWorldOptions world;
        world.seed = options.seed;
        world.check_feasibility = options.check_feasibility;
        world.interface.hello_interval = Duration::milliseconds(200);
        return world;
    }
    size_t pick(size_t below) { return static_cast<size_t>(world_.rng().below(below)); }
    Duration milliseconds(uint64_t ms) { return Duration::milliseconds(static_cast<int64_t>(ms)); }

    LinkOptions conditions() {
        LinkOptions link;
        link.delay = Duration::microseconds(static_cast<int64_t>(100 + pick(20'000)));
        link.jitter = world_.rng().chance(0.5) ? milliseconds(pick(60)) : Duration();
        link.loss = world_.rng().chance(0.5) ? 0.01 * static_cast<double>(pick(31)) : 0;
        link.duplicate = 0.05;
        return link;
    }

    void join(size_t a, size_t b) {
        if (a == b || !joined_.insert({std::min(a, b), std::max(a, b)}).second) return;
        world_.link(a, b, conditions());
    }

    void mutate() {
        const size_t link = pick(world_.links());
        const size_t node = pick(world_.size());
        switch (pick(8)) {
            case 0: return world_.set_silent(link, world_.rng().chance(0.5));
            case 1: return world_.block(link, node_of(link), world_.rng().chance(0.5));
            case 2: return world_.set_down(link, true);
            case 3: return world_.set_down(link, false);
            case 4: return restart(node);
            case 5: return move(node);
            case 6: world_.way(link, node_of(link)) = conditions(); return;
            default: return heal();
        }
    }

    size_t node_of(size_t link) {
        const size_t some = world_.other_end(link, SIZE_MAX);  // one of the two
        return world_.rng().chance(0.5) ? some : world_.other_end(link, some);
    }

    // Off for longer than a packet of its former life can be under way.
    void restart(size_t node) {
        if (!world_.running(node)) return;
        world_.stop(node);
        const bool knows = world_.rng().chance(0.5);
        world_.queue().after(milliseconds(200 + pick(3000)), [this, node, knows] { world_.start(node, knows); });
    }

    // Out of reach of the neighbours it had, into reach of others.
    void move(size_t node) {
        for (size_t link = 0; link < world_.links(); ++link) {
            const size_t other = world_.other_end(link, node);
            if (world_.other_end(link, other) == node) world_.set_silent(link, world_.rng().chance(0.6));
        }
        join(node, pick(world_.size()));
    }

    void heal() {
        for (size_t link = 0; link < world_.links(); ++link) {
            world_.set_silent(link, false);
            world_.set_down(link, false);
        }
    }

    BabelWorld world_;
    uint64_t events_;
    Instant next_;
    std::set<std::pair<size_t, size_t>> joined_;
};

}  // namespace

BabelChaosResult run_babel_chaos(const BabelChaosOptions& options) { return Chaos(options).run(); }

}  // namespace aip::sim

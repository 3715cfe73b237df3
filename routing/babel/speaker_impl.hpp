// The inside of Speaker: what the files speaker_*.cpp share. Events come in as packets and due times; they change
// neighbours (speaker_links.cpp) and routes (speaker_routes.cpp), ask for seqnos (speaker_requests.cpp), and leave
// marks of what is to be sent; speaker_output.cpp turns the marks into packets when they are due. A feasibility
// distance changes only there, when an update is written.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>

#include "routing/babel/agenda.hpp"
#include "routing/babel/neighbour.hpp"
#include "routing/babel/route_table.hpp"
#include "routing/babel/speaker.hpp"

namespace aip::routing::babel {

inline constexpr int kIhuHellos = 3;                                    // Hellos to one IHU
inline constexpr Duration kHelloSpacing = Duration::milliseconds(100);  // between unicast Hellos to one neighbour
inline constexpr Duration kTableSpacing = Duration::milliseconds(250);  // between tables to one neighbour
// To all neighbours of a port together, which may be made up: 64 at once, 20 a second in the long run.
inline constexpr Duration kTableEvery = Duration::milliseconds(50);
inline constexpr int64_t kTablesBurst = 64;

struct Interface {
    uint16_t port = 0;
    InterfaceOptions options;
    std::optional<Authenticator> mac;
    std::vector<Neighbour*> neighbours;
    uint16_t hello_seqno = 0;
    uint64_t hellos_sent = 0;
    bool request_due = true;  // a wildcard request with the next Hello
    Instant tables_until;     // a bucket: when it will be full again
    Instant next_hello, next_update;
    Instant armed = Instant::never();

    Instant deadline() const { return std::min(next_hello, next_update); }
};

struct Speaker::Impl {
    Impl(SpeakerOptions speaker_options, Rng& random);

    // What one packet says about the link, gathered from its TLVs.
    struct Arrival {
        Interface& interface;
        Neighbour* neighbour;
        Instant now;
        std::optional<uint32_t> hello_sent_us;
        std::optional<IhuTlv::Echo> echo;
    };

    // speaker_links.cpp
    void add_interface(uint16_t port, InterfaceOptions interface_options, Instant now);
    void remove_interface(uint16_t port, Instant now);
    PacketVerdict receive(uint16_t port, const dataplane::LinkAddress& from, const Endpoints& ends, ByteView payload,
                          Instant now);
    PacketVerdict authenticate(Interface& interface, const dataplane::LinkAddress& from, const Endpoints& ends,
                               ByteView payload, Instant now);
    void handle(Arrival& arrival, const Tlv& tlv);
    void on_hello(Arrival& arrival, const HelloTlv& hello);
    void on_ihu(Arrival& arrival, const IhuTlv& ihu);
    void measure(Arrival& arrival);
    Neighbour* find_neighbour(const Interface& interface, const Address& address);
    Neighbour* add_neighbour(Interface& interface, const Address& address, const dataplane::LinkAddress& link,
                             const Neighbour::Sent& sent, Instant now);
    void remove_neighbour(Neighbour& neighbour, Instant now);
    void restart_neighbour(Arrival& arrival);
    void refresh_cost(Neighbour& neighbour, Instant now);
    uint16_t rx_cost(const Neighbour& neighbour) const;
    uint16_t measured_cost(const Neighbour& neighbour) const;
    void run_neighbour(Neighbour& neighbour, Instant now);

    // speaker_routes.cpp
    void on_update(Neighbour& neighbour, const UpdateTlv& update, Instant now);
    void learn(Neighbour& neighbour, InterfaceId id, const UpdateTlv& update, Instant now);
    bool has_better(const Destination& destination, const Neighbour& than, uint16_t its_metric) const;
    void on_unfeasible(Destination& destination, Route& route, Instant now);
    void retract(Neighbour& neighbour, Destination& destination, Instant now);
    void retract_all(Neighbour& neighbour, Instant now);
    void reselect(Destination& destination, Instant now);
    void check_request(Destination& destination, const Route& chosen, Instant now);
    void reselect_all_through(const Neighbour& neighbour, Instant now);
    void lost(Destination& destination, Instant now);
    void run_destination(Destination& destination, Instant now);
    void run_routes(Destination& destination, Instant now);
    void settled(Instant now);
    int copies() const;  // after the first, of an update that matters

    // speaker_requests.cpp
    void answer(Neighbour& neighbour, InterfaceId id, Instant now);
    void on_route_request(Neighbour& neighbour, const RouteRequestTlv& request, Instant now);
    void on_seqno_request(Neighbour& neighbour, const SeqnoRequestTlv& request, Instant now);
    void raise_seqno(Instant now);
    void on_own_seqno_request(Neighbour& neighbour, const SeqnoRequestTlv& request, Instant now);
    void forward_request(Neighbour& from, Destination& destination, const SeqnoRequestTlv& request, Instant now);
    void start_request(Destination& destination, Instant now);
    void ask_seqno(Destination& destination, Route& route, Instant now);
    void run_request(Destination& destination, Instant now);
    Duration request_delay(const Neighbour& neighbour) const;

    // speaker_output.cpp
    class Train;  // packets to one place, filled one after the other
    std::vector<PacketOut> poll(Instant now);
    void run(const Agenda::Entry& entry, Instant now);
    void run_interface(Interface& interface, Instant now);
    void send_hello(Interface& interface, Instant now);
    void send_outbox(Neighbour& neighbour, Instant now);
    void send_triggered(Instant now);
    bool may_send_table(Interface& interface, Instant now);
    void send_table(Train& train, Instant now);
    void write_update(Train& train, Destination& destination, Instant now);
    void write_answer(Train& train, InterfaceId id, Instant now);
    UpdateTlv retraction_of(InterfaceId id, const Train& train) const;
    void write_own(Train& train);
    IhuTlv ihu_for(Neighbour& neighbour, Instant now);
    enum class Urgency : uint8_t { kGathered, kAtOnce };
    void trigger(Destination& destination, int copies_after, Urgency urgency, Instant now);
    void send_soon(Urgency urgency, Instant now);
    Duration copy_delay();
    bool all_know(const Destination& destination) const;
    void arm(Interface& interface);
    void arm(Neighbour& neighbour);
    void arm(Destination& destination);
    void post(Neighbour& neighbour, Instant due);  // its outbox is to be sent
    void say(Neighbour& neighbour, const Tlv& tlv, Instant now);
    void greet(Neighbour& neighbour, Instant now);
    Interface& interface_of(const Neighbour& neighbour) { return interfaces_.at(neighbour.port); }
    const Interface& interface_of(const Neighbour& neighbour) const { return interfaces_.at(neighbour.port); }
    uint32_t clock_us(Instant now) const { return static_cast<uint32_t>(now.ns() / 1000) + clock_offset_; }
    Duration time_constant(const Destination& destination) const;
    Prefix prefix_of(InterfaceId id) const { return {Address::make(options.self.network(), id), 128, false}; }
    void refuse(Refusal why) { ++refused_[static_cast<size_t>(why)]; }

    SpeakerOptions options;
    Rng& rng;
    const InterfaceId self_id;
    const Address link_local;
    const uint32_t clock_offset_;

    uint16_t seqno_;
    uint32_t seqnos_left_;  // may be used without asking again
    uint32_t seqnos_half_;
    bool seqno_owed_ = false;  // a request waits for a reservation

    std::map<uint16_t, Interface> interfaces_;
    std::map<uint16_t, uint16_t> hello_seqnos_;  // by port, of when it was there: to go on is not to restart
    std::unordered_map<uint32_t, std::unique_ptr<Neighbour>> neighbours_;
    uint32_t next_neighbour_id_ = 1;
    RouteTable table_;
    Agenda agenda_;

    std::vector<Destination*> triggered_;  // those queued, which therefore stay
    bool own_triggered_ = false;
    int own_copies_ = 0;
    Instant own_copy_at_ = Instant::never();
    Instant triggered_armed_ = Instant::never();
    std::optional<Instant> settle_from_;
    Instant settle_until_ = Instant::never();
    Instant settle_armed_ = Instant::never();

    bool changed_ = false;
    std::vector<PacketOut> out_;
    std::array<uint64_t, kPacketVerdicts> verdicts_{};
    std::array<uint64_t, kRefusals> refused_{};
    uint64_t bytes_out_ = 0;
    uint64_t tables_delayed_ = 0;
};

}  // namespace aip::routing::babel

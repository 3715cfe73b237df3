#include <cerrno>

#include "dataplane/udp/udp_state.hpp"
#include "dataplane/wire_length.hpp"

namespace aip::dataplane {

Packet UdpPort::alloc() {
    Packet packet = state_->pool.alloc();
    if (!packet) ++state_->counters.no_buffer;
    return packet;
}

namespace {

// Makes the first `wanted` messages ready for recvmmsg; returns how many buffers there are.
size_t post_buffers(BufferPool& pool, std::span<Packet> posted, UdpMessages& rx) {
    for (size_t i = 0; i < posted.size(); ++i) {
        if (!posted[i]) posted[i] = pool.alloc();
        if (!posted[i]) return i;
        rx.pieces[i] = {posted[i].data(), posted[i].capacity()};
        msghdr& header = rx.headers[i].msg_hdr;
        header = {};
        header.msg_name = &rx.addresses[i];
        header.msg_namelen = sizeof rx.addresses[i];
        header.msg_iov = &rx.pieces[i];
        header.msg_iovlen = 1;
    }
    return posted.size();
}

}  // namespace

size_t UdpPort::receive(std::span<Received> out) {
    State& s = *state_;
    const size_t wanted = std::min(out.size(), kUdpBurst);
    const size_t ready = post_buffers(s.pool, std::span(s.posted).first(wanted), s.rx);
    if (ready < wanted) ++s.counters.no_buffer;
    if (ready == 0) return 0;
    const int got =
        ::recvmmsg(s.socket.get(), s.rx.headers.data(), static_cast<unsigned>(ready), MSG_DONTWAIT, nullptr);
    if (got < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ++s.counters.rx_errors;
        return 0;
    }
    size_t surfaced = 0;
    for (size_t i = 0; i < static_cast<size_t>(got); ++i) {
        Packet& packet = s.posted[i];
        const LinkAddress from = from_socket_address(s.rx.addresses[i]);
        const bool stranger = !s.is_peer(from);
        packet.set_size(s.rx.headers[i].msg_len);
        if (stranger && !s.learn_peers) {
            ++s.counters.rx_stranger;
        } else if ((s.rx.headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0 || is_cut(packet.view())) {
            ++s.counters.rx_truncated;
        } else {
            ++s.counters.rx_packets;
            s.counters.rx_bytes += packet.size();
            s.counters.rx_link_bytes += packet.size() + s.datagram_overhead;
            out[surfaced++] = {std::move(packet), from, stranger};
        }
    }
    return surfaced;
}

}  // namespace aip::dataplane

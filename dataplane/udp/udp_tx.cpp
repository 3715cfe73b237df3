#include <cerrno>

#include "dataplane/udp/udp_state.hpp"

namespace aip::dataplane {
namespace {

// Sends messages 0..count, passing over the ones the kernel refuses; `sent(i)` is called for each that left.
template <class Sent>
void send_messages(int fd, UdpMessages& tx, size_t count, Sent sent) {
    size_t at = 0;
    while (at < count) {
        const int done = ::sendmmsg(fd, &tx.headers[at], static_cast<unsigned>(count - at), MSG_DONTWAIT);
        if (done < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return;  // the link is full
            ++at;  // this one cannot go (too long for the path, no route): the next may
            continue;
        }
        for (const size_t end = at + static_cast<size_t>(done); at < end; ++at) sent(at);
    }
}

void write_message(UdpMessages& tx, size_t at, Packet& packet, const LinkAddress& to) {
    tx.pieces[at] = {packet.data(), packet.size()};
    msghdr& header = tx.headers[at].msg_hdr;
    header = {};
    header.msg_name = &tx.addresses[at];
    header.msg_namelen = to_socket_address(to, tx.addresses[at]);
    header.msg_iov = &tx.pieces[at];
    header.msg_iovlen = 1;
}

}  // namespace

size_t UdpPort::send(std::span<Outgoing> batch) {
    State& s = *state_;
    size_t waiting = 0;
    const auto flush = [&] {
        send_messages(s.socket.get(), s.tx, waiting, [&](size_t i) {
            ++s.tx_owner[i]->sent;
            ++s.counters.tx_packets;
            s.counters.tx_bytes += s.tx.pieces[i].iov_len;
            s.counters.tx_link_bytes += s.tx.pieces[i].iov_len + s.datagram_overhead;
        });
        waiting = 0;
    };
    const auto put = [&](Outgoing& outgoing, const LinkAddress& to) {
        if (waiting == kUdpBurst) flush();
        write_message(s.tx, waiting, outgoing.packet, to);
        s.tx_owner[waiting++] = &outgoing;
    };
    for (Outgoing& outgoing : batch) {
        outgoing.sent = 0;
        if (outgoing.packet.size() > s.info.mtu) continue;
        if (outgoing.to.is_everyone()) {
            for (const LinkAddress& peer : s.peers) put(outgoing, peer);
        } else if (outgoing.to.kind() == s.info.address.kind()) {
            put(outgoing, outgoing.to);
        }
    }
    flush();
    size_t left = 0;
    for (Outgoing& outgoing : batch) {
        outgoing.packet.reset();
        outgoing.sent > 0 ? ++left : ++s.counters.tx_dropped;
    }
    return left;
}

}  // namespace aip::dataplane

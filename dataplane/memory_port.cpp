#include "dataplane/memory_port.hpp"

#include <algorithm>

#include "dataplane/wire_length.hpp"

namespace aip::dataplane {

MemoryPort::MemoryPort(MemoryPortConfig config) : queue_max_(config.queue_packets), pool_(config.mtu, config.buffers) {
    info_.name = std::move(config.name);
    info_.kind = PortKind::kMemory;
    info_.mtu = config.mtu;
    info_.address = config.address;
}

bool MemoryPort::inject(ByteView packet, const LinkAddress& from, bool stranger) {
    if (packet.size() > info_.mtu || is_cut(packet)) {
        ++counters_.rx_truncated;
        return false;
    }
    if (queue_.size() >= queue_max_) {
        ++counters_.rx_errors;
        return false;
    }
    Packet copy = pool_.alloc();
    if (!copy) {
        ++counters_.no_buffer;
        return false;
    }
    std::copy(packet.begin(), packet.end(), copy.data());
    copy.set_size(packet.size());
    queue_.push_back({std::move(copy), from, stranger});
    return true;
}

Packet MemoryPort::alloc() {
    Packet packet = pool_.alloc();
    if (!packet) ++counters_.no_buffer;
    return packet;
}

size_t MemoryPort::receive(std::span<Received> out) {
    const size_t count = std::min(out.size(), queue_.size());
    for (size_t i = 0; i < count; ++i) {
        out[i] = std::move(queue_.front());
        queue_.pop_front();
        ++counters_.rx_packets;
        counters_.rx_bytes += out[i].packet.size();
    }
    counters_.rx_link_bytes = counters_.rx_bytes;
    return count;
}

size_t MemoryPort::send(std::span<Outgoing> batch) {
    size_t sent = 0;
    for (Outgoing& outgoing : batch) {
        const Packet packet = std::move(outgoing.packet);
        outgoing.sent = sink_ && packet.size() <= info_.mtu ? 1 : 0;
        if (outgoing.sent == 0) {
            ++counters_.tx_dropped;
            continue;
        }
        ++sent;
        ++counters_.tx_packets;
        counters_.tx_bytes += packet.size();
        sink_(packet.view(), outgoing.to);
    }
    counters_.tx_link_bytes = counters_.tx_bytes;
    return sent;
}

void MemoryHub::attach(MemoryPort& port) {
    ports_.push_back(&port);
    port.set_sink([this, &port](ByteView packet, const LinkAddress& to) { deliver(port, packet, to); });
}

void MemoryHub::deliver(const MemoryPort& sender, ByteView packet, const LinkAddress& to) {
    for (MemoryPort* port : ports_) {
        if (port == &sender || (!to.is_everyone() && port->info().address != to)) continue;
        static_cast<void>(port->inject(packet, sender.info().address));
    }
}

}  // namespace aip::dataplane

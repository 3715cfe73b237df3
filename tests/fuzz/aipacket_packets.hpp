// Turns fuzzer input into packets for one end of a transfer: per packet
//   kind u8 | epoch u8 | symbol u32 | packet number u32 | length u16 | payload   (read until the input is used up)
#pragma once

#include "aipacket/transfer.hpp"

namespace aip::aipacket {

inline Address fuzz_node(uint8_t last) {
    Address address;
    address.bytes[0] = 0xfd;
    address.bytes[15] = last;
    return address;
}

// Feeds every packet to `end` and lets it speak after each; `after` may serve its events.
template <class End, class After>
void feed(ByteView input, End& end, uint32_t life, After after) {
    Bytes frame(kControlPayloadMax);
    Instant now = Instant::from_ns(1);
    for (Reader in(input); in.remaining() > 12;) {
        PacketView packet{fuzz_node(1), fuzz_node(2), 64, {}, {}};
        const uint8_t kind = in.u8();
        packet.header.kind = static_cast<Kind>(1 + kind % kKindMax);
        packet.header.epoch = in.u8();
        packet.header.transfer = 1;
        packet.header.life = (kind & 0x40) != 0 ? life + 1 : life;
        packet.header.symbol = in.u32();
        packet.header.packet_number = in.u32();
        const size_t length = in.u16();
        packet.payload = in.view(length < in.remaining() ? length : in.remaining());
        end.on_packet(packet, now);
        after(now);
        PacketBuilder builder{frame};
        for (int i = 0; i < 100 && end.poll(now, builder); ++i) builder = PacketBuilder{frame};
        const Instant wakeup = end.next_wakeup();
        const bool wait = (kind & 0x80) != 0 && wakeup != Instant::never() && wakeup > now;
        now = wait ? wakeup : now + Duration::microseconds(100);
    }
}

}  // namespace aip::aipacket

#!/usr/bin/env python3
"""Writes packets.txt and mac.txt from the text of RFC 8966, 9616 and 8967 alone: a second opinion on routing/babel."""
import hashlib
import hmac
import ipaddress
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
SOURCE, GROUP, OTHER = "fe80::1", "ff02::1:6", "fe80::2"
NET = "fd12:3456:789a:0:"
IID = ["1111:2222:3333:4444", "5555:6666:7777:8888", "9999:aaaa:bbbb:cccc"]
RID = [bytes.fromhex(i.replace(":", "")) for i in IID]
FOREIGN = bytes.fromhex("0102030405060708")


def ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def tlv(kind: int, body: bytes, *subs: bytes) -> bytes:
    body += b"".join(subs)
    return bytes([kind, len(body)]) + body


def stamp(*clocks: int) -> bytes:
    return tlv(3, b"".join(struct.pack(">I", c) for c in clocks))


def hello(seqno: int, interval: int, *subs: bytes, flags: int = 0) -> bytes:
    return tlv(4, struct.pack(">HHH", flags, seqno, interval), *subs)


def ihu(encoding: int, cost: int, interval: int, address: bytes, *subs: bytes) -> bytes:
    return tlv(5, struct.pack(">BBHH", encoding, 0, cost, interval) + address, *subs)


def router_id(value: bytes, *subs: bytes) -> bytes:
    return tlv(6, b"\0\0" + value, *subs)


def next_hop(encoding: int, address: bytes, *subs: bytes) -> bytes:
    return tlv(7, bytes([encoding, 0]) + address, *subs)


def update(encoding, flags, plen, omitted, prefix, *subs, interval=400, seqno=7, metric=96) -> bytes:
    return tlv(8, struct.pack(">BBBBHHH", encoding, flags, plen, omitted, interval, seqno, metric) + prefix, *subs)


def request(encoding: int, plen: int, prefix: bytes, *subs: bytes) -> bytes:
    return tlv(9, bytes([encoding, plen]) + prefix, *subs)


def seqno_request(encoding, plen, seqno, hops, rid, prefix, *subs) -> bytes:
    return tlv(10, struct.pack(">BBHBB", encoding, plen, seqno, hops, 0) + rid + prefix, *subs)


def packet(*tlvs: bytes, trailer: bytes = b"") -> bytes:
    body = b"".join(tlvs)
    return struct.pack(">BBH", 42, 2, len(body)) + body + trailer


OPTIONAL, MANDATORY, PADDED = tlv(112, b"abc"), tlv(240, b""), b"\0" + tlv(1, b"\0\0")
node = [ip(NET + i) for i in IID]
says_node = [f"{NET}{i}/128" for i in IID]
UP = "metric 96 seqno 7 interval 4.00s"
out = []


def vector(what: str, data: bytes, says=(), origins=()) -> None:
    out.append(f"\n# {what}\nfrom {SOURCE}\nto {GROUP}")
    out.extend(f"bytes {data.hex()[i : i + 96]}" for i in range(0, len(data) * 2, 96))
    out.extend(f"origin {o.hex()}" for o in origins)
    out.extend(f"says {s}" for s in says)


vector("an empty body", packet())
vector("Pad1, PadN, unknown TLVs", packet(b"\0", tlv(1, b"\0\0\0"), tlv(11, b""), tlv(254, b"x" * 255), b"\0"))
vector("bytes after the body", packet(hello(1, 100), trailer=hello(2, 100)), ["Hello seqno 1 interval 1.00s"])
vector("acknowledgements", packet(tlv(2, b"\xff\xff\x12\x34\0\x64"), tlv(3, b"\x12\x34", OPTIONAL)),
       ["Acknowledgment Request 1234 interval 1.00s", "Acknowledgment 1234"])
vector("an acknowledgement asked for in no time", packet(tlv(2, b"\0\0\x12\x34\0\0")))
vector("Hellos", packet(hello(65535, 20, flags=0x7FFF), hello(0, 0, flags=0x8000), hello(9, 65535, PADDED)),
       ["Hello seqno 65535 interval 0.20s", "Unicast Hello seqno 0 unscheduled", "Hello seqno 9 interval 655.35s"])
vector("timestamps", packet(hello(1, 100, stamp(1000001)), hello(2, 100, OPTIONAL, stamp(4294967295, 5)),
                            hello(3, 100, tlv(3, b"\0\0\0")), ihu(0, 96, 300, b"", stamp(2, 3)),
                            ihu(0, 96, 300, b"", stamp(2))),
       ["Hello seqno 1 interval 1.00s sub-timestamp 1.000001s",
        "Hello seqno 2 interval 1.00s sub-timestamp 4294.967295s", "Hello seqno 3 interval 1.00s",
        "IHU any rxcost 96 interval 3.00s sub-timestamp 0.000002s|0.000003s", "IHU any rxcost 96 interval 3.00s"])
vector("a mandatory sub-TLV makes a TLV ignored, an optional one does not",
       packet(hello(1, 100, MANDATORY), hello(2, 100, OPTIONAL), ihu(0, 1, 100, b"", MANDATORY),
              request(0, 0, b"", MANDATORY), tlv(3, b"\0\0", MANDATORY), hello(3, 100, OPTIONAL, MANDATORY)),
       ["Hello seqno 2 interval 1.00s"])
vector("sub-TLVs that are cut", packet(hello(1, 100, b"\x70"), hello(2, 100, b"\x70\x02a"), hello(3, 100)),
       ["Hello seqno 3 interval 1.00s"])
vector("IHUs, by encoding; an IPv4 one and an unknown one are not for us",
       packet(ihu(0, 0, 1, b""), ihu(1, 96, 300, bytes(4)), ihu(2, 97, 300, node[0]),
              ihu(3, 65535, 300, ip(OTHER)[8:]), ihu(4, 96, 300, b""), ihu(2, 96, 0, node[0])),
       ["IHU any rxcost 0 interval 0.01s", f"IHU {NET}{IID[0]} rxcost 97 interval 3.00s",
        f"IHU {OTHER} rxcost 65535 interval 3.00s"])
vector("a router id from the interface id, and the next address of the network in 20 octets",
       packet(update(2, 0xC0, 128, 0, node[0]), update(2, 0x40, 128, 8, node[1][8:])),
       [f"Update/prefix/id {says_node[0]} {UP}", f"Update/id {says_node[1]} {UP}"], RID[:2])
vector("a router id said once holds until the next",
       packet(router_id(FOREIGN), update(2, 0x80, 128, 0, node[0]), update(2, 0, 128, 8, node[1][8:]),
              update(2, 0x40, 128, 8, node[2][8:]), update(2, 0, 128, 8, node[1][8:])),
       [f"Update/prefix {says_node[0]} {UP}", f"Update {says_node[1]} {UP}", f"Update/id {says_node[2]} {UP}",
        f"Update {says_node[1]} {UP}"], [FOREIGN, FOREIGN, RID[2], RID[2]])
vector("ignored TLVs still change the state of the parser",
       packet(router_id(FOREIGN, MANDATORY), update(2, 0x80, 128, 0, node[0], MANDATORY),
              update(2, 0, 128, 8, node[1][8:]), update(2, 0x40, 128, 8, node[2][8:], MANDATORY),
              update(2, 0, 128, 15, node[0][15:])),
       [f"Update {says_node[1]} {UP}", f"Update {says_node[0]} {UP}"], [FOREIGN, RID[2]])
vector("no router id, no default prefix, an illegal router id, no interval",
       packet(update(2, 0x80, 128, 0, node[0]), update(2, 0x40, 128, 17, b""), router_id(bytes(8)),
              update(2, 0, 128, 0, node[0]), router_id(b"\xff" * 8), update(2, 0, 128, 0, node[0]),
              router_id(FOREIGN), update(2, 0, 128, 0, node[0], interval=0), update(1, 0, 32, 1, b"abc")))
vector("retractions need no router id; of everything",
       packet(update(2, 0, 128, 0, node[0], metric=65535), update(0, 0, 0, 0, b"", metric=65535, interval=65535)),
       [f"Update {says_node[0]} metric 65535 seqno 7 interval 4.00s",
        "Update any metric 65535 seqno 7 interval infinity"])
vector("of everything, contradicting itself",
       packet(update(0, 0, 0, 0, b"", metric=96), update(0, 0, 8, 0, b"", metric=65535),
              update(0, 0, 0, 1, b"", metric=65535)))
vector("prefixes of any length, bits beyond it cleared",
       packet(router_id(FOREIGN), update(2, 0x80, 0, 0, b""), update(2, 0x80, 61, 0, node[0][:7] + b"\xff"),
              update(2, 0, 62, 8, b""), update(2, 0, 129, 8, bytes(9)), update(2, 0, 128, 0, node[0][:15])),
       [f"Update/prefix ::/0 {UP}", f"Update/prefix fd12:3456:789a:f8::/61 {UP}", f"Update fd12:3456:789a:f8::/62 {UP}"],
       [FOREIGN] * 3)
vector("link-local prefixes carry 8 octets and omit none",
       packet(router_id(FOREIGN), update(3, 0x40, 128, 0, RID[0]), update(3, 0x80, 64, 0, b""),
              update(3, 0, 128, 8, b"")),
       [f"Update/id fe80::{IID[0]}/128 {UP}", f"Update/prefix fe80::/64 {UP}"], [RID[0], RID[0]])
vector("IPv4 needs a next hop of its own, and has a default prefix of its own",
       packet(router_id(FOREIGN), update(2, 0x80, 128, 0, node[0]), update(1, 0x80, 32, 0, ip("192.0.2.1")),
              next_hop(1, ip("192.0.2.254")), update(1, 0x40, 32, 3, b"\x02"), update(2, 0x40, 128, 8, node[1][8:])),
       [f"Update/prefix {says_node[0]} {UP}", f"Update/id 192.0.2.2/32 {UP}", f"Update/id {says_node[1]} {UP}"],
       [FOREIGN, bytes(4) + ip("192.0.2.2"), RID[1]])
vector("IPv4 with an IPv6 next hop (AE 4) and unknown encodings are skipped and leave no trace",
       packet(router_id(FOREIGN), update(2, 0x80, 128, 0, node[0]), update(4, 0xC0, 32, 0, ip("192.0.2.1")),
              update(200, 0xC0, 128, 0, bytes(16)), next_hop(4, bytes(4)), request(4, 32, bytes(4)),
              seqno_request(4, 32, 1, 64, FOREIGN, bytes(4)), update(2, 0, 128, 8, node[1][8:])),
       [f"Update/prefix {says_node[0]} {UP}", f"Update {says_node[1]} {UP}"], [FOREIGN, FOREIGN])
vector("requests", packet(request(0, 0, b""), request(2, 128, node[0], OPTIONAL), request(0, 1, b""),
                          request(2, 129, bytes(17)), request(2, 128, node[0][:15]), request(1, 24, b"\xc0\0\x02")),
       ["Route Request for any", f"Route Request for {says_node[0]}", "Route Request for 192.0.2.0/24"])
vector("requests for a sequence number; not for everything, not without hops, not of nobody",
       packet(seqno_request(2, 128, 65535, 255, RID[0], node[0]), seqno_request(0, 0, 1, 64, RID[0], b""),
              seqno_request(2, 128, 1, 0, RID[0], node[0]), seqno_request(2, 128, 1, 64, bytes(8), node[0]),
              seqno_request(2, 128, 1, 64, b"\xff" * 8, node[0]), seqno_request(2, 128, 1, 1, FOREIGN, node[1], PADDED)),
       [f"Seqno Request for {says_node[0]} seqno 65535 hops 255 id {RID[0].hex()}",
        f"Seqno Request for {says_node[1]} seqno 1 hops 1 id {FOREIGN.hex()}"])
(HERE / "packets.txt").write_text(
    '# By make.py. "bytes" is a UDP payload, "says" what it means line by line, "origin" the router ids of its\n'
    "# finite updates.\n" + "\n".join(out) + "\n")

KEY, NEXT_KEY = bytes(range(32)), b"\xaa" * 16
PORTS = struct.pack(">H", 6696)


def mac(key: bytes, source: str, destination: str, data: bytes) -> bytes:
    pseudo = ip(source) + PORTS + ip(destination) + PORTS
    return tlv(16, hmac.new(key, pseudo + data, hashlib.sha256).digest())


def signed(keys, source, destination, *tlvs, index=b"12345678", counter=1, extra=b"") -> bytes:
    data = packet(*tlvs, tlv(17, struct.pack(">I", counter) + index))
    return data + extra + b"".join(mac(k, source, destination, data) for k in keys)


out = []


def mac_vector(what, verdict, data, source=SOURCE, destination=GROUP) -> None:
    out.append(f"\n# {what}\nfrom {source}\nto {destination}\nverdict {verdict}")
    out.extend(f"bytes {data.hex()[i : i + 96]}" for i in range(0, len(data) * 2, 96))


good = signed([KEY], SOURCE, GROUP, hello(1, 100))
mac_vector("one key", "signed", good)
mac_vector("the second key of two", "signed", signed([NEXT_KEY, KEY], SOURCE, GROUP, hello(1, 100)))
mac_vector("padding in the trailer", "signed", signed([KEY], SOURCE, GROUP, extra=b"\0" + tlv(1, b"\0\0")))
mac_vector("the longest index", "signed", signed([KEY], SOURCE, GROUP, index=b"i" * 32))
mac_vector("no index", "signed", signed([KEY], SOURCE, GROUP, index=b""))
mac_vector("an index too long is none", "none", signed([KEY], SOURCE, GROUP, index=b"i" * 33))
mac_vector("to one neighbour", "signed", signed([KEY], SOURCE, OTHER, tlv(18, b"nonce")), destination=OTHER)
mac_vector("another key", "forged", signed([NEXT_KEY], SOURCE, GROUP, hello(1, 100)))
mac_vector("from another address", "forged", good, source=OTHER)
mac_vector("to another address", "forged", good, destination=OTHER)
mac_vector("one bit of the body differs", "forged", good[:9] + bytes([good[9] ^ 1]) + good[10:])
mac_vector("one bit of the MAC differs", "forged", good[:-1] + bytes([good[-1] ^ 1]))
mac_vector("no MAC", "none", packet(hello(1, 100), tlv(17, bytes(12))))
mac_vector("a MAC that is cut", "none", good[:-1])
mac_vector("no counter", "none", packet(hello(1, 100)) + mac(KEY, SOURCE, GROUP, packet(hello(1, 100))))
mac_vector("a MAC in the body is none", "none", packet(hello(1, 100), tlv(17, bytes(12)), good[-34:]))
(HERE / "mac.txt").write_text(
    "# By make.py. Key: 000102..1f, HMAC-SHA256. What a receiver that hears of the sender for the first time finds.\n"
    + "\n".join(out) + "\n")

#!/usr/bin/env python3
"""Writes the vectors of rfc/0011 from its text and the RFCs it names: what a node is asked, and what it answers."""
import ipaddress
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
NODE = ipaddress.ip_address("fd01:203:405::b0:1")
NODE_LINK_LOCAL = ipaddress.ip_address("fe80::b0:1")
NODE_MAC = bytes.fromhex("02000000000b")
NEIGHBOUR = ipaddress.ip_address("fd01:203:405::a")
KERNEL = ipaddress.ip_address("fe80::dead:beef")
KERNEL_MAC = bytes.fromhex("0200000000cc")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, destination, hop_limit, protocol, upper):
    return struct.pack("!IHBB", 6 << 28, len(upper), protocol, hop_limit) + source.packed + destination.packed + upper


def icmpv6(source, destination, hop_limit, kind, body):
    pseudo = source.packed + destination.packed + struct.pack("!II", len(body) + 4, 58)
    padding = bytes(len(body) % 2)
    total = checksum(pseudo + bytes([kind, 0, 0, 0]) + body + padding)
    return packet(source, destination, hop_limit, 58, struct.pack("!BBH", kind, 0, total) + body)


def write(name, data):
    (HERE / f"{name}.hex").write_text("".join(data[i : i + 32].hex() + "\n" for i in range(0, len(data), 32)))


group = ipaddress.ip_address(ipaddress.ip_address("ff02::1:ff00:0").packed[:13] + NODE.packed[13:])
question = bytes(4) + NODE.packed + bytes([1, 1]) + KERNEL_MAC
answer = struct.pack("!I", 0xE0000000) + NODE.packed + bytes([2, 1]) + NODE_MAC
write("solicitation", icmpv6(KERNEL, group, 255, 135, question))
write("advertisement", icmpv6(NODE, KERNEL, 255, 136, answer))

echo = struct.pack("!HH", 7, 1) + b"echo"
write("echo_request", icmpv6(KERNEL, NODE_LINK_LOCAL, 64, 128, echo))
write("echo_reply", icmpv6(NODE_LINK_LOCAL, KERNEL, 64, 129, echo))

lost = packet(NEIGHBOUR, ipaddress.ip_address("fd01:203:405::f"), 9, 59, b"nothing")
write("lost", lost)
write("no_route", icmpv6(NODE, NEIGHBOUR, 64, 1, bytes(4) + lost))


# Section 7, without the ask, whose introduction is in vectors/0003.
def join(kind, body, flags=0, family=0, count=0):
    return struct.pack("!BBBBIQ", kind, flags, family, count, 0, 0x0123456789ABCDEF) + body


def peer(host, port):
    return ipaddress.ip_address(host).packed + struct.pack("!H", port)


write("join_knock", join(1, bytes(16)))
write("join_cookie", join(2, bytes(range(16))))
write("join_peers", join(4, peer("192.0.2.1", 7000) + peer("198.51.100.2", 7001), flags=1, family=4, count=2))
write("join_peers_v6", join(4, peer("2001:db8::1", 7000) + peer("2001:db8::2", 7001), family=6, count=2))

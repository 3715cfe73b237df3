#!/usr/bin/env python3
"""Writes the vectors of rfc/0001 beside itself. Independent of the C++ code: it follows the text of the rfc."""
import ipaddress
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
SOURCE = "fd01:203:405:0:1111:2222:3333:4444"
DESTINATION = "fd01:203:405:0:5555:6666:7777:8888"
KINDS = ["", "introduction", "interest", "gossip", "query", "offer", "accept", "symbol", "ack", "receipt", "cancel"]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF) or 0xFFFF


def packet(kind=7, payload=b"", epoch=2, transfer=0x0123456789ABCDEF, symbol=5, number=9, hop=64, version=1, flags=0,
           header_length=32, life=3, ai_length=None, udp_length=None, ports=(41392, 41392), next_header=17,
           bad_crc=False, bad_sum=None, ip_version=6):
    addresses = ipaddress.IPv6Address(SOURCE).packed + ipaddress.IPv6Address(DESTINATION).packed
    length = 40 + len(payload)
    ai = struct.pack("!BBBBHHQIII", version, kind, flags, header_length, len(payload) if ai_length is None else ai_length,
                     epoch, transfer, symbol, number, life)
    crc = crc32c(addresses + ai + bytes(4) + payload) ^ (1 if bad_crc else 0)
    ai += struct.pack("!I", crc)
    udp_length = length if udp_length is None else udp_length
    pseudo = addresses + struct.pack("!II", length, 17)
    udp = struct.pack("!HHHH", *ports, udp_length, 0)
    total = checksum(pseudo + udp + ai + payload) if bad_sum is None else bad_sum
    udp = struct.pack("!HHHH", *ports, udp_length, total)
    label = (transfer ^ (transfer >> 20) ^ (transfer >> 40)) & 0xFFFFF
    return struct.pack("!IHBB", ip_version << 28 | label, length, next_header, hop) + addresses + udp + ai + payload


def write(name, what, data, drop=None, **fields):
    lines = [f"# {what}", f"drop: {drop or 'none'}"]
    if not drop:
        lines += [f"{key}: {value}" for key, value in fields.items()]
    lines += ["packet:"] + [data[i:i + 32].hex() for i in range(0, len(data), 32)]
    (HERE / f"{name}.hex").write_text("\n".join(lines) + "\n")


def good(name, what, kind, payload, **kw):
    f = dict(epoch=2, transfer=0x0123456789ABCDEF, symbol=5, number=9, life=3, hop=64) | kw
    write(name, what, packet(kind=kind, payload=payload, **f), source=SOURCE, destination=DESTINATION, hop=f["hop"],
          kind=KINDS[kind], epoch=f["epoch"], transfer=f"{f['transfer']:016x}", symbol=f["symbol"],
          number=f["number"], life=f["life"], payload=payload.hex())


def main():
    good("good_symbol", "A symbol of five bytes.", 7, b"model")
    good("good_empty", "No payload at all.", 8, b"")
    good("good_odd", "An odd number of bytes, every field at its top.", 7, bytes(range(255)), epoch=65535,
         transfer=2**64 - 1, symbol=2**32 - 1, number=2**32 - 1, life=2**32 - 1, hop=255)
    good("good_introduction", "To a neighbour, hop limit 1.", 1, b"\0" * 16, epoch=0, transfer=0, symbol=0, number=0, life=0, hop=1)
    whole = packet(payload=b"model")
    write("bad_empty", "Nothing.", b"", "truncated")
    write("bad_ipv4", "Another IP version.", packet(payload=b"model", ip_version=4), "bad-ip-version")
    write("bad_truncated", "The last byte is missing.", whole[:-1], "truncated")
    write("bad_trailing", "A byte too many.", whole + b"\0", "trailing-bytes")
    write("bad_not_udp", "TCP.", packet(payload=b"model", next_header=6), "not-ours")
    write("bad_port", "Another port.", packet(payload=b"model", ports=(41392, 53)), "not-ours")
    write("bad_udp_length", "UDP says one byte less than IPv6.", packet(payload=b"model", udp_length=44), "length-mismatch")
    write("bad_ai_length", "The AI header says one byte less.", packet(payload=b"model", ai_length=4), "length-mismatch")
    write("bad_checksum", "UDP checksum off by some.", packet(payload=b"model", bad_sum=0x1234), "bad-checksum")
    write("bad_no_checksum", "UDP checksum zero, which IPv6 forbids.", packet(payload=b"model", bad_sum=0), "bad-checksum")
    write("bad_version", "AI header of version 2.", packet(payload=b"model", version=2), "bad-version")
    write("bad_header_length", "AI header length 36.", packet(payload=b"model", header_length=36), "bad-header-length")
    write("bad_flags", "A flag is set.", packet(payload=b"model", flags=1), "reserved-bits")
    write("bad_life", "An introduction with the life of a receiver.", packet(kind=1, payload=b"model", life=1), "reserved-bits")
    write("bad_kind_0", "Kind 0.", packet(kind=0, payload=b"model"), "unknown-kind")
    write("bad_kind_255", "Kind 255.", packet(kind=255, payload=b"model"), "unknown-kind")
    write("bad_crc", "CRC-32C wrong, UDP checksum right.", packet(payload=b"model", bad_crc=True), "bad-crc")


main()

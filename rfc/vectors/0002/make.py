#!/usr/bin/env python3
"""Writes the vectors of rfc/0002 (payloads of ACCEPT, ACK and CANCEL) beside itself, following the text of the rfc."""
import hashlib
import ipaddress
import pathlib
import struct

HERE = pathlib.Path(__file__).parent


def write(name, what, payload, **fields):
    lines = [f"# {what}"] + [f"{key}: {value}" for key, value in fields.items()] + [f"payload: {payload.hex()}"]
    (HERE / f"{name}.hex").write_text("\n".join(lines) + "\n")


def accept(phase, parts, blocks, grant, bitmap=b"", zero=0):
    return struct.pack("!BBHII", phase, zero, parts, blocks, grant) + bitmap


def offer():
    def list_pointer(at_word, target_word, count):  # a list of bytes
        return struct.pack("<II", (target_word - at_word - 1) << 2 | 1, count << 3 | 2)

    destination = ipaddress.IPv6Address("fd01:203:405:0:5555:6666:7777:8888").packed
    digest = hashlib.sha256(b"head").digest()
    root = struct.pack("<IHH", 0, 4, 3)  # struct pointer: 4 words of data, 3 pointers
    data = struct.pack("<QHHIIIQ", 0x0123456789ABCDEF, 0, 0, 4, 8900, 0, 3 << 20)
    pointers = list_pointer(5, 8, 16) + list_pointer(6, 10, 32) + list_pointer(7, 14, 8)
    return root + data + pointers + destination + digest + b"fashion\0"


def main():
    write("accept_head", "Send the head, all 12 symbols.", accept(1, 1, 0, 12), kind="accept", valid="yes", phase=1,
          parts=1, blocks=0, grant=12, bitmap="")
    write("accept_blocks", "Blocks 0, 3 and 9 of 10.", accept(2, 1, 10, 354, b"\x09\x02"), kind="accept", valid="yes",
          phase=2, parts=1, blocks=10, grant=354, bitmap="0902")
    write("accept_short", "A byte is missing.", accept(1, 1, 0, 12)[:-1], kind="accept", valid="no")
    write("accept_phase_3", "No such phase.", accept(3, 1, 0, 12), kind="accept", valid="no")
    write("accept_reserved", "The zero byte is not.", accept(1, 1, 0, 12, zero=1), kind="accept", valid="no")
    write("accept_head_bitmap", "A head has no bitmap.", accept(1, 1, 0, 12, b"\1"), kind="accept", valid="no")
    write("accept_parts", "Ten blocks have one part, not two.", accept(2, 2, 10, 354, b"\x09\x02"), kind="accept", valid="no")
    write("accept_many", "More blocks than a model may have.", accept(2, 33, 262145, 1), kind="accept", valid="no")
    write("ack", "From the lowest missing symbol on: missing, there, there, missing, there; newest packet 77, 1.5 ms ago.",
          struct.pack("!III", 354, 77, 1500) + b"\x16", kind="ack", valid="yes", grant=354, newest=77, delay=1500, bitmap="16")
    write("ack_short", "A byte is missing.", struct.pack("!III", 354, 77, 1500)[:-1], kind="ack", valid="no")
    write("ack_long", "A bitmap wider than any window.", struct.pack("!III", 1, 1, 1) + b"\0" * 1025, kind="ack", valid="no")
    write("cancel", "Refused, with the reason.", b"\x02not admitted", kind="cancel", valid="yes", code="refused",
          text="not admitted")
    write("cancel_unprintable", "A line break becomes a question mark.", b"\x01a\nb", kind="cancel", valid="yes",
          code="stopped", text="a?b")
    write("cancel_empty", "No code.", b"", kind="cancel", valid="no")
    write("cancel_code", "No such code.", b"\x07x", kind="cancel", valid="no")
    write("offer", "A model for 'fashion': head of 4 bytes, symbols of 8,900, 3 blocks of 1 MiB. Canonical Cap'n Proto.",
          offer(), kind="offer",
          transfer="0123456789abcdef", destination="fd01:203:405:0:5555:6666:7777:8888", purpose=0,
          digest=hashlib.sha256(b"head").hexdigest(), head=4, symbol=8900, total=3 << 20, task="fashion")
    write("cancel_long", "Text of 201 bytes.", b"\x01" + b"a" * 201, kind="cancel", valid="no")


main()

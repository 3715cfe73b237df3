#!/usr/bin/env python3
"""Writes the vectors of rfc/0012 beside itself. Independent of the C++ code: it follows the text of the rfc."""
import ipaddress
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
A, B, C, D = (ipaddress.ip_address(f"fd01:203:405::{n:x}").packed for n in (0xA, 0xB, 0xC, 0xD))


def steered(segments, left, destination):
    payload = bytes(range(40, 48))
    routing = struct.pack("!BBBBBBH", 17, 2 * len(segments), 4, left, len(segments) - 1, 0, 0) + b"".join(segments)
    return struct.pack("!IHBB", 0x60000000, len(routing + payload), 43, 64) + A + destination + routing + payload


(HERE / "steered.hex").write_text(steered([D, C, B], 2, B).hex() + "\n")
(HERE / "reduced.hex").write_text(steered([D, C], 2, B).hex() + "\n")

#!/usr/bin/env python3
"""Writes the examples of rfc/0008 from its text alone, so that they are a second opinion on node/head.cpp."""
import pathlib
import struct

HERE = pathlib.Path(__file__).parent


def part(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def write(name: str, data: bytes) -> None:
    lines = [data[i : i + 32].hex() for i in range(0, len(data), 32)]
    (HERE / name).write_text("\n".join(lines) + "\n")


version = bytes(range(32))
write("model_head.hex", b"AIPM\x02" + part(b"manifest") + part(b"journey") + part(b"proof") + part(b"a name") + part(b"task"))
write("model_head_letter.hex", b"AIPM\x02" + part(b"manifest") + part(b"") + part(b"proof") + part(b"") + part(b""))
write("receipt.hex", b"AIPR\x01" + struct.pack(">Q", 0x0102030405060708) + version + struct.pack(">Q", 1767225600000))
write("query.hex", struct.pack(">Q", 0x1112131415161718) + version)
write("answer.hex", b"AIPQ\x01" + struct.pack(">Q", 0x1112131415161718) + part(b"proof") + part(b""))
write("answer_none.hex", b"AIPQ\x01" + struct.pack(">Q", 0x1112131415161718) + part(b"") + part(b"not here"))

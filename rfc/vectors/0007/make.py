#!/usr/bin/env python3
"""Writes the vectors of rfc/0007 beside itself. Independent of the C++ code and of the Cap'n Proto library: it follows
the text of the rfc and the encoding specification of Cap'n Proto."""
import hashlib
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
BLOCK = 1 << 20
BITS = {"U8": 8, "BF16": 16, "F32": 32, "F4": 4}


def safetensors(text, data):
    return struct.pack("<Q", len(text)) + text.encode() + data


def read(file):
    """-> header size, tensors in file order as (name, dtype, shape, bytes)"""
    header_size = 8 + struct.unpack("<Q", file[:8])[0]
    entries = json.loads(file[8:header_size])
    entries.pop("__metadata__", None)
    order = sorted(entries.items(), key=lambda e: (e[1]["data_offsets"], e[0].encode()))
    cut = lambda e: file[header_size + e["data_offsets"][0]:header_size + e["data_offsets"][1]]
    return header_size, [(name, e["dtype"], e["shape"], cut(e)) for name, e in order]


def blocks(section):
    return [hashlib.sha256(section[i:i + BLOCK]).digest() for i in range(0, len(section), BLOCK)]


def content(tensors):
    out = b"aipacket content v1" + struct.pack(">I", len(tensors))
    for name, dtype, shape, data in sorted(tensors, key=lambda t: t[0].encode()):
        name = name.encode()
        out += struct.pack(">H", len(name)) + name + bytes([len(dtype)]) + dtype.encode() + bytes([len(shape)])
        out += b"".join(struct.pack(">Q", extent) for extent in shape)
        out += struct.pack(">I", len(blocks(data))) + b"".join(blocks(data))
    return hashlib.sha256(out).digest()


class Words:
    """A Cap'n Proto segment, written in preorder: that is the canonical form."""

    def __init__(self):
        self.bytes = bytearray()

    def allocate(self, words):
        at = len(self.bytes) // 8
        self.bytes += bytes(8 * words)
        return at

    def put(self, word, value):
        struct.pack_into("<Q", self.bytes, 8 * word, value)

    def struct_pointer(self, pointer, data_words, pointers):
        at = self.allocate(data_words + pointers)
        self.put(pointer, (at - pointer - 1) << 2 | data_words << 32 | pointers << 48)
        return at

    def data(self, pointer, data):
        at = self.allocate((len(data) + 7) // 8)
        self.put(pointer, 1 | (at - pointer - 1) << 2 | 2 << 32 | len(data) << 35)
        self.bytes[8 * at:8 * at + len(data)] = data

    def text(self, pointer, text):
        self.data(pointer, text.encode() + b"\0")

    def u64s(self, pointer, values):
        at = self.allocate(len(values))
        self.put(pointer, 1 | (at - pointer - 1) << 2 | 5 << 32 | len(values) << 35)
        for i, value in enumerate(values):
            self.put(at + i, value)

    def structs(self, pointer, count, pointers):
        """A list of structs of pointers only; returns the word of the first one."""
        pointers = pointers if count else 0
        tag = self.allocate(1 + count * pointers)
        self.put(pointer, 1 | (tag - pointer - 1) << 2 | 7 << 32 | (count * pointers) << 35)
        self.put(tag, count << 2 | pointers << 48)
        return tag + 1


def manifest(file, parents, task, metadata):
    header_size, tensors = read(file)
    digests = blocks(file[:header_size]) + [d for t in tensors for d in blocks(t[3])]
    out = Words()
    root = out.struct_pointer(out.allocate(1), 2, 6)
    out.put(root, 1 | header_size << 32)
    out.put(root + 1, len(file))
    out.data(root + 2, content(tensors))
    first = out.structs(root + 3, len(tensors), 3)
    for i, (name, dtype, shape, _) in enumerate(tensors):
        out.text(first + 3 * i, name)
        out.text(first + 3 * i + 1, dtype)
        out.u64s(first + 3 * i + 2, shape)
    out.data(root + 4, b"".join(digests))
    out.data(root + 5, b"".join(parents))
    out.text(root + 6, task)
    first = out.structs(root + 7, len(metadata), 2)
    for i, (key, value) in enumerate(sorted(metadata.items(), key=lambda p: p[0].encode())):
        out.text(first + 2 * i, key)
        out.text(first + 2 * i + 1, value)
    return bytes(out.bytes), content(tensors)


def vector(name, file, parents=(), task="fashion", metadata=None):
    encoded, digest = manifest(file, parents, task, metadata or {})
    (HERE / f"{name}.file.hex").write_text(file.hex() + "\n")
    (HERE / f"{name}.manifest.hex").write_text(encoded.hex() + "\n")
    (HERE / f"{name}.txt").write_text(
        f"content {digest.hex()}\nversion {hashlib.sha256(encoded).hexdigest()}\n")


vector("small", safetensors('{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}   ', bytes([1, 2, 3, 4])))
vector("empty", safetensors("{}      ", b""))
vector("full",
       safetensors('{ "__metadata__":{"format":"pt"}, "b":{"dtype":"F32","shape":[2],"data_offsets":[6,14]},\n'
                   ' "s":{"dtype":"BF16","shape":[],"data_offsets":[4,6]},'
                   ' "h":{"dtype":"F4","shape":[2,4],"data_offsets":[0,4]},'
                   ' "\\u00e9":{"dtype":"F32","shape":[0,3],"data_offsets":[6,6]}}  ', bytes(range(14))),
       parents=[bytes([1] * 32), bytes([2] * 32)], metadata={"node": "fd01::1", "loss": "0.5", "note": ""})

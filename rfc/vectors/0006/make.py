#!/usr/bin/env python3
"""Writes revocation.txt from the text of rfc/0006 sections 4 and 8 and the keys in identity.txt (wants python3-cryptography)."""
import hashlib
import pathlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = pathlib.Path(__file__).parent
FROM_MS, ISSUED_MS, VOTES = 1_783_000_000_000, 1_783_086_400_000, 3

known = dict(line.split() for line in (HERE / "identity.txt").read_text().splitlines() if not line.startswith("#"))


def key(name):
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(known[name + "-seed"]))


def signed(who, body):
    return body + key(who).sign(body)


other = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"aipacket vector other").digest())
subject = other.public_key().public_bytes_raw()
about = subject + struct.pack("!QQ", FROM_MS, ISSUED_MS)
vote = b"AIPV\x01" + about
domain = b"revocation vote"
credential = bytes.fromhex(known["node-certificate"] + known["operational-certificate"])
sealed = b"AIPS\x01" + bytes([len(domain)]) + domain + credential + struct.pack("!I", len(vote)) + vote

lines = [
    '# rfc/0006, section 8: the words about an identity whose seed is SHA-256 of "aipacket vector other", by the root and by the',
    "# node of identity.txt. Written by make.py, read by tests/crypto/revocation_test.cpp.",
    f"subject {subject.hex()}",
    f"from-ms {FROM_MS}",
    f"issued-ms {ISSUED_MS}",
    f"votes {VOTES}",
    f"revocation {signed('root', b'AIPR' + bytes([1]) + about).hex()}",
    f"rule {signed('root', b'AIPQ' + bytes([1, VOTES]) + struct.pack('!Q', ISSUED_MS)).hex()}",
    f"vote {signed('operational', sealed).hex()}",
]
(HERE / "revocation.txt").write_text("\n".join(lines) + "\n")

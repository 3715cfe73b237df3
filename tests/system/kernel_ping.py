#!/usr/bin/env python3
"""Has the kernel send one echo request and prints the first ICMPv6 answer: type, code, parameter or 0, who sent it.

kernel_ping.py ADDRESS[%INTERFACE] [BYTES [HOP-LIMIT]]; status 1 if nothing comes in time. Neighbor Discovery, source
and checksum are the kernel's. Asks again as long as nothing comes: the first request may wait for a MAC.
"""
import os
import socket
import struct
import sys
import time

PATIENCE_S = 5
EVERY_S = 0.5
ECHO_REQUEST, ECHO_REPLY = 128, 129


def main():
    to = socket.getaddrinfo(sys.argv[1], None, socket.AF_INET6, socket.SOCK_RAW)[0][4]
    data = bytes(int(sys.argv[2]) if len(sys.argv) > 2 else 56)
    identifier = os.getpid() & 0xFFFF
    link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    if len(sys.argv) > 3:
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, int(sys.argv[3]))
    link.settimeout(EVERY_S)
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        link.sendto(struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, identifier, 1) + data, to)
        try:
            while True:
                answer, sender = link.recvfrom(65536)
                kind, code, _, parameter = struct.unpack("!BBHI", answer[:8])
                if kind == ECHO_REPLY and parameter >> 16 == identifier and answer[8:] == data:
                    parameter = 0
                elif kind >= ECHO_REQUEST:
                    continue
                print(kind, code, parameter, sender[0])
                return 0
        except TimeoutError:
            continue
    return 1


sys.exit(main())

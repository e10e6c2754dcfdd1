#!/usr/bin/env python3
"""Connections that want nothing, or nothing good, from a node.

    crowd.py PORT IDLE HOSTILE READY    holds IDLE idle and HOSTILE hostile connections, a quarter
                                        each of: heads that come a byte at a time, bodies of which
                                        half is sent, garbage, and requests whose answers are never
                                        read; opened again whenever the node ends one

Writes READY when all are open and the node has ended each that sent garbage, and goes on until it
gets SIGTERM; then prints what became of them: `idle OPEN hostile ENDED`, how many idle ones are
open still and how often a hostile one was ended by the node. Each needs a descriptor."""
import os
import random
import selectors
import signal
import socket
import sys
import time

HEAD = b"POST /v1/tx HTTP/1.1\r\nHost: node\r\nContent-Type: application/octet-stream\r\n"
SLOW = HEAD + b"X-Padding: " + b"x" * 4000
HALF = HEAD + b"Content-Length: 100000\r\n\r\n" + b"y" * 50000
UNREAD = b"GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n" * 200 # again and again
KINDS = ("slow", "half", "garbage", "unread")
STEP_S = 0.05


class Hostile:
    """One connection, and its successors."""

    def __init__(self, port, kind, chance):
        self.port, self.kind, self.chance = port, kind, chance
        self.ended = 0
        self.open()

    def open(self):
        self.socket = socket.socket()
        if self.kind == "unread":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", self.port))
        self.socket.setblocking(False)
        garbage = bytes(self.chance.randrange(256) for _ in range(500)) + b"\r\n\r\n"
        self.left = {"slow": SLOW, "half": HALF, "garbage": garbage, "unread": UNREAD}[self.kind]

    def step(self):
        """Sends what it would now, and notes whether the node has had enough."""
        piece = self.left[:1] if self.kind == "slow" else self.left
        try:
            if piece:
                self.left = self.left[self.socket.send(piece):]
            if self.kind == "unread":
                self.left = self.left or UNREAD
            elif self.socket.recv(65536) == b"":
                raise ConnectionResetError
        except BlockingIOError:
            pass
        except OSError:
            self.ended += 1
            self.socket.close()
            self.open()


def main():
    port, idle_count, hostile_count = (int(word) for word in sys.argv[1:4])
    chance = random.Random(1)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(idle_count)]
    hostile = [Hostile(port, KINDS[i % len(KINDS)], chance) for i in range(hostile_count)]
    garbage = [each for each in hostile if each.kind == "garbage"]
    while not all(each.ended for each in garbage):
        for each in hostile:
            each.step()
    with open(sys.argv[4] + ".new", "w", encoding="ascii") as ready:
        ready.write("ready\n")
    os.rename(sys.argv[4] + ".new", sys.argv[4])
    while not stopped:
        for each in hostile:
            each.step()
        time.sleep(STEP_S)
    gone = selectors.DefaultSelector()
    for each in idle:
        gone.register(each, selectors.EVENT_READ)
    print("idle", idle_count - len(gone.select(0)), "hostile", sum(h.ended for h in hostile))


main()

#!/usr/bin/env python3
"""Lets the disk of a node run full, at many different places, and holds it to what it acknowledged.

A node works on a file system of a few MiB until that has no room left. It must say so, refuse
transactions and go on giving each receipt that it acknowledged, byte for byte. Then, on every other
disk, it is given room, and must make blocks again by itself, at the root that it had; or it is killed:
a start on the full disk may succeed or be refused with exit code 1, but not end in any other way.
With room the node starts, the state is whole, and each receipt is given again.

A node with a reserve does not get that far: it refuses transactions, goes on running, and makes
blocks again by itself once there is more room.

Needs unshare(1) and the right to mount a tmpfs in a name space of its own. Writes TAP.

    tests/torture/disk.py [--sizes KIB,KIB...] [--no-reserve]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from kill import AUREON, CONTRACTS, START_S, Broken, Connection, Node

SIZES = [1000, 1500, 2000, 2777, 3500, 4321, 5000, 6500, 8000, 10000]  # KiB
ROOM_SIZE = "256m"  # afterwards
RESERVE_DISK_KIB = 100_000
RESERVE_MIB = 50
PADDING_SIZE = 40000  # bytes, of a section that nothing reads
REQUESTS_MAX = 2000
COUNT_AGAIN = 3  # deployments, once there is room
DEPLOY = "/v1/contract/deploy?from=alice&gas=auto&timeout=500ms"
NO_ROOM = "No space left on device"


def leb128(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    return bytes(encoded) + bytes([number])


def padded_module():
    section = b"\4room" + os.urandom(PADDING_SIZE)
    return (CONTRACTS / "counter.wasm").read_bytes() + b"\0" + leb128(len(section)) + section


def mount(*words):
    subprocess.run(["mount", *words], check=True)


class Disk:
    def __init__(self, folder, size_kib, min_free_mib=0):
        self.node = Node(folder, min_free_mib)
        self.node.data.mkdir()
        mount("-t", "tmpfs", "-o", f"size={size_kib}k", "none", self.node.data)
        self.receipts = {}
        self.refusal = b""

    def fill(self, count=REQUESTS_MAX):
        """Deploys until nothing is acknowledged any more, or so often."""
        connection = Connection(self.node.port)
        try:
            for _ in range(count):
                connection.send("POST", DEPLOY, padded_module(), "application/wasm")
                status, body = connection.receive()
                if status not in (200, 202):
                    self.refusal = body
                    return
                text = body.strip()[:-1].partition(b'"receipt":')[2] if status == 200 else (
                    self.wait_for_receipt(connection, json.loads(body)["hash"]))
                if text:
                    self.receipts[json.loads(text)["hash"]] = text
        except OSError:
            return
        finally:
            connection.close()
        if count == REQUESTS_MAX:
            raise Broken("the disk does not become full")

    def wait_for_receipt(self, connection, name):
        """Until a block has it, or None once the node says that none will."""
        deadline = time.monotonic() + START_S
        while True:
            is_full = self.health() == "store-full"
            connection.send("GET", f"/v1/tx/{name}/receipt")
            status, body = connection.receive()
            if status == 200:
                return body.strip()
            if is_full:
                return None
            if time.monotonic() > deadline:
                raise Broken(f"no block takes {name}, and the disk is not full")
            time.sleep(0.05)

    def check_receipts(self, connection):
        for name, text in self.receipts.items():
            connection.send("GET", f"/v1/tx/{name}/receipt")
            status, body = connection.receive()
            if status != 200 or body.strip() != text:
                raise Broken(f"{name} was acknowledged, but is now {status} {body.decode()}")

    def check_reads(self):
        """A node without room says so, and reads on. Where its chain is."""
        self.node.check_alive()
        self.check_health("store-full")
        connection = Connection(self.node.port)
        self.check_receipts(connection)
        connection.send("POST", DEPLOY, padded_module(), "application/wasm")
        status, body = connection.receive()
        if status != 503 or b'"store-full"' not in body:
            raise Broken(f"a full node takes a transaction: {status} {body.decode()}")
        log = (self.node.folder / "node.err").read_text()
        if "the disk of the store is full: " not in log or NO_ROOM not in log:
            raise Broken(f"it does not say why it makes no blocks: {log.splitlines()[-3:]}")
        return self.place(connection)

    def place(self, connection):
        status = connection.get("/v1/status")
        connection.close()
        return int(status["height"]), status["state_root"]

    def check_resumption(self, before):
        """With room the same process makes blocks again, from where it was."""
        mount("-o", f"remount,size={ROOM_SIZE}", self.node.data)
        self.check_health("ok")
        connection = Connection(self.node.port)
        self.check_receipts(connection)
        after = self.place(connection)
        # The batch that failed may be on disk all the same, whole.
        if after != before and after[0] != before[0] + 1:
            raise Broken(f"it was at {before}, and is now at {after}")
        count = len(self.receipts)
        self.fill(COUNT_AGAIN)
        if len(self.receipts) != count + COUNT_AGAIN:
            raise Broken(f"nothing is taken afterwards: {self.refusal!r}")
        self.node.stop()
        self.check_promises()
        return f"{count} receipts kept, then {COUNT_AGAIN} more"

    def check_death(self):
        self.node.kill()
        full_start = self.check_full_start()
        mount("-o", f"remount,size={ROOM_SIZE}", self.node.data)
        self.check_promises()
        return f"{len(self.receipts)} receipts kept; full, it is {full_start}"

    def check_full_start(self):
        """Whatever a full disk lets it do, it does as a program that knows what happens."""
        try:
            self.node.start()
        except Broken:
            if self.node.process.returncode != 1:
                raise
            return "refused"
        self.node.stop()
        return "started"

    def check_promises(self):
        self.node.start()
        connection = Connection(self.node.port)
        self.check_receipts(connection)
        status = connection.get("/v1/status")
        connection.close()
        self.node.stop()
        run = subprocess.run([AUREON, "state", "verify", self.node.data], capture_output=True,
                             text=True)
        if run.returncode != 0 or status["state_root"] not in run.stdout:
            raise Broken(f"state verify: exit {run.returncode}: {run.stdout}{run.stderr}")

    def run(self, is_killed):
        """What came to pass."""
        try:
            self.node.start()
        except Broken:
            self.check_refusal()
            return "too small to start on"
        self.fill()
        before = self.check_reads()
        return self.check_death() if is_killed else self.check_resumption(before)

    def check_health(self, expected):
        deadline = time.monotonic() + START_S
        while (status := self.health()) != expected:
            self.node.check_alive()
            if time.monotonic() > deadline:
                raise Broken(f"health is {status}, not {expected}")
            time.sleep(0.05)

    def health(self):
        """What it says of itself; why it is not there while it starts again."""
        try:
            connection = Connection(self.node.port)
            status = connection.get("/health")["status"]
            connection.close()
            return status
        except (OSError, Broken) as error:
            return repr(error)

    def run_reserve(self):
        """A node that keeps a reserve outlives the end of its room."""
        self.node.start()
        self.fill()
        self.node.check_alive()
        if b'"store-full"' not in self.refusal:
            raise Broken(f"refused for another reason: {self.refusal!r}")
        count = len(self.receipts)
        self.check_health("store-full")
        mount("-o", f"remount,size={ROOM_SIZE}", self.node.data)
        self.check_health("ok")
        self.fill()
        self.node.check_alive()
        if len(self.receipts) == count:
            raise Broken(f"nothing is taken afterwards: {self.refusal!r}")
        self.node.stop()
        self.check_promises()
        return f"{count} receipts, then {len(self.receipts) - count} more"

    def check_refusal(self):
        if self.node.process.returncode != 1:
            raise Broken(f"a start without room ended with {self.node.process.returncode}")

    def close(self):
        process = self.node.process
        if process and process.poll() is None:
            process.kill()
            process.wait()
        subprocess.run(["umount", self.node.data], check=False)


def run_size(number, size_kib, min_free_mib=0):
    name = f"a disk of {size_kib} KiB" + (f", {min_free_mib} MiB kept free" if min_free_mib else "")
    with tempfile.TemporaryDirectory(prefix="aureon-disk-") as folder:
        disk = Disk(pathlib.Path(folder), size_kib, min_free_mib)
        started_at = time.monotonic()
        try:
            told = disk.run_reserve() if min_free_mib else disk.run(number % 2 == 0)
        except Exception as error:
            print(f"not ok {number} - {name}\n# {error!r}", flush=True)
            return False
        finally:
            disk.close()
    print(f"ok {number} - {name}: {told} ({time.monotonic() - started_at:.1f} s)", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="in KiB")
    parser.add_argument("--no-reserve", action="store_true", help="leave the last one out")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        words = ["unshare", "--mount", "--map-root-user", sys.executable, __file__, "--inside"]
        os.execvp(words[0], words + sys.argv[1:])
    sizes = [int(word) for word in options.sizes.split(",")]
    print(f"1..{len(sizes) + (not options.no_reserve)}", flush=True)
    results = [run_size(number, size) for number, size in enumerate(sizes, 1)]
    if not options.no_reserve:
        results.append(run_size(len(sizes) + 1, RESERVE_DISK_KIB, RESERVE_MIB))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

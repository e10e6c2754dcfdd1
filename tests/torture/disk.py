#!/usr/bin/env python3
"""Lets the disk of a node run full, at many different places, and holds it to what it acknowledged.

A node works on a file system of a few MiB until that has no room left. It must stop by itself, with
exit code 1 and a message that says why. A start on the full disk may succeed or be refused, but not
end in any other way. With more room the node starts, the state is whole, and each receipt that was
acknowledged is given again, byte for byte.

A node with a reserve does not get that far: it refuses transactions, goes on running, and makes
blocks again by itself once there is more room.

Needs unshare(1) and the right to mount a tmpfs in a name space of its own. Writes TAP.

    tests/torture/disk.py [--sizes KIB,KIB...]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from kill import AUREON, CONTRACTS, Broken, Connection, Node

SIZES = [1000, 1500, 2000, 2777, 3500, 4321, 5000, 6500, 8000, 10000]  # KiB
ROOM_SIZE = "256m"  # afterwards
RESERVE_DISK_KIB = 100_000
RESERVE_MIB = 50
PADDING_SIZE = 40000  # bytes, of a section that nothing reads
STOP_S = 30
REQUESTS_MAX = 2000
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

    def fill(self):
        """Deploys until nothing is acknowledged any more."""
        connection = Connection(self.node.port)
        try:
            for _ in range(REQUESTS_MAX):
                connection.send("POST", "/v1/contract/deploy?from=alice&gas=auto", padded_module(),
                                "application/wasm")
                status, body = connection.receive()
                if status != 200:
                    self.refusal = body
                    return
                text = body.strip()[:-1].partition(b'"receipt":')[2]
                self.receipts[json.loads(text)["hash"]] = text
        except OSError:
            return
        finally:
            connection.close()
        raise Broken("the disk does not become full")

    def check_end(self):
        code = self.node.process.wait(timeout=STOP_S)
        log = (self.node.folder / "node.err").read_text()
        if code != 1:
            raise Broken(f"exit {code}, not 1: {log.splitlines()[-1:]}")
        if "aureon: the node stops: " not in log or NO_ROOM not in log:
            raise Broken(f"it does not say why it stops: {log.splitlines()[-3:]}")

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
        for name, text in self.receipts.items():
            connection.send("GET", f"/v1/tx/{name}/receipt")
            status, body = connection.receive()
            if status != 200 or body.strip() != text:
                raise Broken(f"{name} was acknowledged, but is now {status} {body.decode()}")
        status = connection.get("/v1/status")
        connection.close()
        self.node.stop()
        run = subprocess.run([AUREON, "state", "verify", self.node.data], capture_output=True,
                             text=True)
        if run.returncode != 0 or status["state_root"] not in run.stdout:
            raise Broken(f"state verify: exit {run.returncode}: {run.stdout}{run.stderr}")

    def run(self):
        """What came to pass."""
        try:
            self.node.start()
        except Broken:
            self.check_refusal()
            return "too small to start on"
        self.fill()
        self.check_end()
        full_start = self.check_full_start()
        mount("-o", f"remount,size={ROOM_SIZE}", self.node.data)
        self.check_promises()
        return f"{len(self.receipts)} receipts kept; full, it is {full_start}"

    def check_health(self, expected):
        deadline = time.monotonic() + STOP_S
        connection = Connection(self.node.port)
        while (status := connection.get("/health")["status"]) != expected:
            if time.monotonic() > deadline:
                raise Broken(f"health is {status}, not {expected}")
            time.sleep(0.05)
        connection.close()

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
            told = disk.run_reserve() if min_free_mib else disk.run()
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
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        words = ["unshare", "--mount", "--map-root-user", sys.executable, __file__, "--inside"]
        os.execvp(words[0], [*words, "--sizes", options.sizes])
    sizes = [int(word) for word in options.sizes.split(",")]
    print(f"1..{len(sizes) + 1}", flush=True)
    results = [run_size(number, size) for number, size in enumerate(sizes, 1)]
    results.append(run_size(len(sizes) + 1, RESERVE_DISK_KIB, RESERVE_MIB))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

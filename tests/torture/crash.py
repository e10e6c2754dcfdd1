#!/usr/bin/env python3
"""Breaks a node at each of its calls that change the disk, and looks at what is left.

The calls are counted while a node starts, for the first time and later, commits one block (of
transfers, of storage, of deployments, one with which the records of tries are written, and one after
which more of them are written by another thread) and stops, also after so much was written that it
leaves no log behind. What RocksDB does by itself after a start is over by then, so that each run
counts the same calls. Then, for each call, on a copy of the same data directory: a kill before it, in
the middle of a write, after it; a loss of power before and after it, which takes what was not synced;
EIO and ENOSPC once, ENOSPC from there on; and EIO at each read. Afterwards

  * the node was killed, or stopped with exit code 1 or 4 and said why, or went on, or made no blocks
    for want of space and then, since there is some, made blocks again in the same process;
  * `aureon state verify` finds the state whole;
  * the next start is at the old height and root or at the new ones, never between;
  * each receipt that was given is given again, byte for byte;
  * one block more can be made, and the node stops as one should.

Then the store's log is cut at each byte of its last record, and one byte before is changed: that
must be refused by name. Writes TAP; points that fail are told one by one, and again at the end,
with the words that try them again.

    tests/torture/crash.py [--points N] [--record FILE] [--part I/N] [--seed N] [--dir DIR]
                           [--jobs N] [--only POINT]... [--repeat N]

--points takes a sample, some of each kind. With --record what comes of each point is kept in a file:
what this very program was tried at is not tried again, and counts. --jobs tries so many points beside
one another, as many as there are processors if not given. --part takes the I-th of N parts of all
points: side by side they may have one record. --only tries a point by its name ("flush eio 12"), or
all points whose names begin so, as often as --repeat says, whatever the record has: what threads do
side by side comes in another order each time. AUREON is the program, else that of build/.
"""

import argparse
import collections
import concurrent.futures
import copy
import itertools
import json
import mmap
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib

from kill import AUREON, CONTRACTS, NAMES, ROOT, START_S, Broken, Connection, Node
from record import FAILED, Record

ACTIONS = ("nothing kill-before kill-within kill-after lose-before lose-after eio enospc "
           "enospc-on").split()  # the shim has the same
FIRST = "first start"  # of a folder that is empty
PHASES = (FIRST, "start", "transfers", "storage", "deploys", "flush", "pass", "stop", "closing")
STARTS = (FIRST, "start")  # phases whose calls are those of a start and of a block
STOPS = ("stop", "closing")  # phases whose calls are those of a stop
FLUSH_BLOCKS = 511  # after a start, before the block with which tries are written
PASS_BLOCKS = 40  # of these, that write so many slots that another thread writes their tries
DAMAGED = 4  # exit code
LOAD_BLOCKS, LOAD_SIZE = 10, 850000  # more than 16 MiB: two modules in each block, bytes of each
QUIET_S = 0.002  # between two looks at the node's threads
CONTROL = struct.Struct("6I200s")
# Without tunables the node begins once more to get them: that takes time, and the shim would be lost.
ENVIRONMENT = os.environ | {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class BrokenNode(Node):
    """A node with the shim, or without."""

    def __init__(self, folder, control=None):
        super().__init__(folder)
        self.control = control
        self.log = folder / "node.err"

    def spawn(self):
        self.ready.unlink(missing_ok=True)
        env = ENVIRONMENT
        if self.control:
            env = env | {"LD_PRELOAD": self.control.shim, "AUREON_CRASH_CONTROL": self.control.path,
                         "AUREON_CRASH_FOLDER": str(self.data)}
        with open(self.log, "wb") as err:
            self.process = subprocess.Popen(
                [AUREON, "dev", "--manual", "--port", "0", "--data-dir", self.data,
                 "--ready-file", self.ready], stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                env=env)

    def settle(self):
        """Waits until none of its threads runs: what RocksDB does behind the requests is done."""
        seen = None
        while seen != (seen := self.look()) or seen is None:
            time.sleep(QUIET_S)

    def look(self):
        """How often each thread has gone to sleep; None if one is not asleep."""
        counts = {}
        for thread in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/status"):
            try:
                _, _, rest = thread.read_text().partition("\nState:\t")
            except OSError:
                continue  # it has ended
            if rest[0] in "RD":
                return None
            counts[thread] = rest.partition("\nvoluntary_ctxt_switches:")[2]
        return counts

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def build_shim(folder):
    subprocess.run(["cc", "-std=gnu17", "-O1", "-shared", "-fPIC", "-o", folder / "shim.so",
                    ROOT / "tests/torture/crash_shim.c", "-ldl", "-pthread"], check=True)
    return str(folder / "shim.so")


class Control:
    """The page that is shared with the shim."""

    def __init__(self, folder, shim):
        self.shim = shim
        self.path = str(folder / "control")
        pathlib.Path(self.path).write_bytes(bytes(CONTROL.size))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), CONTROL.size)

    def set(self, action, target, counts_reads):
        self.page[:] = CONTROL.pack(0, counts_reads, 0, target, ACTIONS.index(action), 0, b"")

    def count(self):
        """From now on."""
        self.page[:4] = struct.pack("I", 1)

    def get(self):
        """How many calls, whether one was broken, and which."""
        _, _, count, _, _, is_done, told = CONTROL.unpack(self.page[:])
        return count, bool(is_done), told.partition(b"\0")[0].decode()


def transfer(name, number):
    return "/v1/tx", json.dumps({"from": name, "kind": "transfer", "to": f"0x{number:064x}",
                                 "amount": "7"}).encode(), "application/json"


def requests(phase, contract):
    if phase == "storage":
        body = {"contract": contract, "function": "fill", "gas_limit": "100000"}
        return [("/v1/contract/call", json.dumps(body | {"from": name}).encode(),
                 "application/json") for name in NAMES[:2]]
    if phase == "deploys":
        code = (CONTRACTS / "counter.wasm").read_bytes()
        return [(f"/v1/contract/deploy?from={name}&gas=auto",
                 code + bytes([0, 3, 1, 120, number]), "application/wasm")
                for number, name in enumerate(NAMES[:3])]
    return [transfer(name, 1 << 200 | number) for number, name in enumerate(NAMES)]


def load():
    """Deployments of no module: they fail, and take room in a block and in the log."""
    return [(f"/v1/contract/deploy?from={name}&gas={10100 + LOAD_SIZE * 21 // 10}",
             b"Z" * LOAD_SIZE, "application/wasm") for name in NAMES[:2]]


def post(connection, path, body, media_type, wanted):
    connection.send("POST", path, body, media_type)
    status, answer = connection.receive()
    if status not in wanted:
        raise Broken(f"POST {path}: {status} {answer.decode()}")
    return status, answer


def submit(connection, some):
    """Posts, waits for nothing. Returns the hashes."""
    hashes = []
    for path, body, media_type in some:
        path += ("&" if "?" in path else "?") + "wait=none"
        hashes.append(json.loads(post(connection, path, body, media_type, [202])[1])["hash"])
    return hashes


def mine(connection, count=1):
    body = json.dumps({"count": str(count)}).encode()
    return post(connection, "/v1/dev/mine", body, "application/json", [200, 503])[0] == 200


def receipts(connection, hashes):
    given = {}
    for name in hashes:
        connection.send("GET", f"/v1/tx/{name}/receipt")
        status, body = connection.receive()
        if status == 200:
            given[name] = body.strip()
    return given


def place(connection):
    status = connection.get("/v1/status")
    return int(status["height"]), status["state_root"]


class Crash:
    def __init__(self, folder):
        self.folder = folder
        self.base = folder / "base"
        self.control = Control(folder, build_shim(folder))
        self.contract = None
        self.kept = {}  # receipts of the base
        self.places = {}  # by phase: where the chain may be afterwards
        self.resumed_at = None  # where it is after the disk was full

    def beside(self, number):
        """Tries points as this one does, elsewhere, at the same time."""
        other = copy.copy(self)
        other.folder = self.folder / f"job{number}"
        other.folder.mkdir()
        other.control = Control(other.folder, self.control.shim)
        return other

    def prepare(self):
        """A chain whose node was killed: its log is still to be read."""
        node = BrokenNode(self.base)
        self.base.mkdir()
        node.start()
        connection = Connection(node.port)
        run = subprocess.run([AUREON, "deploy", ROOT / "tests/torture/fill.wat", "--json", "--wait",
                              "accepted", "--gas", "2000000", "--url",
                              f"http://127.0.0.1:{node.port}"], capture_output=True, text=True)
        if run.returncode != 0:
            raise Broken(f"deploy: {run.stderr}")
        hashes = [json.loads(run.stdout)["hash"]] + submit(connection, requests("transfers", None))
        deadline = time.monotonic() + START_S
        while len(self.kept) < len(hashes):  # new code is compiled first
            if not mine(connection) or time.monotonic() > deadline:
                raise Broken("the contract does not come to a block")
            self.kept = receipts(connection, hashes)
        self.contract = json.loads(self.kept[hashes[0]])["created"]
        submit(connection, requests("storage", self.contract))
        mine(connection)
        submit(connection, [transfer("alice", 1 << 202)])
        mine(connection)
        node.kill()
        self.end_of_log()

    def act(self, node, phase, given, is_full):
        """What is done while calls are counted. OSError where the node is gone."""
        if phase in STARTS:
            self.control.count()
        node.start()
        node.settle()
        connection = Connection(node.port)
        hashes = []
        if phase == "flush":
            mine(connection, FLUSH_BLOCKS)
        if phase == "pass":
            for _ in range(PASS_BLOCKS):
                submit(connection, requests("storage", self.contract))
                mine(connection)
            mine(connection, FLUSH_BLOCKS - PASS_BLOCKS)
        for _ in range(LOAD_BLOCKS if phase == "closing" else 0):
            submit(connection, load() + requests("storage", self.contract))
            mine(connection)
        self.places[phase] = self.places.get(phase) or [place(connection)]
        if phase == "deploys":
            self.count_settled(node)
        hashes = submit(connection, requests(phase, self.contract))
        if phase not in (*STARTS, "deploys", *STOPS):
            self.count_settled(node)
        if not mine(connection) and is_full:
            connection = self.resume(node, phase, given)
        given |= receipts(connection, hashes)
        if len(self.places[phase]) < 2:
            self.places[phase].append(place(connection))
            if len(given) != len(self.kept_before(phase)) + len(hashes):
                raise Broken(f"{phase}: not all is in the one block")
        if phase in STOPS:
            self.count_settled(node)
        connection.close()
        node.stop()

    def count_settled(self, node):
        """Counts once the node does nothing but what is asked for: each run has the same calls."""
        node.settle()
        self.control.count()

    def resume(self, node, phase, given):
        """Waits until a node that had no space makes blocks again, and has it make one."""
        deadline = time.monotonic() + START_S
        while node.process.poll() is None:
            try:
                connection = Connection(node.port)
                if connection.get("/health")["status"] == "ok":
                    break
            except (OSError, Broken):
                pass  # it is being started again
            if time.monotonic() > deadline:
                raise Broken("it does not make blocks again")
            time.sleep(0.02)
        else:
            raise ConnectionError("it could not start again")
        if place(connection) not in self.places[phase]:
            raise Broken(f"it goes on at {place(connection)}, not at one of {self.places[phase]}")
        name = submit(connection, [transfer("judy", 1 << 203)])
        if not mine(connection):
            raise Broken("it makes no blocks")
        given |= receipts(connection, name)
        self.resumed_at = place(connection)
        return connection

    def kept_before(self, phase):
        return {} if phase == FIRST else self.kept

    def break_once(self, phase, action, target, counts_reads=0):
        """Returns what came to pass, and how many calls there were."""
        folder = self.folder / "point"
        if phase == FIRST:
            folder.mkdir()
        else:
            shutil.copytree(self.base, folder)
        self.control.set(action, target, counts_reads)
        node = BrokenNode(folder, self.control)
        given = dict(self.kept_before(phase))
        error = self.resumed_at = None
        try:
            self.act(node, phase, given, action.startswith("enospc"))
        except (Broken, OSError) as caught:
            error = caught
        count, is_done, told = self.control.get()
        outcome = self.check_end(node, action, is_done, error, told)
        self.check_rest(folder, phase, given, outcome, told)
        shutil.rmtree(folder)
        return outcome, count

    def check_end(self, node, action, is_done, error, told):
        if error:
            try:  # who is refused for damage is answered before the node has stopped
                node.wait()
            except Broken:
                raise Broken(f"{told}: it runs on after {error}") from error
            finally:
                node.end()
        code = node.process.returncode
        if code == 0 and not error and self.resumed_at:
            return "resumed"
        if code == 0 and not error:
            return "went on" if is_done else "not reached"
        if action.startswith(("kill", "lose")) and is_done and code == -9:
            return "killed"
        lines = node.log.read_text(errors="replace").strip().splitlines()
        if code in (1, DAMAGED) and lines and lines[-1].startswith("aureon") and is_done:
            return "stopped"
        raise Broken(f"{told}: exit {code}, {error}: {lines[-1:]}")

    def check_rest(self, folder, phase, given, outcome, told):
        node = BrokenNode(folder)
        try:
            node.start()
            connection = Connection(node.port)
            at = place(connection)
            places = [self.resumed_at] * 2 if self.resumed_at else self.places.get(phase, [])
            if at not in places or (len(given) > len(self.kept_before(phase)) and at != places[1]):
                raise Broken(f"at {at}, not one of {places}; {len(given)} receipts")
            if outcome == "went on" and at != places[-1]:
                raise Broken(f"it went on, but is at {at}")
            if receipts(connection, given) != given:
                raise Broken("a receipt that was given is another, or gone")
            name = submit(connection, [transfer("judy", 1 << 201)])
            if not mine(connection) or not receipts(connection, name):
                raise Broken("no block can be made")
            at = place(connection)
            connection.close()
            node.stop()
        except (Broken, OSError) as error:
            log = node.log.read_text(errors="replace").strip().splitlines()[-1:]
            raise Broken(f"{told}: {outcome}, then {error}: {log}") from error
        finally:
            node.end()
        run = subprocess.run([AUREON, "state", "verify", node.data], capture_output=True, text=True,
                             env=ENVIRONMENT)
        if run.returncode != 0 or at[1] not in run.stdout:
            raise Broken(f"{told}: state verify: {run.stdout}{run.stderr}")

    # ---- the log ----

    def end_of_log(self):
        self.log = max((self.base / "data/store").glob("*.log"), key=lambda path: path.name)
        self.log_bytes = self.log.read_bytes()
        begin, at = 0, 0  # of the last record, whose fragments are of type 1 or 2 3 4
        while at + 7 <= len(self.log_bytes):
            room = 32768 - at % 32768
            if room < 7:
                at += room
                continue
            size, kind = struct.unpack_from("<HB", self.log_bytes, at + 4)
            if kind == 0:
                break
            begin = at if kind in (1, 2) else begin
            at += 7 + size
        self.last_begin, self.last_end = begin, at

    def change_log(self, content):
        """What a start says to another log."""
        folder = self.folder / "point"
        shutil.copytree(self.base, folder)
        (folder / "data/store" / self.log.name).write_bytes(content)
        node = BrokenNode(folder)
        try:
            node.start()
            connection = Connection(node.port)
            return place(connection), receipts(connection, self.kept), ""
        except Broken:
            if node.process.returncode != DAMAGED:
                raise
            return None, {}, node.log.read_text().strip()
        finally:
            node.end()
            shutil.rmtree(folder)

    def cut(self, size):
        height = self.places["start"][0][0]
        at, given, message = self.change_log(self.log_bytes[:size])
        if not at or at[0] not in (height - 1, height) or given != self.kept:
            raise Broken(f"cut at {size}: {at}, {len(given)} receipts, {message}")
        return "went on"

    def spoil(self, position):
        content = bytearray(self.log_bytes)
        content[position] ^= 0x10
        at, _, message = self.change_log(content)
        if at or self.log.name not in message:
            raise Broken(f"a changed byte at {position} is not refused by name: {at} {message}")
        return "stopped"


def points_of(crash, rng):
    """All points, some of each kind before more of any: what they are, and how each is tried."""
    points, counted = [], {}
    for phase in PHASES:
        for counts_reads in (0, 1):
            count = crash.break_once(phase, "nothing", 0, counts_reads)[1]
            print(f"# {phase}: {count} {'reads' if counts_reads else 'calls'}", flush=True)
            if count == 0 and not counts_reads:  # reads may all be of what is in memory
                raise Broken(f"{phase}: nothing is counted: the shim is not there")
            if phase == "closing" and not counts_reads and count <= counted["stop"]:
                raise Broken("closing: not enough was written for the log to be left")
            counted[phase] = counted.get(phase, count)
            actions = ["eio"] if counts_reads else ACTIONS[1:]
            points += [(f"{phase} {action}{' of reads' * counts_reads}", Crash.break_once,
                        (phase, action, target, counts_reads))
                       for action in actions for target in range(1, count + 1)]
    begin, end = crash.last_begin, crash.last_end
    points += [("log cut", Crash.cut, (size,)) for size in range(begin, end)]
    points += [("log changed", Crash.spoil, (position,)) for position in range(7, begin, 97)]
    rng.shuffle(points)
    groups = collections.defaultdict(list)  # each has its share
    for point in points:
        groups[point[0]].append(point)
    rounds = itertools.zip_longest(*groups.values())
    return list(filter(None, itertools.chain(*rounds)))


def name_of(point):
    """A point's name, for --only: its kind and its place."""
    name, method, words = point
    return f"{name} {words[2 if method.__name__ == 'break_once' else 0]}"


def chosen(points, options, record):
    """Those of --only, each as often as --repeat says; else those of --part and not in the record."""
    if not options.only:
        number, parts = map(int, options.part.split("/"))
        some = [point for point in points if name_of(point) not in record.outcomes
                and zlib.crc32(name_of(point).encode()) % parts == number - 1]
        return some[:options.points or None]
    some = [point for point in points
            if any((name_of(point) + " ").startswith(f"{only} ") for only in options.only)]
    if not some:
        raise SystemExit(f"no point begins with {' or '.join(options.only)}")
    return some * options.repeat


def tell(crash, point, error):
    """Says all there is to know of a failure."""
    lines = str(error) if isinstance(error, Broken) else traceback.format_exc()
    log = crash.folder / "point" / "node.err"
    if log.exists():
        lines += "\nthe node's last words:\n" + log.read_text(errors="replace")[-4000:]
    told = [f"# FAILED {name_of(point)}", *(f"#     {line}" for line in lines.splitlines())]
    print("\n".join(told), flush=True)


def run(crash, options):
    """Returns whether all went well, in runs before as well."""
    rng = random.Random(options.seed)
    record = Record(options.record, AUREON)
    crash.prepare()
    points = points_of(crash, rng)
    some = chosen(points, options, record)
    print(f"# {len(points)} points; {len(record.outcomes)} were tried before, {len(some)} are now",
          flush=True)
    lock, left = threading.Lock(), collections.deque(some)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as threads:
        try:
            for job in [threads.submit(try_points, crash.beside(number), left, record, lock)
                        for number in range(options.jobs)]:
                job.result()
        finally:
            left.clear()  # when one gives up, or all are interrupted, the others stop as well
    return tell_all(record, options.seed)


def try_points(crash, left, record, lock):
    """Takes points of those that are left, one after the other."""
    while True:
        with lock:
            point = left.popleft() if left else None
        if not point:
            return
        _, method, words = point
        try:
            outcome = method(crash, *words)
            outcome = outcome if isinstance(outcome, str) else outcome[0]
        except (Broken, OSError, LookupError, ValueError) as error:
            outcome = FAILED
            tell(crash, point, error)
            shutil.rmtree(crash.folder / "point", ignore_errors=True)
        with lock:
            record.add(name_of(point), outcome)


def tell_all(record, seed):
    """What came of all tries: of each kind of point, and in all. Returns whether none failed."""
    kinds = collections.defaultdict(collections.Counter)
    for point, outcomes in record.outcomes.items():
        kinds[point.rpartition(" ")[0]].update(outcomes)
    print(f"1..{len(kinds)}")
    for number, (kind, counts) in enumerate(sorted(kinds.items()), 1):
        print(f"{'not ' if counts[FAILED] else ''}ok {number} - {kind}: {in_words(counts)}")
    total = sum(kinds.values(), collections.Counter())
    print(f"# {len(record.outcomes)} points, {total.total()} tries: {in_words(total)}; seed {seed}")
    for point, outcomes in record.outcomes.items():
        if FAILED in outcomes:
            print(f"# failed: {point}")
            print(f"#   again: tests/torture/crash.py --only '{point}' --repeat 20")
    return not total[FAILED]


def in_words(counts):
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=0, help="a sample of so many; else all")
    parser.add_argument("--record", help="a file of what came of each point; else nothing is kept")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="a part of all points")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="points at a time")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", action="append", help="a point by its name, or some by its begin")
    parser.add_argument("--repeat", type=int, default=1, help="times each of --only is tried")
    parser.add_argument("--dir", default=None, help="where the data directories are made")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="aureon-crash-", dir=options.dir))
    print(f"# seed {options.seed}", flush=True)
    try:
        is_good = run(Crash(folder), options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()

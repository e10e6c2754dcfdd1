#!/usr/bin/env python3
"""Kills a node under load, again and again, and holds it to all that it has acknowledged.

Clients post transfers, calls and deployments and wait for each to be committed. At a random moment
the node is stopped (SIGSTOP), one looks at what its producer is at, and it is killed (SIGKILL).
Then, on what is left of its data directory:

  * `aureon state verify`, on a copy, finds every trie whole, not below an acknowledged height;
  * the node starts on it, at that height and that state root;
  * each receipt acknowledged since the beginning is given again, byte for byte;
  * the blocks are one chain and hold what was acknowledged where its receipt says;
  * no unit of the accounts' balances is lost or made, no counter is behind what it has answered.

Now and then the next start is killed as well. After CHAIN_KILLS the node is stopped as one should,
and another chain begins: what must be there again grows with each kill. Kills that did not happen at
the worst time prove little: fewer than --block-min of them while a block was being made or committed
is a failure too.

Writes TAP. The data directory of a run that failed is kept.

    tests/torture/kill.py [--kills N] [--record FILE] [--block-min N] [--clients N] [--seed N]
                          [--dir DIR] [--spoil]

With --record kills are kept in a file: those of earlier runs with this very program count. With
--spoil the store's log loses its end after each kill: a run that does not fail is blind.

AUREON is the program, AUREON_CONTRACTS_DIR has counter.wasm; else they are those of build/.
"""

import argparse
import collections
import itertools
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from record import FAILED, Record

ROOT = pathlib.Path(__file__).resolve().parents[2]
AUREON = os.environ.get("AUREON", str(ROOT / "build/aureon"))
CONTRACTS = pathlib.Path(os.environ.get("AUREON_CONTRACTS_DIR", ROOT / "build/contracts"))

NAMES = "alice bob carol dave erin frank grace heidi ivan judy".split()
SUPPLY = len(NAMES) * 10**15
STRANGERS = [f"0x{1 << 200 | n:064x}" for n in range(40)]  # accounts that come to be on the way

IN_FLIGHT_MIN = 8  # requests, at each kill
ACKNOWLEDGED_MIN = 20  # since the kill before
PIPELINE = 256  # requests sent ahead of their answers
BUSY = {409: "tx-dropped", 429: None, 503: None}  # answers that promise nothing
CHAIN_KILLS = 25
START_S = ANSWER_S = 300  # only what hangs takes so long, on the busiest machine too
DRAIN_S = 0.05  # for answers that were sent before the stop
LOAD_S = 1.0  # at most, before a kill
SOON_S = 0.2


class Broken(Exception):
    """The node has broken a promise, or the test cannot go on."""


class Connection:
    """HTTP/1.1, kept alive, as little of it as the node needs."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def close(self):
        self.reader.close()
        self.socket.close()

    def send(self, method, path, body=b"", media_type="application/json"):
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
        if method == "POST":
            head += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        self.socket.sendall(head.encode() + b"\r\n" + body)

    def ask(self, paths):
        """GETs, in one piece: sent one by one, each wakes the node."""
        self.socket.sendall("".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                    for path in paths).encode())

    def receive(self):
        """Status and body. OSError if the answer is not there in full."""
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("no answer")
        status, size = int(line.split()[1]), 0
        while (line := self.reader.readline()) != b"\r\n":
            if not line.endswith(b"\r\n"):
                raise ConnectionError("an answer that is cut off")
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                size = int(value)
        body = self.reader.read(size)
        if len(body) != size:
            raise ConnectionError("an answer that is cut off")
        return status, body

    def get(self, path):
        self.send("GET", path)
        status, body = self.receive()
        if status != 200:
            raise Broken(f"GET {path}: {status} {body.decode()}")
        return json.loads(body)


class Node:
    def __init__(self, folder, min_free_mib=0):
        self.folder = folder
        self.min_free_mib = min_free_mib
        self.data = folder / "data"
        self.ready = folder / "ready"
        self.process = None
        self.port = 0

    def spawn(self):
        self.ready.unlink(missing_ok=True)
        with open(self.folder / "node.err", "ab") as err:
            self.process = subprocess.Popen(
                [AUREON, "dev", "--port", "0", "--data-dir", self.data, "--ready-file", self.ready,
                 "--min-free", str(self.min_free_mib)],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err)

    def start(self):
        self.spawn()
        deadline = time.monotonic() + START_S
        while not (self.ready.exists() and (url := self.ready.read_text()).endswith("\n")):
            if self.process.poll() is not None:
                raise Broken(f"the node does not start: exit {self.process.returncode}")
            if time.monotonic() > deadline:
                raise Broken(f"the node does not serve within {START_S} s")
            time.sleep(0.005)
        self.port = int(url.rsplit(":", 1)[1])

    def check_alive(self):
        if self.process.poll() is not None:
            raise Broken(f"the node ended by itself: exit {self.process.returncode}")

    def send(self, number):
        self.check_alive()
        self.process.send_signal(number)

    def kill(self):
        self.send(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """Exit code 0, or it is Broken."""
        self.send(signal.SIGTERM)
        self.wait()
        if code := self.process.returncode:
            raise Broken(f"the node was asked to stop: exit {code}")

    def wait(self):
        """Until it has ended by itself."""
        if self.process.poll() is not None:
            return
        end = os.pidfd_open(self.process.pid)  # wait() with a time limit sleeps longer and longer
        try:
            has_ended = select.select([end], [], [], START_S)[0]
        finally:
            os.close(end)
        if not has_ended:
            raise Broken(f"the node does not end within {START_S} s")
        self.process.wait()

    def phase(self):
        """What the producer's thread says it is at."""
        for comm in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/comm"):
            name = comm.read_text().strip()
            if name.startswith("producer: "):
                return name.removeprefix("producer: ")
        raise Broken("the node has no thread of the producer's name")


class Promises:
    """What was acknowledged."""

    def __init__(self):
        self.lock = threading.Lock()
        self.refused = 0
        self.clear()

    def clear(self):
        self.receipts = {}  # by hash: its bytes
        self.new = []  # (hash, height, index), since the last check
        self.counters = {}  # by contract: the highest value that it has answered
        self.height = 0

    def count(self):
        with self.lock:
            return len(self.receipts)

    def add(self, receipt, text, contract):
        with self.lock:
            self.receipts[receipt["hash"]] = text
            self.new.append((receipt["hash"], int(receipt["height"]), receipt["index"]))
            self.height = max(self.height, int(receipt["height"]))
            if "created" in receipt:
                self.counters[receipt["created"]] = 0
            elif contract and receipt["status"] == "success":
                value = int.from_bytes(bytes.fromhex(receipt["output"][2:]), "little")
                self.counters[contract] = max(self.counters[contract], value)

    def a_counter(self, rng):
        with self.lock:
            return rng.choice(list(self.counters)) if self.counters else None


class Client(threading.Thread):
    """Posts, waits for the answer, posts again."""

    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load = load
        self.rng = random.Random(f"{load.seed}/{number}")
        self.name = NAMES[number % len(NAMES)]
        self.sent_at = None  # of the request that waits for its answer

    def request(self):
        """Route, body, its type, and the contract that is called."""
        kind = self.rng.random()
        contract = self.load.promises.a_counter(self.rng)
        if contract is None or kind < 0.03:
            return (f"/v1/contract/deploy?from={self.name}&gas=auto", self.load.module,
                    "application/wasm", None)
        if kind < 0.5:
            body = {"from": self.name, "contract": contract, "function": "increment",
                    "args": ["u64:1"], "gas_limit": "100000"}
            return "/v1/contract/call", json.dumps(body).encode(), "application/json", contract
        body = {"from": self.name, "kind": "transfer", "to": self.rng.choice(NAMES + STRANGERS),
                "amount": str(self.rng.randrange(10**6))}
        return "/v1/tx", json.dumps(body).encode(), "application/json", None

    def take(self, status, body, contract):
        if status == 202:
            return
        if status != 200:
            code = json.loads(body)["code"]
            if status not in BUSY or BUSY[status] not in (None, code):
                raise Broken(f"a sound request was answered {status} {body.decode()}")
            self.load.promises.refused += 1
            time.sleep(0.01)
            return
        document = json.loads(body)
        text = body.strip()
        if "receipt" in document:
            document = document["receipt"]
            text = text[text.index(b'"receipt":') + len(b'"receipt":'):-1]
            if json.loads(text) != document:
                raise Broken(f"the receipt is not the last member: {body.decode()}")
        self.load.promises.add(document, text, contract)

    def converse(self, port):
        connection = Connection(port)
        try:
            while self.load.port == port:
                path, body, media_type, contract = self.request()
                path += ("&" if "?" in path else "?") + "wait=committed&timeout=30s"
                connection.send("POST", path, body, media_type)
                self.sent_at = time.monotonic()
                status, answer = connection.receive()
                self.sent_at = None
                self.take(status, answer, contract)
        finally:
            self.sent_at = None
            connection.close()

    def run(self):
        while True:
            port = self.load.wait()
            try:
                self.converse(port)
            except OSError:
                self.load.leave(port)
            except Exception as error:  # the main thread ends the run for it
                self.load.error = error
                return


class Load:
    """The clients. They work while there is a port."""

    def __init__(self, promises, seed, client_count):
        self.promises = promises
        self.seed = seed
        self.module = (CONTRACTS / "counter.wasm").read_bytes()
        self.port = None
        self.changed = threading.Condition()
        self.error = None
        self.clients = [Client(self, number) for number in range(client_count)]
        for client in self.clients:
            client.start()

    def wait(self):
        with self.changed:
            self.changed.wait_for(lambda: self.port is not None)
            return self.port

    def leave(self, port):
        """A connection broke: nothing more is sent to that port."""
        with self.changed:
            if self.port == port:
                self.port = None

    def serve(self, port):
        with self.changed:
            self.port = port
            self.changed.notify_all()

    def in_flight(self, until):
        times = [client.sent_at for client in self.clients]
        return sum(1 for sent_at in times if sent_at is not None and sent_at < until)

    def settle(self):
        """Waits until the last client has noticed that the node is gone."""
        deadline = time.monotonic() + ANSWER_S
        while any(client.sent_at is not None for client in self.clients):
            if time.monotonic() > deadline:
                raise Broken("a client does not notice that the node is gone")
            time.sleep(0.002)


class Torture:
    def __init__(self, folder, seed, client_count):
        self.rng = random.Random(seed)
        self.node = Node(folder)
        self.promises = Promises()
        self.load = Load(self.promises, seed, client_count)

    def begin(self):
        """A chain that nothing is known of."""
        shutil.rmtree(self.node.data, ignore_errors=True)
        self.promises.clear()
        self.known_height = 0  # up to which the chain of blocks was seen
        self.known_hash = None
        self.node.start()

    def strike(self, is_soon):
        """Kills the node at its work. Returns what it was at and how many requests it owed."""
        before = self.promises.count()
        self.load.serve(self.node.port)
        rest = SOON_S if is_soon else self.rng.uniform(0, LOAD_S)
        deadline = time.monotonic() + ANSWER_S
        while self.promises.count() - before < ACKNOWLEDGED_MIN:
            self.check_load(deadline)
            time.sleep(0.005)
        time.sleep(rest)
        while True:
            self.check_load(deadline)
            self.node.send(signal.SIGSTOP)
            stopped_at = time.monotonic()
            time.sleep(DRAIN_S)
            phase, in_flight = self.node.phase(), self.load.in_flight(stopped_at)
            if in_flight >= IN_FLIGHT_MIN:
                break
            self.node.send(signal.SIGCONT)
            time.sleep(self.rng.uniform(0, 0.1))
        self.load.serve(None)
        self.node.kill()
        self.load.settle()
        if self.load.error:
            raise self.load.error
        return phase, in_flight, self.promises.count() - before

    def check_load(self, deadline):
        if self.load.error:
            raise self.load.error
        self.node.check_alive()
        if time.monotonic() > deadline:
            raise Broken(f"no {ACKNOWLEDGED_MIN} acknowledgements within {ANSWER_S} s")

    def verify(self):
        """Proves the state that is left, on a copy. Returns height and root."""
        copy = self.node.folder / "copy"
        shutil.copytree(self.node.data, copy)
        run = subprocess.run([AUREON, "state", "verify", copy], capture_output=True, text=True)
        if run.returncode != 0:
            raise Broken(f"state verify: exit {run.returncode}: {run.stderr.strip()}")
        shutil.rmtree(copy)
        words = dict(line.split() for line in run.stdout.splitlines())
        return int(words["height"]), words["root"]

    def check_height(self, verified, status):
        height, root = int(status["height"]), status["state_root"]
        if (height, root) != verified:
            raise Broken(f"height and root are {verified}, but the node says {height} {root}")
        if height < self.promises.height:
            raise Broken(f"the height is {height}, {self.promises.height} was acknowledged")

    def check_receipts(self, connection):
        hashes = list(self.promises.receipts)
        for first in range(0, len(hashes), PIPELINE):
            some = hashes[first:first + PIPELINE]
            connection.ask(f"/v1/tx/{name}/receipt" for name in some)
            for name in some:
                status, body = connection.receive()
                if status != 200 or body.strip() != self.promises.receipts[name]:
                    raise Broken(f"{name} was acknowledged as "
                                 f"{self.promises.receipts[name].decode()}, but is now "
                                 f"{status} {body.decode()}")

    def check_blocks(self, connection, head):
        """The blocks since the last kill follow one another and hold what they must."""
        txs = {}
        for height in range(self.known_height, head + 1):
            block = connection.get(f"/v1/block/{height}")
            if height == self.known_height and self.known_hash not in (None, block["hash"]):
                raise Broken(f"block {height} was {self.known_hash}, is {block['hash']}")
            if height > self.known_height and block["parent"] != self.known_hash:
                raise Broken(f"block {height} does not follow {self.known_hash}")
            self.known_hash = block["hash"]
            txs[height] = block["txs"]
        self.known_height = head
        for name, height, index in self.promises.new:
            if height not in txs or txs[height][index:index + 1] != [name]:
                raise Broken(f"{name} is not at {index} of block {height}")
        self.promises.new.clear()

    def check_state(self, connection):
        total = sum(int(connection.get(f"/v1/balance/{name}")["balance"])
                    for name in NAMES + STRANGERS)
        if total != SUPPLY:
            raise Broken(f"the balances come to {total}, not {SUPPLY}")
        for contract, answered in self.promises.counters.items():
            if answered == 0:
                continue
            key = "0x" + b"counter".hex()
            slot = connection.get(f"/v1/contract/{contract}/storage/{key}")
            value = int.from_bytes(bytes.fromhex(slot["value"][2:]), "little")
            if value < answered:
                raise Broken(f"counter {contract} is {value}, has answered {answered}")

    def spoil(self):
        """Cuts the end off the store's newest log, as if it had not been synced."""
        log = max(self.node.data.glob("store/*.log"), key=lambda path: path.name)
        content = log.read_bytes().rstrip(b"\0")
        log.write_bytes(content[:len(content) * 3 // 4])

    def recover(self):
        """Starts the node on what is left and holds it to its word."""
        verified = self.verify()
        is_killed_again = self.rng.random() < 0.25
        if is_killed_again:
            self.node.spawn()
            time.sleep(self.rng.uniform(0, 0.2))
            self.node.kill()
        self.node.start()
        connection = Connection(self.node.port)
        self.check_height(verified, connection.get("/v1/status"))
        self.check_receipts(connection)
        self.check_blocks(connection, verified[0])
        self.check_state(connection)
        connection.close()
        return is_killed_again

    def end(self):
        """Stopped as one should, the chain is where it was."""
        connection = Connection(self.node.port)
        status = connection.get("/v1/status")
        connection.close()
        self.node.stop()
        self.check_height(self.verify(), status)
        print(f"# {self.promises.count()} receipts at height {status['height']}: stopped by SIGTERM, "
              "the state is whole", flush=True)


def tell_failure(torture, error):
    for line in str(error).splitlines() or [repr(error)]:
        print(f"# {line}")
    log = torture.node.folder / "node.err"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    for line in lines[-20:]:
        print(f"# node: {line}")
    print(f"# kept: {torture.node.folder}")
    sys.stdout.flush()


def run(torture, options, record):
    """Returns whether all went well, in runs before as well."""
    before = len(record.outcomes)
    starts = 0
    print(f"1..{max(options.kills - before, 0) + 1}\n# {before} kills before")
    for number in range(before + 1, options.kills + 1):
        if (number - before) % CHAIN_KILLS == 1:
            torture.begin()
        # The newest log has what was acknowledged only as long as the store has no other.
        phase, in_flight, acknowledged = torture.strike(is_soon=options.spoil)
        started_at = time.monotonic()
        if options.spoil:
            torture.spoil()
        is_killed_again = torture.recover()
        starts += is_killed_again
        record.add(f"kill {number}", phase)
        print(f"ok - kill {number} while {phase}{', and as it started again' * is_killed_again}: "
              f"{in_flight} in flight, {acknowledged} acknowledged, "
              f"{torture.promises.count()} receipts at height {torture.known_height} kept "
              f"({time.monotonic() - started_at:.1f} s)", flush=True)
        if (number - before) % CHAIN_KILLS == 0 or number == options.kills:
            torture.end()
    counts = collections.Counter(itertools.chain(*record.outcomes.values()))
    is_good = counts["block"] >= options.block_min and not counts[FAILED]
    print(f"{'' if is_good else 'not '}ok - {counts.total()} kills, {counts['block']} while a block "
          f"was made, {options.block_min} are needed, {counts[FAILED]} failed; {starts} starts were "
          f"killed, {torture.promises.refused} requests refused")
    return is_good


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--record", help="a file that kills are kept in; else nothing is kept")
    parser.add_argument("--block-min", type=int, help="half of the kills if not given")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--spoil", action="store_true", help="cut what was written last")
    parser.add_argument("--dir", default=None, help="where the data directory is made")
    options = parser.parse_args()
    if options.block_min is None:
        options.block_min = options.kills // 2
    if options.clients < IN_FLIGHT_MIN:
        parser.error(f"fewer than {IN_FLIGHT_MIN} clients cannot keep as many requests in flight")
    return options


def main():
    options = read_options()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="aureon-kill-", dir=options.dir))
    print(f"# seed {options.seed}, {options.clients} clients")
    torture = Torture(folder, options.seed, options.clients)
    record = Record(options.record, AUREON)
    try:
        is_good = run(torture, options, record)
    except Exception as error:
        record.add(f"kill {len(record.outcomes) + 1}", FAILED)
        tell_failure(torture, error)
        print(f"Bail out! {type(error).__name__}")
        is_good = False
    finally:
        if torture.node.process and torture.node.process.poll() is None:
            torture.node.process.kill()
            torture.node.process.wait()
    if is_good:
        shutil.rmtree(folder)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()

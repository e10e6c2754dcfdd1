#!/usr/bin/env python3
"""Asks a node for everything at once, for the sake of ThreadSanitizer (build/tsan).

Side by side clients send batches of transfers of many keys, deploy, upgrade, call, view and
simulate, ask every route, open streams and drop them, fill the pool with what cannot run yet and
replace it, wait for transactions and go away, and send what is no request at all. Then, after
--seconds and once each has had answers, which a busy machine takes longer for, the node is asked to
stop while they go on. It must end with 0, without a report of a data race, and no request may have
been answered with a failure of the node's own. A client that came to nothing is a failure as well.
At last the state that is left is proved.

Writes TAP. The folder of a run that failed is kept: node.err has the reports.

    tests/torture/race.py [--seconds N] [--seed N] [--dir DIR] [--any-build]

AUREON is the program; one that is not built with ThreadSanitizer is refused without --any-build.
AUREON_CONTRACTS_DIR has counter.wasm; else they are those of build/.
"""

import argparse
import json
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from kill import ANSWER_S, AUREON, CONTRACTS, NAMES, ROOT, START_S, Broken, Connection, Node

sys.path.insert(0, str(ROOT / "tests/model"))
import ed25519  # noqa: E402

SENDERS = 24  # of each client that signs for itself
FUNDS = 10**9
BATCH = 60
TWINS = 4  # requests for the same at the same moment
KEPT = 200  # of each thing that requests are about
CLIENT_MIN = 5  # answers that each client must have had
REPORT = "WARNING: ThreadSanitizer"


def make_transfer(account, genesis, to, price=0, ahead=0):
    body = (b"\1" + account.key + struct.pack("<QQQ", account.nonce + ahead, price, 0)
            + b"\0" + to + struct.pack("<Q", 1))
    return body + ed25519.sign(account.seed, b"aureon/tx/1" + genesis + body)


class Account:
    def __init__(self, seed):
        self.seed = seed
        self.key = ed25519.public_key(seed)
        self.nonce = 0


class World:
    """What the clients know of the chain and share."""

    def __init__(self, port, genesis):
        self.port = port
        self.genesis = genesis
        self.module = (CONTRACTS / "counter.wasm").read_bytes()
        self.is_over = threading.Event()  # the node was asked to stop: it may refuse and be gone
        self.lock = threading.Lock()
        self.known = {"hash": [], "contract": [], "height": ["0"]}
        self.errors = []

    def add(self, kind, value):
        with self.lock:
            self.known[kind] = self.known[kind][-KEPT:] + [value]

    def pick(self, rng, kind, default=None):
        with self.lock:
            return rng.choice(self.known[kind]) if self.known[kind] else default


class Client(threading.Thread):
    """Does one kind of thing until the node is gone. Subclasses say which, in work()."""

    def __init__(self, world, rng):
        super().__init__(daemon=True, name=type(self).__name__)
        self.world = world
        self.rng = rng
        self.count = 0
        self.connection = None

    def ask(self, method, path, body=b"", media_type="application/json", allowed=()):
        """Status and body of an answer, which must be a good one or one of the allowed."""
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.connection.send(method, path, body, media_type)
        return self.take(method, path, allowed)

    def take(self, method, path, allowed):
        status, answer = self.connection.receive()
        if status not in (200, 202, *allowed) and not self.world.is_over.is_set():
            raise Broken(f"{self.name}: {method} {path}: {status} {answer.decode()}")
        self.count += 1
        return status, answer

    def contract(self):
        """One that was deployed; waits for the first."""
        while (contract := self.world.pick(self.rng, "contract")) is None:
            time.sleep(0.05)
        return contract

    def prepare(self):
        pass

    def work(self):
        raise NotImplementedError

    def run(self):
        try:
            self.connection = Connection(self.world.port)
            self.prepare()
            while True:
                self.work()
        except Exception as error:  # the main thread ends the run for it
            if not (self.world.is_over.is_set() and isinstance(error, OSError)):
                self.world.errors.append(error)


# What the node may say to sound transactions: that it is busy, or that another was there first.
BUSY = (409, 422, 429, 503)


class Signer(Client):
    """A client with accounts of its own."""

    def prepare(self):
        self.accounts = [Account(self.rng.randbytes(32)) for _ in range(SENDERS)]
        for account in self.accounts:
            self.ask("POST", "/v1/tx", {"from": self.rng.choice(NAMES), "kind": "transfer",
                                        "to": "0x" + account.key.hex(), "amount": str(FUNDS)})

    def post(self, transactions):
        body = struct.pack("<I", len(transactions)) + b"".join(
            struct.pack("<I", len(tx)) + tx for tx in transactions)
        return json.loads(self.ask("POST", "/v1/txs", body, "application/octet-stream")[1])


class Batches(Signer):
    """Transfers that can run at once, now and then with one that is spoilt."""

    def work(self):
        senders = self.rng.choices(self.accounts, k=BATCH)
        transactions = []
        for sender in senders:
            to = self.rng.choice(self.accounts).key
            transactions.append(make_transfer(sender, self.world.genesis, to))
            sender.nonce += 1
        if self.rng.random() < 0.2:
            spoilt = bytearray(make_transfer(senders[0], self.world.genesis, senders[0].key))
            spoilt[self.rng.randrange(len(spoilt))] ^= 1
            transactions.append(bytes(spoilt))
        answer = self.post(transactions)
        if self.world.is_over.is_set():
            return
        refused = [item for item in answer["items"][:BATCH] if item.get("status") != "pending"]
        for item in answer["items"][:BATCH]:
            self.world.add("hash", item["hash"])
        if refused and not all(item["code"] == "sender-full" for item in refused):
            raise Broken(f"batch: {refused}")
        self.ask("GET", f"/v1/tx/{answer['items'][BATCH - 1]['hash']}?wait=committed&timeout=30s",
                 allowed=(404,))
        if refused:
            self.catch_up()

    def catch_up(self):
        for account in self.accounts:
            path = f"/v1/account/0x{account.key.hex()}"
            account.nonce = int(json.loads(self.ask("GET", path)[1])["next_nonce"])


class Flood(Signer):
    """What must wait in the pool: nonces ahead, and each offered again for more."""

    def work(self):
        price = self.rng.randrange(1000)
        ahead = self.rng.randrange(1, 12)
        self.post([make_transfer(account, self.world.genesis, account.key, price + step, ahead)
                   for account in self.accounts for step in (0, 200)])
        self.ask("GET", f"/v1/mempool?limit={self.rng.randrange(1, 500)}")
        if self.rng.random() < 0.1:  # the one that the others wait for
            account = self.rng.choice(self.accounts)
            self.post([make_transfer(account, self.world.genesis, account.key, 2000)])
            account.nonce += 1


class Deployer(Client):
    def work(self):
        name = self.rng.choice(NAMES)
        status, answer = self.ask("POST", f"/v1/contract/deploy?from={name}&gas=auto",
                                  self.world.module, "application/wasm", BUSY)
        if status != 200 or "address" not in (document := json.loads(answer)):
            return
        self.world.add("contract", document["address"])
        self.world.add("hash", document["receipt"]["hash"])
        self.world.add("height", document["receipt"]["height"])
        if self.rng.random() < 0.5:
            path = f"/v1/contract/upgrade?from={name}&gas=auto&contract={document['address']}"
            self.ask("POST", path, self.world.module, "application/wasm", BUSY)


class Caller(Client):
    def work(self):
        wait = self.rng.choice(["committed", "accepted", "none"])
        body = {"from": self.rng.choice(NAMES), "contract": self.contract(),
                "function": self.rng.choice(["increment", "increment", "get", "no_such"]),
                "args": [], "gas_limit": "100000"}
        self.ask("POST", f"/v1/contract/call?wait={wait}", body, allowed=BUSY)


class Viewer(Client):
    def work(self):
        contract = self.contract()
        if self.rng.random() < 0.5:
            self.ask("GET", f"/v1/contract/{contract}/view/get", allowed=BUSY)
        else:
            self.ask("POST", "/v1/view", {"contract": contract, "function": "increment"},
                     allowed=BUSY)


class Simulator(Client):
    def prepare(self):
        self.account = Account(self.rng.randbytes(32))

    def work(self):
        body = {"from": self.rng.choice(NAMES), "contract": self.contract(),
                "function": "increment", "gas_limit": "auto"}
        if self.rng.random() < 0.3:  # what auto means is found out by simulation as well
            self.ask("POST", "/v1/contract/call?wait=none", body, allowed=BUSY)
        tx = make_transfer(self.account, self.world.genesis, self.account.key)
        self.ask("POST", "/v1/tx/simulate", {"tx": "0x" + tx.hex()}, allowed=BUSY)


READS = """/health /v1/health /v1/metrics /v1/status /v1/chain/head /v1/chain/head?txs=full
/v1/blocks /v1/blocks?limit=100&order=asc /v1/block/latest /v1/block/{height}?txs=full /v1/tx/{hash}
/v1/tx/{hash}/receipt /v1/tx/{hash}/proof /v1/account/{name} /v1/account/{name}/txs
/v1/account/{name}/proof /v1/balance/{name} /v1/contract/{contract} /v1/contract/{contract}/code
/v1/contract/{contract}/storage /v1/contract/{contract}/storage/0x636f756e746572
/v1/contract/{contract}/storage/0x636f756e746572/proof /v1/mempool /docs/errors/tx-nonce-low""".split()


class Reader(Client):
    """Every route that is only read, by several at the same moment. What a transaction has may not
    be there yet."""

    def prepare(self):
        self.connections = [Connection(self.world.port) for _ in range(TWINS)]

    def work(self):
        path = self.rng.choice(READS)
        names = {"name": self.rng.choice(NAMES),
                 "height": self.world.pick(self.rng, "height"),
                 "hash": self.world.pick(self.rng, "hash", "0x" + "00" * 32),
                 "contract": self.contract() if "{contract}" in path else None}
        method = "GET" if self.rng.random() < 0.9 else "OPTIONS"
        path = path.format(**names)
        for connection in self.connections:
            connection.send(method, path)
        for self.connection in self.connections:
            self.take(method, path, (204, 404, *BUSY))


class Miner(Client):
    def work(self):
        time.sleep(0.2)
        self.ask("POST", "/v1/dev/mine", {}, allowed=BUSY)


def drop(connection):
    """Closes a socket so that the other side is told by a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Raw(Client):
    """A client whose connections do not last."""

    def open(self, request):
        connection = socket.create_connection(("127.0.0.1", self.world.port), timeout=ANSWER_S)
        try:
            connection.sendall(request)
        except ConnectionError:
            pass  # an answer before the end of the request: the node need not read on
        return connection

    def close(self, connection):
        if self.rng.random() < 0.5:
            drop(connection)
        else:
            connection.close()
        self.count += 1

    @staticmethod
    def get(path):
        return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


class Streams(Raw):
    """Several at a time, read for a while or not at all, then dropped."""

    def work(self):
        paths = self.rng.choices(["/v1/blocks/stream", "/v1/mempool/stream"], k=6)
        connections = [self.open(self.get(path)) for path in paths]
        deadline = time.monotonic() + self.rng.random()
        for connection in connections[::2]:
            head = connection.recv(4096)
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503", b"HTTP/1.1 429")):
                if not self.world.is_over.is_set():
                    raise Broken(f"stream: {head!r}")
            connection.settimeout(0.05)
            while time.monotonic() < deadline:
                try:
                    if not connection.recv(65536):
                        break
                except TimeoutError:
                    pass
        for connection in connections:
            self.close(connection)


class Deserter(Raw):
    """Waits for what may never come, and goes away."""

    def work(self):
        name = self.world.pick(self.rng, "hash") if self.rng.random() < 0.5 else None
        name = name or "0x" + self.rng.randbytes(32).hex()
        connections = [self.open(self.get(f"/v1/tx/{name}?wait=committed&timeout=5s"))
                       for _ in range(4)]
        time.sleep(self.rng.random() * 0.2)
        for connection in connections:
            self.close(connection)


MALFORMED = [
    b"\0" * 100,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"BREW /v1/status HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /no/such/route?a=%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/blocks?limit=-1&limit=2 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/balance/aur1nobody HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/status HTTP/1.1\r\n" + b"X: " + b"y" * 60000 + b"\r\n\r\n",
    b"POST /v1/tx HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    b"POST /v1/tx HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"tx\":",
    b"POST /v1/tx HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/tx HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
    b"[[[[[[[",
    b"POST /v1/txs HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
    b"Content-Length: 8\r\n\r\n\xff\xff\xff\xff\0\0\0\0",
    b"POST /v1/contract/deploy?from=alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/wasm\r\n"
    b"Content-Length: 4\r\n\r\n\0asm",
]


class Stranger(Raw):
    """Speaks no HTTP, or not all of it, or many requests in one breath."""

    def work(self):
        kind = self.rng.random()
        if kind < 0.2:
            request = self.rng.randbytes(self.rng.randrange(1, 300))
        elif kind < 0.4:
            request = b"".join(self.get(path) for path in ("/health", "/v1/status", "/nowhere")) * 5
        else:
            request = self.rng.choice(MALFORMED)
        if self.rng.random() < 0.2:
            request = request[:self.rng.randrange(1, len(request) + 1)]
        connection = self.open(request)
        if self.rng.random() < 0.7:
            connection.settimeout(0.1)
            try:
                answer = connection.recv(65536)
                if answer.startswith(b"HTTP/1.1 500"):
                    raise Broken(f"{request[:200]!r} was answered {answer!r}")
            except (TimeoutError, ConnectionResetError):
                pass
        self.close(connection)


CLIENTS = [Batches, Batches, Flood, Deployer, Caller, Caller, Viewer, Simulator, Reader, Reader,
           Miner, Streams, Deserter, Stranger]


def run_clients(node, seconds, seed):
    """Returns how many answers the clients had, by their kind, when the node was asked to stop."""
    connection = Connection(node.port)
    genesis = bytes.fromhex(connection.get("/v1/status")["genesis_hash"][2:])
    connection.close()
    world = World(node.port, genesis)
    clients = [kind(world, random.Random(f"{seed}/{number}"))
               for number, kind in enumerate(CLIENTS)]
    for client in clients:
        client.start()
    begin = time.monotonic()
    while not world.errors and (passed := time.monotonic() - begin) < seconds + START_S:
        if passed > seconds and all(client.count >= CLIENT_MIN for client in clients):
            break
        node.check_alive()
        time.sleep(0.1)
    counts = {}
    for client in clients:
        counts[client.name] = counts.get(client.name, 0) + client.count
    world.is_over.set()
    node.send(signal.SIGTERM)
    node.wait()
    if world.errors:
        raise world.errors[0]
    return counts


def tell(is_good, number, name):
    print(f"{'' if is_good else 'not '}ok {number} - {name}", flush=True)
    return is_good


def tell_reports(reports):
    for report in reports[:5]:
        for line in report.splitlines()[:60]:
            print(f"# {line}")


def run(node, options):
    """Returns whether all went well."""
    node.start()
    counts = run_clients(node, options.seconds, options.seed)
    for name, count in counts.items():
        print(f"# {name}: {count}")
    idle = [name for name, count in counts.items() if count < CLIENT_MIN]
    is_good = tell(not idle, 1, f"clients of {len(counts)} kinds were answered"
                   + "".join(f", hardly {name}" for name in idle))
    code = node.process.returncode
    is_good &= tell(code == 0, 2, f"stopped under load by SIGTERM: exit {code}")
    log = (node.folder / "node.err").read_text(errors="replace")
    reports = re.split(r"(?m)^={18}$", log)
    reports = [report for report in reports if REPORT in report]
    is_good &= tell(not reports, 3, f"{len(reports)} reports of ThreadSanitizer")
    tell_reports(reports)
    verify = subprocess.run([AUREON, "state", "verify", node.data], capture_output=True, text=True)
    is_good &= tell(verify.returncode == 0, 4, f"the state is whole: {' '.join(verify.stdout.split())}")
    return is_good


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--dir", default=None, help="where the data directory is made")
    parser.add_argument("--any-build", action="store_true", help="load alone, no sanitizer")
    return parser.parse_args()


def main():
    options = read_options()
    if not options.any_build and b"__tsan_init" not in pathlib.Path(AUREON).read_bytes():
        sys.exit(f"{AUREON} is not built with ThreadSanitizer")
    node = Node(pathlib.Path(tempfile.mkdtemp(prefix="aureon-race-", dir=options.dir)))
    print(f"1..4\n# seed {options.seed}, {options.seconds} s")
    try:
        is_good = run(node, options)
    except Exception as error:
        print(f"# {error!r}\n# kept: {node.folder}\nBail out! {type(error).__name__}")
        is_good = False
    finally:
        if node.process and node.process.poll() is None:
            node.process.kill()
            node.process.wait()
    if is_good:
        shutil.rmtree(node.folder)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()

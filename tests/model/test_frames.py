"""Tests of how traces are followed, on hand-made ones: test_frames.py

Prices and limits are written out from section 4 of the protocol.
"""

import copy
import itertools
import struct
import unittest

import borsh
import test_ledger
from ledger import Difference
from merkle import tagged
from outcomes import Outcome
from test_ledger import ALICE, BOB, PRICE, SMALL_ORDER, Chain, make_module, sha
from transaction import to_gas

GAS = 1000  # steps
ENTRY = 1 * GAS  # of modules of at most a KiB, with nothing in them
OWN = 10  # steps of a frame's instructions
LIMIT = 5000  # gas of a transaction
NO_ARGS = borsh.vector([])


def hexed(value):
    return value.hex() if isinstance(value, bytes) else value


def host(name, *values, price, result=0, inside=None):
    """A call of a host function that returns; result None: it ends its frame."""
    entry = {"host": name, "values": [hexed(value) for value in values], "price": price,
             "inside": [inside] if inside else []}
    return entry if result is None else entry | {"result": result}


def frame(contract, *inside, **fields):
    entry = {"contract": contract.hex(), "caller": None, "function": b"run".hex(),
             "args": [], "value": 0, "limit": None, "view": False, "outcome": 0, "detail": 0,
             "revert_code": 0, "output": "", "inside": list(inside), "price": ENTRY + OWN}
    return entry | {name: hexed(value) for name, value in fields.items()}


def settle(entry, limit, caller):
    """Fills in a frame's caller, its limit, and the steps of all that is inside."""
    entry["caller"] = entry["caller"] or caller
    entry["limit"] = limit if entry["limit"] is None else entry["limit"]
    entry["steps"] = entry["price"]
    entry["inside"] = list(map(dict, entry["inside"]))  # the same call may be there twice
    for call in entry["inside"]:
        call["steps"], call["left"] = call["price"], entry["limit"] - entry["steps"]
        left = call["left"] - call["price"]
        for inner in call["inside"]:
            call["steps"] += settle(inner, left - -(-left // 64), entry["contract"])
        entry["steps"] += call["steps"]
    if entry["outcome"] == Outcome.OUT_OF_GAS:
        entry["steps"] = entry["limit"]
    return entry["steps"]


def flatten(entry, depth=0):
    record = {name: value for name, value in entry.items() if name not in ("inside", "price")}
    inner = [flatten(item, depth + 1) for item in entry["inside"]]
    return [record | {"depth": depth}, *itertools.chain.from_iterable(inner)]


class FramesTest(unittest.TestCase):

    def setUp(self):
        self.chain = Chain()
        self.code = make_module("run")
        self.one = self.deploy(self.code, value=1000)
        self.two = self.deploy(self.code, value=50)
        self.other = make_module("run", padding=1)
        self.deploy(self.other)

    def deploy(self, code, **options):
        payload = test_ledger.deploy(code, 100_000, admin=BOB, **options)
        receipt = self.chain.outcome(ALICE, payload, module="accepted")
        self.assertEqual(receipt.outcome, 0)
        return receipt.created

    def entry(self, top, changes, logs=()):
        """The log's entry of a transaction by Alice, whose frame is `top`."""
        raw = self.chain.sign(ALICE, test_ledger.call(
            bytes.fromhex(top["contract"]), "run", LIMIT, top["value"],
            list(map(bytes.fromhex, top["args"]))))
        intrinsic = 50_000 + 100 * len(raw)
        steps = settle(top, LIMIT * GAS - intrinsic, ALICE.hex())
        gas_used = to_gas(intrinsic + steps)
        spent = gas_used * PRICE + (top["value"] if top["outcome"] == 0 else 0)
        balance = self.chain.state.account(ALICE).balance - spent
        record = {name: top[name] for name in ("outcome", "detail", "revert_code", "output")}
        record |= {"gas_used": gas_used, "events": [], "logs": [line.hex() for line in logs],
                   "trace": flatten(top),
                   "changes": [*changes, {"address": ALICE.hex(), "balance": balance}]}
        return {"tx": raw.hex(), "contract": record}

    def follow(self, top, changes=(), logs=(), events=()):
        entry = self.entry(top, changes, logs)
        entry["contract"]["events"] = list(events)
        receipt, = self.chain.block(entry)
        self.assertEqual(receipt.outcome, top["outcome"])
        return receipt

    def refuse(self, top, message, changes=()):
        self.refuse_entry(self.entry(top, changes), message)

    def refuse_entry(self, entry, message):
        before = copy.deepcopy(self.chain.ledger)
        with self.assertRaisesRegex(Difference, message):
            self.chain.block(entry)
        self.chain.ledger = before

    def slot(self, key, value, contract=None):
        return {"contract": (contract or self.one).hex(), "key": key.hex(),
                "value": None if value is None else value.hex()}

    def balance(self, address, amount):
        return {"address": address.hex(), "balance": amount}

    def write(self, key, value, is_new=True, **more):
        price = 30 * GAS + 200 * (len(key) + len(value)) + (50 * GAS if is_new else 0)
        return host("storage_write", key, value, price=price, **more)

    def call(self, inside=None, result=0, target=None, **more):
        fields = {"function": b"run", "args": NO_ARGS, "value": 0, "gas": 0, "flags": 0} | more
        price = 20 * GAS + 2 * (len(fields["function"]) + len(fields["args"]))
        return host("call", target or self.two, *fields.values(), price=price, result=result,
                    inside=inside)

    # ---- state ----

    def test_storage(self):
        self.follow(frame(
            self.one, self.write(b"k", b"v1"), self.write(b"k", b"v22", is_new=False),
            host("storage_read", b"k", b"v2", price=15 * GAS + 10 * 3 + 3, result=2),
            host("storage_size", b"k", price=15 * GAS + 3, result=3),
            host("storage_size", b"", price=15 * GAS, result=2**64 - 1),
            host("storage_delete", b"x", price=30 * GAS, result=1)), [self.slot(b"k", b"v22")])
        self.assertEqual(self.chain.state.slot(self.one, b"k"), b"v22")
        self.refuse(frame(self.one, self.write(b"k", b"", is_new=True)), "the steps of storage_wri")
        self.refuse(frame(self.one, host("storage_size", b"k", price=15 * GAS, result=0)),
                    "what storage_size")
        self.refuse(frame(self.one, self.write(b"k", b"", is_new=False)), "slots: the receipt has")

    def test_transfer(self):
        def transfer(amount, result=0, price=50 * GAS, target=self.two, source=None):
            return host("transfer", source or self.one, target, amount, price=price, result=result)
        new = bytes(range(32))
        self.follow(frame(self.one, transfer(1), transfer(1001, 1), transfer(1, 2, source=self.two),
                          transfer(1, 3, target=b"short"), transfer(2, 0, 100 * GAS, new)),
                    [self.balance(self.one, 997), self.balance(self.two, 51), self.balance(new, 2)])
        self.refuse(frame(self.one, transfer(2, 0, 100 * GAS, new)), "the steps of transfer")
        self.refuse(frame(self.one, transfer(2000)), "what transfer")

    def test_walk(self):
        def step(key=b"", value=b"", result=2**64 - 1, passed=0):
            price = 20 * GAS + 10 * (len(key) + len(value)) + passed * GAS
            return host("iter_next", 0, key, value, price=price, result=result)
        opened = host("iter_open", b"k", price=30 * GAS, result=0)
        top = frame(
            self.one, self.write(b"k2", b"two"), self.write(b"k1", b""), self.write(b"k3", b"x"),
            host("storage_delete", b"k1", price=30 * GAS), opened,
            step(b"k2", b"tw", 2 << 32 | 3, passed=1), self.write(b"k20", b"y"),
            host("storage_delete", b"k3", price=30 * GAS), step(b"k20", b"", 3 << 32 | 1),
            step(passed=1), host("iter_close", 0, price=GAS))
        changes = [self.slot(b"k2", b"two"), self.slot(b"k20", b"y")]
        self.follow(copy.deepcopy(top), changes)
        self.refuse(frame(self.one, opened, step(b"k20", b"", 3 << 32 | 1)), "the bytes of a key")
        self.refuse(frame(self.one, opened, step(b"k2", b"", 2 << 32 | 3, passed=1)), "the steps")
        self.refuse(frame(self.one, opened, opened), "what iter_open")
        self.refuse(frame(self.one, step()), "not open")
        many = [host("iter_open", b"", price=30 * GAS, result=handle) for handle in range(65)]
        self.refuse(frame(self.one, *many), "one walk too many")
        last = host("iter_open", b"", price=30 * GAS, result=None)
        self.follow(frame(self.one, *many[:64], last, outcome=6, detail=28 * 256 + 3))
        self.refuse(frame(self.one, last, outcome=6, detail=28 * 256 + 3), "HOST_REJECTED after")

    # ---- calls ----

    def test_call(self):
        self.follow(frame(self.one, self.call(frame(self.two, self.write(b"k", b""), value=7),
                                              value=7)),
                    [self.slot(b"k", b"", self.two), self.balance(self.one, 993),
                     self.balance(self.two, 57)])
        self.assertEqual(self.chain.state.account(self.two).balance, 57)

    def test_a_failed_callee_leaves_nothing(self):
        data = b"no"
        inner = frame(self.two, self.write(b"k", b""),
                      host("emit", b"e", b"", b"", price=30 * GAS + 20),
                      host("log", b"so", price=10 * GAS + 40),
                      host("revert", 5, data, price=2 * GAS + 4, result=None),
                      value=7, outcome=1, revert_code=5, output=data)
        read = host("ret_read", data, 0, price=2 * GAS + 2, result=2)
        self.follow(frame(self.one, self.write(b"m", b""), self.call(inner, 1, value=7), read),
                    [self.slot(b"m", b"")], logs=[b"so"])
        self.assertIsNone(self.chain.state.slot(self.two, b"k"))
        self.assertEqual(self.chain.state.account(self.two).balance, 50)

    def test_events(self):
        event = host("emit", b"e", bytes(32), b"d", price=30 * GAS + 20 * 34)
        claim = {"contract": self.two.hex(), "name": b"e".hex(), "topics": ["00" * 32],
                 "data": b"d".hex()}
        self.follow(frame(self.one, self.call(frame(self.two, event))), events=[claim])
        self.refuse(frame(self.one, self.call(frame(self.two, event))), "events: the receipt has")

    def test_limits(self):
        inner = frame(self.two, limit=100 * GAS)
        self.follow(frame(self.one, self.call(copy.deepcopy(inner), gas=100)))
        self.refuse(frame(self.one, self.call(inner, gas=99)), "the frame's limit")
        entry = self.entry(frame(self.one, self.call(frame(self.two))), [])
        entry["contract"]["trace"][2]["limit"] += 1
        self.refuse_entry(entry, "the frame's limit")

    def test_steps_of_instructions(self):
        entry = self.entry(frame(self.one, *[host("value", price=2 * GAS)] * 2), [])
        entry["contract"]["trace"][1]["left"] -= OWN  # no more than those of the whole frame
        entry["contract"]["trace"][2]["left"] -= OWN
        self.refuse_entry(entry, "for instructions")

    def test_out_of_gas(self):
        def starve():
            return frame(self.one, self.call(frame(self.two, limit=100 * GAS, outcome=2), 2,
                                             gas=100))
        self.follow(starve())
        entry = self.entry(starve(), [])
        for record in entry["contract"]["trace"]:
            record["steps"] -= 1
        self.refuse_entry(entry, "OUT_OF_GAS after")

    def test_a_frame_that_cannot_be_entered(self):
        big = self.deploy(make_module("run", padding=2000))
        starved = frame(big, limit=1 * GAS, outcome=2)
        self.follow(frame(self.two, self.call(starved, 2, target=big, gas=1)))
        self.refuse(frame(self.two, self.call(frame(big, limit=1 * GAS, outcome=3, detail=1), 3,
                                              target=big, gas=1)), "can't be entered")

    def test_refusals(self):
        nobody, system = b"\7" * 32, tagged("aureon/system", b"")
        for result, more in (
                (12, {"target": self.one}), (12, {"flags": 1, "value": 2000}),
                (11, {"value": 1001}), (8, {"target": nobody}), (8, {"target": system}),
                (9, {"function": b"absent", "args": b"broken"}), (10, {"args": b"broken"}),
                (12, {"function": b"__x", "args": b"broken"}), (12, {"function": b"init",
                                                                    "args": b""})):
            with self.subTest(result=result, **more):
                self.follow(frame(self.one, self.call(result=result, **more)))
                self.refuse(frame(self.one, self.call(result=5, **more)), "what call of")
        self.refuse(frame(self.one, self.call(frame(self.one), target=self.one)), "opened a frame")

    def test_a_name_refuses_in_the_frame(self):
        for function, outcome in ((b"absent", 9), (b"init", 12), (b"migrate", 12), (b"", 9)):
            inner = frame(self.two, function=function, outcome=outcome, price=0)
            self.follow(frame(self.one, self.call(inner, outcome, function=function)))

    def test_reentry(self):
        def there_and_back(flags, result, back):
            inner = frame(self.two, self.call(back, result, target=self.one))
            return frame(self.one, self.call(inner, flags=flags))
        self.follow(there_and_back(0, 12, None))
        self.follow(there_and_back(2, 0, frame(self.one)))
        self.refuse(there_and_back(0, 0, frame(self.one)), "NOT_ALLOWED opened a frame")
        self.refuse(there_and_back(2, 12, None), "opened 0 frames")

    def test_depth(self):
        def nest(depth, deepest):
            """Frames of one contract, down to the 16th, where a call gives `deepest`."""
            inner = nest(depth + 1, deepest) if depth < 16 else None
            return frame(self.one, self.call(inner, 0 if inner else deepest, target=self.one,
                                             flags=2))
        self.follow(nest(1, 5))
        self.refuse(nest(1, 12), "what call of")

    def test_views(self):
        def view(*inside, **more):
            inner = frame(self.two, *inside, **({"view": True} | more))
            return frame(self.one, self.call(inner, more.get("outcome", 0), flags=1))
        self.follow(view())
        self.follow(view(self.write(b"k", b"", result=None), outcome=12))
        self.follow(view(host("storage_delete", b"", price=30 * GAS, result=1)))
        self.refuse(view(self.write(b"k", b"")), "in a view")
        self.refuse(view(self.write(b"k", b"", result=None), outcome=3, detail=1), "TRAPPED after")
        self.refuse(frame(self.one, self.write(b"k", b"", result=None), outcome=12),
                    "NOT_ALLOWED after")
        self.refuse(view(view=False), "view")

    def test_caps(self):
        line = bytes(4092)
        log = host("log", line, price=10 * GAS + 20 * 4092)
        rejected = host("log", line, price=10 * GAS + 20 * 4092, result=None)
        inner = frame(self.two, *[log] * 12, rejected, outcome=6, detail=1 * 256 + 5)
        self.follow(frame(self.one, self.call(copy.deepcopy(inner), 6), *[log] * 4),
                    logs=[line] * 16)
        self.refuse(frame(self.one, self.call(frame(self.two, *[log] * 13)), *[log] * 3), "cap")
        self.refuse(frame(self.one, *[log] * 15, rejected, outcome=6, detail=1 * 256 + 5),
                    "HOST_REJECTED after")

    # ---- contracts ----

    def test_deploy(self):
        hashed = sha(self.other)
        made = tagged("aureon/contract", self.one + struct.pack("<Q", 0) + hashed)

        def deploy(address, result=0, args=NO_ARGS, value=3):
            return host("deploy", hashed, args, value, 0, address, result=result,
                        price=120 * GAS + 2 * len(args))
        changes = [self.balance(self.one, 997), self.balance(made, 3),
                   {"address": made.hex(), "code_hash": hashed.hex(), "admin": None}]
        args = borsh.vector([borsh.sized(b"")])
        self.follow(frame(self.one, deploy(b"", 10, args), deploy(b"", 11, value=1001),
                          deploy(made)), changes)
        self.assertEqual(self.chain.state.account(self.one).nonce, 1)
        self.refuse(frame(self.one, deploy(made)), "the address of a new contract", changes)

    def test_upgrade(self):
        def upgrade(code_hash, result=0):
            return host("upgrade", code_hash, price=100 * GAS, result=result)

        def set_admin(admin, result=0):
            return host("set_admin", admin, price=100 * GAS, result=result)
        hashed = sha(self.other)
        self.follow(frame(self.one, upgrade(bytes(32), 8), upgrade(hashed),
                          set_admin(SMALL_ORDER, 12), set_admin(b""), set_admin(ALICE, 12),
                          upgrade(hashed, 12)),
                    [{"address": self.one.hex(), "code_hash": hashed.hex(), "admin": None}])
        self.assertEqual(self.chain.state.account(self.one).admin, b"")
        self.refuse(frame(self.one, set_admin(ALICE)), "what set_admin")

    # ---- everything that a trace says ----

    def test_every_field_is_compared(self):
        inner = frame(self.two, self.write(b"k", b"v"), value=7)
        top = frame(self.one, host("gas_left", price=2 * GAS), self.call(inner, value=7),
                    host("ret_size", price=2 * GAS), value=5)
        changes = [self.slot(b"k", b"v", self.two), self.balance(self.one, 998),
                   self.balance(self.two, 57)]
        entry = self.entry(top, changes)
        left = entry["contract"]["trace"][0]["limit"] - ENTRY - 2 * GAS
        entry["contract"]["trace"][1]["result"] = left // GAS
        for index, record in enumerate(entry["contract"]["trace"]):
            for name, value in record.items():
                if value == []:
                    continue
                wrong = copy.deepcopy(entry)
                others = {str: "ab", int: 6, bool: True}
                is_list = isinstance(value, list)
                wrong["contract"]["trace"][index][name] = (
                    ["cd", *value[1:]] if is_list else others[type(value)])
                with self.subTest(index=index, name=name):
                    self.refuse_entry(wrong, ".")
        self.chain.block(entry)


if __name__ == "__main__":
    unittest.main()

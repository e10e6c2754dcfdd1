"""Tests of the second implementation on hand-made blocks: test_ledger.py

Values that matter come from elsewhere: published vectors, bytes packed here by hand, and a trie
that is grown by insertion where the model's is split from the sorted set.
"""

import copy
import hashlib
import json
import pathlib
import random
import struct
import subprocess
import sys
import unittest

import body
import borsh
import ed25519
import genesis
import merkle
import staking
import transaction
import trie
import wasm
from execute import Inconsistent, Outcome
from ledger import (BAD_FROM, BALANCE, BLOCK_FULL, ENCODING, EXPIRED, GAS_HIGH, GAS_LOW,
                    NONCE_HIGH, NONCE_LOW, OVERFLOW, PRICE_LOW, SIGNATURE, SIZE, VALID, VERSION,
                    Block, Difference, Ledger, check)
from state import SYSTEM, Account, State

AUR = 10**9
SEEDS = [bytes([number]) * 32 for number in range(1, 5)]
ALICE, BOB, CAROL, DAVE = map(ed25519.public_key, SEEDS)
SEED_OF = dict(zip((ALICE, BOB, CAROL, DAVE), SEEDS))
SMALL_ORDER = b"\1" + bytes(31)
PRICE = 1000
PARAMETERS = {"block_gas_limit": 4_000_000, "block_bytes": 8 << 20, "tx_bytes": 1 << 20,
              "gas_price_min": PRICE, "unbonding": 0, "validator_stake_min": 10_000 * AUR,
              "validators_max": 100}


def sha(data):
    return hashlib.sha256(data).digest()


def make_genesis(balances, stakes=(), **parameters):
    values = {**PARAMETERS, **parameters}
    return b"".join((
        struct.pack("<I", 5) + b"chain", struct.pack("<Q", 1_700_000_000_000),
        struct.pack("<7Q", *values.values()),
        borsh.vector([address + struct.pack("<Q", amount)
                      for address, amount in sorted(balances)]),
        borsh.vector([owner + struct.pack("<Q", amount) + borsh.option(key)
                      for owner, amount, key in sorted(stakes)]),
        DAVE))


def number(value):
    """An unsigned LEB128 number."""
    low = bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
    return low + number(value >> 7) if value > 0x7F else low


def make_module(*names, padding=0):
    """A module of functions () -> () with these exports, each with `padding` nops."""
    def section(kind, items):
        body = number(len(items)) + b"".join(items)
        return bytes([kind]) + number(len(body)) + body
    body = b"\0" + b"\1" * padding + b"\x0b"
    exports = [number(len(name)) + name.encode() + b"\0" + number(index)
               for index, name in enumerate(names)]
    return b"".join((
        b"\0asm\1\0\0\0", section(1, [b"\x60\0\0"]), section(3, [b"\0"] * len(names)),
        section(7, exports), section(10, [number(len(body)) + body] * len(names))))


def effect(outcome=0, steps=0, **more):
    return {"outcome": outcome, "detail": 0, "revert_code": 0, "steps": steps, "output": "",
            "logs": [], "events": [], "changes": []} | more


class Chain:
    """A ledger with a block open, and the log that describes what was done."""

    def __init__(self, balances=None, stakes=(), **parameters):
        if balances is None:
            balances = [(ALICE, 1000 * AUR), (BOB, 500 * AUR)]
        data = make_genesis(balances, stakes, **parameters)
        self.ledger = Ledger(data)
        self.log = [{"genesis": data.hex()}]

    @property
    def state(self):
        return self.ledger.state

    def body(self, sender, payload, nonce=None, price=PRICE, valid_until=0, version=1):
        if nonce is None:
            nonce = self.state.account(sender).nonce
        return (bytes([version]) + sender + struct.pack("<QQQ", nonce, price, valid_until)
                + payload)

    def sign(self, sender, payload, **fields):
        body = self.body(sender, payload, **fields)
        message = b"aureon/tx/1" + self.ledger.chain.hash + body
        return body + ed25519.sign(SEED_OF[sender], message)

    def block(self, *entries, time_ms=0, proposer=DAVE):
        """Applies a block of raw transactions or log entries; returns its receipts."""
        record = {
            "height": self.ledger.head.height + 1, "time_ms": time_ms, "proposer": proposer.hex(),
            "txs": [entry if isinstance(entry, dict) else {"tx": entry.hex()}
                    for entry in entries]}
        self.ledger.apply(record)
        record["claim"] = self.ledger.head.results() | {"validators": self.ledger.validators()}
        self.log.append(record)
        return self.ledger.head.receipts

    def outcome(self, sender, payload, **entry):
        """Applies a block of one transaction; returns its receipt."""
        receipts = self.block({"tx": self.sign(sender, payload).hex()} | entry)
        assert self.ledger.head.invalid == [VALID], self.ledger.head.invalid
        return receipts[0]


def transfer(to, amount):
    return b"\0" + to + struct.pack("<Q", amount)


def deploy(code, gas_limit=1_000_000, value=0, args=(), admin=None):
    return (b"\1" + borsh.sized(code) + struct.pack("<QQ", gas_limit, value)
            + borsh.vector(list(map(borsh.sized, args))) + borsh.option(admin))


def call(contract, function, gas_limit=1000, value=0, args=()):
    return (b"\2" + contract + borsh.sized(function.encode())
            + borsh.vector(list(map(borsh.sized, args))) + struct.pack("<QQ", gas_limit, value))


def stake(amount, validator=None):
    return b"\3" + struct.pack("<Q", amount) + borsh.option(validator)


def unstake(amount):
    return b"\4" + struct.pack("<Q", amount)


def upgrade(contract, code, gas_limit=1_000_000, args=()):
    return (b"\5" + contract + borsh.sized(code) + struct.pack("<Q", gas_limit)
            + borsh.vector(list(map(borsh.sized, args))))


class TestEd25519(unittest.TestCase):
    """Against RFC 8032, section 7.1, and the conditions of ZIP-215."""

    VECTORS = (
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
         "984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    )

    def test_rfc_8032(self):
        for vector in self.VECTORS:
            seed, key, message, signature = map(bytes.fromhex, vector)
            self.assertEqual(ed25519.public_key(seed), key)
            self.assertEqual(ed25519.sign(seed, message), signature)
            self.assertTrue(ed25519.verify(key, signature, message))
            self.assertFalse(ed25519.verify(key, signature, message + b"x"))
            for index in (0, 31, 32, 63):
                bad = bytearray(signature)
                bad[index] ^= 1
                self.assertFalse(ed25519.verify(key, bytes(bad), message))
            scalar = int.from_bytes(signature[32:], "little") + ed25519.L
            bad = signature[:32] + scalar.to_bytes(32, "little")
            self.assertFalse(ed25519.verify(key, bad, message))

    def small_order_encodings(self):
        eighth = int.from_bytes(bytes.fromhex(
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little")
        ys = [0, 1, ed25519.P - 1, ed25519.P, ed25519.P + 1, eighth, ed25519.P - eighth]
        return [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]

    def test_small_order(self):
        encodings = self.small_order_encodings()
        self.assertEqual(len(set(encodings)), 14)
        self.assertTrue(all(map(ed25519.is_small_order, encodings)))
        self.assertFalse(any(map(ed25519.is_small_order, (ALICE, BOB, (2).to_bytes(32, "little")))))

    def test_zip_215_accepts_all_small_order_pairs(self):
        encodings = self.small_order_encodings()
        for key in encodings:
            for commitment in encodings:
                self.assertTrue(ed25519.verify(key, commitment + bytes(32), b"Zcash"))


class GrownTrie:
    """A trie that grows by insertion; [path, value] is a leaf, a dict a branch by hex digit."""

    def __init__(self):
        self.top = None

    def insert(self, path, value):
        self.top = self._insert(self.top, path, value)

    def _insert(self, node, path, value):
        if node is None:
            return [path, value]
        if isinstance(node, list):
            if node[0] == path:
                return [path, value]
            node = {node[0][0]: [node[0][1:], node[1]]}
        node[path[0]] = self._insert(node.get(path[0]), path[1:], value)
        return node

    @staticmethod
    def string(data):
        if len(data) == 1 and data[0] < 128:
            return data
        if len(data) < 56:
            return bytes([128 + len(data)]) + data
        size = len(data).to_bytes(4, "big").lstrip(b"\0")
        return bytes([183 + len(size)]) + size + data

    @staticmethod
    def items(*encoded):
        body = b"".join(encoded)
        if len(body) < 56:
            return bytes([192 + len(body)]) + body
        size = len(body).to_bytes(4, "big").lstrip(b"\0")
        return bytes([247 + len(size)]) + size + body

    def path(self, digits, flag):
        odd = len(digits) % 2
        text = f"{flag + odd:x}" + ("" if odd else "0") + digits
        return self.string(bytes.fromhex(text))

    def encode(self, node):
        if isinstance(node, list):
            return self.items(self.path(node[0], 2), self.string(node[1]))
        digits = ""
        while isinstance(node, dict) and len(node) == 1:
            digit, node = next(iter(node.items()))
            digits += digit
        if digits:
            return self.items(self.path(digits, 0), self.refer(node))
        children = [self.refer(node[f"{digit:x}"]) if f"{digit:x}" in node else b"\x80"
                    for digit in range(16)]
        return self.items(*children, b"\x80")

    def refer(self, node):
        encoded = self.encode(node)
        return encoded if len(encoded) < 32 else self.string(sha(encoded))

    def root(self):
        return sha(b"\x80" if self.top is None else self.encode(self.top))


def grown_root(values):
    grown = GrownTrie()
    pairs = list(values.items())
    random.Random(len(pairs)).shuffle(pairs)
    for path, value in pairs:
        grown.insert(path.hex(), value)
    return grown.root()


def grown_state_root(accounts):
    """The root over address -> (nonce, balance, stake, slots, code_hash, admin)."""
    values = {}
    for address, (nonce, balance, staked, slots, code_hash, admin) in accounts.items():
        storage = grown_root({sha(key): GrownTrie.string(value) for key, value in slots.items()})
        encoded = [count.to_bytes(8, "big").lstrip(b"\0") for count in (nonce, balance, staked)]
        encoded += [storage if slots else b"", code_hash, admin]
        values[sha(address)] = GrownTrie.items(*map(GrownTrie.string, encoded))
    return grown_root(values)


class TestTrees(unittest.TestCase):
    """The trie and the Merkle tree."""

    def test_known_trie_roots(self):
        self.assertEqual(trie.root({}).hex(),
                         "76be8b528d0075f7aae98d6fa57a6d3c83ae480a8469e668d7b0af968995ac71")
        values = {sha(struct.pack("<Q", index)): b"v%d" % index for index in range(1000)}
        self.assertEqual(trie.root(values).hex(),
                         "310906be66b4b9281a1fc3b14973ed53d9ff3c51ae65aaeb24843b00f98b1ea5")

    def test_grown_trie_agrees(self):
        chance = random.Random(1)
        for path_size in (1, 2, 3, 32):
            for count in (1, 2, 3, 17, 200):
                values = {chance.randbytes(path_size): chance.randbytes(chance.randrange(1, 70))
                          for _ in range(count)}
                self.assertEqual(trie.root(values), grown_root(values))

    def test_merkle_roots(self):
        leaves = [bytes.fromhex(leaf) for leaf in (
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
            "606162636465666768696a6b6c6d6e6f")]
        roots = {
            0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        }
        for count, root in roots.items():
            self.assertEqual(merkle.root(leaves[:count]).hex(), root)


class TestState(unittest.TestCase):
    """Savepoints and the root."""

    def test_undo(self):
        state = State()
        state.change(ALICE, balance=7)
        state.set_slot(BOB, b"k", b"")
        before = state.root()
        mark = state.mark()
        state.change(ALICE, balance=0)
        state.change(CAROL, nonce=1)
        state.set_slot(BOB, b"k", None)
        state.set_slot(BOB, b"l", b"x")
        self.assertNotEqual(state.root(), before)
        state.undo(mark)
        self.assertEqual(state.root(), before)
        self.assertFalse(state.exists(CAROL))

    def test_root_follows_slots(self):
        state = State()
        state.set_slot(BOB, b"k", b"x")
        before = state.root()
        state.set_slot(BOB, b"k", b"y")
        self.assertNotEqual(state.root(), before)
        state.set_slot(BOB, b"k", None)
        self.assertEqual(state.root(), trie.EMPTY_ROOT)

    def test_absent_account(self):
        state = State()
        state.change(ALICE, balance=7)
        state.change(ALICE, balance=0)
        self.assertEqual(state.root(), trie.EMPTY_ROOT)
        with self.assertRaises(OverflowError):
            state.credit(ALICE, -1)


class TestGenesis(unittest.TestCase):
    """Decoding, the state and the header of height 0."""

    def test_state_and_header(self):
        key = ed25519.public_key(b"k" * 32)
        chain = Chain(stakes=[(CAROL, 20_000 * AUR, key)], unbonding=5)
        slots = {b"\4" + name.encode(): struct.pack("<Q", value)
                 for name, value in {**PARAMETERS, "unbonding": 5}.items()}
        slots |= {b"\1" + key: CAROL, b"\2" + CAROL: key}
        root = grown_state_root({
            ALICE: (0, 1000 * AUR, 0, {}, b"", b""), BOB: (0, 500 * AUR, 0, {}, b"", b""),
            CAROL: (0, 0, 20_000 * AUR, {}, b"", b""),
            sha(b"\x0daureon/system"): (0, 0, 0, slots, b"", b"")})
        data = bytes.fromhex(chain.log[0]["genesis"])
        header = (struct.pack("<II5sQ", 1, 5, b"chain", 0) + sha(b"\x0eaureon/genesis" + data)
                  + struct.pack("<Q", 1_700_000_000_000) + DAVE + root + sha(b"") * 2
                  + struct.pack("<QQI", 0, 4_000_000, 0))
        self.assertEqual(chain.ledger.head.header, header)
        self.assertEqual(chain.ledger.head.hash(), sha(b"\x0daureon/header" + header))
        self.assertEqual(chain.ledger.validators(), [[key.hex(), 20_000]])

    def test_refusals(self):
        good = make_genesis([(ALICE, 1), (BOB, 2)])
        genesis.decode(good)
        bad = [good + b"\0", good[:-1], good.replace(b"chain", b"Chain"),
               make_genesis([(ALICE, 0)]), make_genesis([(ALICE, 1), (ALICE, 2)]),
               make_genesis([(SYSTEM, 1)]), make_genesis([(SMALL_ORDER, 1)]),
               make_genesis([(ALICE, 2**62), (BOB, 2**62)]),
               make_genesis([], [(ALICE, 1, CAROL), (BOB, 1, CAROL)]),
               make_genesis([], [(ALICE, 1, SMALL_ORDER)]), make_genesis([], validators_max=0)]
        first, second = sorted((ALICE, BOB))
        bad.append(good.replace(first, b"?" * 32).replace(second, first).replace(b"?" * 32, second))
        for data in bad:
            with self.assertRaises(borsh.Malformed):
                genesis.decode(data)


class TestValidity(unittest.TestCase):
    """Why a transaction may not be in a block."""

    def setUp(self):
        self.chain = Chain(tx_bytes=4096, block_gas_limit=100_000)
        self.chain.block(self.chain.sign(ALICE, transfer(BOB, 1)))
        self.room = Block(2, 0, DAVE)

    def judge(self, raw):
        return self.chain.ledger.judge(raw, self.room)[0]

    def judge_signed(self, payload, **fields):
        return self.judge(self.chain.sign(ALICE, payload, **fields))

    def test_bytes(self):
        good = self.chain.sign(ALICE, transfer(BOB, 1))
        self.assertEqual(self.judge(good), VALID)
        self.assertEqual(self.judge(good + bytes(4096 - len(good))), ENCODING)
        self.assertEqual(self.judge(good + bytes(4097 - len(good))), SIZE)
        self.assertEqual(self.judge(b""), ENCODING)
        for size in (1, len(good) - 1):
            self.assertEqual(self.judge(good[:size]), ENCODING)
        self.assertEqual(self.judge(good[:57] + b"\6" + good[58:]), ENCODING)
        self.assertEqual(self.judge(b"\2" + good[1:]), VERSION)
        self.assertEqual(self.judge(good[:60] + b"x" + good[61:]), SIGNATURE)

    def test_payload_encoding(self):
        for payload in (call(BOB, ""), call(BOB, "a b"), call(BOB, "x" * 65),
                        call(BOB, "f", args=[b""] * 65), b"\3" + bytes(8) + b"\2" + bytes(96),
                        call(BOB, "\u00e9"), transfer(BOB, 1) + b"\0"):
            self.assertEqual(self.judge_signed(payload), ENCODING)
        self.assertEqual(self.judge_signed(call(BOB, "x" * 64, args=[b""] * 64)), VALID)

    def test_args_size(self):
        for size, is_good in ((256 * 1024, True), (256 * 1024 + 1, False)):
            raw = self.chain.body(ALICE, call(BOB, "f", args=[bytes(size)])) + bytes(64)
            if is_good:
                self.assertEqual(len(transaction.decode(raw).args[0]), size)
            else:
                with self.assertRaises(borsh.Malformed):
                    transaction.decode(raw)

    def test_sender(self):
        no_point = (2).to_bytes(32, "little")
        for sender, code in ((SMALL_ORDER, BAD_FROM), (no_point, SIGNATURE)):
            raw = self.chain.body(sender, transfer(BOB, 1)) + bytes(64)
            self.assertEqual(self.judge(raw), code)
        other = Chain(gas_price_min=PRICE + 1)
        self.assertEqual(self.judge(other.sign(ALICE, transfer(BOB, 1), nonce=1)), SIGNATURE)

    def test_time_and_nonce(self):
        payload = transfer(BOB, 1)
        for valid_until, code in ((0, VALID), (1, EXPIRED), (2, VALID), (3, VALID)):
            self.assertEqual(self.judge_signed(payload, valid_until=valid_until), code)
        for nonce, code in ((0, NONCE_LOW), (1, VALID), (2, NONCE_HIGH), (2**64 - 1, NONCE_HIGH)):
            self.assertEqual(self.judge_signed(payload, nonce=nonce), code)
        self.chain.state.change(ALICE, nonce=2**64 - 1)
        self.assertEqual(self.judge_signed(payload, nonce=2**64 - 1), NONCE_HIGH)

    def test_gas(self):
        raw = self.chain.sign(ALICE, call(BOB, "f"))
        intrinsic = -(-(50_000 + 100 * len(raw)) // 1000)
        for limit, code in ((intrinsic - 1, GAS_LOW), (intrinsic, VALID), (100_000, VALID),
                            (100_001, GAS_HIGH), (2**64 - 1, GAS_HIGH)):
            self.assertEqual(self.judge_signed(call(BOB, "f", gas_limit=limit)), code)
        self.assertEqual(self.judge_signed(call(BOB, "f"), price=PRICE - 1), PRICE_LOW)

    def test_balance(self):
        self.chain.state.change(ALICE, balance=2**63 - 1)
        rest = 2**63 - 1 - 1000 * PRICE
        self.assertEqual(self.judge_signed(call(BOB, "f", value=rest)), VALID)
        self.assertEqual(self.judge_signed(call(BOB, "f", value=rest + 1)), OVERFLOW)
        self.chain.state.change(ALICE, balance=2**63 - 2)
        self.assertEqual(self.judge_signed(call(BOB, "f", value=rest)), BALANCE)
        self.assertEqual(self.judge_signed(unstake(2**64 - 1)), VALID)
        self.assertEqual(self.judge_signed(stake(2**64 - 1)), OVERFLOW)

    def test_room(self):
        payload = call(BOB, "f", gas_limit=1000)
        size = len(self.chain.sign(ALICE, payload))
        for gas_used, used_size, code in (
                (99_000, 0, VALID), (99_001, 0, BLOCK_FULL), (0, (8 << 20) - size, VALID),
                (0, (8 << 20) - size + 1, BLOCK_FULL)):
            self.room.gas_used, self.room.size = gas_used, used_size
            self.assertEqual(self.judge_signed(payload), code)

    def test_invalid_leave_no_trace(self):
        good = self.chain.sign(ALICE, transfer(BOB, 1))
        self.chain.block(b"", good, good, b"\1")
        self.assertEqual(self.chain.ledger.head.invalid, [ENCODING, VALID, NONCE_LOW, ENCODING])
        self.assertEqual(self.chain.ledger.head.size, len(good))
        self.assertEqual(self.chain.ledger.head.tx_root(), sha(b"\0" + sha(good)))
        self.assertEqual(self.chain.ledger.head.header[-4:], struct.pack("<I", 1))


class TestTransfer(unittest.TestCase):
    """Fees, creation, the purse, and a whole block by hand."""

    def test_block_by_hand(self):
        chain = Chain()
        raw = [chain.sign(ALICE, transfer(CAROL, amount), nonce=nonce)
               for nonce, amount in enumerate((5, 6))]
        parent = chain.ledger.head.hash()
        chain.block(*raw, time_ms=5)
        used = [-(-(50_000 + 100 * len(raw[0])) // 1000) + 50,
                -(-(50_000 + 100 * len(raw[1])) // 1000)]
        self.assertEqual(used, [117, 67])
        purse = sum(used) * PRICE
        slots = {b"\4" + name.encode(): struct.pack("<Q", value)
                 for name, value in PARAMETERS.items()}
        root = grown_state_root({
            ALICE: (2, 1000 * AUR - 11 - purse, 0, {}, b"", b""),
            BOB: (0, 500 * AUR, 0, {}, b"", b""), CAROL: (0, 11, 0, {}, b"", b""),
            DAVE: (0, purse, 0, {}, b"", b""), SYSTEM: (0, 0, 0, slots, b"", b"")})
        digests = [sha(b"\x0eaureon/receipt" + bytes(9) + struct.pack("<QQ", gas, gas * PRICE)
                       + bytes(13)) for gas in used]
        tx_root, receipts_root = (
            sha(b"\1" + sha(b"\0" + left) + sha(b"\0" + right))
            for left, right in (map(sha, raw), digests))
        header = (struct.pack("<II5sQ", 1, 5, b"chain", 1) + parent
                  + struct.pack("<Q", 1_700_000_000_001) + DAVE + root + tx_root + receipts_root
                  + struct.pack("<QQI", sum(used), 4_000_000, 2))
        self.assertEqual(chain.ledger.head.header, header)

    def test_no_creation(self):
        chain = Chain()
        for target, amount in ((ALICE, 5), (BOB, 5), (CAROL, 0)):
            receipt = chain.outcome(ALICE, transfer(target, amount))
            self.assertEqual((receipt.outcome, receipt.gas_used), (Outcome.SUCCESS, 67))
        self.assertFalse(chain.state.exists(CAROL))

    def test_system_account(self):
        chain = Chain()
        for amount in (0, 5):
            receipt = chain.outcome(ALICE, transfer(SYSTEM, amount))
            self.assertEqual((receipt.outcome, receipt.gas_used), (Outcome.NOT_ALLOWED, 67))
        self.assertEqual(chain.state.account(ALICE).nonce, 2)
        self.assertEqual(chain.state.account(ALICE).balance, 1000 * AUR - 2 * 67 * PRICE)

    def test_refund_is_visible_to_the_next(self):
        chain = Chain([(ALICE, 100_000 * PRICE + 67 * PRICE)])
        chain.block(chain.sign(ALICE, call(BOB, "f", gas_limit=100_000)),
                    chain.sign(ALICE, stake(1), nonce=1))
        self.assertEqual(chain.ledger.head.invalid, [VALID, VALID])
        self.assertEqual(chain.ledger.head.receipts[0].outcome, Outcome.NO_CONTRACT)

    def test_fee_is_the_proposers_after_the_last(self):
        chain = Chain([(ALICE, 1000 * AUR)])
        chain.block(chain.sign(ALICE, transfer(ALICE, 1)),
                    chain.sign(BOB, transfer(ALICE, 1), price=PRICE), proposer=BOB)
        self.assertEqual(chain.ledger.head.invalid, [VALID, BALANCE])
        self.assertEqual(chain.state.account(BOB), Account(balance=67 * PRICE))

    def test_empty_purse(self):
        chain = Chain(gas_price_min=0)
        chain.block(chain.sign(ALICE, transfer(BOB, 1), price=0))
        self.assertFalse(chain.state.exists(DAVE))


class TestStaking(unittest.TestCase):
    """Stake, Unstake, keys and records."""

    KEY_SEEDS = (b"k" * 32, b"l" * 32)
    KEYS = tuple(map(ed25519.public_key, KEY_SEEDS))

    def chain(self, **parameters):
        return Chain([(ALICE, 100_000 * AUR), (BOB, 100_000 * AUR)], **parameters)

    def key(self, chain, owner, index=0):
        message = sha(b"\x0aaureon/pop" + chain.ledger.chain.hash + owner)
        return self.KEYS[index] + ed25519.sign(self.KEY_SEEDS[index], message)

    def slots(self, chain):
        return {key: value for key, value in chain.state.slots[SYSTEM].items() if key[:1] != b"\4"}

    def test_register_and_replace(self):
        chain = self.chain()
        first, second = self.KEYS
        chain.outcome(ALICE, stake(10_000 * AUR, self.key(chain, ALICE)))
        self.assertEqual(self.slots(chain), {b"\1" + first: ALICE, b"\2" + ALICE: first})
        self.assertEqual(chain.ledger.validators(), [[first.hex(), 10_000]])
        taken = chain.outcome(BOB, stake(10_000 * AUR, self.key(chain, BOB)))
        self.assertEqual(taken.outcome, Outcome.NOT_ALLOWED)
        self.assertEqual(chain.state.account(BOB).stake, 0)
        again = chain.outcome(ALICE, stake(0, self.key(chain, ALICE)))
        self.assertEqual(again.outcome, Outcome.SUCCESS)
        chain.outcome(ALICE, stake(0, self.key(chain, ALICE, 1)))
        self.assertEqual(self.slots(chain), {b"\1" + second: ALICE, b"\2" + ALICE: second})
        free = chain.outcome(BOB, stake(10_000 * AUR, self.key(chain, BOB)))
        self.assertEqual(free.outcome, Outcome.SUCCESS)
        ties = [[key.hex(), 10_000] for key in sorted(self.KEYS)]
        self.assertEqual(chain.ledger.validators(), ties)

    def test_refusals(self):
        chain = self.chain()
        proof = self.key(chain, BOB)
        small = SMALL_ORDER + SMALL_ORDER + bytes(32)
        chain.state.set_slot(SYSTEM, b"\1" + self.KEYS[1], b"")
        chain.state.commit()
        for payload in (stake(0), stake(5, proof), stake(5, small), unstake(1),
                        stake(5, self.key(chain, ALICE, 1))):
            self.assertEqual(chain.outcome(ALICE, payload).outcome, Outcome.NOT_ALLOWED)
        self.assertEqual(chain.outcome(ALICE, unstake(0)).outcome, Outcome.SUCCESS)
        self.assertEqual(self.slots(chain), {b"\1" + self.KEYS[1]: b""})
        self.assertEqual(chain.state.account(ALICE).stake, 0)

    def test_unstake_at_once(self):
        chain = self.chain()
        chain.outcome(ALICE, stake(10_000 * AUR, self.key(chain, ALICE)))
        self.assertEqual(chain.outcome(ALICE, unstake(1)).outcome, Outcome.NOT_ALLOWED)
        chain.outcome(BOB, stake(20_000 * AUR, self.key(chain, BOB, 1)))
        before = chain.state.account(ALICE).balance
        receipt = chain.outcome(ALICE, unstake(10_000 * AUR))
        self.assertEqual(chain.state.account(ALICE).balance, before + 10_000 * AUR - receipt.fee)
        self.assertEqual(self.slots(chain), {b"\1" + self.KEYS[1]: BOB, b"\2" + BOB: self.KEYS[1]})

    def test_unbonding(self):
        chain = self.chain(unbonding=2)
        chain.outcome(BOB, stake(20_000 * AUR, self.key(chain, BOB, 1)))
        chain.outcome(ALICE, stake(10_000 * AUR, self.key(chain, ALICE)))
        half = 5_000 * AUR
        chain.block(chain.sign(ALICE, unstake(half)), chain.sign(ALICE, unstake(half), nonce=2))
        record = b"\3" + struct.pack(">Q", 5) + ALICE
        self.assertEqual(chain.state.slot(SYSTEM, record), struct.pack("<Q", 2 * half))
        self.assertEqual(chain.state.account(ALICE).stake, 0)
        self.assertEqual(chain.ledger.validators(), [[self.KEYS[1].hex(), 20_000]])
        before = chain.state.account(ALICE).balance
        chain.block()
        self.assertEqual(chain.state.slot(SYSTEM, b"\2" + ALICE), self.KEYS[0])
        chain.block()
        self.assertEqual(chain.state.account(ALICE).balance, before + 2 * half)
        self.assertEqual(set(self.slots(chain)), {b"\1" + self.KEYS[1], b"\2" + BOB})

    def test_no_record_of_nothing(self):
        chain = self.chain(unbonding=2)
        self.assertEqual(chain.outcome(ALICE, unstake(0)).outcome, Outcome.SUCCESS)
        self.assertEqual(self.slots(chain), {})

    def test_validators_max(self):
        stakes = [(ALICE, 30_000 * AUR, self.KEYS[0]), (BOB, 40_000 * AUR + 7, self.KEYS[1])]
        chain = Chain([(ALICE, AUR)], stakes, validators_max=1)
        self.assertEqual(chain.ledger.validators(), [[self.KEYS[1].hex(), 40_000]])

    def test_idle_key(self):
        chain = self.chain()
        receipt = chain.outcome(ALICE, stake(0, self.key(chain, ALICE)))
        self.assertEqual(receipt.outcome, Outcome.SUCCESS)
        self.assertEqual(self.slots(chain), {})

    def test_tombstone_stays(self):
        state = State()
        staking.register_key(state, ALICE, BOB)
        state.set_slot(SYSTEM, b"\1" + BOB, b"")
        staking.drop_idle_key(state, ALICE)
        self.assertEqual(state.slots[SYSTEM], {b"\1" + BOB: b""})
        self.assertTrue(staking.is_key_taken(state, BOB, ALICE))


class TestContracts(unittest.TestCase):
    """What surrounds running code."""

    CODE = make_module("run")
    CODE_WITH_INIT = make_module("init", "run", padding=20_000)

    def setUp(self):
        self.chain = Chain()

    def address(self, code, nonce=0):
        return sha(b"\x0faureon/contract" + ALICE + struct.pack("<Q", nonce) + sha(code))

    def deploy(self, code=CODE, sender=ALICE, module="accepted", contract=None, **fields):
        return self.chain.outcome(sender, deploy(code, **fields), module=module,
                                  contract=contract)

    def gas(self, payload, steps):
        size = 1 + 32 + 24 + len(payload) + 64
        return -(-(50_000 + 100 * size + steps) // 1000)

    def deploy_steps(self, code):
        return 10_000_000 + 2_000 * len(code)

    def test_deploy(self):
        receipt = self.deploy(value=7, admin=BOB)
        address = self.address(self.CODE)
        self.assertEqual((receipt.outcome, receipt.created), (Outcome.SUCCESS, address))
        self.assertEqual(receipt.gas_used, self.gas(
            deploy(self.CODE, value=7, admin=BOB), self.deploy_steps(self.CODE) + 2 * 2))
        self.assertEqual(self.chain.state.account(address), Account(0, 7, 0, sha(self.CODE), BOB))

    def test_init_and_compile_charge(self):
        code = self.CODE_WITH_INIT
        compile_steps = 2 * 20_002 * 16_384
        receipt = self.deploy(code, args=[b"x"], contract=effect(steps=5, output="abcd"),
                              gas_limit=4_000_000)
        self.assertEqual((receipt.outcome, receipt.output), (Outcome.SUCCESS, b"\xab\xcd"))
        payload = deploy(code, args=[b"x"])
        self.assertEqual(receipt.gas_used, self.gas(
            payload, self.deploy_steps(code) + compile_steps + 5))
        self.assertEqual(receipt.gas_used, self.chain.ledger.head.gas_used)
        used = self.gas(payload, self.deploy_steps(code) + compile_steps)
        for gas_limit, outcome in ((used - 1, Outcome.OUT_OF_GAS), (used, Outcome.SUCCESS)):
            receipt = self.deploy(code, args=[b"x"], contract=effect(), gas_limit=gas_limit)
            self.assertEqual((receipt.outcome, receipt.gas_used), (outcome, gas_limit))

    def test_failed_init(self):
        receipt = self.deploy(self.CODE_WITH_INIT, value=5, gas_limit=4_000_000,
                              contract=effect(Outcome.TRAPPED, 1, detail=1))
        self.assertEqual((receipt.outcome, receipt.created), (Outcome.TRAPPED, None))
        self.assertFalse(self.chain.state.exists(self.address(self.CODE_WITH_INIT)))

    def test_exports(self):
        exports = b"\2" + b"\4init\2\0" + b"\3run\0\x81\0"
        module = b"\0asm\1\0\0\0" + b"\0\3\2xy" + b"\7" + bytes([len(exports)]) + exports
        self.assertEqual(wasm.exported_functions(module), {"run"})
        self.assertEqual(wasm.bodies(module), [])

    def test_shape(self):
        """A function whose shape costs more than its size: 30 parameters, ten results of a block."""
        type_list = [(30, 0), (0, 10), (10, 10)]
        ten, drops = b"\x41\0" * 10, b"\x1a" * 10
        for code, units in (
                (b"\1\x22\x7f" + b"\x0b", 0),
                (b"\1\x24\x7f" + b"\2\x40\x41\0\x0d\0\x0b\x0b", 4 * 2),
                (b"\1\x24\x7f" + b"\x0f\2\x40\x41\0\x0d\0\x0b\x0b", 2),
                (b"\0\2\1" + ten + b"\x41\0\x0e\1\0\0\x0b" + drops + b"\x0b", 2 * 2),
                (b"\0" + ten + b"\x41\0\x11\2\0" + drops + b"\x0b", 8 * 12)):
            self.assertEqual(body.units(code, type_list, [0], 0), units)

    def test_deploy_refusals(self):
        payload = deploy(b"?")
        receipt = self.deploy(b"?", module="invalid")
        self.assertEqual((receipt.outcome, receipt.gas_used, receipt.created),
                         (Outcome.INVALID_MODULE, self.gas(payload, self.deploy_steps(b"?")), None))
        self.assertEqual(self.deploy(args=[b""]).outcome, Outcome.BAD_ARGUMENTS)
        self.assertEqual(self.deploy(admin=SMALL_ORDER, module=None).outcome, Outcome.NOT_ALLOWED)
        occupied = self.address(self.CODE, nonce=3)
        self.chain.state.change(occupied, code_hash=bytes(32))
        self.chain.state.commit()
        self.assertEqual(self.deploy(module=None).outcome, Outcome.NOT_ALLOWED)

    def test_balance_before_code(self):
        address = self.address(self.CODE, nonce=1)
        self.chain.outcome(ALICE, transfer(address, 9))
        self.assertEqual(self.deploy(value=1).outcome, Outcome.SUCCESS)
        self.assertEqual(self.chain.state.account(address).balance, 10)

    def test_call(self):
        self.deploy()
        address = self.address(self.CODE)
        balance = self.chain.state.account(ALICE).balance
        payload = call(address, "run", gas_limit=1000, value=100)
        event = {"contract": address.hex(), "name": b"paid".hex(), "topics": ["11" * 32],
                 "data": "22"}
        contract = effect(steps=1_001, output="01", logs=["6869", ""], events=[event], changes=[
            {"address": address.hex(), "balance": 60}, {"address": CAROL.hex(), "balance": 40},
            {"contract": address.hex(), "key": "6b", "value": ""},
            {"contract": address.hex(), "key": "6c", "value": None}])
        receipt = self.chain.outcome(ALICE, payload, contract=contract)
        gas = self.gas(payload, 1_001)
        digest = sha(b"\x0eaureon/receipt" + bytes(9) + struct.pack("<QQ", gas, gas * PRICE)
                     + b"\0" + b"\1\0\0\0\1" + b"\1\0\0\0" + address + b"\4\0\0\0paid"
                     + b"\1\0\0\0" + b"\x11" * 32 + b"\1\0\0\0\x22"
                     + b"\2\0\0\0" + b"\2\0\0\0hi" + bytes(4))
        self.assertEqual(receipt.digest(), digest)
        state = self.chain.state
        self.assertEqual(state.account(ALICE).balance, balance - 100 - gas * PRICE)
        self.assertEqual((state.account(address).balance, state.account(CAROL).balance), (60, 40))
        self.assertEqual(state.storage_root(address), grown_root({sha(b"k"): b"\x80"}))

    def test_call_by_its_receipt(self):
        self.deploy()
        address = self.address(self.CODE)
        payload = call(address, "run", value=100)
        before = self.chain.state.account(ALICE).balance
        gas = self.gas(payload, 1_001)
        after = before - gas * PRICE - 70
        by_receipt = effect(gas_used=gas, changes=[
            {"address": ALICE.hex(), "balance": after}, {"address": address.hex(), "balance": 70}])
        for wrong in (-1, 1):
            with self.assertRaises(Difference):
                copy.deepcopy(self.chain).outcome(
                    ALICE, payload, contract=by_receipt | {"gas_used": gas + wrong})
        receipt = self.chain.outcome(ALICE, payload, contract=by_receipt)
        self.assertEqual((receipt.gas_used, receipt.fee), (gas, gas * PRICE))
        self.assertEqual(self.chain.state.account(ALICE).balance, after)
        self.assertEqual(self.chain.state.account(address).balance, 70)

    def test_receipt_without_the_unchanged(self):
        chain = self.chain = Chain(gas_price_min=0)
        self.deploy()
        address = self.address(self.CODE)
        payload = call(address, "run", value=100)
        before = chain.state.account(ALICE).balance
        raw = chain.sign(ALICE, payload, price=0)
        paid_back = effect(gas_used=self.gas(payload, 0))
        chain.block({"tx": raw.hex(), "contract": paid_back})
        self.assertEqual(chain.state.account(ALICE).balance, before)
        self.assertEqual(chain.state.account(address).balance, 0)

    def test_failed_call(self):
        self.deploy()
        address = self.address(self.CODE)
        changes = [{"contract": address.hex(), "key": "6b", "value": "00"}]
        details = {Outcome.REVERTED: (0, 9, b"\xee"), Outcome.TRAPPED: (4, 0, b""),
                   Outcome.OUT_OF_GAS: (0, 0, b"")}
        for outcome, expected in details.items():
            root = self.chain.state.storage_root(address)
            balance = self.chain.state.account(ALICE).balance
            receipt = self.chain.outcome(ALICE, call(address, "run", value=5), contract=effect(
                outcome, 3_000, detail=4, revert_code=9, output="ee", logs=["61"],
                changes=changes))
            self.assertEqual((receipt.detail, receipt.revert_code, receipt.output), expected)
            self.assertEqual((receipt.logs, receipt.events), ([b"a"], []))
            self.assertEqual(self.chain.state.storage_root(address), root)
            self.assertEqual(self.chain.state.account(ALICE).balance, balance - receipt.fee)
            if outcome == Outcome.OUT_OF_GAS:
                self.assertEqual(receipt.gas_used, 1000)

    def test_refused_call(self):
        self.deploy(make_module("run", "init", "__x"), contract=effect())
        address = self.address(make_module("run", "init", "__x"))
        for target, name, outcome in (
                (SYSTEM, "run", Outcome.NO_CONTRACT), (BOB, "init", Outcome.NO_CONTRACT),
                (address, "init", Outcome.NOT_ALLOWED), (address, "migrate", Outcome.NOT_ALLOWED),
                (address, "__x", Outcome.NOT_ALLOWED), (address, "_x", Outcome.NO_FUNCTION)):
            payload = call(target, name, value=5)
            receipt = self.chain.outcome(ALICE, payload)
            self.assertEqual((receipt.outcome, receipt.gas_used), (outcome, self.gas(payload, 0)))

    def test_upgrade(self):
        self.deploy(admin=BOB)
        address = self.address(self.CODE)
        code = make_module("migrate", "other")

        def upgraded(sender, target, args=(), **entry):
            return self.chain.outcome(sender, upgrade(target, code, args=args), **entry).outcome
        self.assertEqual(upgraded(BOB, CAROL), Outcome.NO_CONTRACT)
        self.assertEqual(upgraded(ALICE, address), Outcome.NOT_ALLOWED)
        self.assertEqual(upgraded(BOB, address, module="invalid"), Outcome.INVALID_MODULE)
        trap = {"module": "accepted", "contract": effect(3, 10)}
        self.assertEqual(upgraded(BOB, address, **trap), Outcome.TRAPPED)
        self.assertEqual(self.chain.state.account(address).code_hash, sha(self.CODE))
        admin_gone = [{"address": address.hex(), "admin": None}]
        done = {"module": "accepted", "contract": effect(changes=admin_gone)}
        self.assertEqual(upgraded(BOB, address, [b"x"], **done), Outcome.SUCCESS)
        self.assertEqual(self.chain.state.account(address), Account(0, 0, 0, sha(code), b""))
        self.assertEqual(upgraded(BOB, address), Outcome.NOT_ALLOWED)

    def test_impossible_effects(self):
        self.deploy()
        address = self.address(self.CODE)
        run = call(address, "run")
        for payload, contract in (
                (run, None), (run, effect(5)), (run, effect(steps=10**9)), (run, effect(steps=-1)),
                (run, effect(changes=[{"address": CAROL.hex(), "balance": 1}])),
                (run, effect(changes=[{"address": BOB.hex(), "balance": 500 * AUR + 1},
                                      {"address": CAROL.hex(), "balance": -1}])),
                (run, effect(changes=[{"address": SYSTEM.hex(), "balance": 0}])),
                (run, effect(changes=[{"address": address.hex(), "code_hash": "00" * 32}])),
                (run, effect(changes=[{"contract": address.hex(), "key": "", "value": ""}])),
                (call(address, "no"), effect(9, 1)), (transfer(BOB, 1), effect(steps=1)),
                (deploy(self.CODE), None)):
            ledger = copy.deepcopy(self.chain)
            with self.assertRaises(Difference) as caught:
                ledger.outcome(ALICE, payload, contract=contract)
            self.assertIsInstance(caught.exception.__cause__, (Inconsistent, OverflowError))
        wrong = {"module": "accepted", "compile_steps": 5}
        with self.assertRaises(Difference):
            self.chain.outcome(ALICE, deploy(self.CODE), **wrong)


class TestLog(unittest.TestCase):
    """The program on a log."""

    def setUp(self):
        chain = Chain()
        chain.block(chain.sign(ALICE, transfer(CAROL, 5)), chain.sign(BOB, transfer(CAROL, 5)))
        chain.block()
        chain.outcome(ALICE, deploy(TestContracts.CODE), module="accepted", compile_steps=4)
        self.log = chain.log

    def run_program(self, log, *arguments):
        program = pathlib.Path(__file__).with_name("ledger.py")
        done = subprocess.run([sys.executable, program, *arguments], text=True, capture_output=True,
                              input="\n".join(map(json.dumps, log)), check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def test_agreement(self):
        self.assertEqual(self.run_program(self.log), (0, "3 transactions, 3 blocks: agree\n"))

    def test_count(self):
        self.log[2]["txs"], self.log[2]["claim"]["invalid"] = [{"tx": "00"}], [ENCODING]
        _, text = self.run_program(self.log, "--count")
        self.assertEqual(text.splitlines()[1:],
                         ["invalid 2 1", "outcome deploy 0 1", "outcome transfer 0 2"])

    def test_difference(self):
        self.log[1]["claim"]["state_root"] = "00" * 32
        status, text = self.run_program(self.log)
        self.assertEqual(status, 1)
        self.assertTrue(text.startswith("block 1: state_root differs\n"))
        self.assertIn(f"{CAROL.hex()}: nonce 0, balance 10,", text)

    def test_every_claim_is_compared(self):
        for name, wrong in {"invalid": [0, 1], "gas_used": 1, "receipts_digests": [], "hash": "",
                            "tx_root": "", "receipts_root": "", "state_root": "", "header": "",
                            "validators": [["", 1]], "validator_count": 9}.items():
            log = copy.deepcopy(self.log)
            log[1]["claim"][name] = wrong
            with self.assertRaisesRegex(Difference, f"^block 1: {name} differs"):
                check(map(json.dumps, log))
            del log[1]["claim"][name]
            if not name.startswith("validator"):
                with self.assertRaisesRegex(Difference, f"claims no {name}"):
                    check(map(json.dumps, log))

    def test_genesis_claim(self):
        self.log[0]["claim"] = {"hash": "00"}
        with self.assertRaisesRegex(Difference, "^block 0: hash differs"):
            check(map(json.dumps, self.log))

    def test_supply(self):
        ledger = Ledger(bytes.fromhex(self.log[0]["genesis"]))
        ledger.supply -= 1
        with self.assertRaisesRegex(Difference, "^block 1: the supply is 1500000000000 "):
            ledger.apply(self.log[1])

    def test_no_chain(self):
        with self.assertRaisesRegex(Difference, "empty"):
            check([])
        self.log[0]["genesis"] += "00"
        with self.assertRaisesRegex(Difference, "1 bytes are left over"):
            check(map(json.dumps, self.log))

    def test_heights(self):
        with self.assertRaisesRegex(Difference, "^height 2 follows 0"):
            check(map(json.dumps, [self.log[0], self.log[2]]))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""A second, slow implementation of the state transition: ledger.py [--count] < LOG

It checks what a node claims about its blocks and shares no code with it. From the log it takes the
genesis, the blocks' transactions and, as given, two things that it does not model: the verdict of
the module validator and the effect of running code. Validity, execution, receipts, staking, state,
roots and headers are its own.

The log is JSON, one object a line. All bytes are lower-case hex, all numbers are integers.

The first line: {"genesis": HEX}, and if wished "claim": {"state_root", "header", "hash"}, those
of height 0.
Each other line is a block:
  {"height": N, "time_ms": N,           the source's time, before it is made to increase
   "proposer": HEX,
   "txs": [TX...],                      all of the decided block, the invalid ones too
   "claim": {"invalid": [N...],         0 or the code, for each of txs
             "gas_used": N,
             "receipts_digests": [HEX...],   those of the executed transactions
             "tx_root": HEX, "receipts_root": HEX, "state_root": HEX, "header": HEX, "hash": HEX,
             "validators": [[KEY, POWER]...],     may be missing: elected, greatest stake first
             "validator_count": N}}    likewise: all that could be elected if there were room
TX: {"tx": HEX, "module": M, "compile_steps": N, "contract": C}
  M  "accepted" or "invalid" where the validator was asked, else null or missing
  N  what the compilation cost; null or missing = not compared
  C  null or missing if no frame was opened (a record with 0 steps will do), else
     {"outcome": N, "detail": N, "revert_code": N,
      "steps": N,                       of the frame alone: without intrinsic and compile charge;
                                        or instead "gas_used": N, see below
      "output": HEX, "logs": [HEX...],
      "events": [{"contract": HEX, "name": HEX, "topics": [HEX...], "data": HEX}...],
      "changes": [CHANGE...],           events and changes count only where the outcome is 0
      "trace": [ENTRY...]}              may be missing: see below
  CHANGE, all of them values at the end of the frame, before the refund to the sender; the value
  that the transaction itself moves is moved already:
     {"contract": HEX, "key": HEX, "value": HEX or null}                   null: deleted
     {"address": HEX, "balance": N, "nonce": N, "code_hash": HEX, "admin": HEX or null}
     of which all but the address may be missing: unchanged
  A record with gas_used in place of steps is made from a stored receipt: gas_used is the receipt's
  own, and so are the balances: the sender's after the refund, and one that ends as it was before
  the transaction missing. It proves less: the frame's steps are then whatever makes up the gas
  beyond intrinsic and compile charge.
  With a trace nothing of a record is taken as given: it is compared with what the frames come to.
  An ENTRY is a frame or, inside one, a call of a host function, in the order of their beginnings:
     {"depth": N,                       in how many others it is
      "steps": N,                       with all that is inside
      "contract": HEX, "caller": HEX, "function": HEX, "args": [HEX...], "value": N,
      "limit": N,                       in steps
      "view": BOOLEAN, "outcome": N, "detail": N, "revert_code": N, "output": HEX}
     {"depth": N, "steps": N, "host": NAME,
      "left": N,                        of the frame's steps, before the price of the call
      "values": [N or HEX...],          as AU_HOST_ARG of abi/host.def lists them, with what the
                                        function wrote
      "result": N}                      missing if it ended its frame; 0 where there is none

Prints `N transactions, M blocks: agree`, or the first difference, with exit status 1. --count adds
how often each thing came to pass, a line `invalid CODE COUNT`, `outcome PAYLOAD NUMBER COUNT`,
`call NUMBER COUNT` and the like for each: what was not met was not compared.
"""

import collections
import json
import sys

import borsh
import ed25519
import execute
import genesis
import merkle
import staking
import transaction
from state import SUPPLY_MAX, State

HEADER_VERSION = 1
NONCE_NEVER = 2**64 - 1
(VALID, SIZE, ENCODING, VERSION, BAD_FROM, SIGNATURE, EXPIRED, NONCE_LOW, NONCE_HIGH, GAS_LOW,
 GAS_HIGH, PRICE_LOW, OVERFLOW, BALANCE, BLOCK_FULL) = range(15)


class Difference(Exception):
    """The node and the model do not agree."""


class Block:
    """A block while it is executed, and what came of it."""

    def __init__(self, height, time_ms, proposer):
        self.height = height
        self.time_ms = time_ms
        self.proposer = proposer
        self.gas_used = 0
        self.size = 0
        self.invalid = []
        self.executed = []
        self.receipts = []
        self.touched = set()
        self.state_root = b""
        self.header = b""

    def results(self):
        """In the order in which they are compared: what explains others comes first."""
        return {
            "invalid": self.invalid,
            "gas_used": self.gas_used,
            "receipts_digests": [receipt.digest().hex() for receipt in self.receipts],
            "tx_root": self.tx_root().hex(),
            "receipts_root": self.receipts_root().hex(),
            "state_root": self.state_root.hex(),
            "header": self.header.hex(),
            "hash": self.hash().hex(),
        }

    def tx_root(self):
        return merkle.root([tx.id for tx in self.executed])

    def receipts_root(self):
        return merkle.root([receipt.digest() for receipt in self.receipts])

    def hash(self):
        return merkle.tagged("aureon/header", self.header)

    def seal(self, chain, parent, state):
        """Makes the header; parent is 32 bytes."""
        self.state_root = state.root()
        self.header = b"".join((
            borsh.u32(HEADER_VERSION), borsh.sized(chain.chain_id.encode()),
            borsh.u64(self.height), parent, borsh.u64(self.time_ms), self.proposer,
            self.state_root, self.tx_root(), self.receipts_root(), borsh.u64(self.gas_used),
            borsh.u64(chain.parameters["block_gas_limit"]), borsh.u32(len(self.executed))))


class Ledger:
    """A chain: its state and its last block."""

    def __init__(self, genesis_bytes):
        self.chain = genesis.decode(genesis_bytes)
        self.state = State()
        self._seed()
        self.supply = self._count_supply()
        self.tally = collections.Counter()
        self.head = Block(0, self.chain.time_ms, self.chain.proposer)
        self.head.seal(self.chain, self.chain.hash, self.state)
        self.head.touched = self.state.commit()

    def _seed(self):
        chain, state = self.chain, self.state
        for name, value in chain.parameters.items():
            staking.set_parameter(state, name, value)
        for address, balance in chain.balances:
            state.change(address, balance=balance)
        for owner, stake, key in chain.stakes:
            state.change(owner, stake=stake)
            if key is not None:
                staking.register_key(state, owner, key)

    def _count_supply(self):
        accounts = self.state.accounts.values()
        return (sum(account.balance + account.stake for account in accounts)
                + staking.unbonding_total(self.state))

    def judge(self, raw, block):
        """The first reason why a transaction may not be in the block, and the transaction."""
        if len(raw) > self.chain.parameters["tx_bytes"]:
            return SIZE, None
        try:
            tx = transaction.decode(raw)
        except borsh.Malformed:
            return ENCODING, None
        broken = (code for code, is_broken in self._rules(tx, block) if is_broken())
        return next(broken, VALID), tx

    def _rules(self, tx, block):
        """What remains to be asked of a decoded transaction, in the protocol's order."""
        parameters, account = self.chain.parameters, self.state.account(tx.sender)
        message = b"aureon/tx/1" + self.chain.hash + tx.body
        total = tx.reserve + tx.spent_amount
        return (
            (VERSION, lambda: tx.version != 1),
            (BAD_FROM, lambda: ed25519.is_small_order(tx.sender)),
            (SIGNATURE, lambda: not ed25519.verify(tx.sender, tx.signature, message)),
            (EXPIRED, lambda: 0 < tx.valid_until < block.height),
            (NONCE_LOW, lambda: tx.nonce < account.nonce),
            (NONCE_HIGH, lambda: tx.nonce > account.nonce or tx.nonce == NONCE_NEVER),
            (GAS_LOW, lambda: tx.gas_limit < transaction.to_gas(tx.intrinsic_steps)),
            (GAS_HIGH, lambda: tx.gas_limit > parameters["block_gas_limit"]),
            (PRICE_LOW, lambda: tx.gas_price < parameters["gas_price_min"]),
            (OVERFLOW, lambda: total > SUPPLY_MAX),
            (BALANCE, lambda: total > account.balance),
            (BLOCK_FULL, lambda: (
                block.gas_used + tx.gas_limit > parameters["block_gas_limit"]
                or block.size + len(tx.raw) > parameters["block_bytes"])),
        )

    def apply(self, record):
        """Executes the next block of the log and makes it the head."""
        if record["height"] != self.head.height + 1:
            raise Difference(f"height {record['height']} follows {self.head.height}")
        time_ms = max(record["time_ms"], self.head.time_ms + 1)
        block = Block(record["height"], time_ms, bytes.fromhex(record["proposer"]))
        for index, entry in enumerate(record["txs"]):
            try:
                self._apply_transaction(entry, block)
            except (execute.Inconsistent, OverflowError) as error:
                raise Difference(
                    f"block {block.height}, transaction {index}: {error}") from error
        self._finish(block)
        self.head = block

    def _apply_transaction(self, entry, block):
        code, tx = self.judge(bytes.fromhex(entry["tx"]), block)
        block.invalid.append(code)
        if code != VALID:
            self.tally[f"invalid {code}"] += 1
            return
        receipt = execute.Execution(self, block, tx, entry).run()
        self.tally[f"outcome {transaction.NAMES[tx.kind]} {int(receipt.outcome)}"] += 1
        block.gas_used += receipt.gas_used
        block.size += len(tx.raw)
        block.executed.append(tx)
        block.receipts.append(receipt)

    def _finish(self, block):
        purse = sum(receipt.fee for receipt in block.receipts)
        self.state.credit(block.proposer, purse)
        staking.release_due(self.state, block.height)
        block.seal(self.chain, self.head.hash(), self.state)
        block.touched = self.state.commit()
        if self._count_supply() != self.supply:
            raise Difference(f"block {block.height}: the supply is {self._count_supply()}"
                             f" in the model, it was {self.supply}")

    def validators(self):
        return [[key.hex(), power]
                for key, power in staking.validators(self.state, self.chain.parameters)]

    def compare(self, claim, names):
        """Raises the first difference between what the node claims of the head and the model."""
        parameters = self.chain.parameters
        extras = {"validators": self.validators(),
                  "validator_count": staking.candidate_count(self.state, parameters)}
        ours = self.head.results() | extras
        for name in [*names, *(name for name in extras if name in claim)]:
            if name not in claim:
                raise Difference(f"block {self.head.height}: the log claims no {name}")
            if claim[name] != ours[name]:
                raise Difference(f"block {self.head.height}: {name} differs\n"
                                 f"  node   {claim[name]}\n  model  {ours[name]}\n"
                                 + self._explain(name, claim[name], ours[name]))

    def _explain(self, name, theirs, ours):
        """What the model knows behind the value that differs."""
        if name == "state_root":
            return "".join(map(self._describe, sorted(self.head.touched - {b""})))
        if name in ("gas_used", "receipts_root"):
            return "".join(f"  {index}: {receipt}\n"
                           for index, receipt in enumerate(self.head.receipts))
        if name == "receipts_digests":
            for index, digest in enumerate(ours):
                if theirs[index:index + 1] != [digest]:
                    return f"  first at {index}: {self.head.receipts[index]}\n"
        return ""

    def _describe(self, address):
        account, slots = self.state.account(address), self.state.slots.get(address, {})
        lines = [f"  {address.hex()}: nonce {account.nonce}, balance {account.balance},"
                 f" stake {account.stake}, code {account.code_hash.hex() or 'none'},"
                 f" admin {account.admin.hex() or 'none'},"
                 f" storage {self.state.storage_root(address).hex() or 'none'}\n"]
        lines += [f"    {key.hex()} -> {value.hex()}\n" for key, value in sorted(slots.items())]
        return "".join(lines)


def check(lines, tally=None):
    """Follows a log to its end; returns how many transactions and blocks it has.

    tally: a Counter that gets what came to pass.
    """
    records = (json.loads(line) for line in lines if line.strip())
    start = next(records, None)
    if start is None:
        raise Difference("the log is empty")
    try:
        ledger = Ledger(bytes.fromhex(start["genesis"]))
    except borsh.Malformed as error:
        raise Difference(str(error)) from error
    claim = start.get("claim", {})
    ledger.compare(claim, claim)
    transaction_count = block_count = 0
    for record in records:
        ledger.apply(record)
        ledger.compare(record["claim"], list(ledger.head.results()))
        transaction_count += len(record["txs"])
        block_count += 1
    if tally is not None:
        tally.update(ledger.tally)
    return transaction_count, block_count


def main():
    tally = collections.Counter()
    try:
        transaction_count, block_count = check(sys.stdin, tally)
    except Difference as difference:
        print(str(difference).rstrip())
        return 1
    print(f"{transaction_count} transactions, {block_count} blocks: agree")
    if "--count" in sys.argv[1:]:
        for what, count in sorted(tally.items()):
            print(what, count)
    return 0


if __name__ == "__main__":
    sys.exit(main())

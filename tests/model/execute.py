"""Execution of one valid transaction (sections 2, 3 and 4) into its receipt.

Instructions are not modelled. Where the log has a trace, its frames are followed (frames.py); else
what running code did comes from the log and is applied here as one effect. Everything around it is
modelled: which code runs at all, what it is charged, what is undone.
"""

from dataclasses import dataclass, field

import borsh
import ed25519
import frames
import staking
import transaction
import wasm
from merkle import sha256, tagged
from outcomes import Inconsistent, Outcome
from state import SYSTEM


# How a frame that the ledger opens can end; the others are decided here.
FRAME_OUTCOMES = {
    Outcome.SUCCESS, Outcome.REVERTED, Outcome.OUT_OF_GAS, Outcome.TRAPPED, Outcome.STACK_LIMIT,
    Outcome.HOST_REJECTED, Outcome.BAD_ARGUMENTS, Outcome.NOT_ALLOWED,
}


class Failure(Exception):
    """Ends a payload with an outcome other than success."""

    def __init__(self, outcome):
        super().__init__(outcome.name)
        self.outcome = outcome


@dataclass
class Receipt:
    """What a transaction leaves besides the state."""

    outcome: Outcome = Outcome.SUCCESS
    detail: int = 0
    revert_code: int = 0
    gas_used: int = 0
    fee: int = 0
    created: bytes | None = None
    output: bytes = b""
    events: list = field(default_factory=list)  # encoded
    logs: list = field(default_factory=list)

    def digest(self):
        return tagged("aureon/receipt", b"".join((
            borsh.u8(self.outcome), borsh.u32(self.detail), borsh.u32(self.revert_code),
            borsh.u64(self.gas_used), borsh.u64(self.fee), borsh.option(self.created),
            borsh.sized(self.output), borsh.vector(self.events),
            borsh.vector([borsh.sized(line) for line in self.logs]))))


def _bytes(text):
    return bytes.fromhex(text)


def _encode_event(event):
    return frames.encode_event(_bytes(event["contract"]), _bytes(event["name"]),
                               b"".join(map(_bytes, event["topics"])), _bytes(event["data"]))


class Execution:
    """One payload at work on a state."""

    def __init__(self, ledger, block, tx, entry):
        self.state = ledger.state
        self.chain = ledger.chain
        self.tally = ledger.tally
        self.height = block.height
        self.time_ms = block.time_ms
        self.tx = tx
        self.entry = entry
        self.steps = tx.intrinsic_steps
        self.receipt = Receipt()
        self.balances_before = {}  # of those between whom the value moves
        self.has_run_code = False

    def run(self):
        """The receipt; the state is changed accordingly, but for the fee's way to the proposer."""
        tx, state, receipt = self.tx, self.state, self.receipt
        start = state.mark()
        self.balances_before[tx.sender] = state.account(tx.sender).balance
        state.change(tx.sender, nonce=tx.nonce + 1)
        state.credit(tx.sender, -tx.reserve)
        mark = state.mark()
        try:
            self._payload()
        except Failure as failure:
            state.undo(mark)
            receipt.outcome, receipt.created, receipt.events = failure.outcome, None, []
        record = self.entry.get("contract")
        if record and record.get("steps") and not self.has_run_code:
            raise Inconsistent(f"code ran, though the outcome is {receipt.outcome.name}")
        is_all_used = receipt.outcome == Outcome.OUT_OF_GAS
        receipt.gas_used = tx.gas_limit if is_all_used else transaction.to_gas(self.steps)
        if not transaction.to_gas(tx.intrinsic_steps) <= receipt.gas_used <= tx.gas_limit:
            raise Inconsistent(f"{receipt.gas_used} gas used of {tx.gas_limit}")
        receipt.fee = receipt.gas_used * tx.gas_price
        state.credit(tx.sender, tx.reserve - receipt.fee)
        if record and "trace" in record:
            self._compare_changes(record["changes"], start)
        return receipt

    def _payload(self):
        payloads = {
            transaction.TRANSFER: self._transfer,
            transaction.DEPLOY: self._deploy,
            transaction.CALL: self._call,
            transaction.STAKE: self._stake,
            transaction.UNSTAKE: self._unstake,
            transaction.UPGRADE: self._upgrade,
        }
        payloads[self.tx.kind]()

    @staticmethod
    def _allow(condition):
        if not condition:
            raise Failure(Outcome.NOT_ALLOWED)

    def _move(self, target, amount):
        self.balances_before.setdefault(target, self.state.account(target).balance)
        self.state.credit(self.tx.sender, -amount)
        self.state.credit(target, amount)

    def _transfer(self):
        tx = self.tx
        self._allow(tx.target != SYSTEM)
        if tx.amount and not self.state.exists(tx.target):
            self.steps += transaction.CREATION_STEPS
        self._move(tx.target, tx.amount)

    def _stake(self):
        tx, state = self.tx, self.state
        self._allow(tx.amount or tx.validator)
        state.credit(tx.sender, -tx.amount)
        state.change(tx.sender, stake=state.account(tx.sender).stake + tx.amount)
        if tx.validator:
            key, proof = tx.validator
            message = tagged("aureon/pop", self.chain.hash + tx.sender)
            self._allow(not ed25519.is_small_order(key) and ed25519.verify(key, proof, message))
            self._allow(not staking.is_key_taken(state, key, tx.sender))
            staking.register_key(state, tx.sender, key)
        staking.drop_idle_key(state, tx.sender)

    def _unstake(self):
        tx, state, parameters = self.tx, self.state, self.chain.parameters
        stake = state.account(tx.sender).stake
        self._allow(tx.amount <= stake)
        has_validators = bool(staking.validators(state, parameters))
        state.change(tx.sender, stake=stake - tx.amount)
        self._allow(not has_validators or staking.validators(state, parameters))
        if parameters["unbonding"] == 0:
            state.credit(tx.sender, tx.amount)
        elif tx.amount:
            due = self.height + parameters["unbonding"]
            staking.add_record(state, due, tx.sender, tx.amount)
        staking.drop_idle_key(state, tx.sender)

    def _take_module(self):
        """Validates and compiles the transaction's code, the verdict being the log's."""
        verdict = self.entry.get("module")
        if verdict not in ("accepted", "invalid"):
            raise Inconsistent(f"the module was validated, but the log says {verdict!r}")
        if verdict == "invalid":
            raise Failure(Outcome.INVALID_MODULE)
        steps = wasm.compile_steps(self.tx.code)
        claimed = self.entry.get("compile_steps")
        if claimed is not None and claimed != steps:
            raise Inconsistent(f"compile_steps: the node has {claimed}, the model {steps}")
        self.steps += steps
        if self.steps > self.tx.gas_limit * transaction.STEPS_PER_GAS:
            raise Failure(Outcome.OUT_OF_GAS)

    def _has_entry(self, name):
        """Whether the code exports init or migrate; arguments for none are refused."""
        has_entry = name in wasm.exported_functions(self.tx.code)
        if self.tx.args and not has_entry:
            raise Failure(Outcome.BAD_ARGUMENTS)
        return has_entry

    def _deploy(self):
        tx, state = self.tx, self.state
        self._allow(tx.admin is None or not ed25519.is_small_order(tx.admin))
        code_hash = sha256(tx.code)
        address = tagged("aureon/contract", tx.sender + borsh.u64(tx.nonce) + code_hash)
        self._allow(not state.account(address).code_hash)
        self._take_module()
        has_init = self._has_entry("init")
        self._move(address, tx.amount)
        state.change(address, code_hash=code_hash, admin=tx.admin or b"")
        state.add_code(code_hash, tx.code)
        self.receipt.created = address
        if has_init:
            self._run_code(address, "init")

    def _call(self):
        tx, state = self.tx, self.state
        code_hash = state.account(tx.target).code_hash
        if not code_hash:
            raise Failure(Outcome.NO_CONTRACT)
        self._allow(tx.function not in ("init", "migrate") and tx.function[:2] != "__")
        if tx.function not in wasm.exported_functions(state.codes[code_hash]):
            raise Failure(Outcome.NO_FUNCTION)
        self._move(tx.target, tx.amount)
        self._run_code(tx.target, tx.function)

    def _upgrade(self):
        tx, state = self.tx, self.state
        contract = state.account(tx.target)
        if not contract.code_hash:
            raise Failure(Outcome.NO_CONTRACT)
        self._allow(contract.admin == tx.sender)
        self._take_module()
        has_migrate = self._has_entry("migrate")
        code_hash = sha256(tx.code)
        state.change(tx.target, code_hash=code_hash)
        state.add_code(code_hash, tx.code)
        if has_migrate:
            self._run_code(tx.target, "migrate")

    def _frame_steps(self, record):
        if "gas_used" in record:
            return record["gas_used"] * transaction.STEPS_PER_GAS - self.steps
        return record["steps"]

    def _run_code(self, contract, function):
        """Follows code, or applies what the log says that it did."""
        record = self.entry.get("contract")
        if record is None:
            raise Inconsistent("code has to run, but the log has no contract record")
        if record["outcome"] not in FRAME_OUTCOMES:
            raise Inconsistent(f"code ended with outcome {record['outcome']}")
        self.has_run_code = True
        is_traced = "trace" in record
        self.tally["traced" if is_traced else "not traced"] += 1
        followed = self._follow(contract, function, record) if is_traced else None
        steps = self._frame_steps(record) if followed is None else followed.steps
        self._pay_for_code(steps, record)
        self._take_results(record)
        if followed is None:
            self.receipt.events = [_encode_event(event) for event in record["events"]]
            self._apply(record)

    def _pay_for_code(self, steps, record):
        self.steps += steps
        is_in_limit = self.steps <= self.tx.gas_limit * transaction.STEPS_PER_GAS
        if steps < 0 or not (is_in_limit or record["outcome"] == Outcome.OUT_OF_GAS):
            raise Inconsistent(f"code took {steps} steps")

    def _take_results(self, record):
        outcome, receipt = Outcome(record["outcome"]), self.receipt
        receipt.logs = [_bytes(line) for line in record["logs"]]
        if outcome in (Outcome.SUCCESS, Outcome.REVERTED):
            receipt.output = _bytes(record["output"])
        if outcome == Outcome.REVERTED:
            receipt.revert_code = record["revert_code"]
        if outcome in (Outcome.TRAPPED, Outcome.HOST_REJECTED):
            receipt.detail = record["detail"]
        if outcome != Outcome.SUCCESS:
            raise Failure(outcome)

    def _follow(self, contract, function, record):
        """Follows the frames of the trace: state and events are theirs, and what the log has of
        them beside the trace is compared."""
        tx = self.tx
        left = tx.gas_limit * transaction.STEPS_PER_GAS - self.steps
        call = frames.Call(
            contract, tx.sender, function.encode(), tx.args, value=tx.amount, has_moved=True,
            entry_name=function if tx.kind != transaction.CALL else None, limit=left)
        followed = frames.Frames(self)
        top = followed.run(call, record["trace"])
        for name in ("outcome", "detail", "revert_code", "output"):
            if top.record[name] != record[name]:
                raise Inconsistent(f"{name}: the receipt has {record[name]}, the trace"
                                   f" {top.record[name]}")
        if [line.hex() for line in followed.logs] != record["logs"]:
            raise Inconsistent(f"logs: the receipt has {record['logs']}, the model {followed.logs}")
        if followed.events != list(map(_encode_event, record["events"])):
            raise Inconsistent(f"events: the receipt has {record['events']}, the model"
                               f" {followed.events}")
        self.receipt.events = followed.events
        return top

    def _compare_changes(self, claimed, start):
        """Whether the receipt has all that changed, and the slots in the order of first writes."""
        accounts, slots = self.state.written(start)
        ours = [{"contract": owner.hex(), "key": key.hex(),
                 "value": None if value is None else value.hex()} for owner, key, value in slots]
        for address, before in accounts:
            after = self.state.account(address)
            if before.balance != after.balance:
                ours.append({"address": address.hex(), "balance": after.balance})
            if after.code_hash and (before.code_hash, before.admin) != after[3:]:
                ours.append({"address": address.hex(), "code_hash": after.code_hash.hex(),
                             "admin": after.admin.hex() or None})
        if [change for change in claimed if "key" in change] != ours[:len(slots)]:
            raise Inconsistent(f"slots: the receipt has {claimed}, the model {ours}")
        if sorted(map(str, claimed)) != sorted(map(str, ours)):
            raise Inconsistent(f"changes: the receipt has {claimed}, the model {ours}")

    def _apply(self, record):
        gained = 0
        for change in self._changes(record):
            if "contract" in change:
                self._apply_slot(change)
            else:
                gained += self._apply_account(change)
        if gained:
            raise Inconsistent(f"code changed the supply by {gained}")

    def _changes(self, record):
        """The changes as of the end of the frame, whichever form the record has."""
        if "gas_used" not in record:
            return record["changes"]
        refund = (self.tx.gas_limit - record["gas_used"]) * self.tx.gas_price
        sender = self.tx.sender.hex()
        others = [{name: value for name, value in change.items() if name != "balance"}
                  for change in record["changes"]]
        balances = {address.hex(): balance for address, balance in self.balances_before.items()}
        balances |= {change["address"]: change["balance"]
                     for change in record["changes"] if "balance" in change}
        balances[sender] -= refund
        return others + [{"address": address, "balance": balance}
                          for address, balance in balances.items()]

    def _apply_slot(self, change):
        contract, value = _bytes(change["contract"]), change["value"]
        key = _bytes(change["key"])
        if not 1 <= len(key) <= 256 or contract == SYSTEM:
            raise Inconsistent(f"code wrote the slot {change['key']} of {change['contract']}")
        self.state.set_slot(contract, key, None if value is None else _bytes(value))

    def _apply_account(self, change):
        """Sets what the change names; returns what the account gained."""
        address, fields = _bytes(change["address"]), {}
        if len(address) != 32 or address == SYSTEM:
            raise Inconsistent(f"code changed the account {change['address']}")
        for name in ("balance", "nonce"):
            if name in change:
                fields[name] = change[name]
        for name in ("code_hash", "admin"):
            if name in change:
                fields[name] = _bytes(change[name] or "")
        if fields.get("code_hash", b"") and fields["code_hash"] not in self.state.codes:
            raise Inconsistent(f"code {change['code_hash']} is not in the registry")
        before = self.state.account(address).balance
        self.state.change(address, **fields)
        return self.state.account(address).balance - before

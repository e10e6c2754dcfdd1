"""What a transaction's frames do to the state, followed call by call (section 4).

From the log come each frame's own doings: the host functions that its code called, with what they
were given, the steps of its own instructions, and how the code ended where that is the code's own
affair. All else is worked out here and compared: what each function gives, does and costs, which
frame opens and with how much, what a failure undoes, what is left of every cap.
"""

import hashlib

import borsh
import ed25519
import wasm
from merkle import sha256, tagged
from outcomes import Inconsistent, Outcome
from state import SYSTEM
from transaction import ARGS_MAX, ARGS_SIZE_MAX, FUNCTION_NAME, STEPS_PER_GAS

DEPTH_MAX = 16
ITERS_MAX = 64
KEY_SIZE_MAX = 256
VALUE_SIZE_MAX = 65536
LOG_SIZE_MAX = 4096
DATA_SIZE_MAX = 16384
VIEW, REENTRY = 1, 2
ABSENT_32, ABSENT_64 = 2**32 - 1, 2**64 - 1
CREATION_STEPS = 50_000
PASSED_STEPS = 1000
TRAP_ABORT = 9
SIZE, POINTER, HANDLE, FLAG, CAP = range(1, 6)
CAPS = {"logs": 65536, "output": 262144, "events": 256, "event_data": 262144}

# Gas, and steps for each byte of the arguments that count, as far as the arguments alone tell.
# The numbers are those of the details of host_rejected.
HOSTS = {name: (number, gas, byte_steps) for number, (name, gas, byte_steps) in enumerate((
    ("log", 10, 20), ("get_balance", 20, 0), ("transfer", 50, 0), ("storage_read", 15, 10),
    ("storage_write", 30, 200), ("storage_size", 15, 0), ("storage_delete", 30, 0),
    ("arg_count", 1, 0), ("arg_size", 1, 0), ("arg_read", 2, 1), ("return_data", 2, 2),
    ("revert", 2, 2), ("self_address", 2, 0), ("caller", 2, 0), ("origin", 2, 0), ("value", 2, 0),
    ("block_height", 2, 0), ("block_time", 2, 0), ("gas_left", 2, 0), ("chain_id", 2, 0),
    ("emit", 30, 20), ("call", 20, 2), ("deploy", 120, 2), ("ret_size", 2, 0), ("ret_read", 2, 1),
    ("upgrade", 100, 0), ("set_admin", 100, 0), ("iter_open", 30, 0), ("iter_next", 20, 10),
    ("iter_close", 1, 0), ("sha256", 5, 5), ("keccak256", 5, 5), ("blake2b_256", 5, 5),
    ("ed25519_verify", 100, 5), ("secp256k1_verify", 200, 0), ("secp256k1_recover", 300, 0),
    ("p256_verify", 400, 0), ("abort", 2, 20)), start=1)}
WRITES = {"storage_write", "storage_delete", "transfer", "emit", "upgrade", "set_admin", "deploy"}


def _require(condition, what):
    if not condition:
        raise Inconsistent(what)


def _same(what, theirs, ours):
    _require(theirs == ours, f"{what}: the node has {theirs!r}, the model {ours!r}")


def decode_args(data):
    """The items of one canonical vec<bytes> within the limits; None if the bytes are none."""
    reader = borsh.Reader(data)
    try:
        items = reader.vector(reader.sized)
        reader.end()
    except borsh.Malformed:
        return None
    is_in_limits = len(items) <= ARGS_MAX and sum(map(len, items)) <= ARGS_SIZE_MAX
    return items if is_in_limits else None


def encode_event(contract, name, topics, data):
    """topics: their bytes one after the other."""
    _require(len(topics) % 32 == 0, "a topic is not 32 bytes")
    return (contract + borsh.sized(name) + borsh.u32(len(topics) // 32) + topics
            + borsh.sized(data))


def _inner_limit(left, gas):
    """The steps that a callee may use of those left after the price of its call."""
    most = left - -(-left // 64)
    return min(gas * STEPS_PER_GAS, most) if gas else most


class Entry:
    """A frame or a host call of the log, with what happened inside it."""

    def __init__(self, record):
        self.record = record
        self.steps = record["steps"]
        self.inside = []

    def bytes(self, name):
        return bytes.fromhex(self.record[name])

    @property
    def is_frame(self):
        return "host" not in self.record

    @property
    def host(self):
        return self.record["host"]

    @property
    def has_returned(self):
        return "result" in self.record

    @property
    def values(self):
        return [bytes.fromhex(value) if isinstance(value, str) else value
                for value in self.record["values"]]


def _tree(trace):
    """The entries at the top of a log's list."""
    top, path = [], []
    for record in trace:
        entry = Entry(record)
        _require(record["depth"] <= len(path), "a trace skips a level")
        del path[record["depth"]:]
        (path[-1].inside if path else top).append(entry)
        path.append(entry)
    return top


class Call:
    """What opens a frame."""

    def __init__(self, contract, caller, function, args, **options):
        self.contract = contract
        self.caller = caller
        self.function = function  # bytes
        self.args = args
        self.value = options.get("value", 0)
        self.is_view = options.get("is_view", False)
        self.entry_name = options.get("entry_name")  # init or migrate, where it may be called
        self.limit = options["limit"]  # steps
        self.has_moved = options.get("has_moved", False)  # the value, already


class Frame:
    """A frame that runs."""

    def __init__(self, call, module, entry, outer):
        self.call = call
        self.module = module  # it stays, whatever an upgrade does
        self.entry = entry
        self.outer = outer
        self.depth = outer.depth + 1 if outer else 1
        self.caps = {}  # what this frame may bring the counts to
        self.limit = entry.record["limit"]
        self.paid = 0  # entry and host calls so far
        self.own_steps = 0  # of its instructions so far, as the log has them
        self.host = None  # the call that is followed
        self.consents = False
        self.returned = b""  # what ret_read reads
        self.output = None
        self.iters = {}
        self.ending = None  # the host call that did not return


class Frames:
    """All frames of one transaction."""

    def __init__(self, execution):
        self.state = execution.state
        self.chain = execution.chain
        self.height = execution.height
        self.time_ms = execution.time_ms
        self.tally = execution.tally
        self.origin = execution.tx.sender
        self.made = None  # the address of the contract that was made last
        self.events = []
        self.logs = []
        self.claimed_logs = [bytes.fromhex(line) for line in execution.entry["contract"]["logs"]]
        self.used = dict.fromkeys(CAPS, 0)

    def run(self, call, trace):
        """Follows the transaction's own frame; returns its entry, its outcome being the log's."""
        top = _tree(trace)
        _require(len(top) == 1 and top[0].is_frame, "a transaction has one outermost frame")
        self._run_frame(call, top[0], None, CAPS)
        return top[0]

    # ---- frames ----

    def _module(self, address):
        return self.state.codes[self.state.account(address).code_hash]

    def _refusal(self, call):
        """Why the code is not entered at all, or None; and the pages that arguments take."""
        module, name = self._module(call.contract), call.function.decode("latin-1")
        if name != call.entry_name and (name in ("init", "migrate") or name[:2] == "__"):
            return Outcome.NOT_ALLOWED, 0
        if not FUNCTION_NAME.fullmatch(name) or name not in wasm.signatures(module):
            return Outcome.NO_FUNCTION, 0
        pages = wasm.bound_pages(module, name, call.args)
        return (Outcome.BAD_ARGUMENTS, 0) if pages is None else (None, pages)

    def _compare_header(self, call, entry):
        record = entry.record
        _require(entry.is_frame, f"a host function runs where {call.function} is called")
        _same("the frame's contract", entry.bytes("contract"), call.contract)
        _same("the frame's caller", entry.bytes("caller"), call.caller)
        _same("the frame's function", entry.bytes("function"), call.function)
        _same("the frame's value", record["value"], call.value)
        _same("whether the frame is a view", record["view"], call.is_view)
        _same("the frame's arguments", [bytes.fromhex(arg) for arg in record["args"]], call.args)
        _same("the frame's limit", record["limit"], call.limit)

    def _run_frame(self, call, entry, outer, caps):
        """Follows one frame; returns its outcome and its output."""
        self._compare_header(call, entry)
        frame = Frame(call, self._module(call.contract), entry, outer)
        frame.caps = caps
        outcome = Outcome(entry.record["outcome"])
        refusal, pages = self._refusal(call)
        if refusal is not None:
            _same("the outcome of a refused frame", outcome, refusal)
            _require(entry.steps == 0 and not entry.inside, "a refused frame did something")
            return outcome, b""
        self.tally[f"depth {frame.depth}"] += 1
        mark, event_count = self.state.mark(), len(self.events)
        if not call.has_moved:
            self.state.credit(call.caller, -call.value)
            self.state.credit(call.contract, call.value)
        self._run_code(frame, pages, outcome)
        output = self._end(frame, outcome)
        if outcome != Outcome.SUCCESS:
            self.state.undo(mark)
            del self.events[event_count:]
        return outcome, output

    def _run_code(self, frame, pages, outcome):
        entry = frame.entry
        frame.paid = wasm.entry_steps(frame.module, pages)
        if frame.paid > frame.limit:
            _same("the outcome of a frame that can't be entered", outcome, Outcome.OUT_OF_GAS)
            _require(not entry.inside, "a frame that can't be entered did something")
            frame.paid = 0
            return
        for host in entry.inside:
            _require(frame.ending is None, f"{host.host} was called after the frame's end")
            self._take_own_steps(frame, host.record["left"])
            self._run_host(frame, host)
        if outcome == Outcome.OUT_OF_GAS:
            return
        self._take_own_steps(frame, frame.limit - entry.steps)
        _require(entry.steps <= frame.limit, f"{entry.steps} steps used of {frame.limit}")

    @staticmethod
    def _take_own_steps(frame, left):
        """What instructions have used may grow, and nothing else may have used anything."""
        own_steps = frame.limit - frame.paid - left
        _require(own_steps >= frame.own_steps,
                 f"{left} steps are left of {frame.limit}, though {frame.paid} are paid for entry"
                 f" and host functions, and {frame.own_steps} for instructions")
        frame.own_steps = own_steps

    def _end(self, frame, outcome):
        """Whether the frame could end so; returns its output."""
        record, given = frame.entry.record, frame.entry.bytes("output")
        self.tally[f"frame {int(outcome)}"] += 1
        endings = {
            Outcome.SUCCESS: lambda: frame.ending is None,
            Outcome.REVERTED: lambda: frame.ending and frame.ending.host == "revert",
            Outcome.OUT_OF_GAS: lambda: frame.entry.steps == frame.limit,
            Outcome.TRAPPED: lambda: self._may_trap(frame, record["detail"]),
            Outcome.STACK_LIMIT: lambda: frame.ending is None,
            Outcome.HOST_REJECTED: lambda: self._may_reject(frame, record["detail"]),
            Outcome.NOT_ALLOWED: lambda: self._is_forbidden(frame),
        }
        _require(outcome in endings and endings[outcome](),
                 f"a frame ends with {outcome.name} after"
                 f" {frame.ending.record if frame.ending else 'its code'}")
        if outcome not in (Outcome.TRAPPED, Outcome.HOST_REJECTED):
            _same("the detail", record["detail"], 0)
        if outcome == Outcome.REVERTED:
            code, data = frame.ending.values
            _same("the code of a revert", record["revert_code"], code)
            self._use(frame, "output", len(data))
            frame.output = data
        else:
            _same("the code of what is no revert", record["revert_code"], 0)
        if outcome == Outcome.SUCCESS and frame.output is None:
            function = frame.call.function.decode()
            _same("the size of a result", len(given), wasm.result_size(frame.module, function))
            return given
        output = frame.output if outcome in (Outcome.SUCCESS, Outcome.REVERTED) else b""
        _same("a frame's output", given, output)
        return output

    @staticmethod
    def _may_trap(frame, detail):
        if detail == TRAP_ABORT:
            return frame.ending and frame.ending.host == "abort"
        return frame.ending is None and 1 <= detail < TRAP_ABORT

    @staticmethod
    def _is_forbidden(frame):
        if not frame.ending or not frame.call.is_view:
            return False
        host = frame.ending.host
        return host in WRITES or (host == "call" and frame.ending.values[3] > 0)

    @staticmethod
    def _has_odd_size(host, values):
        """Whether a size answers the call, before pointers and mode are looked at."""
        if host not in ("storage_read", "storage_write", "storage_delete"):
            return False
        value_size = len(values[1]) if host == "storage_write" else 0
        return not 1 <= len(values[0]) <= KEY_SIZE_MAX or value_size > VALUE_SIZE_MAX

    def _may_reject(self, frame, detail):
        if not frame.ending or detail >> 8 != HOSTS[frame.ending.host][0]:
            return False
        reason = detail & 0xFF
        reasons = {
            SIZE: lambda: frame.ending.host in (
                "log", "emit", "return_data", "revert", "iter_open", "set_admin", "abort"),
            POINTER: lambda: True,
            HANDLE: lambda: self._has_bad_handle(frame),
            FLAG: lambda: frame.ending.host == "call" and frame.ending.values[5] > 3,
            CAP: lambda: self._is_past_cap(frame),
        }
        self.tally[f"rejected {reason}"] += 1
        return reason in reasons and reasons[reason]()

    @staticmethod
    def _has_bad_handle(frame):
        host = frame.ending.host
        if host == "iter_open":
            return len(frame.iters) == ITERS_MAX
        return host in ("iter_next", "iter_close") and frame.ending.values[0] not in frame.iters

    # ---- caps ----

    def _needs(self, host, values):
        """What a call adds to the counts."""
        if host == "log":
            return {"logs": len(values[0]) + 4}
        if host == "emit":
            return {"events": 1, "event_data": len(values[2])}
        if host in ("return_data", "revert"):
            return {"output": len(values[-1])}
        return {}

    def _is_past_cap(self, frame):
        if frame.ending.host == "abort":
            return True  # how long its line is the log does not tell
        needs = self._needs(frame.ending.host, frame.ending.values)
        return any(self.used[cap] + count > frame.caps[cap] for cap, count in needs.items())

    def _use(self, frame, cap, count):
        self.used[cap] += count
        _require(self.used[cap] <= frame.caps[cap], f"a frame went past its cap of {cap}")

    def _inner_caps(self, frame):
        return {cap: self.used[cap] + 3 * (most - self.used[cap]) // 4
                for cap, most in frame.caps.items()}

    # ---- host functions ----

    def _run_host(self, frame, entry):
        host, values = entry.host, entry.values
        self.tally[f"host {host}"] += 1
        _require(host in HOSTS, f"{host} is no host function")
        _, gas, byte_steps = HOSTS[host]
        if not entry.has_returned:
            self._end_by(frame, entry)
            return
        _require(not frame.call.is_view or host not in WRITES or self._has_odd_size(host, values),
                 f"{host} of {values} in a view")
        for cap, count in self._needs(host, values).items():
            self._use(frame, cap, count)
        price = gas * STEPS_PER_GAS
        inside = entry.inside[0].steps if entry.inside else 0
        frame.host = entry
        result, byte_count, extra = getattr(self, f"_{host}")(frame, *values)
        price += byte_count * byte_steps + extra
        _same(f"what {host} of {values} gives", entry.record["result"], result)
        if self._has_odd_size(host, values) and entry.steps > price and byte_steps:
            price += (entry.steps - price) // byte_steps * byte_steps  # bytes outside of memory
        _same(f"the steps of {host} of {values}", entry.steps - inside, price)
        _require(not entry.inside or host in ("call", "deploy"), f"{host} opened a frame")
        frame.paid += entry.steps

    def _end_by(self, frame, entry):
        """A call that did not return. The line that abort adds is the log's: the trace does not
        show its arguments."""
        frame.ending = entry
        frame.paid += entry.steps
        _require(not entry.inside, f"{entry.host} opened a frame and did not return")
        if entry.host != "abort" or frame.entry.record["detail"] != TRAP_ABORT:
            return
        lines = self.claimed_logs[len(self.logs):]
        _require(lines and lines[0].startswith(b"abort: "), "abort adds no line to the log")
        self._use(frame, "logs", len(lines[0]) + 4)
        self.logs.append(lines[0])

    def _log(self, frame, line):
        _require(len(line) <= LOG_SIZE_MAX, "a line is too long")
        self.logs.append(line)
        return 0, len(line), 0

    def _emit(self, frame, name, topics, data):
        _require(1 <= len(name) <= 64 and len(topics) <= 4 * 32 and len(data) <= DATA_SIZE_MAX,
                 "an event is out of its limits")
        name.decode("utf-8")
        self.events.append(encode_event(frame.call.contract, name, topics, data))
        return 0, len(name) + len(topics) + len(data), 0

    def _get_balance(self, frame, account):
        return (self.state.account(account).balance if len(account) == 32 else 0), 0, 0

    def _transfer(self, frame, source, target, amount):
        own = frame.call.contract
        if source != own:
            return 2, 0, 0
        if len(target) != 32 or target == SYSTEM:
            return 3, 0, 0
        if amount > self.state.account(own).balance:
            return 1, 0, 0
        if amount == 0 or target == own:
            return 0, 0, 0
        extra = 0 if self.state.exists(target) else CREATION_STEPS
        self.state.credit(own, -amount)
        self.state.credit(target, amount)
        return 0, 0, extra

    def _storage_read(self, frame, key, copied):
        stored = self._stored(frame, key)
        if stored is None:
            return ABSENT_32, len(key), 0
        _same("the bytes that storage_read copies", copied, stored[:len(copied)])
        return len(copied), len(key) + len(copied), len(stored)

    def _stored(self, frame, key):
        if not 1 <= len(key) <= KEY_SIZE_MAX:
            return None
        return self.state.slot(frame.call.contract, key)

    def _storage_size(self, frame, key):
        stored = self._stored(frame, key)
        return (ABSENT_64, 0, 0) if stored is None else (len(stored), 0, len(stored))

    def _storage_write(self, frame, key, value):
        if not 1 <= len(key) <= KEY_SIZE_MAX or len(value) > VALUE_SIZE_MAX:
            return 1, len(key) + len(value), 0
        extra = 0 if self._stored(frame, key) is not None else CREATION_STEPS
        self.state.set_slot(frame.call.contract, key, value)
        return 0, len(key) + len(value), extra

    def _storage_delete(self, frame, key):
        if self._stored(frame, key) is None:
            return 1, 0, 0
        self.state.set_slot(frame.call.contract, key, None)
        return 0, 0, 0

    def _arg_count(self, frame):
        return len(frame.call.args), 0, 0

    def _arg_size(self, frame, index):
        args = frame.call.args
        return (len(args[index]) if index < len(args) else ABSENT_32), 0, 0

    @staticmethod
    def _part(what, whole, copied, offset):
        _same(what, copied, whole[offset:offset + len(copied)])
        return len(copied), len(copied), 0

    def _arg_read(self, frame, index, copied, offset):
        if index >= len(frame.call.args):
            return ABSENT_32, 0, 0
        return self._part("the bytes of an argument", frame.call.args[index], copied, offset)

    def _return_data(self, frame, data):
        frame.output = data
        return 0, len(data), 0

    def _self_address(self, frame, address):
        _same("the own address", address, frame.call.contract)
        return 0, 0, 0

    def _caller(self, frame, address):
        _same("the caller", address, frame.call.caller)
        return 0, 0, 0

    def _origin(self, frame, address):
        _same("the origin", address, self.origin)
        return 0, 0, 0

    def _value(self, frame):
        return frame.call.value, 0, 0

    def _block_height(self, frame):
        return self.height, 0, 0

    def _block_time(self, frame):
        return self.time_ms, 0, 0

    def _gas_left(self, frame):
        left = frame.host.record["left"] - HOSTS["gas_left"][1] * STEPS_PER_GAS
        return left // STEPS_PER_GAS, 0, 0

    def _chain_id(self, frame, copied):
        chain_id = self.chain.chain_id.encode()
        self._part("the chain's id", chain_id, copied, 0)
        return len(chain_id), 0, 0

    # ---- calls ----

    def _may_enter(self, frame, contract):
        while frame:
            if frame.call.contract == contract and not frame.consents:
                return False
            frame = frame.outer
        return True

    def _open(self, frame, call):
        """Runs the frame that the log has inside a host call; returns its outcome."""
        _require(len(frame.host.inside) == 1, f"{frame.host.host} opened {len(frame.host.inside)} frames, not one")
        outcome, frame.returned = self._run_frame(call, frame.host.inside[0], frame,
                                                  self._inner_caps(frame))
        return outcome

    @staticmethod
    def _limit(frame, gas, byte_count):
        _, base, byte_steps = HOSTS[frame.host.host]
        price = base * STEPS_PER_GAS + byte_count * byte_steps
        return _inner_limit(frame.host.record["left"] - price, gas)

    def _call(self, frame, target, function, args, value, gas, flags):
        byte_count = len(function) + len(args)
        _require(flags <= VIEW | REENTRY, "a call with an unknown flag")
        _require(not (value and frame.call.is_view), "a call with value in a view")
        frame.returned = b""
        frame.consents = bool(flags & REENTRY)
        outcome = self._refuse_call(frame, target, value, flags)
        if outcome is None:
            call = Call(target, frame.call.contract, function, decode_args(args), value=value,
                        is_view=frame.call.is_view or bool(flags & VIEW),
                        limit=self._limit(frame, gas, byte_count))
            outcome = self._enter(frame, call)
        else:
            _require(not frame.host.inside, f"a call that is {outcome.name} opened a frame")
        frame.consents = False
        self.tally[f"call {int(outcome)}"] += 1
        return int(outcome), byte_count, 0

    def _refuse_call(self, frame, target, value, flags):
        if frame.depth == DEPTH_MAX:
            return Outcome.DEPTH_LIMIT
        if (flags & VIEW and value) or not self._may_enter(frame, target):
            return Outcome.NOT_ALLOWED
        if value > self.state.account(frame.call.contract).balance:
            return Outcome.INSUFFICIENT_BALANCE
        if not self.state.account(target).code_hash:
            return Outcome.NO_CONTRACT
        return None

    def _enter(self, frame, call):
        """Arguments that are no vec<bytes> come after the name, and before any frame."""
        if call.args is not None:
            return self._open(frame, call)
        _require(not frame.host.inside, "a call without arguments that can be read opened a frame")
        call.args = []
        refusal, _ = self._refusal(call)
        is_of_name = refusal in (Outcome.NOT_ALLOWED, Outcome.NO_FUNCTION)
        return refusal if is_of_name else Outcome.BAD_ARGUMENTS

    def _ret_size(self, frame):
        return len(frame.returned), 0, 0

    def _ret_read(self, frame, copied, offset):
        return self._part("the bytes that ret_read copies", frame.returned, copied, offset)

    def _deploy(self, frame, code_hash, args, value, gas, address):
        frame.returned = b""
        mark = self.state.mark()
        outcome = self._refuse_deploy(frame, code_hash, args, value)
        if outcome is None:
            outcome = self._make(frame, code_hash, args, value, gas)
        else:
            _require(not frame.host.inside, f"a deployment that is {outcome.name} opened a frame")
        if outcome != Outcome.SUCCESS:
            self.state.undo(mark)
        else:
            _same("the address of a new contract", address, self.made)
        self.tally[f"deploy {int(outcome)}"] += 1
        return int(outcome), len(args), 0

    def _next_address(self, frame, code_hash):
        own = frame.call.contract
        nonce = borsh.u64(self.state.account(own).nonce)
        return tagged("aureon/contract", own + nonce + code_hash)

    def _refuse_deploy(self, frame, code_hash, args, value):
        own = self.state.account(frame.call.contract)
        if frame.depth == DEPTH_MAX:
            return Outcome.DEPTH_LIMIT
        if value > own.balance:
            return Outcome.INSUFFICIENT_BALANCE
        if code_hash not in self.state.codes:
            return Outcome.NO_CONTRACT
        if self.state.account(self._next_address(frame, code_hash)).code_hash:
            return Outcome.NOT_ALLOWED
        items = decode_args(args)
        has_init = "init" in wasm.signatures(self.state.codes[code_hash])
        if items is None or (items and not has_init):
            return Outcome.BAD_ARGUMENTS
        return None

    def _make(self, frame, code_hash, args, value, gas):
        own = frame.call.contract
        made = self._next_address(frame, code_hash)
        self.state.change(own, nonce=self.state.account(own).nonce + 1)
        self.state.change(made, code_hash=code_hash)
        outcome = Outcome.SUCCESS
        if "init" in wasm.signatures(self.state.codes[code_hash]):
            call = Call(made, own, b"init", decode_args(args), value=value, entry_name="init",
                        limit=self._limit(frame, gas, len(args)))
            outcome = self._open(frame, call)
        else:
            _require(not frame.host.inside, "a deployment without init opened a frame")
            self.state.credit(own, -value)
            self.state.credit(made, value)
        self.made = made
        return outcome

    # ---- upgrades ----

    def _upgrade(self, frame, code_hash):
        own = frame.call.contract
        outcome = Outcome.SUCCESS
        if not self.state.account(own).admin:
            outcome = Outcome.NOT_ALLOWED
        elif code_hash not in self.state.codes:
            outcome = Outcome.NO_CONTRACT
        else:
            self.state.change(own, code_hash=code_hash)
        self.tally[f"upgrade_self {int(outcome)}"] += 1
        return int(outcome), 0, 0

    def _set_admin(self, frame, admin):
        own = frame.call.contract
        _require(len(admin) in (0, 32), "an admin is no address")
        if not self.state.account(own).admin or (admin and ed25519.is_small_order(admin)):
            return int(Outcome.NOT_ALLOWED), 0, 0
        self.state.change(own, admin=admin)
        return 0, 0, 0

    # ---- walks ----

    def _iter_open(self, frame, prefix):
        handle = min(set(range(ITERS_MAX + 1)) - set(frame.iters))
        _require(handle < ITERS_MAX and len(prefix) <= KEY_SIZE_MAX, "one walk too many")
        frame.iters[handle] = (prefix, None)
        return handle, 0, 0

    def _iter_next(self, frame, handle, key, value):
        _require(handle in frame.iters, "a step of a walk that is not open")
        prefix, last = frame.iters[handle]
        contract = frame.call.contract

        def is_ahead(slot):
            return slot.startswith(prefix) and (last is None or slot > last)

        ahead = list(filter(is_ahead, self.state.slots.get(contract, {})))
        passed = list(filter(is_ahead, self.state.deleted(contract)))
        if not ahead:
            return ABSENT_64, 0, PASSED_STEPS * len(passed)
        found = min(ahead)
        stored = self.state.slot(contract, found)
        frame.iters[handle] = (prefix, found)
        _same("the bytes of a key", key, found[:len(key)])
        _same("the bytes of a value", value, stored[:len(value)])
        passed = [slot for slot in passed if slot < found]
        self.tally["iter_next found"] += 1
        self.tally["iter_next passed"] += len(passed)
        return (len(found) << 32 | len(stored), len(key) + len(value),
                PASSED_STEPS * len(passed))

    def _iter_close(self, frame, handle):
        _require(handle in frame.iters, "a walk that is not open is closed")
        del frame.iters[handle]
        return 0, 0, 0

    # ---- hashes and signatures ----

    def _sha256(self, frame, message, digest):
        _same("sha256", digest, sha256(message))
        return 0, len(message), 0

    def _keccak256(self, frame, message, digest):
        return 0, len(message), 0

    def _blake2b_256(self, frame, message, digest):
        _same("blake2b_256", digest, hashlib.blake2b(message, digest_size=32).digest())
        return 0, len(message), 0

    def _ed25519_verify(self, frame, key, signature, message):
        is_valid = not ed25519.is_small_order(key) and ed25519.verify(key, signature, message)
        return int(is_valid), len(message), 0

    def _secp256k1_verify(self, frame, *values):
        return frame.host.record["result"], 0, 0

    _secp256k1_recover = _p256_verify = _secp256k1_verify

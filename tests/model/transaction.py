"""Transactions (section 2): their encoding, intrinsic price and what they reserve."""

import re
from dataclasses import dataclass, field

import borsh
from merkle import sha256

SIGNATURE_SIZE = 64
TRANSFER, DEPLOY, CALL, STAKE, UNSTAKE, UPGRADE = range(6)
NAMES = ("transfer", "deploy", "call", "stake", "unstake", "upgrade")
FUNCTION_NAME = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
ARGS_MAX = 64
ARGS_SIZE_MAX = 256 * 1024
STEPS_PER_GAS = 1000
CREATION_STEPS = 50_000


@dataclass
class Transaction:
    """One decoded transaction; fields of the payload that its kind lacks keep their defaults."""

    raw: bytes
    version: int = 0
    sender: bytes = b""
    nonce: int = 0
    gas_price: int = 0
    valid_until: int = 0
    kind: int = 0
    signature: bytes = b""
    target: bytes = b""
    amount: int = 0
    code: bytes = b""
    own_gas_limit: int = 0
    args: list = field(default_factory=list)
    admin: bytes | None = None
    function: str = ""
    validator: tuple | None = None

    @property
    def id(self):
        return sha256(self.raw)

    @property
    def body(self):
        return self.raw[:-SIGNATURE_SIZE]

    @property
    def intrinsic_steps(self):
        steps = 50_000 + 100 * len(self.raw)
        if self.kind in (DEPLOY, UPGRADE):
            steps += 10_000_000 + 2_000 * len(self.code)
        return steps

    @property
    def gas_limit(self):
        """In gas; that of a kind without a limit covers all that it could spend."""
        if self.kind in (DEPLOY, CALL, UPGRADE):
            return self.own_gas_limit
        return to_gas(self.intrinsic_steps + (CREATION_STEPS if self.kind == TRANSFER else 0))

    @property
    def reserve(self):
        return self.gas_limit * self.gas_price

    @property
    def spent_amount(self):
        """What besides the reserve has to be covered by the balance."""
        return 0 if self.kind == UNSTAKE else self.amount


def to_gas(steps):
    return -(-steps // STEPS_PER_GAS)


def _args(reader):
    args = reader.vector(reader.sized)
    if len(args) > ARGS_MAX or sum(map(len, args)) > ARGS_SIZE_MAX:
        raise borsh.Malformed("too many arguments")
    return args


def _function(reader):
    name = reader.text()
    if not FUNCTION_NAME.fullmatch(name):
        raise borsh.Malformed("no function name")
    return name


def _read_transfer(tx, reader):
    tx.target, tx.amount = reader.address(), reader.u64()


def _read_deploy(tx, reader):
    tx.code, tx.own_gas_limit, tx.amount = reader.sized(), reader.u64(), reader.u64()
    tx.args, tx.admin = _args(reader), reader.option(reader.address)


def _read_call(tx, reader):
    tx.target, tx.function, tx.args = reader.address(), _function(reader), _args(reader)
    tx.own_gas_limit, tx.amount = reader.u64(), reader.u64()


def _read_stake(tx, reader):
    tx.amount = reader.u64()
    tx.validator = reader.option(lambda: (reader.address(), reader.raw(SIGNATURE_SIZE)))


def _read_unstake(tx, reader):
    tx.amount = reader.u64()


def _read_upgrade(tx, reader):
    tx.target, tx.code = reader.address(), reader.sized()
    tx.own_gas_limit, tx.args = reader.u64(), _args(reader)


PAYLOADS = {
    TRANSFER: _read_transfer,
    DEPLOY: _read_deploy,
    CALL: _read_call,
    STAKE: _read_stake,
    UNSTAKE: _read_unstake,
    UPGRADE: _read_upgrade,
}


def decode(raw):
    """The transaction of some bytes, of any version; Malformed if they are none."""
    reader = borsh.Reader(raw)
    tx = Transaction(raw, version=reader.u8(), sender=reader.address(), nonce=reader.u64(),
                     gas_price=reader.u64(), valid_until=reader.u64(), kind=reader.u8())
    if tx.kind not in PAYLOADS:
        raise borsh.Malformed(f"payload tag {tx.kind}")
    PAYLOADS[tx.kind](tx, reader)
    tx.signature = reader.raw(SIGNATURE_SIZE)
    reader.end()
    return tx

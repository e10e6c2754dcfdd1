"""The genesis of a chain (section 7): decoding with all its conditions, and its hash."""

import re
from dataclasses import dataclass

import borsh
import ed25519
from merkle import tagged
from state import SUPPLY_MAX, SYSTEM

# name, least and greatest value, in the order of the encoding
PARAMETERS = (
    ("block_gas_limit", 100_000, 9 * 10**12),
    ("block_bytes", 2**20, 2**26),
    ("tx_bytes", 1024, 2**20),
    ("gas_price_min", 0, 10**9),
    ("unbonding", 0, 10**8),
    ("validator_stake_min", 10**9, 2**63 - 1),
    ("validators_max", 1, 1000),
)
CHAIN_ID = re.compile(r"[a-z0-9-]{1,50}", re.ASCII)


@dataclass
class Genesis:
    """What a chain starts with."""

    chain_id: str
    time_ms: int
    parameters: dict
    balances: list  # of (address, amount)
    stakes: list  # of (owner, amount, key or None)
    proposer: bytes
    hash: bytes


def _require(condition, text):
    if not condition:
        raise borsh.Malformed("genesis: " + text)


def _check_entries(entries, what):
    addresses = [entry[0] for entry in entries]
    _require(addresses == sorted(set(addresses)), f"{what} are not in order, or twice the same")
    _require(all(entry[1] > 0 for entry in entries), f"{what} of zero")
    _require(SYSTEM not in addresses, f"{what} of the system account")
    _require(not any(map(ed25519.is_small_order, addresses)), f"{what} of a small-order key")


def _check(genesis):
    _require(CHAIN_ID.fullmatch(genesis.chain_id), "chain_id")
    for name, least, greatest in PARAMETERS:
        _require(least <= genesis.parameters[name] <= greatest, name)
    _check_entries(genesis.balances, "balances")
    _check_entries(genesis.stakes, "stakes")
    keys = [key for _, _, key in genesis.stakes if key is not None]
    _require(len(keys) == len(set(keys)), "a validator key twice")
    _require(not any(map(ed25519.is_small_order, keys)), "a small-order validator key")
    total = sum(entry[1] for entry in genesis.balances + genesis.stakes)
    _require(total <= SUPPLY_MAX, "more than the greatest supply")
    _require(genesis.proposer != SYSTEM and not ed25519.is_small_order(genesis.proposer),
             "proposer")


def decode(data):
    reader = borsh.Reader(data)
    genesis = Genesis(
        chain_id=reader.text(),
        time_ms=reader.u64(),
        parameters={name: reader.u64() for name, _, _ in PARAMETERS},
        balances=reader.vector(lambda: (reader.address(), reader.u64())),
        stakes=reader.vector(
            lambda: (reader.address(), reader.u64(), reader.option(reader.address))),
        proposer=reader.address(),
        hash=tagged("aureon/genesis", data))
    reader.end()
    _check(genesis)
    return genesis

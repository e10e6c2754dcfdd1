"""Stakes, validator keys and unbonding records: the slots of the system account (section 6)."""

import borsh
from state import SYSTEM

KEY_OWNER, OWNER_KEY, UNBONDING, PARAMETER = b"\1", b"\2", b"\3", b"\4"
POWER_UNIT = 10**9


def set_parameter(state, name, value):
    state.set_slot(SYSTEM, PARAMETER + name.encode(), borsh.u64(value))


def _records(state):
    """All unbonding records in the order of their slots: (slot, height, owner, amount)."""
    return [(slot, int.from_bytes(slot[1:9], "big"), slot[9:], int.from_bytes(value, "little"))
            for slot, value in sorted(state.slots.get(SYSTEM, {}).items())
            if slot[:1] == UNBONDING]


def unbonding_total(state):
    return sum(amount for _, _, _, amount in _records(state))


def is_key_taken(state, key, owner):
    """Whether another holds the key, or it is tombstoned (an empty value)."""
    holder = state.slot(SYSTEM, KEY_OWNER + key)
    return holder is not None and holder != owner


def _remove_key(state, owner):
    """Takes the two slots of an owner's key away; a tombstone stays."""
    key = state.slot(SYSTEM, OWNER_KEY + owner)
    if key is None:
        return
    state.set_slot(SYSTEM, OWNER_KEY + owner, None)
    if state.slot(SYSTEM, KEY_OWNER + key) == owner:
        state.set_slot(SYSTEM, KEY_OWNER + key, None)


def register_key(state, owner, key):
    """Makes the key the owner's only one; the caller has looked whether it is taken."""
    _remove_key(state, owner)
    state.set_slot(SYSTEM, KEY_OWNER + key, owner)
    state.set_slot(SYSTEM, OWNER_KEY + owner, key)


def drop_idle_key(state, owner):
    """An owner with neither a stake nor an unbonding record keeps no key."""
    is_unbonding = any(record_owner == owner for _, _, record_owner, _ in _records(state))
    if state.account(owner).stake == 0 and not is_unbonding:
        _remove_key(state, owner)


def add_record(state, height, owner, amount):
    """Adds to what the owner gets back at a height."""
    slot = UNBONDING + height.to_bytes(8, "big") + owner
    before = int.from_bytes(state.slot(SYSTEM, slot) or b"", "little")
    state.set_slot(SYSTEM, slot, borsh.u64(before + amount))


def release_due(state, height):
    """Pays the records that are due at a height."""
    for slot, due, owner, amount in _records(state):
        if due <= height:
            state.set_slot(SYSTEM, slot, None)
            state.credit(owner, amount)
            drop_idle_key(state, owner)


def _candidates(state, parameters):
    """All with a key and enough stake: (minus the stake, key)."""
    candidates = []
    for slot, owner in state.slots.get(SYSTEM, {}).items():
        if slot[:1] != KEY_OWNER or not owner:
            continue
        stake = state.account(owner).stake
        if stake >= parameters["validator_stake_min"]:
            candidates.append((-stake, slot[1:]))
    return candidates


def candidate_count(state, parameters):
    return len(_candidates(state, parameters))


def validators(state, parameters):
    """The set that the state elects: (key, power), the greatest stake first."""
    elected = sorted(_candidates(state, parameters))[:parameters["validators_max"]]
    return [(key, -negated // POWER_UNIT) for negated, key in elected]

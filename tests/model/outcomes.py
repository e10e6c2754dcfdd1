"""How frames and transactions end (section 3)."""

from enum import IntEnum


class Outcome(IntEnum):
    """DEPTH_LIMIT and INSUFFICIENT_BALANCE are results of calls alone, in no receipt."""

    SUCCESS = 0
    REVERTED = 1
    OUT_OF_GAS = 2
    TRAPPED = 3
    STACK_LIMIT = 4
    DEPTH_LIMIT = 5
    HOST_REJECTED = 6
    INVALID_MODULE = 7
    NO_CONTRACT = 8
    NO_FUNCTION = 9
    BAD_ARGUMENTS = 10
    INSUFFICIENT_BALANCE = 11
    NOT_ALLOWED = 12


class Inconsistent(Exception):
    """The log tells of an effect that cannot have happened."""

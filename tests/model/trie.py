"""The root of a hexary Merkle Patricia trie with SHA-256, made anew from all its pairs.

Keys here are the final paths (already hashed), all of one size, so no branch holds a value. The
recursion is as deep as a key has nibbles.
"""

import functools
import os

import rlp
from merkle import sha256

EMPTY_ROOT = sha256(rlp.encode(b""))


@functools.lru_cache(maxsize=1 << 20)
def hashed(key):
    """The path of a key: its hash."""
    return sha256(key)


def _hex_prefix(path, is_leaf):
    flags = ("3" if is_leaf else "1") if len(path) % 2 else ("20" if is_leaf else "00")
    return rlp.encode(bytes.fromhex(flags + path))


def _reference(node):
    return node if len(node) < 32 else rlp.encode(sha256(node))


def _node(pairs, depth):
    """The encoded node over sorted pairs (path in hex digits, value) that agree before depth."""
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return rlp.encode_list([_hex_prefix(first[depth:], True), rlp.encode(pairs[0][1])])
    shared_size = len(os.path.commonprefix([first, last]))
    if shared_size > depth:
        child = _reference(_node(pairs, shared_size))
        return rlp.encode_list([_hex_prefix(first[depth:shared_size], False), child])
    children = [[] for _ in range(16)]
    for pair in pairs:
        children[int(pair[0][depth], 16)].append(pair)
    items = [_reference(_node(child, depth + 1)) if child else rlp.encode(b"")
             for child in children]
    return rlp.encode_list(items + [rlp.encode(b"")])


def root(values):
    """The root of a dict from path to value; no value is empty."""
    if not values:
        return EMPTY_ROOT
    return sha256(_node(sorted((path.hex(), value) for path, value in values.items()), 0))

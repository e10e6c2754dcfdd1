"""SHA-256, its tagged form, and the root of an RFC 6962 tree."""

import hashlib


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged(tag, data):
    """H(tag, data) of section 1."""
    name = tag.encode()
    return sha256(bytes([len(name)]) + name + data)


def root(leaves):
    """The root over a list of byte strings, by the recursive definition (its depth is log2)."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\1" + root(leaves[:split]) + root(leaves[split:]))

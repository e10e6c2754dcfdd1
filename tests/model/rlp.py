"""RLP, the encoder only: a bytes object is a string, an int a minimal string, a list a list."""


def _integer(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _prefix(size, short):
    if size <= 55:
        return bytes([short + size])
    size_bytes = _integer(size)
    return bytes([short + 55 + len(size_bytes)]) + size_bytes


def encode_list(encoded_items):
    """A list of items that are already encoded."""
    body = b"".join(encoded_items)
    return _prefix(len(body), 0xC0) + body


def encode(value):
    """One string, given as bytes or as an integer."""
    data = _integer(value) if isinstance(value, int) else value
    if len(data) == 1 and data[0] < 0x80:
        return data
    return _prefix(len(data), 0x80) + data

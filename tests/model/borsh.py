"""The encoding of section 1 of the protocol: little-endian integers, sized bytes, options, vectors.

One value has one encoding: Reader raises Malformed for everything else, and so does end() for
bytes that are left over.
"""


class Malformed(Exception):
    """The bytes are no encoding of what was to be read."""


class Reader:
    """Takes values from the front of some bytes."""

    def __init__(self, data):
        self.data = data
        self.offset = 0

    def raw(self, size):
        if size > len(self.data) - self.offset:
            raise Malformed(f"{size} bytes at {self.offset} of {len(self.data)}")
        self.offset += size
        return self.data[self.offset - size:self.offset]

    def integer(self, size):
        return int.from_bytes(self.raw(size), "little")

    def u8(self):
        return self.integer(1)

    def u64(self):
        return self.integer(8)

    def address(self):
        return self.raw(32)

    def sized(self):
        return self.raw(self.integer(4))

    def text(self):
        try:
            return self.sized().decode("utf-8", "strict")
        except UnicodeDecodeError as error:
            raise Malformed(str(error)) from error

    def option(self, read):
        tag = self.u8()
        if tag > 1:
            raise Malformed(f"option tag {tag}")
        return read() if tag else None

    def vector(self, read):
        return [read() for _ in range(self.integer(4))]

    def end(self):
        if self.offset != len(self.data):
            raise Malformed(f"{len(self.data) - self.offset} bytes are left over")


def u8(value):
    return value.to_bytes(1, "little")


def u32(value):
    return value.to_bytes(4, "little")


def u64(value):
    return value.to_bytes(8, "little")


def sized(data):
    return u32(len(data)) + data


def option(data):
    """An option of something already encoded; None is the absent one."""
    return b"\0" if data is None else b"\1" + data


def vector(items):
    """A vector of items that are already encoded."""
    return u32(len(items)) + b"".join(items)

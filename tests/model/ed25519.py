"""Ed25519 in plain integers: verification by ZIP-215, signing by RFC 8032. Slow, not constant time.

A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, x y = T/Z.
"""

import functools
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)
SCALAR_DIGITS = 64  # hexadecimal
DOUBLE_D = 2 * D % P


def _add(left, right):
    a = (left[1] - left[0]) * (right[1] - right[0]) % P
    b = (left[1] + left[0]) * (right[1] + right[0]) % P
    c = DOUBLE_D * left[3] % P * right[3] % P
    d = 2 * left[2] * right[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _negate(point):
    return (-point[0] % P, point[1], point[2], -point[3] % P)


def _is_neutral(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def _times_eight(point):
    for _ in range(3):
        point = _add(point, point)
    return point


@functools.lru_cache(maxsize=64)
def _multiples(point):
    """Rows of the 16 multiples 0 to 15 of a point, of 16 times it, of 16^2 times it, and so on."""
    rows = []
    for _ in range(SCALAR_DIGITS):
        row = [NEUTRAL]
        for _ in range(15):
            row.append(_add(row[-1], point))
        rows.append(row)
        point = _add(row[-1], point)
    return rows


def _product(scalar, point):
    """A scalar below 2^256 times a point, by its hexadecimal digits. Fast from the second time a
    point is met: few keys sign much."""
    total = NEUTRAL
    for row in _multiples(point):
        if scalar & 15:
            total = _add(total, row[scalar & 15])
        scalar >>= 4
    return total


@functools.lru_cache(maxsize=4096)
def decode(data):
    """The point of 32 bytes or None; as in ZIP-215, y >= p and a sign on x = 0 are let through."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & ((1 << 255) - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return None
    if x & 1 != sign:
        x = -x % P
    return (x, y, 1, x * y % P)


def _encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_small_order(data):
    """Whether 32 bytes decode to a point of order 1, 2, 4 or 8."""
    point = decode(data)
    return point is not None and _is_neutral(_times_eight(point))


def _challenge(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def verify(key, signature, message):
    """8 S B = 8 R + 8 k A, with S below the order and any decodable A and R."""
    scalar = int.from_bytes(signature[32:], "little")
    key_point, r_point = decode(key), decode(signature[:32])
    if scalar >= L or key_point is None or r_point is None:
        return False
    challenge = _challenge(signature[:32], key, message)
    rest = _add(_product(scalar, BASE), _product(challenge, _negate(key_point)))
    return _is_neutral(_times_eight(_add(rest, _negate(r_point))))


def _expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


def public_key(seed):
    return _encode(_product(_expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = _expand(seed)
    nonce = _challenge(prefix, message)
    r_bytes = _encode(_product(nonce, BASE))
    challenge = _challenge(r_bytes, public_key(seed), message)
    return r_bytes + ((nonce + challenge * scalar) % L).to_bytes(32, "little")

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


def _add(left, right):
    a = (left[1] - left[0]) * (right[1] - right[0]) % P
    b = (left[1] + left[0]) * (right[1] + right[0]) % P
    c = 2 * D * left[3] * right[3] % P
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


def _sum_of_products(first, left, second, right):
    """first * left + second * right, scalars times points."""
    both = _add(left, right)
    total = NEUTRAL
    for bit in range(max(first.bit_length(), second.bit_length()) - 1, -1, -1):
        total = _add(total, total)
        pair = (first >> bit & 1, second >> bit & 1)
        if pair != (0, 0):
            total = _add(total, {(1, 0): left, (0, 1): right, (1, 1): both}[pair])
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
    rest = _sum_of_products(scalar, BASE, challenge, _negate(key_point))
    return _is_neutral(_times_eight(_add(rest, _negate(r_point))))


def _expand(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


def public_key(seed):
    return _encode(_sum_of_products(_expand(seed)[0], BASE, 0, NEUTRAL))


def sign(seed, message):
    scalar, prefix = _expand(seed)
    nonce = _challenge(prefix, message)
    r_bytes = _encode(_sum_of_products(nonce, BASE, 0, NEUTRAL))
    challenge = _challenge(r_bytes, public_key(seed), message)
    return r_bytes + ((nonce + challenge * scalar) % L).to_bytes(32, "little")

#!/usr/bin/env python3
"""Signs for tests: sign.py CURVE key | sign.py CURVE HEX. CURVE is ed25519, secp256k1 or p256; prints
the public key (32 bytes, or 33 compressed), or the signature (64 bytes) of the bytes HEX, in hex.

The secret is known to all, and so is the nonce: good for nothing else."""

import hashlib
import sys

SECRET = 0x1f3a5c7e9b0d2f4a6c8e0b1d3f5a7c9e1b3d5f7a9c0e2b4d6f8a1c3e5b7d9f0a
NONCE = 0x2468ace013579bdf2468ace013579bdf2468ace013579bdf2468ace013579bd1
CURVES = {  # p, a, b, n, g
    "secp256k1": (2**256 - 2**32 - 977, 0, 7,
                  0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141,
                  (0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798,
                   0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8)),
    "p256": (2**256 - 2**224 + 2**192 + 2**96 - 1, -3,
             0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b,
             0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
             (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
              0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)),
}


def multiply(p, a, point, times):
    def add(one, two):
        if one is None or two is None:
            return one or two
        if one[0] == two[0] and (one[1] + two[1]) % p == 0:
            return None
        if one == two:
            slope = (3 * one[0] ** 2 + a) * pow(2 * one[1], -1, p) % p
        else:
            slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, p) % p
        x = (slope**2 - one[0] - two[0]) % p
        return x, (slope * (one[0] - x) - one[1]) % p

    result = None
    for bit in bin(times)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def ecdsa(curve, message):
    p, a, _, n, g = CURVES[curve]
    if message is None:
        x, y = multiply(p, a, g, SECRET)
        return bytes([2 + y % 2]) + x.to_bytes(32, "big")
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    r = multiply(p, a, g, NONCE)[0] % n
    s = pow(NONCE, -1, n) * (digest + r * SECRET) % n
    return r.to_bytes(32, "big") + min(s, n - s).to_bytes(32, "big")


def ed25519(message):
    p, order = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
    d = -121665 * pow(121666, -1, p) % p
    base = (15112221349535400772501151409588531511454012693041857206046113283949847762202,
            4 * pow(5, -1, p) % p)

    def add(one, two):
        product = d * one[0] * two[0] * one[1] * two[1] % p
        return ((one[0] * two[1] + two[0] * one[1]) * pow(1 + product, -1, p) % p,
                (one[1] * two[1] + one[0] * two[0]) * pow(1 - product, -1, p) % p)

    def times(number):
        result = (0, 1)
        for bit in bin(number)[2:]:
            result = add(result, result)
            if bit == "1":
                result = add(result, base)
        return (result[1] | (result[0] & 1) << 255).to_bytes(32, "little")

    secret, nonce = SECRET % order, NONCE % order
    key = times(secret)
    if message is None:
        return key
    r = times(nonce)
    challenge = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little")
    return r + ((nonce + challenge * secret) % order).to_bytes(32, "little")


def main():
    curve, what = sys.argv[1:]
    message = None if what == "key" else bytes.fromhex(what.removeprefix("0x"))
    print((ed25519(message) if curve == "ed25519" else ecdsa(curve, message)).hex())


if __name__ == "__main__":
    main()

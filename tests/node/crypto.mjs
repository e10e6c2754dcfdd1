// Hashes and signatures that node:crypto does not offer in the form contracts use, written from
// their specifications: Keccak-256, BLAKE2b with 32 bytes, ECDSA of a given hash. Slow and plain.

const MASK = (1n << 64n) - 1n;
const rotateLeft = (x, n) => n === 0n ? x : ((x << n) | (x >> (64n - n))) & MASK;
const rotateRight = (x, n) => rotateLeft(x, 64n - n);

// ---- Keccak-256 ----

const KECCAK_RATE = 136;

function keccakRound(lanes, lfsr) {
    const column = (x) => [0, 1, 2, 3, 4].reduce((sum, y) => sum ^ lanes[x + 5 * y], 0n);
    const columns = [0, 1, 2, 3, 4].map(column);
    for (let i = 0; i < 25; i++) {
        lanes[i] ^= columns[(i + 4) % 5] ^ rotateLeft(columns[(i + 1) % 5], 1n);
    }
    let [x, y, moved] = [1, 0, lanes[1]];
    for (let t = 0; t < 24; t++) {
        [x, y] = [y, (2 * x + 3 * y) % 5];
        const next = lanes[x + 5 * y];
        lanes[x + 5 * y] = rotateLeft(moved, BigInt(((t + 1) * (t + 2) / 2) % 64));
        moved = next;
    }
    for (let row = 0; row < 25; row += 5) {
        const old = lanes.slice(row, row + 5);
        for (let i = 0; i < 5; i++) {
            lanes[row + i] = old[i] ^ (~old[(i + 1) % 5] & MASK & old[(i + 2) % 5]);
        }
    }
    for (let j = 0n; j < 7n; j++) {
        lfsr = ((lfsr << 1) ^ ((lfsr >> 7) * 0x71)) & 0xff;
        if ((lfsr & 2) !== 0) lanes[0] ^= 1n << ((1n << j) - 1n);
    }
    return lfsr;
}

export function keccak256(message) {
    const padded = Buffer.alloc((Math.floor(message.length / KECCAK_RATE) + 1) * KECCAK_RATE);
    message.copy(padded);
    padded[message.length] = 1;
    padded[padded.length - 1] |= 0x80;
    const lanes = new Array(25).fill(0n);
    for (let at = 0; at < padded.length; at += KECCAK_RATE) {
        for (let i = 0; i < KECCAK_RATE / 8; i++) lanes[i] ^= padded.readBigUInt64LE(at + 8 * i);
        for (let round = 0, lfsr = 1; round < 24; round++) lfsr = keccakRound(lanes, lfsr);
    }
    const digest = Buffer.alloc(32);
    for (let i = 0; i < 4; i++) digest.writeBigUInt64LE(lanes[i], 8 * i);
    return digest;
}

// ---- BLAKE2b ----

const BLAKE2B_IV = [
    0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
    0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];
const BLAKE2B_SIGMA = [
    "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8",
    "905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a",
    "6fe9b308c2d714a5", "a2847615fb9e3cd0",
];

function blakeMix(v, [a, b, c, d], x, y) {
    v[a] = (v[a] + v[b] + x) & MASK;
    v[d] = rotateRight(v[d] ^ v[a], 32n);
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = rotateRight(v[b] ^ v[c], 24n);
    v[a] = (v[a] + v[b] + y) & MASK;
    v[d] = rotateRight(v[d] ^ v[a], 16n);
    v[c] = (v[c] + v[d]) & MASK;
    v[b] = rotateRight(v[b] ^ v[c], 63n);
}

const BLAKE2B_MIXES = [
    [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
    [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

function blakeBlock(state, block, size, isLast) {
    const v = [...state, ...BLAKE2B_IV];
    v[12] ^= BigInt(size);
    if (isLast) v[14] ^= MASK;
    for (let round = 0; round < 12; round++) {
        const word = (i) => block.readBigUInt64LE(8 * parseInt(BLAKE2B_SIGMA[round % 10][i], 16));
        BLAKE2B_MIXES.forEach((places, i) => blakeMix(v, places, word(2 * i), word(2 * i + 1)));
    }
    for (let i = 0; i < 8; i++) state[i] ^= v[i] ^ v[i + 8];
}

export function blake2b256(message) {
    const state = [...BLAKE2B_IV];
    state[0] ^= 0x01010020n;
    const padded = Buffer.alloc(Math.max(1, Math.ceil(message.length / 128)) * 128);
    message.copy(padded);
    for (let at = 0; at < padded.length; at += 128) {
        const isLast = at + 128 === padded.length;
        blakeBlock(state, padded.subarray(at, at + 128), isLast ? message.length : at + 128, isLast);
    }
    const digest = Buffer.alloc(32);
    for (let i = 0; i < 4; i++) digest.writeBigUInt64LE(state[i], 8 * i);
    return digest;
}

// ---- ECDSA ----

const modulo = (x, m) => ((x % m) + m) % m;

function power(x, exponent, m) {
    let result = 1n;
    for (x = modulo(x, m); exponent > 0n; exponent >>= 1n) {
        if (exponent & 1n) result = result * x % m;
        x = x * x % m;
    }
    return result;
}

const inverse = (x, m) => power(x, m - 2n, m);
const numberOf = (bytes) => BigInt("0x" + Buffer.from(bytes).toString("hex"));
const bytesOf = (number) => Buffer.from(number.toString(16).padStart(64, "0"), "hex");

// y^2 = x^3 + ax + b over the integers modulo p, with a group of n points; null is infinity.
class Curve {
    constructor(p, a, b, n, generator) {
        Object.assign(this, { p, a, b, n, generator });
    }

    add(left, right) {
        if (left === null) return right;
        if (right === null) return left;
        const [x1, y1] = left, [x2, y2] = right, p = this.p;
        if (x1 === x2 && modulo(y1 + y2, p) === 0n) return null;
        const slope = x1 === x2 ? (3n * x1 * x1 + this.a) * inverse(2n * y1, p)
                                : (y2 - y1) * inverse(x2 - x1, p);
        const x = modulo(slope * slope - x1 - x2, p);
        return [x, modulo(slope * (x1 - x) - y1, p)];
    }

    multiply(point, factor) {
        let sum = null;
        for (; factor > 0n; factor >>= 1n) {
            if (factor & 1n) sum = this.add(sum, point);
            point = this.add(point, point);
        }
        return sum;
    }

    // The point with this x and this parity of y; null: there is none.
    lift(x, parity) {
        if (x >= this.p) return null;
        const square = modulo(x * x * x + this.a * x + this.b, this.p);
        const y = power(square, (this.p + 1n) / 4n, this.p);
        if (y * y % this.p !== square) return null;
        return [x, (y & 1n) === BigInt(parity) ? y : this.p - y];
    }

    // r and s of a signature; null: it has none that count.
    parts(signature) {
        const r = numberOf(signature.subarray(0, 32)), s = numberOf(signature.subarray(32, 64));
        return r > 0n && r < this.n && s > 0n && s <= this.n / 2n ? [r, s] : null;
    }

    verify(key, signature, hash) {
        const point = key[0] === 2 || key[0] === 3 ? this.lift(numberOf(key.subarray(1)), key[0] & 1)
                                                   : null;
        const parts = this.parts(signature);
        if (point === null || parts === null) return false;
        const [r, s] = parts, w = inverse(s, this.n);
        const sum = this.add(this.multiply(this.generator, numberOf(hash) * w % this.n),
                             this.multiply(point, r * w % this.n));
        return sum !== null && sum[0] % this.n === r;
    }

    recover(signature, hash) {
        const parts = this.parts(signature), id = signature[64];
        if (parts === null || id > 3) return null;
        const [r, s] = parts, w = inverse(r, this.n);
        const point = this.lift((id & 2) !== 0 ? r + this.n : r, id & 1);
        if (point === null) return null;
        const key = this.add(
            this.multiply(this.generator, modulo(-numberOf(hash) * w, this.n)),
            this.multiply(point, s * w % this.n));
        return key === null ? null : Buffer.concat([bytesOf(key[0]), bytesOf(key[1])]);
    }
}

export const secp256k1 = new Curve(
    0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn, 0n, 7n,
    0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    [0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
     0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n]);

export const p256 = new Curve(
    0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
    0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    [0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n]);

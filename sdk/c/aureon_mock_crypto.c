/* SHA-256 (FIPS 180-4), Keccak-256 as Ethereum pads it, and BLAKE2b-256 (RFC 7693), for contracts
 * that run natively, and signatures. Written to be short: a test hashes little. */
#include "aureon_mock_internal.h"

/* ---- SHA-256 ---- */

static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t sha256_begin[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t rotate32(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

static void sha256_block(uint32_t state[8], const uint8_t block[64])
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate32(a, 7) ^ rotate32(a, 18) ^ a >> 3) +
               (rotate32(b, 17) ^ rotate32(b, 19) ^ b >> 10);
    }
    memcpy(v, state, sizeof(v));
    for (int i = 0; i < 64; i++) {
        uint32_t a = v[0], e = v[4];
        uint32_t one = v[7] + (rotate32(e, 6) ^ rotate32(e, 11) ^ rotate32(e, 25)) +
                       ((e & v[5]) ^ (~e & v[6])) + sha256_k[i] + w[i];
        uint32_t two = (rotate32(a, 2) ^ rotate32(a, 13) ^ rotate32(a, 22)) +
                       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[0] = one + two;
        v[4] += one;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

void aureon_sha256(const void *data, uint32_t size, void *digest)
{
    const uint8_t *from = data;
    uint8_t *out = digest, last[128] = {0};
    uint32_t state[8], rest = size % 64, last_size = rest < 56 ? 64 : 128;
    memcpy(state, sha256_begin, sizeof(state));
    for (uint32_t i = 0; i + 64 <= size; i += 64)
        sha256_block(state, from + i);
    if (rest > 0) memcpy(last, from + size - rest, rest);
    last[rest] = 0x80;
    for (uint32_t i = 0; i < 8; i++)
        last[last_size - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    for (uint32_t i = 0; i < last_size; i += 64)
        sha256_block(state, last + i);
    for (int i = 0; i < 32; i++)
        out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- Keccak-256 ---- */

static uint64_t rotate64_left(uint64_t x, unsigned by)
{
    return by == 0 ? x : x << by | x >> (64 - by);
}

/* The next bit of the round constants' shift register. */
static unsigned keccak_bit(uint8_t *lfsr)
{
    unsigned bit = *lfsr & 1;
    *lfsr = (uint8_t)(*lfsr << 1 ^ (*lfsr >> 7) * 0x71);
    return bit;
}

static void keccak_rho_pi(uint64_t a[25])
{
    unsigned x = 1, y = 0;
    uint64_t lane = a[1];
    for (unsigned t = 0; t < 24; t++) {
        unsigned next_y = (2 * x + 3 * y) % 5;
        x = y;
        y = next_y;
        uint64_t kept = a[x + 5 * y];
        a[x + 5 * y] = rotate64_left(lane, (t + 1) * (t + 2) / 2 % 64);
        lane = kept;
    }
}

static void keccak_f(uint64_t a[25])
{
    uint8_t lfsr = 1;
    for (int round = 0; round < 24; round++) {
        uint64_t c[5];
        for (int x = 0; x < 5; x++)
            c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (int i = 0; i < 25; i++)
            a[i] ^= c[(i + 4) % 5] ^ rotate64_left(c[(i + 1) % 5], 1);
        keccak_rho_pi(a);
        for (int y = 0; y < 25; y += 5) {
            memcpy(c, a + y, sizeof(c));
            for (int x = 0; x < 5; x++)
                a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
        }
        for (int j = 0; j < 7; j++)
            if (keccak_bit(&lfsr)) a[0] ^= (uint64_t)1 << ((1 << j) - 1);
    }
}

void aureon_keccak256(const void *data, uint32_t size, void *digest)
{
    enum { RATE = 136 };
    const uint8_t *from = data;
    uint64_t state[25] = {0};
    uint32_t at = 0;
    for (uint32_t i = 0; i < size; i++) {
        state[at / 8] ^= (uint64_t)from[i] << 8 * (at % 8);
        if (++at == RATE) {
            keccak_f(state);
            at = 0;
        }
    }
    state[at / 8] ^= (uint64_t)1 << 8 * (at % 8);
    state[RATE / 8 - 1] ^= (uint64_t)1 << 63;
    keccak_f(state);
    for (int i = 0; i < 32; i++)
        ((uint8_t *)digest)[i] = (uint8_t)(state[i / 8] >> 8 * (i % 8));
}

/* ---- BLAKE2b-256 ---- */

static const uint64_t blake2b_begin[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static const uint8_t blake2b_sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

static void blake2b_mix(uint64_t v[16], const uint8_t at[4], uint64_t x, uint64_t y)
{
    uint64_t *a = &v[at[0]], *b = &v[at[1]], *c = &v[at[2]], *d = &v[at[3]];
    *a += *b + x;
    *d = rotate64_left(*d ^ *a, 32);
    *c += *d;
    *b = rotate64_left(*b ^ *c, 40);
    *a += *b + y;
    *d = rotate64_left(*d ^ *a, 48);
    *c += *d;
    *b = rotate64_left(*b ^ *c, 1);
}

static void blake2b_block(uint64_t h[8], const uint8_t block[128], uint64_t count, bool is_last)
{
    static const uint8_t lanes[8][4] = {{0, 4, 8, 12},  {1, 5, 9, 13},  {2, 6, 10, 14},
                                        {3, 7, 11, 15}, {0, 5, 10, 15}, {1, 6, 11, 12},
                                        {2, 7, 8, 13},  {3, 4, 9, 14}};
    uint64_t v[16], m[16] = {0};
    for (int i = 0; i < 128; i++)
        m[i / 8] |= (uint64_t)block[i] << 8 * (i % 8);
    memcpy(v, h, 64);
    memcpy(v + 8, blake2b_begin, 64);
    v[12] ^= count;
    if (is_last) v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = blake2b_sigma[round % 10];
        for (int i = 0; i < 8; i++)
            blake2b_mix(v, lanes[i], m[s[2 * i]], m[s[2 * i + 1]]);
    }
    for (int i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}

void aureon_blake2b_256(const void *data, uint32_t size, void *digest)
{
    const uint8_t *from = data;
    uint8_t last[128] = {0};
    uint64_t h[8];
    uint32_t at = 0;
    memcpy(h, blake2b_begin, sizeof(h));
    h[0] ^= 0x01010020; /* a digest of 32 bytes, no key */
    for (; size - at > 128; at += 128)
        blake2b_block(h, from + at, (uint64_t)at + 128, false);
    if (size > at) memcpy(last, from + at, size - at);
    blake2b_block(h, last, size, true);
    for (int i = 0; i < 32; i++)
        ((uint8_t *)digest)[i] = (uint8_t)(h[i / 8] >> 8 * (i % 8));
}

/* ---- signatures ---- */

void aureon_mock_sign(const void *key, uint32_t key_size, const void *message, uint32_t size,
                      uint8_t sig[64])
{
    uint8_t both[64];
    aureon_sha256(key, key_size, both);
    aureon_sha256(message, size, both + 32);
    aureon_sha256(both, sizeof(both), sig);
    aureon_sha256(sig, 32, sig + 32);
}

static int32_t verify(const void *key, uint32_t key_size, const void *sig, const void *message,
                      uint32_t size)
{
    uint8_t expected[64];
    aureon_mock_sign(key, key_size, message, size, expected);
    return memcmp(sig, expected, sizeof(expected)) == 0;
}

/* The points of small order have one of seven y, with either sign of x: 0, 1, -1 and two more, and
 * 0 and 1 with the prime added. */
bool aureon_mock_is_small_order(const void *key)
{
    static const uint8_t roots[2][32] = {
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t y[32];
    memcpy(y, key, sizeof(y));
    y[31] &= 0x7f;
    bool is_one_byte = true, is_prime = y[31] == 0x7f; /* but for the first byte */
    for (int i = 1; i < 32; i++)
        is_one_byte = is_one_byte && y[i] == 0;
    for (int i = 1; i < 31; i++)
        is_prime = is_prime && y[i] == 0xff;
    return (is_one_byte && y[0] <= 1) || (is_prime && y[0] >= 0xec && y[0] <= 0xee) ||
           memcmp(y, roots[0], sizeof(y)) == 0 || memcmp(y, roots[1], sizeof(y)) == 0;
}

int32_t aureon_ed25519_verify(const void *key, const void *sig, const void *message, uint32_t size)
{
    if (aureon_mock.crypto.ed25519_verify != NULL)
        return aureon_mock.crypto.ed25519_verify(key, sig, message, size);
    return !aureon_mock_is_small_order(key) && verify(key, 32, sig, message, size);
}

int32_t aureon_secp256k1_verify(const void *key, const void *sig, const void *hash)
{
    if (aureon_mock.crypto.secp256k1_verify != NULL)
        return aureon_mock.crypto.secp256k1_verify(key, sig, hash);
    return verify(key, 33, sig, hash, 32);
}

int32_t aureon_p256_verify(const void *key, const void *sig, const void *hash)
{
    if (aureon_mock.crypto.p256_verify != NULL)
        return aureon_mock.crypto.p256_verify(key, sig, hash);
    return verify(key, 33, sig, hash, 32);
}

void aureon_mock_sign_recoverable(const uint8_t seed[32], const void *hash, uint8_t sig[65],
                                  uint8_t key[64])
{
    uint8_t both[64];
    memcpy(both, seed, 32);
    memcpy(both + 32, hash, 32);
    memcpy(sig, seed, 32);
    aureon_sha256(both, sizeof(both), sig + 32);
    sig[64] = 0;
    aureon_sha256(seed, 32, key);
    aureon_sha256(key, 32, key + 32);
}

int32_t aureon_secp256k1_recover(const void *sig, const void *hash, void *key)
{
    if (aureon_mock.crypto.secp256k1_recover != NULL)
        return aureon_mock.crypto.secp256k1_recover(sig, hash, key);
    uint8_t expected[65], found[64];
    aureon_mock_sign_recoverable(sig, hash, expected, found);
    if (memcmp(sig, expected, sizeof(expected)) != 0) return 0;
    memcpy(key, found, sizeof(found));
    return 1;
}

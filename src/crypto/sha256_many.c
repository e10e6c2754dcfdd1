/* Many hashes at once: each lane of wide registers has a message of its own, and gets the next one
 * when that is done. */
#include <string.h>

#include "crypto/sha256.h"

#define MANY_MIN 3u /* messages; fewer are done sooner one by one */

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdatomic.h>

#define LANES      8u
#define BLOCK_SIZE 64u
#define TAIL_SIZE  (2 * BLOCK_SIZE)
#define SIZE_SIZE  8u  /* of what ends the last block: the message's bits */
#define CPU_LEAF   7u  /* what CPUID tells of extensions, */
#define CPU_SHA    29u /* the bit of it: there are instructions for SHA-256 */

typedef uint32_t lanes __attribute__((vector_size(4 * LANES), aligned(4)));

struct state {
    uint32_t words[8][LANES];
};

/* A message on its way. */
struct lane {
    const uint8_t *at;       /* the next block */
    size_t block_count;      /* of the message itself, whole, that are left */
    size_t tail_count;       /* blocks of tail that are left */
    uint8_t tail[TAIL_SIZE]; /* the rest of the message and what pads it */
    struct au_hash *out;     /* NULL: there is no message */
};

static const uint32_t first_words[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint32_t round_words[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t word_at(const uint8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof(word));
    return __builtin_bswap32(word);
}

#define TURN(x, count) ((x) >> (count) | (x) << (32 - (count)))

/* The next 16 words of the message schedule, of the last ones. */
static inline __attribute__((always_inline)) void extend(lanes w[16])
{
#pragma GCC unroll 16
    for (size_t t = 0; t < 16; t++) {
        lanes late = w[(t + 14) % 16];
        lanes early = w[(t + 1) % 16];
        w[t] += w[(t + 9) % 16] + (TURN(late, 17) ^ TURN(late, 19) ^ late >> 10) +
                (TURN(early, 7) ^ TURN(early, 18) ^ early >> 3);
    }
}

/* FIPS 180-4, 6.2.2, for one block of each lane. Whoever it is part of says for which processor. */
static inline __attribute__((always_inline)) void compress(struct state *state,
                                                           const uint8_t *const blocks[LANES])
{
    lanes w[16];
    lanes v[8];
    memcpy(v, state->words, sizeof(v));
    for (size_t t = 0; t < 16; t++) {
        w[t] = (lanes){word_at(blocks[0] + 4 * t), word_at(blocks[1] + 4 * t),
                       word_at(blocks[2] + 4 * t), word_at(blocks[3] + 4 * t),
                       word_at(blocks[4] + 4 * t), word_at(blocks[5] + 4 * t),
                       word_at(blocks[6] + 4 * t), word_at(blocks[7] + 4 * t)};
    }
    for (size_t first = 0; first < 64; first += 16) {
        if (first > 0) extend(w);
#pragma GCC unroll 16
        for (size_t t = 0; t < 16; t++) {
            lanes a = v[0], e = v[4];
            lanes sum = v[7] + (TURN(e, 6) ^ TURN(e, 11) ^ TURN(e, 25)) +
                        (v[6] ^ (e & (v[5] ^ v[6]))) + round_words[first + t] + w[t];
            lanes sum_a =
                (TURN(a, 2) ^ TURN(a, 13) ^ TURN(a, 22)) + ((a & v[1]) | (v[2] & (a | v[1])));
            v[7] = v[6];
            v[6] = v[5];
            v[5] = e;
            v[4] = v[3] + sum;
            v[3] = v[2];
            v[2] = v[1];
            v[1] = a;
            v[0] = sum + sum_a;
        }
    }
    lanes before[8];
    memcpy(before, state->words, sizeof(before));
    for (size_t i = 0; i < 8; i++) {
        v[i] += before[i];
    }
    memcpy(state->words, v, sizeof(v));
}

typedef void compress_fn(struct state *state, const uint8_t *const blocks[LANES]);

__attribute__((target("avx2"))) static void compress_avx2(struct state *state,
                                                          const uint8_t *const blocks[LANES])
{
    compress(state, blocks);
}

__attribute__((target("avx2,avx512f,avx512vl"))) static void
compress_avx512(struct state *state, const uint8_t *const blocks[LANES])
{
    compress(state, blocks);
}

static void begin(struct lane *lane, struct state *state, size_t index, struct au_bytes message)
{
    size_t rest = message.size % BLOCK_SIZE;
    lane->block_count = message.size / BLOCK_SIZE;
    lane->at = lane->block_count > 0 ? message.data : lane->tail;
    lane->tail_count = rest + 1 + SIZE_SIZE > BLOCK_SIZE ? 2 : 1;
    memset(lane->tail, 0, sizeof(lane->tail));
    if (rest > 0) memcpy(lane->tail, message.data + (message.size - rest), rest);
    lane->tail[rest] = 0x80;
    au_put_big_endian(lane->tail + lane->tail_count * BLOCK_SIZE - SIZE_SIZE,
                      (uint64_t)message.size * 8, SIZE_SIZE);
    for (size_t i = 0; i < 8; i++) {
        state->words[i][index] = first_words[i];
    }
}

/* Goes to a lane's next block. Returns whether there is one. */
static bool advance(struct lane *lane)
{
    lane->at += BLOCK_SIZE;
    if (lane->block_count == 0) return --lane->tail_count > 0;
    if (--lane->block_count == 0) lane->at = lane->tail;
    return true;
}

static void end(struct lane *lane, const struct state *state, size_t index)
{
    for (size_t i = 0; i < 8; i++) {
        au_put_big_endian(lane->out->bytes + 4 * i, state->words[i][index], 4);
    }
    lane->out = NULL;
}

static void hash_lanes(compress_fn *compress_blocks, const struct au_bytes *messages, size_t count,
                       struct au_hash *out_hashes)
{
    static const uint8_t idle[BLOCK_SIZE];
    struct lane lanes_at[LANES] = {0};
    struct state state = {0};
    const uint8_t *blocks[LANES];
    size_t begun = 0;
    for (size_t ended = 0; ended < count;) {
        for (size_t i = 0; i < LANES; i++) {
            struct lane *lane = &lanes_at[i];
            if (!lane->out && begun < count) {
                begin(lane, &state, i, messages[begun]);
                lane->out = &out_hashes[begun++];
            }
            blocks[i] = lane->out ? lane->at : idle;
        }
        compress_blocks(&state, blocks);
        for (size_t i = 0; i < LANES; i++) {
            if (!lanes_at[i].out || advance(&lanes_at[i])) continue;
            end(&lanes_at[i], &state, i);
            ended++;
        }
    }
}

bool au_sha256_lanes(enum au_sha256_lanes kind, const struct au_bytes *messages, size_t count,
                     struct au_hash *out_hashes)
{
    bool is_avx512 = kind == AU_SHA256_AVX512;
    if (is_avx512 ? !__builtin_cpu_supports("avx512vl") : !__builtin_cpu_supports("avx2")) {
        return false;
    }
    hash_lanes(is_avx512 ? compress_avx512 : compress_avx2, messages, count, out_hashes);
    return true;
}

static bool has_instructions(void)
{
    unsigned a, b = 0, c, d;
    return __get_cpuid_count(CPU_LEAF, 0, &a, &b, &c, &d) != 0 && (b >> CPU_SHA & 1) != 0;
}

/* Asked for once: a virtual machine takes microseconds to tell. */
static bool is_faster_in_lanes(void)
{
    enum { UNKNOWN, NO, YES };
    static atomic_uint known = UNKNOWN;
    unsigned answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (answer == UNKNOWN) {
        answer = has_instructions() ? NO : YES;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == YES;
}

#else

bool au_sha256_lanes(enum au_sha256_lanes kind, const struct au_bytes *messages, size_t count,
                     struct au_hash *out_hashes)
{
    (void)kind;
    (void)messages;
    (void)count;
    (void)out_hashes;
    return false;
}

static bool is_faster_in_lanes(void)
{
    return false;
}

#endif

void au_sha256_many(const struct au_bytes *messages, size_t count, struct au_hash *out_hashes)
{
    bool is_many = count >= MANY_MIN && is_faster_in_lanes();
    for (enum au_sha256_lanes kind = 0; is_many && kind < AU_SHA256_LANES_COUNT; kind++) {
        if (au_sha256_lanes(kind, messages, count, out_hashes)) return;
    }
    for (size_t i = 0; i < count; i++) {
        out_hashes[i] = au_sha256(messages[i]);
    }
}

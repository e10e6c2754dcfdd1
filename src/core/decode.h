/* A cursor over bytes in the protocol's encoding (protocol.md section 1): little-endian integers,
 * `bytes` with a u32 size in front, and so on. Encoding needs no cursor: struct au_buf does it.
 *
 *     au_decode_init(&decode, bytes);
 *     uint64_t nonce = au_decode_u64(&decode);
 *     struct au_bytes args = au_decode_bytes(&decode, AU_ARGS_SIZE_MAX);
 *     if (!au_decode_is_done(&decode)) return AU_ERR_MALFORMED;
 *
 * Invariants:
 *   1. Nothing is read past the end; a size or count past the end is an error before anything is
 *      taken for it.
 *   2. An error is sticky: later reads give zeros and empty bytes, so that a decoder checks once.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_CORE_DECODE_H
#define AUREON_CORE_DECODE_H

#include "base/bytes.h"
#include "base/err.h"

struct au_decode {
    struct au_bytes rest;
    const char *error; /* NULL, or the first thing that was wrong: a static sentence */
    size_t error_at;   /* its byte offset */
    size_t size;       /* of all that there was */
};

/* au_decode_init begins at the first of bytes, which are borrowed. */
void au_decode_init(struct au_decode *decode, struct au_bytes bytes);

/* au_decode_fail notes an error at the present place, unless there is one. error: static. */
void au_decode_fail(struct au_decode *decode, const char *error);

/* au_decode_is_done tells whether everything was read without an error; bytes that are left over
 * are one. */
AU_MUST_USE bool au_decode_is_done(struct au_decode *decode);

uint8_t au_decode_u8(struct au_decode *decode);
uint32_t au_decode_u32(struct au_decode *decode);
uint64_t au_decode_u64(struct au_decode *decode);

/* au_decode_raw copies exactly size bytes out; zeros after an error. */
void au_decode_raw(struct au_decode *decode, void *out_bytes, size_t size);

/* au_decode_take borrows exactly size bytes. */
struct au_bytes au_decode_take(struct au_decode *decode, size_t size);

/* au_decode_bytes borrows `bytes`: a u32 size of at most size_max, then so many. */
struct au_bytes au_decode_bytes(struct au_decode *decode, size_t size_max);

/* au_decode_count reads the u32 count of a `vec` whose items take at least item_size_min bytes
 * each: more items than could follow, or more than count_max, are an error. */
uint32_t au_decode_count(struct au_decode *decode, uint32_t count_max, size_t item_size_min);

/* au_decode_option reads the u8 of an `option`, 0 or 1: true if a value follows. */
bool au_decode_option(struct au_decode *decode);

#endif

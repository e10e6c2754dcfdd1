/* RLP, Ethereum's serialization: strings of bytes and lists of items. The writer goes into a
 * buffer, the reader is strict: what it accepts has no other encoding.
 *
 *     string   one byte below 0x80: itself
 *              at most 55 bytes: 0x80 + size, bytes
 *              else: 0xb7 + n, size in n bytes (big-endian, no leading zero), bytes
 *     list     the same with 0xc0 and 0xf7 over the encodings of its items
 *     integer  the string of its big-endian bytes without leading zeros; 0 is ""
 *
 * Threading: pure functions; a buffer belongs to one thread. */
#ifndef AUREON_STATE_RLP_H
#define AUREON_STATE_RLP_H

#include "base/buf.h"

#define AU_RLP_HEAD_SIZE_MAX 9u   /* bytes before the payload */
#define AU_RLP_EMPTY         0x80 /* the empty string's whole encoding */

/* ---- writing: errors are the buffer's, sticky ---- */

/* au_rlp_head writes what stands before a payload of size bytes, and tells how many bytes that
 * is. A string of one byte below 0x80 has no head: that is the caller's affair. */
size_t au_rlp_head(uint8_t out[AU_RLP_HEAD_SIZE_MAX], bool is_list, size_t size);

void au_rlp_put_bytes(struct au_buf *buf, struct au_bytes bytes);
void au_rlp_put_u64(struct au_buf *buf, uint64_t value);

/* A list that is being written. */
struct au_rlp_list {
    size_t offset; /* of its payload in the buffer */
};

/* Items put between au_rlp_begin_list and au_rlp_end_list are the list's. Lists end in the reverse
 * order of their beginning. */
struct au_rlp_list au_rlp_begin_list(struct au_buf *buf);
void au_rlp_end_list(struct au_buf *buf, struct au_rlp_list list);

/* ---- reading ---- */

struct au_rlp_item {
    bool is_list;
    struct au_bytes payload; /* of a list: the encodings of its items */
    struct au_bytes encoded; /* with its head */
};

/* au_rlp_next takes the first item off rest, without looking into lists. Lists are walked by
 * calling it on their payload until that is empty.
 *
 * False, with rest and out_item unchanged: rest is empty, or does not begin with an item in its
 * only encoding. Time is constant. */
AU_MUST_USE bool au_rlp_next(struct au_bytes *rest, struct au_rlp_item *out_item);

/* au_rlp_next_u64 takes an integer off rest. False, with rest and out_value unchanged: it is none,
 * has a leading zero or more than 8 bytes. */
AU_MUST_USE bool au_rlp_next_u64(struct au_bytes *rest, uint64_t *out_value);

/* au_rlp_next_list takes a list off rest and gives its payload; false as above. */
AU_MUST_USE bool au_rlp_next_list(struct au_bytes *rest, struct au_bytes *out_payload);

#endif

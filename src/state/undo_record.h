/* What a block's changes replaced, as family chg keeps it for the last blocks (state/keep.h):
 *
 *     chg   height (u64, big-endian)   -> entries, one after the other
 *
 *     entry = family u8 || key (u32 size, bytes) || option of the old value (u8, u32 size, bytes)
 *
 * Families are acc, sto and key (state/flat.h); an entry without a value is a record that was not
 * there. A block's entries name each key once.
 *
 * Threading: pure functions. */
#ifndef AUREON_STATE_UNDO_RECORD_H
#define AUREON_STATE_UNDO_RECORD_H

#include "core/decode.h"
#include "store/kv.h"

#define AU_UNDO_KEY_SIZE 8u /* bytes of a key in chg */

/* One entry. */
struct au_undo_record {
    enum au_cf cf;
    struct au_bytes key;
    bool existed;
    struct au_bytes value; /* empty unless existed */
};

struct au_undo_key {
    uint8_t bytes[AU_UNDO_KEY_SIZE];
};

struct au_undo_key au_undo_key(uint64_t height);

/* au_undo_record_put adds an entry. */
void au_undo_record_put(struct au_buf *buf, const struct au_undo_record *record);

/* au_undo_record_next reads the next entry, which borrows from the bytes that are decoded. It holds
 * whatever is true of every entry: a family that has undo, a key of its size. The record behind a
 * value is not looked at.
 *
 * false: all was read, or decode->error tells what is damaged */
AU_MUST_USE bool au_undo_record_next(struct au_decode *decode, struct au_undo_record *out_record);

#endif

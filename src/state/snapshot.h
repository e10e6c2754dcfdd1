/* The state of a height in chunks, each of which is proved by the state root as it arrives: written
 * from a store at a snapshot, read into another one.
 *
 *     chunk = format u8 = 1 || item ... || end
 *     item  = 1 || SHA-256(address)[32] || account record bytes
 *           | 2 || key bytes || value bytes     a slot of the last account, by SHA-256(key)
 *           | 3 || code bytes                   of the next account, the first that has it
 *     end   = 0 || edge of the account trie bytes || edge of the last account's storage trie bytes
 *
 * Integers and `bytes` are the protocol's; records are those of state/flat.h, edges those of
 * state/trie_build.h. Accounts and slots are in the order of their tries, an account's slots behind
 * it. A chunk has an account or a slot, and may end between two slots, but not between an account
 * and its first one. The edges of the last chunk are empty.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_STATE_SNAPSHOT_H
#define AUREON_STATE_SNAPSHOT_H

#include "state/flat.h"

#define AU_CHUNK_SIZE_MAX (2u << 20) /* bytes; what is read is refused beyond it */

/* ---- writing ---- */

/* Where chunks go. An error of either ends the writing, and is its result. */
struct au_chunk_sink {
    void *context;
    /* put gives a chunk, in order, up to its end. */
    enum au_err (*put)(void *context, uint32_t index, struct au_bytes chunk);
    /* end gives each chunk's end, in order, once all were put. */
    enum au_err (*end)(void *context, uint32_t index, struct au_bytes end);
};

struct au_chunks_source {
    struct au_kv kv;
    const struct au_kv_snapshot *snapshot; /* NULL: nobody writes meanwhile */
    struct au_hash root;                   /* what the state there has to give */
    size_t chunk_size; /* bytes of a chunk's items, unless its first is larger; 0: as many as fit */
    size_t keys_max;   /* raw keys in memory, at least 4; 0: a preset */
};

struct au_chunks_count {
    uint64_t account_count;
    uint64_t slot_count;
    uint64_t code_count;
    uint32_t chunk_count;
};

/* au_chunks_write writes the state. Tries' records are not read.
 *
 * message   gets the cause of MALFORMED
 *
 * OK, MALFORMED (the store is damaged), NO_MEMORY, what the store or the sink failed with
 *
 * Cost: about 2 us for each account or slot. Memory: 3 kB for each chunk, 32 bytes for each code,
 * and at most 80 MB for the keys of a contract, which are read again for each 100,000 slots. */
AU_MUST_USE enum au_err au_chunks_write(const struct au_chunks_source *source,
                                        const struct au_chunk_sink *sink, struct au_buf *message,
                                        struct au_chunks_count *out_count);

/* ---- reading ---- */

struct au_chunks_reader;

/* au_chunks_reader_new begins to read the state with a root; the caller owns the reader:
 * au_chunks_reader_free. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_chunks_reader_new(const struct au_hash *root,
                                             struct au_chunks_reader **out_reader);
void au_chunks_reader_free(struct au_chunks_reader *reader);

/* au_chunks_read checks the next chunk, which comes from anybody: it is what the state with that
 * root has behind the chunks before.
 *
 * is_last   nothing follows
 * batch     gets flat records, raw keys, code, and records of tries; NULL: they are there already.
 *           It is not to be written after an error
 * message   gets the cause of MALFORMED: what was expected, what was got
 *
 * OK, MALFORMED, NO_MEMORY. After an error the reader is of no use.
 * Cost: about 1 us for each account or slot. */
AU_MUST_USE enum au_err au_chunks_read(struct au_chunks_reader *reader, struct au_bytes chunk,
                                       bool is_last, struct au_kv_batch *batch,
                                       struct au_buf *message);

/* au_chunks_reader_count tells what was read. */
struct au_chunks_count au_chunks_reader_count(const struct au_chunks_reader *reader);

#endif

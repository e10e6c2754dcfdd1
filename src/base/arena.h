/* Memory that is freed all at once. Grows by chunks up to a bound; mark and rewind give back what
 * was taken since the mark. Chunks are kept for the next round until au_arena_done.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_BASE_ARENA_H
#define AUREON_BASE_ARENA_H

#include "base/bytes.h"
#include "base/err.h"

struct au_arena_chunk;

struct au_arena {
    struct au_arena_chunk *first;
    struct au_arena_chunk *current;
    size_t used;     /* bytes taken in the current chunk */
    size_t held;     /* bytes that all chunks have for pieces */
    size_t size_max; /* bound on held */
};

struct au_arena_mark {
    struct au_arena_chunk *chunk;
    size_t used;
};

/* au_arena_init prepares an empty arena in the caller's storage; nothing is allocated yet. */
void au_arena_init(struct au_arena *arena, size_t size_max);

/* au_arena_done frees everything and leaves the arena empty, with the same bound. */
void au_arena_done(struct au_arena *arena);

/* au_arena_get takes size bytes, aligned for any type and NOT zeroed; they live until the arena is
 * reset, rewound before them, or done. NULL when the bound or the heap is reached; pieces that fit
 * together may still not do so after a rewind, since chunks are kept. Size 0 is legal. */
AU_MUST_USE void *au_arena_get(struct au_arena *arena, size_t size);

/* au_arena_zero is au_arena_get, zeroed. */
AU_MUST_USE void *au_arena_zero(struct au_arena *arena, size_t size);

/* au_arena_copy copies bytes into the arena. out_copy is untouched unless OK; NO_MEMORY otherwise.
 */
AU_MUST_USE enum au_err au_arena_copy(struct au_arena *arena, struct au_bytes bytes,
                                      struct au_bytes *out_copy);

struct au_arena_mark au_arena_mark(const struct au_arena *arena);
void au_arena_rewind(struct au_arena *arena, struct au_arena_mark mark);

/* au_arena_reset gives everything back, keeping at most the first chunk's allocation. */
void au_arena_reset(struct au_arena *arena);

#endif

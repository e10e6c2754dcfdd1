/* What the writer and the reader of chunks share. Only src/state/snapshot_*.c may include this. */
#ifndef AUREON_STATE_SNAPSHOT_INTERNAL_H
#define AUREON_STATE_SNAPSHOT_INTERNAL_H

#include "base/arena.h"
#include "state/snapshot.h"
#include "state/table.h"
#include "state/trie_build.h"

#define AU_CHUNK_FORMAT 1u

enum au_chunk_item { AU_CHUNK_END, AU_CHUNK_ACCOUNT, AU_CHUNK_SLOT, AU_CHUNK_CODE };

#define AU_CHUNK_RECORD_SIZE_MAX 160u /* bytes of an account's record */

/* The codes that have been met. */
struct au_chunk_codes {
    struct au_table table; /* struct au_hash */
    struct au_arena arena;
};

void au_chunk_codes_init(struct au_chunk_codes *codes);
void au_chunk_codes_done(struct au_chunk_codes *codes);
bool au_chunk_codes_has(const struct au_chunk_codes *codes, const struct au_hash *hash);

/* au_chunk_codes_add adds one that is not there. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_chunk_codes_add(struct au_chunk_codes *codes,
                                           const struct au_hash *hash);

#endif

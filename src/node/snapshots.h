/* Makes snapshots while the node runs: one for each so many blocks, in a thread of its own, of a
 * moment of the store, in a folder named by the height. The two newest are kept. What was not
 * finished, or is older, is removed.
 *
 * Threading: au_snapshots_on_block from any thread, the rest from one. */
#ifndef AUREON_NODE_SNAPSHOTS_H
#define AUREON_NODE_SNAPSHOTS_H

#include "ledger/ledger.h"

#define AU_SNAPSHOTS_KEPT 2u

struct au_snapshots;

struct au_snapshots_options {
    struct au_ledger *ledger;
    struct au_kv kv;
    const char *folder; /* is made when it is needed; outlives this */
    uint64_t every;     /* blocks */
    void *context;
    void (*on_note)(void *context, const char *text); /* one was made, or could not be made */
};

/* au_snapshots_new starts the thread. OK, NO_MEMORY
 *
 * au_snapshots_free ends the thread, soon after the chunk that it is writing. */
AU_MUST_USE enum au_err au_snapshots_new(const struct au_snapshots_options *options,
                                         struct au_snapshots **out_snapshots);
void au_snapshots_free(struct au_snapshots *snapshots);

/* au_snapshots_on_block says that a block is committed. One that comes while a snapshot is made
 * lets another one follow. */
void au_snapshots_on_block(struct au_snapshots *snapshots, uint64_t height);

#endif

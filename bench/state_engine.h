/* The state engine on a store, as a ledger has it: for the runs of bench_state.
 *
 * Whatever goes wrong ends the process.
 *
 * Threading: one thread. */
#ifndef AUREON_BENCH_STATE_ENGINE_H
#define AUREON_BENCH_STATE_ENGINE_H

#include "state/commit.h"

/* The last block, in the store like the header of a ledger's. */
struct head {
    uint64_t height;
    struct au_hash root;
};

struct engine {
    struct au_kv kv;
    struct au_commit commit;
    struct au_flat flat;
    struct au_state_source source;
    struct au_overlay overlay;
    struct au_kv_batch batch;
    struct head head;
};

/* state_engine_open opens a store's state in the caller's storage. is_small as in state_store_open.
 */
void state_engine_open(struct engine *engine, const char *folder, bool is_small);
void state_engine_close(struct engine *engine);

/* false: the store is empty. */
bool state_read_head(const struct au_kv *kv, struct head *out_head);

#endif

/* Proves the state while the node runs: that of each block of so many, in a thread of its own that
 * takes the time which others leave, at a snapshot of the store. One at a time: a block that comes
 * while an earlier one is under way is left out.
 *
 * Threading: au_audit_on_block from any thread, the rest from one. */
#ifndef AUREON_NODE_AUDIT_H
#define AUREON_NODE_AUDIT_H

#include "ledger/ledger.h"

struct au_audit;

struct au_audit_options {
    struct au_ledger *ledger;
    struct au_kv kv;
    uint64_t every; /* blocks */
    void *context;
    /* The state is whole, or could not be proved. */
    void (*on_note)(void *context, const char *text);
    /* The store does not have the state that a header promises. What the store itself cannot read
     * is told by the store. */
    void (*on_damage)(void *context, const char *text);
};

/* au_audit_new starts the thread. OK, NO_MEMORY
 *
 * au_audit_free ends it soon, also in the middle of a proof. NULL is legal. */
AU_MUST_USE enum au_err au_audit_new(const struct au_audit_options *options,
                                     struct au_audit **out_audit);
void au_audit_free(struct au_audit *audit);

/* au_audit_on_block says that a block is committed, before the next one is. */
void au_audit_on_block(struct au_audit *audit, uint64_t height);

#endif

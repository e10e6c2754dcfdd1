/* Tries that are brought from one height to another, for which the flat state is known: when a
 * store is opened, when blocks are taken back, and for proofs of older heights.
 *
 * The roots that come out must be those that the state says, in the header or in the account of a
 * contract.
 *
 * Threading: one thread, as for au_trie_apply. */
#ifndef AUREON_STATE_RETRACE_H
#define AUREON_STATE_RETRACE_H

#include "state/trie.h"

struct au_retrace {
    struct au_trie_cache *tries;
    struct au_flat *flat;       /* the state to come to */
    const struct au_hash *root; /* of its accounts */
    struct au_buf *message;     /* gets what does not fit; NULL: is not told */
    bool is_written;            /* tries read leaves from that state: as in struct au_trie_batch */
    size_t size_max;            /* bytes of all leaves of one trie */
    struct au_arena arena;      /* the leaves of one trie */
    struct au_buf value;        /* scratch */
};

/* au_retrace_init prepares in the caller's storage; au_retrace_done frees what it holds. */
void au_retrace_init(struct au_retrace *retrace, struct au_trie_cache *tries, struct au_flat *flat,
                     const struct au_hash *root, size_t size_max);
void au_retrace_done(struct au_retrace *retrace);

/* au_retrace_trie applies to one trie, and checks its root. The caller commits or aborts.
 *
 * owner     of the trie; zero: the accounts'
 * updates   the keys that may have changed, sorted, and whether they existed as far as it is known;
 *           gets what they become
 *
 * OK
 * MALFORMED   the root is another one; or as au_trie_apply
 * TOO_LARGE   the leaves have more than size_max bytes
 * else as au_trie_apply: after an error the cache is as after au_trie_cache_abort, or is to be */
AU_MUST_USE enum au_err au_retrace_trie(struct au_retrace *retrace, const struct au_hash *owner,
                                        struct au_trie_update *updates, size_t count);

/* au_retrace_changes applies to all tries the changes of a history (state/history.h).
 *
 * Errors as above. */
AU_MUST_USE enum au_err au_retrace_changes(struct au_retrace *retrace, const struct au_kv *history);

/* au_retrace_account reads an account of the state to come to by the hash of its address; one that
 * is absent does not exist. OK, MALFORMED, or what the store failed with. */
AU_MUST_USE enum au_err au_retrace_account(struct au_retrace *retrace, const struct au_hash *key,
                                           struct au_account *out_account);

#endif

/* The insides of the api, shared by its handlers. */
#ifndef AUREON_API_API_INTERNAL_H
#define AUREON_API_API_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "abi/cache.h"
#include "api/api.h"
#include "api/decoder.h"
#include "api/request.h"
#include "api/response.h"
#include "api/tally.h"
#include "api/wait.h"
#include "api/watch.h"
#include "api/watch_events.h"
#include "chain/chain.h"
#include "core/dev_key.h"
#include "ledger/block.h"

#define AU_API_BLOCKS_KEPT     4u
#define AU_API_INVALID_COUNT   16u   /* codes of abi/invalid.def and 0 */
#define AU_API_STATUS_SIZE_MAX 8192u /* bytes of the document */

enum au_api_drop { /* as enum au_drop, for their number */
#define AU_DROP(NAME, name, text) AU_API_DROP_##NAME,
#include "abi/drop.def"
#undef AU_DROP
                   AU_API_DROP_COUNT,
};

/* What happened since the start, for /metrics. */
struct au_api_counts {
    atomic_ullong blocks;
    atomic_ullong txs;
    atomic_ullong gas_used;
    atomic_ullong submitted;
    atomic_ullong simulated;
    atomic_ullong invalid[AU_API_INVALID_COUNT];
    atomic_ullong refused; /* by the pool, for room or price */
    atomic_ullong dropped[AU_API_DROP_COUNT];
};

/* The last document of /v1/status: many ask for the same one. */
struct au_api_status {
    pthread_mutex_t lock;
    uint64_t height;
    struct au_mempool_stats pool;
    bool is_store_full;
    struct au_buf text; /* empty: none yet */
};

struct au_api {
    struct au_api_options options;
    struct au_api_status status;
    struct au_waits waits;
    struct au_watch watch;
    struct au_event_watch event_watch;
    struct au_abi_cache abis;
    struct au_api_counts counts;
    struct au_tally tally; /* of HTTP */
    atomic_bool is_stopping;
    struct au_sign_key dev_keys[AU_DEV_ACCOUNT_COUNT]; /* zero unless is_dev */
    struct au_address dev_addresses[AU_DEV_ACCOUNT_COUNT];
    pthread_mutex_t dev_lock; /* from asking for a nonce until the pool has it */

    pthread_mutex_t blocks_lock;
    struct au_block *blocks[AU_API_BLOCKS_KEPT]; /* idle ones, for simulations */
    size_t block_count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t first_height; /* when the api began: the thread tells what is above */
    uint64_t head_height;  /* lock: the last that the thread was told of */
    bool has_watcher;      /* lock: a stream has come that is behind */
    bool is_done;          /* lock: the thread ends */
    pthread_t herald;
    bool has_herald;
};

/* au_api_room measures the disk of the store; without one there is always room. */
struct au_api_room au_api_room(struct au_api *api);

/* au_api_wake makes the thread look after a new stream. */
void au_api_wake(struct au_api *api);

/* ---- failures ---- */

/* au_fail makes the response what an error of ours becomes: "unavailable" or "internal". */
void au_fail(struct au_response *response, enum au_err err);

/* au_fail_value is the problem BAD_VALUE about the member or parameter name. */
void au_fail_value(struct au_response *response, const char *name, const char *expected,
                   struct au_bytes got);

/* au_fail_invalid tells why a transaction may not be in a block; expected and got are left out if
 * both are 0. */
void au_fail_invalid(struct au_api *api, struct au_response *response, enum au_invalid invalid,
                     uint64_t expected, uint64_t got);

/* au_refuse_full_store makes the response the problem STORE_FULL if the disk is full; false: it is
 * not. */
bool au_refuse_full_store(struct au_api *api, struct au_response *response);

/* au_fail_applied is au_fail_invalid for what a block has refused. */
void au_fail_applied(struct au_api *api, struct au_response *response,
                     const struct au_checked *checked, const struct au_applied *applied);

/* au_fail_decode is au_fail_invalid for bytes that au_check_decode refuses. */
void au_fail_decode(struct au_api *api, struct au_response *response, enum au_invalid invalid,
                    const struct au_decode *error);

/* au_problem_of_invalid gives the problem's code for a transaction that is not valid. */
enum au_problem_code au_problem_of_invalid(enum au_invalid invalid);

/* ---- reads ---- */

/* A look at one committed height, and the response that tells it. */
struct au_look {
    struct au_read read;
    struct au_chain_reader chain;
};

/* au_look_open opens a look and says its height; false: the response is a problem. */
AU_MUST_USE bool au_look_open(struct au_api *api, struct au_response *response,
                              struct au_look *out_look);
void au_look_close(struct au_look *look);

/* au_look_begin is au_look_open for a look whose read is open already. */
void au_look_begin(struct au_api *api, struct au_response *response, struct au_look *look);

/* au_put_height says the height that an answer is of. */
void au_put_height(struct au_response *response, uint64_t height);

/* ---- places for simulations ---- */

/* Which block is lent. */
enum au_lend {
    AU_LEND_NEXT, /* the one after the head; height does not matter */
    AU_LEND_PAST, /* one over an older height: for views */
    AU_LEND_AGAIN /* the block of this height, once more */
};

/* au_block_lend gives an open block; au_block_give_back aborts it. Errors as au_block_begin,
 * au_block_begin_past, au_block_begin_again. */
AU_MUST_USE enum au_err au_block_lend(struct au_api *api, enum au_lend which, uint64_t height,
                                      struct au_block **out_block);
void au_block_give_back(struct au_api *api, struct au_block *block);

/* ---- answering who waits ---- */

/* au_answer_committed writes what a committed transaction came to, in the form that the waiter
 * wants. OK, NOT_FOUND: it is in no block; the response is untouched. */
AU_MUST_USE enum au_err au_answer_committed(struct au_api *api, const struct au_wait_form *form,
                                            struct au_response *response);

/* au_answer_receipt is au_answer_committed for a transaction whose receipt is read already. */
void au_answer_receipt(struct au_api *api, const struct au_wait_form *form,
                       struct au_chain_reader *chain, const struct au_receipt *receipt,
                       struct au_response *response);

/* au_answer_pending writes {"hash","status":"pending"} with status 202 and where to ask. */
void au_answer_pending(const struct au_hash *id, struct au_response *response);

/* au_answer_dropped tells why a transaction left the pool. */
void au_answer_dropped(const struct au_hash *id, enum au_drop reason, struct au_response *response);

#endif

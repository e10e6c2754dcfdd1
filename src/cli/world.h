/* What a contract leaves behind between runs: its storage and the balances, kept in a JSON file.
 *
 *     {
 *       "format": 1,
 *       "contract": "contract",
 *       "storage": [
 *         {"key": "0x636f756e746572", "key_text": "counter", "value": "0x0100000000000000"}
 *       ],
 *       "balances": {"Alice": "900", "Bob": "600"}
 *     }
 *
 * Invariants:
 *   1. Entries are sorted by key, balances by account (bytewise), none twice.
 *   2. What au_world_format writes, au_world_parse reads back, and formatting it again gives the
 *      same bytes.
 *   3. The balances together are at most AU_AMOUNT_MAX.
 *
 * Reading is strict: unknown members, wrong types, keys given twice and bad hex are refused. Only
 * `storage` is required; key_text and value_text may stand alone for key and value, and must agree
 * with them where both are given.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_CLI_WORLD_H
#define AUREON_CLI_WORLD_H

#include "base/arena.h"
#include "base/buf.h"

#define AU_WORLD_FILE_SIZE_MAX (64u << 20) /* bytes */

/* Items that begin with their name, a struct au_bytes; sorted by it. */
struct au_world_list {
    void *items;
    size_t item_size;
    size_t count;
    size_t capacity;
};

struct au_world {
    struct au_arena arena;         /* holds everything below */
    struct au_bytes contract;      /* its account id; empty = not said */
    struct au_world_list entries;  /* struct au_entry */
    struct au_world_list balances; /* struct au_balance */
};

void au_world_init(struct au_world *world);
void au_world_done(struct au_world *world);

/* au_world_parse reads the text of a storage file into a world fresh from au_world_init.
 *
 * message     gets one sentence on MALFORMED: what, where, expected, got
 * OK, MALFORMED, NO_MEMORY; the world holds nothing useful after an error */
AU_MUST_USE enum au_err au_world_parse(struct au_world *world, struct au_bytes text,
                                       struct au_buf *message);

/* au_world_format writes the text of a storage file. */
void au_world_format(const struct au_world *world, struct au_buf *text);

/* au_world_set_contract, _set_balance and _set_entry copy what they are given. A balance or entry
 * that is there already is replaced. OK, NO_MEMORY. Cost: linear in what the world holds. */
AU_MUST_USE enum au_err au_world_set_contract(struct au_world *world, struct au_bytes contract);
AU_MUST_USE enum au_err au_world_set_balance(struct au_world *world, struct au_bytes account,
                                             uint64_t amount);
AU_MUST_USE enum au_err au_world_set_entry(struct au_world *world, struct au_bytes key,
                                           struct au_bytes value);
void au_world_remove_entry(struct au_world *world, struct au_bytes key);

/* au_world_apply takes over what a successful execution changed. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_world_apply(struct au_world *world, const struct au_result *result);

/* au_world_has_valid_sum tells whether the balances together are at most AU_AMOUNT_MAX. */
bool au_world_has_valid_sum(const struct au_world *world);

#endif

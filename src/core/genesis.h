/* What a chain begins with (protocol.md section 7).
 *
 *     genesis = chain_id string || time_ms u64 || parameters || vec<address, balance u64> ||
 *               vec<owner, stake u64, option<validator key[32]>> || proposer[32]
 *
 * Invariants of a valid genesis: both lists are sorted by address without duplicates, no amount is
 * zero, validator keys are unique, no address, key nor the proposer is a small-order point or the
 * system account, all amounts sum up to at most AU_AMOUNT_MAX. An address or key that is no point
 * at all is accepted (a contract's address need not be one): nobody can sign for it.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_GENESIS_H
#define AUREON_CORE_GENESIS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "core/address.h"
#include "core/decode.h"
#include "core/params.h"

#define AU_GENESIS_SIZE_MAX (256u << 20) /* bytes */

struct au_genesis_account {
    struct au_address address;
    uint64_t balance; /* base units, > 0 */
};

struct au_genesis_stake {
    struct au_address owner;
    uint64_t amount; /* base units, > 0 */
    bool has_key;
    uint8_t key[AU_ADDRESS_SIZE]; /* zero unless has_key */
};

struct au_genesis {
    struct au_bytes chain_id; /* 1..50 of [a-z0-9-] */
    uint64_t time_ms;         /* Unix time; <= INT64_MAX */
    struct au_params params;
    const struct au_genesis_account *accounts;
    uint32_t account_count;
    const struct au_genesis_stake *stakes;
    uint32_t stake_count;
    struct au_address proposer; /* fees go to it */
};

/* au_genesis_check tells what breaks the invariants.
 *
 * arena       lends working memory
 * out_wrong   NULL if nothing does, else a static sentence
 *
 * OK, NO_MEMORY. Cost: linear but for sorting the keys, with about 20 ns for each address. */
AU_MUST_USE enum au_err au_genesis_check(const struct au_genesis *genesis, struct au_arena *arena,
                                         const char **out_wrong);

/* au_genesis_decode reads and checks a genesis.
 *
 * arena        holds the lists; chain_id is borrowed from bytes
 * out_error    set on MALFORMED
 *
 * OK, MALFORMED, NO_MEMORY */
AU_MUST_USE enum au_err au_genesis_decode(struct au_bytes bytes, struct au_arena *arena,
                                          struct au_genesis *out_genesis,
                                          struct au_decode *out_error);

void au_genesis_encode(struct au_buf *buf, const struct au_genesis *genesis);

/* au_genesis_hash gives H("aureon/genesis", encoded genesis): it names the chain. */
struct au_hash au_genesis_hash(struct au_bytes encoded);

/* au_chain_id_is_valid tells whether bytes are 1..50 of [a-z0-9-]. */
bool au_chain_id_is_valid(struct au_bytes chain_id);

#endif

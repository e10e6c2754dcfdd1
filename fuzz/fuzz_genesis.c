/* Fuzzes a chain's beginning: what is read is written again, the same bytes, and holds the
 * invariants of genesis.h. An error has a sentence and a place inside the input. */
#include "core/genesis.h"
#include "fuzz.h"

#define ARENA_SIZE_MAX (1u << 20) /* bytes: enough for any input */

static void check_sum(const struct au_genesis *genesis)
{
    uint64_t left = AU_AMOUNT_MAX;
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        AU_ASSERT(genesis->accounts[i].balance > 0);
        AU_ASSERT(genesis->accounts[i].balance <= left);
        left -= genesis->accounts[i].balance;
    }
    for (uint32_t i = 0; i < genesis->stake_count; i++) {
        AU_ASSERT(genesis->stakes[i].amount > 0);
        AU_ASSERT(genesis->stakes[i].amount <= left);
        left -= genesis->stakes[i].amount;
    }
}

static void check_genesis(const struct au_genesis *genesis, struct au_bytes bytes)
{
    struct au_buf again;
    au_buf_init(&again, AU_GENESIS_SIZE_MAX);
    au_genesis_encode(&again, genesis);
    AU_ASSERT(again.err == AU_OK);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    struct au_hash hash = au_genesis_hash(au_buf_bytes(&again));
    struct au_hash same = au_genesis_hash(bytes);
    AU_ASSERT(au_hash_is_equal(&hash, &same));
    au_buf_done(&again);
    AU_ASSERT(au_chain_id_is_valid(genesis->chain_id));
    AU_ASSERT(au_params_find_bad(&genesis->params) == NULL);
    check_sum(genesis);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_arena arena;
    struct au_genesis genesis;
    struct au_decode error;
    au_arena_init(&arena, ARENA_SIZE_MAX);
    enum au_err err = au_genesis_decode((struct au_bytes){data, size}, &arena, &genesis, &error);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    AU_ASSERT((err == AU_OK) == (error.error == NULL));
    AU_ASSERT(error.error_at <= size);
    if (err == AU_OK) check_genesis(&genesis, (struct au_bytes){data, size});
    au_arena_done(&arena);
    return 0;
}

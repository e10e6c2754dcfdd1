#include "core/genesis.h"

#include <stdlib.h>

#include "core/limits.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

#define ACCOUNT_SIZE   (AU_ADDRESS_SIZE + sizeof(uint64_t))
#define STAKE_SIZE_MIN (ACCOUNT_SIZE + 1)
#define COUNT_MAX      (AU_GENESIS_SIZE_MAX / ACCOUNT_SIZE) /* entries of a list */

/* ---- checks ---- */

bool au_chain_id_is_valid(struct au_bytes chain_id)
{
    if (chain_id.size == 0 || chain_id.size > AU_CHAIN_ID_SIZE_MAX) return false;
    for (size_t i = 0; i < chain_id.size; i++) {
        uint8_t byte = chain_id.data[i];
        bool fits = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
        if (!fits) return false;
    }
    return true;
}

/* Nobody may be what anyone could sign for, or what nobody can use. */
static bool is_usable(const uint8_t bytes[AU_ADDRESS_SIZE])
{
    return !au_ed25519_is_small_order(bytes) &&
           memcmp(bytes, au_address_system.bytes, AU_ADDRESS_SIZE) != 0;
}

static bool is_sorted(const struct au_address *before, const struct au_address *after)
{
    return !before || memcmp(before->bytes, after->bytes, AU_ADDRESS_SIZE) < 0;
}

static const char *check_amount(uint64_t amount, uint64_t *left)
{
    if (amount == 0) return "an amount of 0";
    if (amount > *left) return "more than 2^63-1 base units in all";
    *left -= amount;
    return NULL;
}

static const char *check_accounts(const struct au_genesis *genesis, uint64_t *left)
{
    const struct au_address *before = NULL;
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        const struct au_genesis_account *account = &genesis->accounts[i];
        const char *wrong = check_amount(account->balance, left);
        if (!is_sorted(before, &account->address)) return "accounts not sorted, or one twice";
        if (!is_usable(account->address.bytes)) return "an account that may not own anything";
        if (wrong) return wrong;
        before = &account->address;
    }
    return NULL;
}

static const char *check_stakes(const struct au_genesis *genesis, uint64_t *left)
{
    const struct au_address *before = NULL;
    for (uint32_t i = 0; i < genesis->stake_count; i++) {
        const struct au_genesis_stake *stake = &genesis->stakes[i];
        const char *wrong = check_amount(stake->amount, left);
        if (!is_sorted(before, &stake->owner)) return "stakes not sorted, or an owner twice";
        if (!is_usable(stake->owner.bytes)) return "an owner that may not own anything";
        if (stake->has_key && !is_usable(stake->key)) return "a validator key that may not be one";
        if (wrong) return wrong;
        before = &stake->owner;
    }
    return NULL;
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, AU_ADDRESS_SIZE);
}

/* keys has room for all. */
static bool has_key_twice(const struct au_genesis *genesis, const uint8_t **keys)
{
    size_t count = 0;
    for (uint32_t i = 0; i < genesis->stake_count; i++) {
        if (genesis->stakes[i].has_key) keys[count++] = genesis->stakes[i].key;
    }
    if (count > 0) qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (memcmp(keys[i - 1], keys[i], AU_ADDRESS_SIZE) == 0) return true;
    }
    return false;
}

enum au_err au_genesis_check(const struct au_genesis *genesis, struct au_arena *arena,
                             const char **out_wrong)
{
    uint64_t left = AU_AMOUNT_MAX;
    const uint8_t **keys = au_arena_get(arena, genesis->stake_count * sizeof(*keys));
    if (!keys) return AU_ERR_NO_MEMORY;
    const char *wrong = check_accounts(genesis, &left);
    if (!wrong) wrong = check_stakes(genesis, &left);
    if (!wrong && has_key_twice(genesis, keys)) wrong = "a validator key twice";
    if (!wrong && !is_usable(genesis->proposer.bytes)) {
        wrong = "a proposer that may not own anything";
    }
    if (!wrong && genesis->time_ms > INT64_MAX) wrong = "a time past 2^63-1";
    if (!wrong && !au_chain_id_is_valid(genesis->chain_id)) {
        wrong = "a chain id that is not 1..50 of a-z 0-9 -";
    }
    if (!wrong && au_params_find_bad(&genesis->params)) wrong = "a parameter out of its range";
    *out_wrong = wrong;
    return AU_OK;
}

/* ---- decode ---- */

static enum au_err decode_accounts(struct au_decode *decode, struct au_arena *arena,
                                   struct au_genesis *genesis)
{
    uint32_t count = au_decode_count(decode, COUNT_MAX, ACCOUNT_SIZE);
    struct au_genesis_account *accounts = au_arena_zero(arena, count * sizeof(*accounts));
    if (!accounts) return AU_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        au_decode_raw(decode, accounts[i].address.bytes, AU_ADDRESS_SIZE);
        accounts[i].balance = au_decode_u64(decode);
    }
    genesis->accounts = accounts;
    genesis->account_count = count;
    return AU_OK;
}

static enum au_err decode_stakes(struct au_decode *decode, struct au_arena *arena,
                                 struct au_genesis *genesis)
{
    uint32_t count = au_decode_count(decode, COUNT_MAX, STAKE_SIZE_MIN);
    struct au_genesis_stake *stakes = au_arena_zero(arena, count * sizeof(*stakes));
    if (!stakes) return AU_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        au_decode_raw(decode, stakes[i].owner.bytes, AU_ADDRESS_SIZE);
        stakes[i].amount = au_decode_u64(decode);
        stakes[i].has_key = au_decode_option(decode);
        if (stakes[i].has_key) au_decode_raw(decode, stakes[i].key, AU_ADDRESS_SIZE);
    }
    genesis->stakes = stakes;
    genesis->stake_count = count;
    return AU_OK;
}

enum au_err au_genesis_decode(struct au_bytes bytes, struct au_arena *arena,
                              struct au_genesis *out_genesis, struct au_decode *out_error)
{
    struct au_decode *decode = out_error;
    struct au_genesis genesis = {0};
    au_decode_init(decode, bytes);
    genesis.chain_id = au_decode_bytes(decode, AU_CHAIN_ID_SIZE_MAX);
    genesis.time_ms = au_decode_u64(decode);
    au_params_decode(decode, &genesis.params);
    AU_TRY(decode_accounts(decode, arena, &genesis));
    AU_TRY(decode_stakes(decode, arena, &genesis));
    au_decode_raw(decode, genesis.proposer.bytes, AU_ADDRESS_SIZE);
    if (!au_decode_is_done(decode)) return AU_ERR_MALFORMED;

    const char *wrong;
    AU_TRY(au_genesis_check(&genesis, arena, &wrong));
    if (wrong) {
        au_decode_fail(decode, wrong);
        return AU_ERR_MALFORMED;
    }
    *out_genesis = genesis;
    return AU_OK;
}

/* ---- encode ---- */

void au_genesis_encode(struct au_buf *buf, const struct au_genesis *genesis)
{
    au_buf_put_u32(buf, (uint32_t)genesis->chain_id.size);
    au_buf_put_bytes(buf, genesis->chain_id);
    au_buf_put_u64(buf, genesis->time_ms);
    au_params_encode(buf, &genesis->params);
    au_buf_put_u32(buf, genesis->account_count);
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        au_buf_put(buf, genesis->accounts[i].address.bytes, AU_ADDRESS_SIZE);
        au_buf_put_u64(buf, genesis->accounts[i].balance);
    }
    au_buf_put_u32(buf, genesis->stake_count);
    for (uint32_t i = 0; i < genesis->stake_count; i++) {
        const struct au_genesis_stake *stake = &genesis->stakes[i];
        au_buf_put(buf, stake->owner.bytes, AU_ADDRESS_SIZE);
        au_buf_put_u64(buf, stake->amount);
        au_buf_put_u8(buf, stake->has_key);
        if (stake->has_key) au_buf_put(buf, stake->key, AU_ADDRESS_SIZE);
    }
    au_buf_put(buf, genesis->proposer.bytes, AU_ADDRESS_SIZE);
}

struct au_hash au_genesis_hash(struct au_bytes encoded)
{
    return au_sha256_tagged("aureon/genesis", encoded);
}

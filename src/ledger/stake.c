/* Staking, in the slots of the system account (protocol.md section 6):
 *
 *     01 || key                -> owner; an empty value: the key is barred for ever
 *     02 || owner              -> key
 *     03 || height BE || owner -> amount u64, free at the end of that block
 *     04 || name               -> parameter u64 */
#include "core/limits.h"
#include "ledger/block_internal.h"
#include "state/history.h"

enum slot_kind { SLOT_OWNER = 1, SLOT_KEY = 2, SLOT_UNBONDING = 3, SLOT_PARAM = 4 };

#define HEIGHT_SIZE     8u
#define SLOT_KEY_SIZE   (1u + AU_ADDRESS_SIZE)
#define UNBONDING_SIZE  (1u + HEIGHT_SIZE + AU_ADDRESS_SIZE)
#define UNBONDING_INDEX 'u' /* idx: 'u' || owner -> height u64 of its last record */

struct slot_key {
    uint8_t bytes[UNBONDING_SIZE];
    size_t size;
};

static struct slot_key named_key(uint8_t kind, const uint8_t *name)
{
    struct slot_key key = {.bytes = {kind}, .size = SLOT_KEY_SIZE};
    memcpy(key.bytes + 1, name, AU_ADDRESS_SIZE);
    return key;
}

static struct slot_key unbonding_key(uint64_t height, const struct au_address *owner)
{
    struct slot_key key = {.bytes = {SLOT_UNBONDING}, .size = UNBONDING_SIZE};
    au_put_big_endian(key.bytes + 1, height, HEIGHT_SIZE);
    memcpy(key.bytes + 1 + HEIGHT_SIZE, owner->bytes, AU_ADDRESS_SIZE);
    return key;
}

static enum au_err get(struct au_block *block, const struct slot_key *key, struct au_slot *out_slot)
{
    return au_overlay_get_slot(&block->overlay, &au_address_system,
                               (struct au_bytes){key->bytes, key->size}, out_slot);
}

static enum au_err put(struct au_block *block, const struct slot_key *key, const void *value,
                       size_t size)
{
    return au_overlay_put_slot(&block->overlay, &au_address_system,
                               (struct au_bytes){key->bytes, key->size},
                               (struct au_bytes){value, size});
}

static enum au_err del(struct au_block *block, const struct slot_key *key)
{
    return au_overlay_del_slot(&block->overlay, &au_address_system,
                               (struct au_bytes){key->bytes, key->size});
}

/* ---- validator keys ---- */

/* Gives a key's owner up, unless the key is barred. */
static enum au_err drop_owner(struct au_block *block, const uint8_t *validator_key)
{
    struct slot_key key = named_key(SLOT_OWNER, validator_key);
    struct au_slot slot;
    AU_TRY(get(block, &key, &slot));
    return slot.exists && slot.value.size > 0 ? del(block, &key) : AU_OK;
}

static enum au_err drop_key(struct au_block *block, const struct au_address *owner)
{
    struct slot_key key = named_key(SLOT_KEY, owner->bytes);
    struct au_slot slot;
    uint8_t validator_key[AU_ADDRESS_SIZE];
    AU_TRY(get(block, &key, &slot));
    if (!slot.exists) return AU_OK;
    AU_ASSERT(slot.value.size == AU_ADDRESS_SIZE);
    memcpy(validator_key, slot.value.data, AU_ADDRESS_SIZE);
    AU_TRY(drop_owner(block, validator_key));
    return del(block, &key);
}

static enum au_err is_validator(struct au_block *block, const struct au_address *owner,
                                uint64_t stake, bool *out_is_validator)
{
    struct slot_key key = named_key(SLOT_KEY, owner->bytes);
    struct au_slot slot;
    *out_is_validator = false;
    if (stake < block->ledger->params.validator_stake_min) return AU_OK;
    AU_TRY(get(block, &key, &slot));
    if (!slot.exists) return AU_OK;
    struct slot_key owner_key = named_key(SLOT_OWNER, slot.value.data);
    AU_TRY(get(block, &owner_key, &slot));
    *out_is_validator = slot.exists && slot.value.size > 0;
    return AU_OK;
}

static bool is_proven(const struct au_block *block, const struct au_tx *tx)
{
    struct au_hash message = au_tx_proof_message(&block->ledger->genesis_hash, &tx->from);
    return au_ed25519_is_valid(tx->validator_key, tx->validator_proof,
                               (struct au_bytes){message.bytes, AU_HASH_SIZE});
}

/* NULL: may be registered; else why not. */
static enum au_err check_key(struct au_block *block, const struct au_tx *tx, const char **out_why)
{
    struct slot_key key = named_key(SLOT_OWNER, tx->validator_key);
    struct au_slot slot;
    *out_why = NULL;
    AU_TRY(get(block, &key, &slot));
    if (!is_proven(block, tx)) {
        *out_why = "the validator key did not sign the proof";
    } else if (slot.exists && slot.value.size == 0) {
        *out_why = "the validator key is barred";
    } else if (slot.exists && memcmp(slot.value.data, tx->from.bytes, AU_ADDRESS_SIZE) != 0) {
        *out_why = "the validator key is another account's";
    }
    return AU_OK;
}

static enum au_err set_key(struct au_block *block, const struct au_address *owner,
                           const uint8_t *validator_key)
{
    struct slot_key key = named_key(SLOT_KEY, owner->bytes);
    struct slot_key owner_key = named_key(SLOT_OWNER, validator_key);
    AU_TRY(drop_key(block, owner));
    AU_TRY(put(block, &key, validator_key, AU_ADDRESS_SIZE));
    return put(block, &owner_key, owner->bytes, AU_ADDRESS_SIZE);
}

/* The height of an owner's last unbonding record, 0 if there was none. */
static enum au_err last_unbonding(struct au_block *block, const struct au_address *owner,
                                  uint64_t *out_height)
{
    const struct new_unbonding *noted = block->unbondings;
    while (noted && !au_address_is_equal(&noted->owner, owner))
        noted = noted->next;
    *out_height = block->header.height + block->ledger->params.unbonding;
    if (noted) return AU_OK;

    struct slot_key key = named_key(UNBONDING_INDEX, owner->bytes);
    struct au_buf value;
    au_buf_init(&value, sizeof(*out_height));
    *out_height = 0;
    enum au_err err = au_kv_get(&block->ledger->kv, &block->read.snapshot, AU_CF_IDX,
                                (struct au_bytes){key.bytes, key.size}, &value);
    if (err == AU_OK && value.size != sizeof(*out_height)) err = AU_ERR_MALFORMED;
    if (err == AU_OK) memcpy(out_height, value.data, sizeof(*out_height));
    au_buf_done(&value);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

/* A key's two slots go when its owner has neither stake nor a record of `height` or later. */
static enum au_err drop_idle_key(struct au_block *block, const struct au_address *owner,
                                 uint64_t height)
{
    struct au_account account;
    uint64_t last;
    AU_TRY(au_overlay_get_account(&block->overlay, owner, &account));
    if (account.stake > 0) return AU_OK;
    AU_TRY(last_unbonding(block, owner, &last));
    return last < height ? drop_key(block, owner) : AU_OK;
}

/* ---- genesis ---- */

enum au_err au_put_params(struct au_block *block)
{
    for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
        const struct au_param_info *info = &au_param_infos[i];
        struct slot_key key = {.bytes = {SLOT_PARAM}, .size = 1 + strlen(info->name)};
        AU_ASSERT(key.size <= sizeof(key.bytes));
        memcpy(key.bytes + 1, info->name, key.size - 1);
        const uint8_t *value = (const uint8_t *)&block->ledger->params + info->offset;
        AU_TRY(put(block, &key, value, sizeof(uint64_t)));
    }
    return AU_OK;
}

enum au_err au_put_stake(struct au_block *block, const struct au_genesis_stake *stake)
{
    bool is_one;
    struct au_account account;
    AU_TRY(au_overlay_get_account(&block->overlay, &stake->owner, &account));
    account.exists = true;
    account.stake = stake->amount;
    AU_TRY(au_overlay_put_account(&block->overlay, &stake->owner, account));
    if (stake->has_key) AU_TRY(set_key(block, &stake->owner, stake->key));
    AU_TRY(is_validator(block, &stake->owner, stake->amount, &is_one));
    block->validator_count += is_one;
    return AU_OK;
}

/* ---- payloads ---- */

enum au_err au_stake(struct au_block *block, const struct au_tx *tx, struct execution *execution)
{
    struct au_account account;
    bool was_validator, is_one;
    const char *why = NULL;
    if (tx->has_validator) {
        AU_TRY(check_key(block, tx, &why));
    } else if (tx->amount == 0) {
        why = "a stake of 0 that names no validator key";
    }
    if (why) {
        execution->outcome = AU_OUTCOME_NOT_ALLOWED;
        execution->why = why;
        return AU_OK;
    }
    AU_TRY(au_overlay_get_account(&block->overlay, &tx->from, &account));
    AU_TRY(is_validator(block, &tx->from, account.stake, &was_validator));
    AU_ASSERT(account.balance >= tx->amount);
    account.balance -= tx->amount;
    account.stake += tx->amount;
    AU_TRY(au_overlay_put_account(&block->overlay, &tx->from, account));
    if (tx->has_validator) AU_TRY(set_key(block, &tx->from, tx->validator_key));
    AU_TRY(drop_idle_key(block, &tx->from, block->header.height));
    AU_TRY(is_validator(block, &tx->from, account.stake, &is_one));
    block->validator_count += (uint64_t)is_one - (uint64_t)was_validator;
    return AU_OK;
}

static enum au_err add_unbonding(struct au_block *block, const struct au_tx *tx)
{
    uint64_t height = block->header.height + block->ledger->params.unbonding;
    struct slot_key key = unbonding_key(height, &tx->from);
    struct au_slot slot;
    uint64_t amount = 0;
    AU_TRY(get(block, &key, &slot));
    if (slot.exists) memcpy(&amount, slot.value.data, sizeof(amount));
    amount += tx->amount;
    struct new_unbonding *noted = au_arena_zero(&block->arena, sizeof(*noted));
    if (!noted) return AU_ERR_NO_MEMORY;
    *noted = (struct new_unbonding){.next = block->unbondings, .owner = tx->from};
    block->unbondings = noted;
    return put(block, &key, &amount, sizeof(amount));
}

enum au_err au_unstake(struct au_block *block, const struct au_tx *tx, struct execution *execution)
{
    struct au_account account;
    bool was_validator, is_one;
    AU_TRY(au_overlay_get_account(&block->overlay, &tx->from, &account));
    AU_TRY(is_validator(block, &tx->from, account.stake, &was_validator));
    if (tx->amount > account.stake) {
        execution->outcome = AU_OUTCOME_NOT_ALLOWED;
        execution->why = "more than the account's stake";
        return AU_OK;
    }
    account.stake -= tx->amount;
    AU_TRY(is_validator(block, &tx->from, account.stake, &is_one));
    if (was_validator && !is_one && block->validator_count == 1) {
        execution->outcome = AU_OUTCOME_NOT_ALLOWED;
        execution->why = "the chain would have no validator left";
        return AU_OK;
    }
    bool is_instant = block->ledger->params.unbonding == 0;
    if (is_instant) account.balance += tx->amount;
    AU_TRY(au_overlay_put_account(&block->overlay, &tx->from, account));
    if (!is_instant && tx->amount > 0) AU_TRY(add_unbonding(block, tx));
    AU_TRY(drop_idle_key(block, &tx->from, block->header.height));
    block->validator_count += (uint64_t)is_one - (uint64_t)was_validator;
    return AU_OK;
}

/* ---- the end of a block ---- */

static enum au_err pay_unbonding(struct au_block *block, const struct au_address *owner)
{
    struct slot_key key = unbonding_key(block->header.height, owner);
    struct au_slot slot;
    uint64_t amount;
    AU_TRY(get(block, &key, &slot));
    if (!slot.exists || slot.value.size != sizeof(amount)) return AU_ERR_MALFORMED;
    memcpy(&amount, slot.value.data, sizeof(amount));
    AU_TRY(del(block, &key));
    AU_TRY(au_credit(&block->overlay, owner, amount));
    return drop_idle_key(block, owner, block->header.height + 1);
}

/* Records of this height were made by earlier blocks: the committed state has them all. */
enum au_err au_pay_unbondings(struct au_block *block)
{
    uint8_t bounds[2][AU_HASH_SIZE + 1 + HEIGHT_SIZE];
    struct au_hash system = au_flat_account_key(&au_address_system);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(bounds[i], system.bytes, AU_HASH_SIZE);
        bounds[i][AU_HASH_SIZE] = SLOT_UNBONDING;
        au_put_big_endian(bounds[i] + AU_HASH_SIZE + 1, block->header.height + i, HEIGHT_SIZE);
    }
    struct au_kv_range range = {.cf = AU_CF_KEY,
                                .lower = {bounds[0], sizeof(bounds[0])},
                                .upper = {bounds[1], sizeof(bounds[1])}};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    if (block->ledger->params.unbonding == 0) return AU_OK;
    AU_TRY(au_kv_iter_open(&block->ledger->kv, &block->read.snapshot, &range, &iter));
    enum au_err err = au_kv_iter_next(&iter, &entry);
    while (err == AU_OK) {
        struct au_address owner;
        err = entry.key.size == AU_HASH_SIZE + UNBONDING_SIZE ? AU_OK : AU_ERR_MALFORMED;
        if (err != AU_OK) break;
        memcpy(owner.bytes, entry.key.data + AU_HASH_SIZE + 1 + HEIGHT_SIZE, AU_ADDRESS_SIZE);
        err = pay_unbonding(block, &owner);
        if (err == AU_OK) err = au_kv_iter_next(&iter, &entry);
    }
    au_kv_iter_close(&iter);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

/* Every new record is its owner's last: heights only grow. */
void au_put_unbonding_index(struct au_block *block)
{
    uint64_t height = block->header.height + block->ledger->params.unbonding;
    for (const struct new_unbonding *noted = block->unbondings; noted; noted = noted->next) {
        struct slot_key key = named_key(UNBONDING_INDEX, noted->owner.bytes);
        au_kv_batch_put(&block->batch, AU_CF_IDX, (struct au_bytes){key.bytes, key.size},
                        (struct au_bytes){(const uint8_t *)&height, sizeof(height)});
    }
}

uint64_t au_unbonding_amount(const struct au_change *change, const struct au_slot *slot)
{
    uint64_t amount = 0;
    bool is_record = au_address_is_equal(change->address, &au_address_system) &&
                     change->key.size == UNBONDING_SIZE && change->key.data[0] == SLOT_UNBONDING;
    if (is_record && slot->exists && slot->value.size == sizeof(amount))
        memcpy(&amount, slot->value.data, sizeof(amount));
    return amount;
}

/* ---- older heights ---- */

/* Begins a walk over the raw keys of the system account's slots of a kind. */
static enum au_err open_slots(const struct au_kv *kv, uint8_t kind, struct au_kv_iter *out_iter)
{
    uint8_t bounds[2][AU_HASH_SIZE + 1];
    struct au_hash system = au_flat_account_key(&au_address_system);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(bounds[i], system.bytes, AU_HASH_SIZE);
        bounds[i][AU_HASH_SIZE] = (uint8_t)(kind + i);
    }
    struct au_kv_range range = {.cf = AU_CF_KEY,
                                .lower = {bounds[0], sizeof(bounds[0])},
                                .upper = {bounds[1], sizeof(bounds[1])}};
    return au_kv_iter_open(kv, NULL, &range, out_iter);
}

static enum au_err is_stored_validator(struct au_flat *flat, const struct au_address *owner,
                                       uint64_t stake_min, bool *out_is_one)
{
    struct au_account account;
    struct au_slot slot;
    struct slot_key key = named_key(SLOT_KEY, owner->bytes);
    *out_is_one = false;
    AU_TRY(au_flat_account(flat, owner, &account));
    if (account.stake < stake_min) return AU_OK;
    AU_TRY(au_flat_slot(flat, &au_address_system, (struct au_bytes){key.bytes, key.size}, &slot));
    if (!slot.exists || slot.value.size != AU_ADDRESS_SIZE) return AU_ERR_MALFORMED;
    key = named_key(SLOT_OWNER, slot.value.data);
    AU_TRY(au_flat_slot(flat, &au_address_system, (struct au_bytes){key.bytes, key.size}, &slot));
    *out_is_one = slot.exists && slot.value.size > 0;
    return AU_OK;
}

enum au_err au_count_validators(struct au_flat *flat, uint64_t stake_min, uint64_t *out_count)
{
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    uint64_t count = 0;
    AU_TRY(open_slots(&flat->kv, SLOT_KEY, &iter));
    enum au_err err = au_kv_iter_next(&iter, &entry);
    while (err == AU_OK) {
        struct au_address owner;
        bool is_one = false;
        err = entry.key.size == AU_HASH_SIZE + SLOT_KEY_SIZE ? AU_OK : AU_ERR_MALFORMED;
        if (err != AU_OK) break;
        memcpy(owner.bytes, entry.key.data + AU_HASH_SIZE + 1, AU_ADDRESS_SIZE);
        err = is_stored_validator(flat, &owner, stake_min, &is_one);
        count += is_one;
        if (err == AU_OK) err = au_kv_iter_next(&iter, &entry);
    }
    au_kv_iter_close(&iter);
    if (err == AU_ERR_NOT_FOUND) *out_count = count;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static struct slot_key index_key(struct au_bytes raw_key)
{
    return named_key(UNBONDING_INDEX, raw_key.data + AU_HASH_SIZE + 1 + HEIGHT_SIZE);
}

static bool is_unbonding(struct au_bytes raw_key)
{
    struct au_hash system = au_flat_account_key(&au_address_system);
    return raw_key.size == AU_HASH_SIZE + UNBONDING_SIZE &&
           memcmp(raw_key.data, system.bytes, AU_HASH_SIZE) == 0 &&
           raw_key.data[AU_HASH_SIZE] == SLOT_UNBONDING;
}

/* They are walked in the order of their heights: an owner's last one stays. */
enum au_err au_put_unbondings(const struct au_kv *kv, struct au_kv_batch *batch)
{
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(open_slots(kv, SLOT_UNBONDING, &iter));
    enum au_err err;
    while ((err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        if (!is_unbonding(entry.key)) break;
        uint64_t height = au_get_big_endian(entry.key.data + AU_HASH_SIZE + 1, HEIGHT_SIZE);
        struct slot_key key = index_key(entry.key);
        au_kv_batch_put(batch, AU_CF_IDX, (struct au_bytes){key.bytes, key.size},
                        (struct au_bytes){(const uint8_t *)&height, sizeof(height)});
    }
    au_kv_iter_close(&iter);
    if (err == AU_OK) return AU_ERR_MALFORMED;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

/* A record that is paid by then is as good as none, so that those that wait say it all. */
enum au_err au_restore_unbondings(const struct au_kv *history, struct au_kv_batch *batch)
{
    struct au_undo_record record;
    size_t cursor = 0;
    while (au_history_next(history, &cursor, &record)) {
        if (record.cf != AU_CF_KEY || !is_unbonding(record.key)) continue;
        struct slot_key key = index_key(record.key);
        au_kv_batch_del(batch, AU_CF_IDX, (struct au_bytes){key.bytes, key.size});
    }
    return au_put_unbondings(history, batch);
}

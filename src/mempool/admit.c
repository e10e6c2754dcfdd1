#include "base/lock.h"
#include "mempool/mempool_internal.h"

#include <string.h>

#include "base/mem.h"
#include "core/limits.h"

/* A newcomer on its way in. */
struct newcomer {
    const struct au_checked *checked;
    uint64_t cost;
    const struct au_mempool_account *account; /* as just read, NULL if it was not */
    struct au_pool_sender *sender;
    struct au_pool_tx *replaced;
    struct au_pool_list lifted; /* detached to make room, the cheapest first */
    struct au_mempool_result *result;
    bool needs_account;
};

static void answer(struct newcomer *newcomer, enum au_mempool_status status, uint64_t expected,
                   uint64_t got)
{
    *newcomer->result = (struct au_mempool_result){
        .status = status,
        .expected = expected,
        .got = got,
    };
}

/* ---- may it come in ---- */

static void answer_invalid(struct newcomer *newcomer, enum au_invalid invalid,
                           const struct au_params *params, const struct au_check_sender *sender)
{
    const struct au_checked *checked = newcomer->checked;
    struct au_mempool_result *out = newcomer->result;
    *out = (struct au_mempool_result){.status = AU_MEMPOOL_INVALID, .invalid = invalid};
    switch ((int)invalid) {
    case AU_INVALID_EXPIRED:
        out->expected = sender->height;
        out->got = checked->tx.valid_until;
        break;
    case AU_INVALID_NONCE_LOW:
        out->expected = sender->nonce;
        out->got = checked->tx.nonce;
        break;
    case AU_INVALID_NONCE_HIGH: {
        uint64_t left = UINT64_MAX - 1 - sender->nonce;
        out->expected = sender->nonce + (left < AU_MEMPOOL_AHEAD_MAX ? left : AU_MEMPOOL_AHEAD_MAX);
        out->got = checked->tx.nonce;
        break;
    }
    case AU_INVALID_GAS_LOW:
        out->expected = (checked->intrinsic_steps + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS;
        out->got = checked->gas_limit;
        break;
    case AU_INVALID_GAS_HIGH:
        out->expected = params->block_gas_limit;
        out->got = checked->gas_limit;
        break;
    case AU_INVALID_PRICE_LOW:
        out->expected = params->gas_price_min;
        out->got = checked->tx.gas_price;
        break;
    case AU_INVALID_BALANCE:
        out->expected = newcomer->cost;
        out->got = sender->balance;
        break;
    default: break;
    }
}

/* The lowest price that replaces one: a tenth more, rounded up, and more at all. */
static uint64_t replacing_price(uint64_t price)
{
    uint64_t raise = price / 10 + (price % 10 != 0 || price == 0);
    return price > UINT64_MAX - raise ? UINT64_MAX : price + raise;
}

/* The sender's own bounds, apart from its balance. */
static bool is_within_sender(struct newcomer *newcomer)
{
    const struct au_pool_sender *sender = newcomer->sender;
    const struct au_pool_tx *replaced = newcomer->replaced;
    uint64_t price = newcomer->checked->tx.gas_price;
    if (replaced && price < replacing_price(replaced->checked.tx.gas_price)) {
        answer(newcomer, AU_MEMPOOL_UNDERPRICED, replacing_price(replaced->checked.tx.gas_price),
               price);
        return false;
    }
    size_t count = (sender ? sender->count : 0) + (replaced ? 0 : 1);
    if (count > AU_MEMPOOL_SENDER_COUNT_MAX) {
        answer(newcomer, AU_MEMPOOL_SENDER_COUNT, AU_MEMPOOL_SENDER_COUNT_MAX, count);
        return false;
    }
    size_t size = (sender ? sender->size : 0) + newcomer->checked->bytes.size -
                  (replaced ? replaced->checked.bytes.size : 0);
    if (size > AU_MEMPOOL_SENDER_SIZE_MAX) {
        answer(newcomer, AU_MEMPOOL_SENDER_SIZE, AU_MEMPOOL_SENDER_SIZE_MAX, size);
        return false;
    }
    return true;
}

/* A pooled sender's account is known since it came or since its last block; whoever was paid since
 * then may have more, so a balance that does not do is read again. */
static bool is_covered(struct newcomer *newcomer, uint64_t balance)
{
    uint64_t others = newcomer->sender ? newcomer->sender->cost : 0;
    if (newcomer->replaced) others -= newcomer->replaced->cost;
    if (others <= balance && newcomer->cost <= balance - others) return true;
    newcomer->needs_account = newcomer->account == NULL;
    answer(newcomer, AU_MEMPOOL_INVALID, others + newcomer->cost, balance);
    newcomer->result->invalid = AU_INVALID_BALANCE;
    return false;
}

static bool is_acceptable(const struct au_mempool *pool, struct newcomer *newcomer)
{
    const struct au_params *params = &pool->options.params;
    const struct au_pool_sender *sender = newcomer->sender;
    struct au_check_sender state = {
        .height = pool->height,
        .nonce = sender ? sender->nonce : newcomer->account->nonce,
        .balance = sender ? sender->balance : newcomer->account->balance,
    };
    struct au_check_sender ahead = state;
    uint64_t nonce = newcomer->checked->tx.nonce;
    if (nonce > state.nonce && nonce - state.nonce <= AU_MEMPOOL_AHEAD_MAX) ahead.nonce = nonce;
    enum au_invalid invalid = au_check_state(params, newcomer->checked, &ahead);
    if (invalid != AU_INVALID_NONE) {
        answer_invalid(newcomer, invalid, params, &state);
        newcomer->needs_account = invalid == AU_INVALID_BALANCE && !newcomer->account;
        return false;
    }
    if (sender) newcomer->replaced = au_pool_sender_find(sender, nonce);
    return is_within_sender(newcomer) && is_covered(newcomer, state.balance);
}

/* ---- room ---- */

/* The cheapest tail of another sender: a newcomer must not displace what it follows. */
static struct au_pool_tx *cheapest_tail(const struct au_mempool *pool,
                                        const struct au_pool_sender *but)
{
    const struct au_pool_heap *heap = &pool->heaps[AU_POOL_TAILS];
    const struct au_pool_rank *best = NULL;
    for (size_t i = 0; i < heap->count && i < 3; i++) {
        const struct au_pool_rank *rank = &heap->ranks[i];
        if (rank->sender == but) continue;
        if (!best || au_pool_rank_is_before(rank, best)) best = rank;
        if (i == 0) break;
    }
    return best ? best->sender->txs[best->sender->executable_count - 1] : NULL;
}

static bool fits(const struct au_mempool *pool, size_t size)
{
    return pool->count + 1 <= pool->options.count_max &&
           pool->size + size <= pool->options.size_max;
}

/* While a walk is open what leaves takes room until its end. */
static bool may_leave(const struct au_mempool *pool, size_t size)
{
    return pool->walk_count == 0 || pool->dead_size + size <= pool->options.size_max;
}

static bool make_room(struct au_mempool *pool, struct newcomer *newcomer)
{
    size_t size = newcomer->checked->bytes.size;
    uint64_t price = newcomer->checked->tx.gas_price;
    bool is_executable =
        newcomer->checked->tx.nonce == newcomer->sender->nonce + newcomer->sender->executable_count;
    if (!is_executable && !au_pool_has_parked_room(pool, 1, size)) {
        answer(newcomer, AU_MEMPOOL_PARKED_FULL, 0, price);
        return false;
    }
    size_t leaving_size = newcomer->replaced ? newcomer->replaced->checked.bytes.size : 0;
    while (!fits(pool, size)) {
        struct au_pool_tx *tail = cheapest_tail(pool, newcomer->sender);
        bool is_possible = is_executable && tail && size <= pool->options.size_max;
        if (!is_possible || tail->checked.tx.gas_price >= price) {
            uint64_t expected = is_possible ? tail->checked.tx.gas_price + 1 : 0;
            answer(newcomer, AU_MEMPOOL_FULL, expected, price);
            return false;
        }
        leaving_size += tail->checked.bytes.size;
        tail->sender->hold_count++;
        au_pool_detach(pool, tail);
        au_pool_list_add(&newcomer->lifted, tail);
    }
    if (leaving_size > 0 && !may_leave(pool, leaving_size)) {
        answer(newcomer, AU_MEMPOOL_FULL, 0, price);
        return false;
    }
    return true;
}

/* The lifted ones of one sender were lifted from its end: they go back in the opposite order. */
static void put_back(struct au_mempool *pool, struct newcomer *newcomer)
{
    struct au_pool_tx *reversed = NULL;
    for (struct au_pool_tx *tx = newcomer->lifted.first, *next; tx; tx = next) {
        next = tx->next;
        tx->next = reversed;
        reversed = tx;
    }
    for (struct au_pool_tx *tx = reversed; tx; tx = tx->next) {
        au_pool_attach(pool, tx);
        tx->sender->hold_count--;
    }
    if (newcomer->replaced) au_pool_attach(pool, newcomer->replaced);
}

static void let_leave(struct au_mempool *pool, struct newcomer *newcomer, struct au_pool_list *left)
{
    if (newcomer->replaced) au_pool_leave(pool, newcomer->replaced, AU_DROP_REPLACED, left);
    for (struct au_pool_tx *tx = newcomer->lifted.first, *next; tx; tx = next) {
        next = tx->next;
        au_pool_leave(pool, tx, AU_DROP_DISPLACED, left);
        au_pool_release(pool, tx->sender, left);
    }
}

/* ---- memory ---- */

static struct au_bytes moved(struct au_bytes part, struct au_bytes from, const uint8_t *to)
{
    if (part.size == 0) return (struct au_bytes){to, 0};
    return (struct au_bytes){to + (part.data - from.data), part.size};
}

static struct au_pool_tx *new_tx(const struct au_mempool *pool, const struct newcomer *newcomer)
{
    const struct au_checked *checked = newcomer->checked;
    struct au_bytes from = checked->bytes;
    struct au_pool_tx *tx = au_mem_new(sizeof(*tx) + from.size);
    if (!tx) return NULL;
    memcpy(tx->bytes, from.data, from.size);
    tx->checked = *checked;
    tx->checked.bytes = (struct au_bytes){tx->bytes, from.size};
    tx->checked.tx.code = moved(checked->tx.code, from, tx->bytes);
    tx->checked.tx.function = moved(checked->tx.function, from, tx->bytes);
    tx->checked.tx.args = moved(checked->tx.args, from, tx->bytes);
    tx->cost = newcomer->cost;
    tx->link.hash = au_pool_hash(pool->options.seed, checked->id.bytes);
    tx->link.entry = tx;
    return tx;
}

static struct au_pool_sender *new_sender(struct au_mempool *pool, const struct newcomer *newcomer)
{
    struct au_pool_sender *sender = au_mem_new(sizeof(*sender));
    if (!sender) return NULL;
    sender->address = newcomer->checked->tx.from;
    sender->nonce = newcomer->account->nonce;
    sender->balance = newcomer->account->balance;
    for (size_t i = 0; i < AU_POOL_SIDE_COUNT; i++) {
        sender->at[i] = AU_POOL_NOWHERE;
    }
    sender->link.hash = au_pool_hash(pool->options.seed, sender->address.bytes);
    sender->link.entry = sender;
    au_pool_index_add(&pool->by_address, &sender->link);
    return sender;
}

static bool has_room_for_one(struct au_pool_sender *sender)
{
    if (sender->count < sender->capacity) return true;
    size_t capacity = sender->capacity ? sender->capacity * 2 : 2;
    struct au_pool_tx **txs = au_mem_resize(sender->txs, capacity * sizeof(struct au_pool_tx *));
    if (!txs) return false;
    sender->txs = txs;
    sender->capacity = capacity;
    return true;
}

/* ---- coming in ---- */

static enum au_err take_in(struct au_mempool *pool, struct newcomer *newcomer,
                           struct au_pool_list *left)
{
    if (!newcomer->sender) newcomer->sender = new_sender(pool, newcomer);
    struct au_pool_sender *sender = newcomer->sender;
    if (!sender) return AU_ERR_NO_MEMORY;
    if (newcomer->replaced) au_pool_detach(pool, newcomer->replaced);
    enum au_err err = AU_OK;
    bool has_room = make_room(pool, newcomer);
    struct au_pool_tx *tx = NULL;
    if (has_room) {
        if (has_room_for_one(sender)) tx = new_tx(pool, newcomer);
        if (!tx) err = AU_ERR_NO_MEMORY;
    }
    if (!tx) {
        put_back(pool, newcomer);
        if (sender->count == 0) au_pool_settle(pool, sender, left);
        return err;
    }

    tx->sender = sender;
    tx->sequence = ++pool->last_sequence;
    bool was_idle = pool->executable_count == 0;
    au_pool_attach(pool, tx);
    au_pool_enter(pool, tx);
    let_leave(pool, newcomer, left);
    bool is_executable = tx->checked.tx.nonce - sender->nonce < sender->executable_count;
    answer(newcomer, is_executable ? AU_MEMPOOL_EXECUTABLE : AU_MEMPOOL_PARKED, 0, 0);
    if (was_idle && is_executable) pthread_cond_broadcast(&pool->is_changed);
    return AU_OK;
}

/* One try with the lock held. Sets needs_account if it takes a read of the account. */
static enum au_err admit(struct au_mempool *pool, struct newcomer *newcomer,
                         struct au_pool_list *left)
{
    if (au_pool_find_tx(pool, &newcomer->checked->id)) {
        answer(newcomer, AU_MEMPOOL_KNOWN, 0, 0);
        return AU_OK;
    }
    newcomer->sender = au_pool_find_sender(pool, &newcomer->checked->tx.from);
    newcomer->needs_account = !newcomer->sender && !newcomer->account;
    if (newcomer->needs_account) return AU_OK;
    /* With another nonce the block is committed already that au_mempool_block_done will tell of. */
    if (newcomer->sender && newcomer->account &&
        newcomer->account->nonce == newcomer->sender->nonce) {
        newcomer->sender->balance = newcomer->account->balance;
    }
    if (!is_acceptable(pool, newcomer)) return AU_OK;
    return take_in(pool, newcomer, left);
}

enum au_err au_mempool_add(struct au_mempool *pool, const struct au_checked *checked,
                           struct au_mempool_result *out_result)
{
    struct au_mempool_account account;
    bool is_read = false;
    uint64_t round = 0;
    for (;;) {
        struct au_pool_list left = {0};
        struct newcomer newcomer = {
            .checked = checked,
            .cost = au_check_cost(checked),
            .result = out_result,
        };
        au_lock(&pool->lock);
        if (is_read && round == pool->round) newcomer.account = &account;
        round = pool->round;
        enum au_err err = admit(pool, &newcomer, &left);
        au_pool_unlock(pool, &left);
        if (err != AU_OK || !newcomer.needs_account) return err;
        AU_TRY(pool->options.get_account(pool->options.context, &checked->tx.from, &account));
        is_read = true;
    }
}

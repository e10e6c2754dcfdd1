#include "ledger/block.h"

#include "base/mem.h"
#include "chain/chain.h"
#include "contract/explain.h"
#include "core/limits.h"
#include "ledger/block_internal.h"

#define MEMORY_MAX       ((size_t)4 << 30) /* bytes of each of a block's arenas */
#define CAPACITY_MIN     64u               /* transactions */
#define ITEMS_MAX        (256u << 20)      /* bytes of changes in a receipt */
#define BATCH_MAX        ((size_t)4 << 30)
/* Of code in a block: a failed call may pay for far less than it costs to explain well. */
#define EXPLAIN_SIZE_MAX (1u << 20)

enum au_err au_block_new(struct au_ledger *ledger, struct au_block **out_block)
{
    struct au_block *block = au_mem_new(sizeof(*block));
    if (!block) return AU_ERR_NO_MEMORY;
    block->ledger = ledger;
    block->source = au_flat_source(&block->read.flat);
    au_overlay_init(&block->overlay, &ledger->seed, &block->source, MEMORY_MAX);
    au_arena_init(&block->arena, MEMORY_MAX);
    au_buf_init(&block->logs, AU_LOGS_SIZE_MAX);
    au_buf_init(&block->events, AU_RECEIPT_EVENTS_SIZE_MAX);
    au_buf_init(&block->note, AU_RECEIPT_NOTE_SIZE_MAX);
    for (size_t i = 0; i < BLOCK_CHANGE_KINDS; i++)
        au_buf_init(&block->changes[i], ITEMS_MAX);
    au_kv_batch_init(&block->batch, BATCH_MAX);
    *out_block = block;
    return AU_OK;
}

void au_block_free(struct au_block *block)
{
    if (!block) return;
    au_block_abort(block);
    au_overlay_done(&block->overlay);
    au_arena_done(&block->arena);
    au_buf_done(&block->logs);
    au_buf_done(&block->events);
    au_buf_done(&block->note);
    for (size_t i = 0; i < BLOCK_CHANGE_KINDS; i++)
        au_buf_done(&block->changes[i]);
    au_kv_batch_done(&block->batch);
    au_mem_free(block->entries);
    au_mem_free(block);
}

void au_block_close(struct au_block *block)
{
    if (block->has_read) au_read_close(&block->read);
    block->has_read = block->is_again = false;
    block->tracer = NULL;
    block->state = BLOCK_IDLE;
}

void au_block_abort(struct au_block *block)
{
    if (block->state == BLOCK_SEALED) au_commit_drop(&block->ledger->commit);
    au_block_close(block);
}

/* Opens the block after block->read. */
static void begin(struct au_block *block, uint64_t time_ms)
{
    block->has_read = true;
    const struct au_header *head = &block->read.head;
    au_overlay_reset(&block->overlay);
    au_arena_reset(&block->arena);
    au_kv_batch_clear(&block->batch);
    block->size = block->purse = 0;
    block->explain_left = EXPLAIN_SIZE_MAX;
    block->codes = NULL;
    block->unbondings = NULL;
    block->validator_count = block->read.validator_count;
    block->header = *head;
    block->header.height = head->height + 1;
    block->header.parent = au_header_hash(head);
    block->header.time_ms = time_ms > head->time_ms ? time_ms : head->time_ms + 1;
    block->header.proposer = block->ledger->proposer;
    block->header.gas_limit = block->ledger->params.block_gas_limit;
    block->header.gas_used = 0;
    block->header.tx_count = 0;
    block->state = BLOCK_OPEN;
}

enum au_err au_block_begin(struct au_block *block, uint64_t time_ms)
{
    AU_ASSERT(block->state == BLOCK_IDLE);
    AU_TRY(au_read_open(block->ledger, &block->read));
    begin(block, time_ms);
    return AU_OK;
}

enum au_err au_block_begin_past(struct au_block *block, uint64_t height)
{
    AU_ASSERT(block->state == BLOCK_IDLE);
    AU_TRY(au_read_open_at(block->ledger, height, &block->read));
    begin(block, 0);
    return AU_OK;
}

/* What the block had of itself, before its first transaction. */
static enum au_err take_header(struct au_block *block, uint64_t height)
{
    struct au_ledger *ledger = block->ledger;
    struct au_chain_reader chain;
    struct au_header header;
    au_chain_reader_init(&chain, &ledger->kv, &block->read.snapshot);
    enum au_err err = au_chain_header(&chain, height, &header);
    au_chain_reader_done(&chain);
    if (err == AU_ERR_NOT_FOUND) return AU_ERR_MALFORMED;
    AU_TRY(err);
    block->header.time_ms = header.time_ms;
    block->header.proposer = header.proposer;
    return au_count_validators(&block->read.flat, ledger->params.validator_stake_min,
                               &block->validator_count);
}

enum au_err au_block_begin_again(struct au_block *block, uint64_t height)
{
    AU_ASSERT(block->state == BLOCK_IDLE && height > 0);
    AU_TRY(au_read_open_at(block->ledger, height - 1, &block->read));
    begin(block, 0);
    enum au_err err = take_header(block, height);
    if (err != AU_OK) au_block_close(block);
    block->is_again = err == AU_OK;
    return err;
}

void au_block_trace(struct au_block *block, struct au_tracer *tracer)
{
    AU_ASSERT(block->state == BLOCK_OPEN);
    block->tracer = tracer;
}

const struct au_header *au_block_header(const struct au_block *block)
{
    AU_ASSERT(block->state != BLOCK_IDLE);
    return &block->header;
}

/* ---- receipts ---- */

/* Puts a change if it is one of those meant. */
typedef bool put_change(struct au_buf *items, const struct au_change *change);

static bool put_balance(struct au_buf *items, const struct au_change *change)
{
    const struct au_account *before = &change->account_before;
    const struct au_account *after = &change->account_after;
    if (change->is_slot || before->balance == after->balance) return false;
    struct au_receipt_balance item = {*change->address, before->balance, after->balance};
    au_receipt_put_balance(items, &item);
    return true;
}

static bool put_slot(struct au_buf *items, const struct au_change *change)
{
    if (!change->is_slot) return false;
    struct au_receipt_slot item = {
        .contract = *change->address,
        .key = change->key,
        .existed = change->slot_before.exists,
        .exists = change->slot_after.exists,
        .before = change->slot_before.value,
        .after = change->slot_after.value,
    };
    au_receipt_put_slot(items, &item);
    return true;
}

static bool put_contract(struct au_buf *items, const struct au_change *change)
{
    const struct au_account *before = &change->account_before;
    const struct au_account *after = &change->account_after;
    if (change->is_slot || !after->has_code) return false;
    bool is_same_code = before->has_code && au_hash_is_equal(&before->code_hash, &after->code_hash);
    bool is_same_admin =
        before->has_admin == after->has_admin && au_address_is_equal(&before->admin, &after->admin);
    if (is_same_code && is_same_admin) return false;
    struct au_receipt_contract item = {
        .address = *change->address,
        .existed = before->has_code,
        .had_admin = before->has_admin,
        .has_admin = after->has_admin,
        .code_before = before->code_hash,
        .code_after = after->code_hash,
        .admin_before = before->admin,
        .admin_after = after->admin,
    };
    au_receipt_put_contract(items, &item);
    return true;
}

static enum au_err take_changes(struct au_block *block, struct au_savepoint since,
                                struct au_receipt *receipt)
{
    static put_change *const puts[BLOCK_CHANGE_KINDS] = {put_balance, put_slot, put_contract};
    struct au_items *const lists[BLOCK_CHANGE_KINDS] = {&receipt->balances, &receipt->slots,
                                                        &receipt->contracts};
    struct au_change change;
    size_t cursor = 0;
    for (size_t i = 0; i < BLOCK_CHANGE_KINDS; i++) {
        au_buf_clear(&block->changes[i]);
    }
    while (au_overlay_next_change(&block->overlay, since, &cursor, &change)) {
        for (size_t i = 0; i < BLOCK_CHANGE_KINDS; i++) {
            if (puts[i](&block->changes[i], &change)) lists[i]->count++;
        }
    }
    for (size_t i = 0; i < BLOCK_CHANGE_KINDS; i++) {
        AU_TRY(block->changes[i].err);
        AU_TRY(au_arena_copy(&block->arena, au_buf_bytes(&block->changes[i]), &lists[i]->bytes));
    }
    return AU_OK;
}

static enum au_err take_note(struct au_block *block, const struct execution *execution,
                             struct au_bytes *out_note)
{
    struct au_bytes note = au_buf_bytes(&block->note);
    if (execution->why) {
        note = au_bytes_of(execution->why);
    } else if (note.size == 0 && execution->outcome != AU_OUTCOME_SUCCESS) {
        note = au_bytes_of(au_outcome_text(execution->outcome));
    }
    return au_arena_copy(&block->arena, note, out_note);
}

static enum au_err make_receipt(struct au_block *block, const struct au_checked *checked,
                                struct au_savepoint since, const struct execution *execution,
                                struct au_receipt *out_receipt)
{
    struct au_receipt receipt = {
        .outcome = execution->outcome,
        .detail = execution->detail,
        .revert_code = execution->revert_code,
        .gas_used = ((uint64_t)execution->steps_used + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS,
        .has_created = execution->has_created,
        .created = execution->created,
        .output = execution->output,
        .events = {.count = execution->event_count},
        .logs = {.count = execution->log_count},
        .id = checked->id,
        .height = block->header.height,
        .index = block->header.tx_count,
    };
    receipt.fee = receipt.gas_used * checked->tx.gas_price;
    AU_TRY(au_arena_copy(&block->arena, au_buf_bytes(&block->events), &receipt.events.bytes));
    AU_TRY(au_arena_copy(&block->arena, au_buf_bytes(&block->logs), &receipt.logs.bytes));
    AU_TRY(take_note(block, execution, &receipt.note));
    AU_TRY(take_changes(block, since, &receipt));
    *out_receipt = receipt;
    return AU_OK;
}

/* ---- transactions ---- */

static enum au_err reserve_entry(struct au_block *block)
{
    if (block->header.tx_count < block->capacity) return AU_OK;
    size_t capacity = block->capacity == 0 ? CAPACITY_MIN : block->capacity * 2;
    struct block_entry *grown = au_mem_resize(block->entries, capacity * sizeof(*grown));
    if (!grown) return AU_ERR_NO_MEMORY;
    block->entries = grown;
    block->capacity = capacity;
    return AU_OK;
}

static enum au_err run_payload(struct au_block *block, const struct au_checked *checked,
                               struct execution *execution)
{
    struct au_savepoint savepoint = au_overlay_save(&block->overlay);
    AU_TRY(au_execute_payload(block, checked, execution));
    AU_ASSERT(execution->steps_used >= (int64_t)checked->intrinsic_steps);
    AU_ASSERT(execution->steps_used <= (int64_t)checked->gas_limit * AU_STEPS_PER_GAS);
    if (execution->outcome != AU_OUTCOME_SUCCESS) {
        au_overlay_restore(&block->overlay, savepoint);
    }
    return AU_OK;
}

static enum au_err execute(struct au_block *block, const struct au_checked *checked,
                           struct au_account sender, struct au_savepoint since,
                           struct au_receipt *out_receipt)
{
    const struct au_address *from = &checked->tx.from;
    struct execution execution = {.steps_used = (int64_t)checked->intrinsic_steps};
    au_buf_clear(&block->logs);
    au_buf_clear(&block->events);
    au_buf_clear(&block->note);
    sender.exists = true;
    sender.nonce++;
    sender.balance -= checked->gas_limit * checked->tx.gas_price;
    AU_TRY(au_overlay_put_account(&block->overlay, from, sender));
    AU_TRY(run_payload(block, checked, &execution));

    uint64_t gas_used = ((uint64_t)execution.steps_used + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS;
    uint64_t refund = (checked->gas_limit - gas_used) * checked->tx.gas_price;
    if (refund > 0) AU_TRY(au_credit(&block->overlay, from, refund));
    return make_receipt(block, checked, since, &execution, out_receipt);
}

/* What a transaction changes besides its receipt and the accounts. */
struct before {
    struct au_savepoint since;
    struct new_code *codes;
    struct new_unbonding *unbondings;
    uint64_t validator_count;
    size_t explain_left;
};

static struct before take_before(struct au_block *block)
{
    return (struct before){
        .since = au_overlay_save(&block->overlay),
        .codes = block->codes,
        .unbondings = block->unbondings,
        .validator_count = block->validator_count,
        .explain_left = block->explain_left,
    };
}

static void go_back(struct au_block *block, const struct before *before)
{
    au_overlay_restore(&block->overlay, before->since);
    block->codes = before->codes;
    block->unbondings = before->unbondings;
    block->validator_count = before->validator_count;
    block->explain_left = before->explain_left;
}

/* With a tracer it is executed without one first: who looks must see what happens otherwise. */
static enum au_err execute_traced(struct au_block *block, const struct au_checked *checked,
                                  struct au_account sender, const struct before *before,
                                  struct au_receipt *out_receipt)
{
    struct au_tracer *tracer = block->tracer;
    struct au_receipt alone;
    block->tracer = NULL;
    enum au_err err = execute(block, checked, sender, before->since, &alone);
    block->tracer = tracer;
    AU_TRY(err);
    go_back(block, before);
    AU_TRY(execute(block, checked, sender, before->since, out_receipt));
    struct au_hash expected = au_receipt_digest(&alone), digest = au_receipt_digest(out_receipt);
    return au_hash_is_equal(&digest, &expected) ? AU_OK : AU_ERR_ENGINE;
}

static enum au_invalid judge(const struct au_block *block, const struct au_checked *checked,
                             const struct au_check_sender *sender)
{
    const struct au_params *params = &block->ledger->params;
    enum au_invalid invalid = au_check_state(params, checked, sender);
    if (invalid != AU_INVALID_NONE) return invalid;
    bool has_gas = checked->gas_limit <= block->header.gas_limit - block->header.gas_used;
    bool has_bytes = checked->bytes.size <= params->block_bytes - block->size;
    return has_gas && has_bytes ? AU_INVALID_NONE : AU_INVALID_BLOCK_FULL;
}

enum au_err au_block_apply(struct au_block *block, const struct au_checked *checked,
                           struct au_applied *out_applied)
{
    AU_ASSERT(block->state == BLOCK_OPEN);
    AU_ASSERT(!block->has_read || !block->read.is_past || block->is_again);
    struct au_account sender;
    AU_TRY(au_overlay_get_account(&block->overlay, &checked->tx.from, &sender));
    struct au_applied applied = {.sender = {block->header.height, sender.nonce, sender.balance}};
    applied.invalid = judge(block, checked, &applied.sender);
    if (applied.invalid != AU_INVALID_NONE) {
        *out_applied = applied;
        return AU_OK;
    }

    AU_TRY(reserve_entry(block));
    struct block_entry *entry = &block->entries[block->header.tx_count];
    AU_TRY(au_arena_copy(&block->arena, checked->bytes, &entry->bytes));
    entry->receipt = au_arena_zero(&block->arena, sizeof(*entry->receipt));
    if (!entry->receipt) return AU_ERR_NO_MEMORY;
    struct before before = take_before(block);
    enum au_err err = block->tracer && !block->is_again
                          ? execute_traced(block, checked, sender, &before, entry->receipt)
                          : execute(block, checked, sender, before.since, entry->receipt);
    if (err != AU_OK) {
        go_back(block, &before);
        return err;
    }
    block->header.tx_count++;
    block->header.gas_used += entry->receipt->gas_used;
    block->size += checked->bytes.size;
    block->purse += entry->receipt->fee;
    applied.receipt = entry->receipt;
    *out_applied = applied;
    return AU_OK;
}

static enum au_err run_view(struct au_block *block, const struct au_view *view,
                            struct au_view_result *out_result)
{
    struct execution execution = {0};
    struct au_view_result result = {0};
    au_buf_clear(&block->logs);
    au_buf_clear(&block->events);
    au_buf_clear(&block->note);
    struct au_savepoint savepoint = au_overlay_save(&block->overlay);
    enum au_err err = au_execute_view(block, view, &execution);
    au_overlay_restore(&block->overlay, savepoint);
    AU_TRY(err);
    result.outcome = execution.outcome;
    result.detail = execution.detail;
    result.revert_code = execution.revert_code;
    result.gas_used = ((uint64_t)execution.steps_used + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS;
    result.output = execution.output;
    result.logs.count = execution.log_count;
    AU_TRY(au_arena_copy(&block->arena, au_buf_bytes(&block->logs), &result.logs.bytes));
    AU_TRY(take_note(block, &execution, &result.note));
    *out_result = result;
    return AU_OK;
}

static bool is_same_view(const struct au_view_result *a, const struct au_view_result *b)
{
    return a->outcome == b->outcome && a->detail == b->detail && a->revert_code == b->revert_code &&
           a->gas_used == b->gas_used && au_bytes_is_equal(a->output, b->output) &&
           a->logs.count == b->logs.count && au_bytes_is_equal(a->logs.bytes, b->logs.bytes);
}

enum au_err au_block_view(struct au_block *block, const struct au_view *view,
                          struct au_view_result *out_result)
{
    struct au_tracer *tracer = block->tracer;
    size_t explain_left = block->explain_left;
    struct au_view_result alone;
    AU_ASSERT(block->state == BLOCK_OPEN);
    AU_ASSERT(view->gas_limit <= block->header.gas_limit);
    if (!tracer) return run_view(block, view, out_result);
    block->tracer = NULL;
    enum au_err err = run_view(block, view, &alone);
    block->tracer = tracer;
    AU_TRY(err);
    block->explain_left = explain_left;
    AU_TRY(run_view(block, view, out_result));
    return is_same_view(&alone, out_result) ? AU_OK : AU_ERR_ENGINE;
}

/* ---- the end ---- */

/* Sums are taken modulo 2^64: that they are 0 says all, whatever their parts. */
static void assert_supply(const struct au_block *block)
{
    struct au_change change;
    size_t cursor = 0;
    uint64_t sum = 0;
    while (au_overlay_next_change(&block->overlay, (struct au_savepoint){0}, &cursor, &change)) {
        if (change.is_slot) {
            sum += au_unbonding_amount(&change, &change.slot_after) -
                   au_unbonding_amount(&change, &change.slot_before);
        } else {
            sum += change.account_after.balance - change.account_before.balance +
                   change.account_after.stake - change.account_before.stake;
        }
    }
    AU_ASSERT(sum == 0);
}

enum au_err au_block_seal(struct au_block *block)
{
    AU_ASSERT(block->state == BLOCK_OPEN);
    AU_ASSERT(!block->has_read || (!block->read.is_past && !block->is_again));
    (void)au_overlay_save(&block->overlay);
    if (block->purse > 0) {
        AU_TRY(au_credit(&block->overlay, &block->header.proposer, block->purse));
    }
    AU_TRY(au_pay_unbondings(block));
    assert_supply(block);
    return au_block_finish(block);
}

/* The ledger of aureon.h: a chain in one handle, over the store in memory or on disk. */
#include <stdlib.h>

#include <errno.h>
#include <stdio.h>

#include "aureon.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "contract/runtime.h"
#include "ledger/block.h"
#include "store/memkv.h"
#include "store/rocks.h"

#define TX_COUNT_MAX      100000u
#define RESULT_MEMORY_MAX ((size_t)4 << 30) /* bytes */
#define MESSAGE_SIZE      1024u
#define FOLDER_MODE       0700
#define CHAIN_ID_PRESET   "local"

struct au_chain {
    struct au_kv kv;
    struct au_ledger *ledger;
    struct au_block *block;
    pthread_mutex_t lock; /* held while a block is open */
};

/* ---- opening ---- */

static int compare_accounts(const void *a, const void *b)
{
    return memcmp(a, b, AU_ADDRESS_SIZE); /* both kinds of account begin with the address */
}

static enum au_err encode_genesis(const struct au_chain_options *options, struct au_buf *encoded)
{
    struct au_genesis genesis = {
        .chain_id = au_bytes_of(options->chain_id ? options->chain_id : CHAIN_ID_PRESET),
        .time_ms = options->time_ms,
        .params = au_params_default(),
        .account_count = (uint32_t)options->account_count,
    };
    struct au_genesis_account *accounts =
        au_mem_new(options->account_count * sizeof(*accounts) + 1);
    if (!accounts) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < options->account_count; i++) {
        memcpy(accounts[i].address.bytes, options->accounts[i].address, AU_ADDRESS_SIZE);
        accounts[i].balance = options->accounts[i].balance;
    }
    qsort(accounts, options->account_count, sizeof(*accounts), compare_accounts);
    memcpy(genesis.proposer.bytes, options->proposer, AU_ADDRESS_SIZE);
    genesis.params.gas_price_min = options->gas_price_min;
    genesis.accounts = accounts;
    au_genesis_encode(encoded, &genesis);
    au_mem_free(accounts);
    return encoded->err;
}

static enum au_err open_store(const char *folder, struct au_buf *message, struct au_kv *out_kv)
{
    char cause[AU_KV_MESSAGE_SIZE];
    if (!folder) return au_memkv_open(out_kv);
    if (au_file_make_folder(folder, FOLDER_MODE) != AU_OK) {
        au_buf_printf(message, "cannot make the folder: %s", strerror(errno));
        return AU_ERR_IO;
    }
    struct au_rocks_options options = au_rocks_options_default();
    enum au_err err = au_rocks_open(folder, &options, cause, out_kv);
    if (err != AU_OK) au_buf_put_text(message, cause);
    return err;
}

static enum au_err open_chain(struct au_chain *chain, struct au_runtime *runtime,
                              const struct au_chain_options *options, struct au_buf *message)
{
    struct au_buf genesis;
    if (options->account_count > UINT32_MAX) return AU_ERR_INVALID_ARG;
    AU_TRY(open_store(options->folder, message, &chain->kv));
    au_buf_init(&genesis, AU_GENESIS_SIZE_MAX);
    enum au_err err = encode_genesis(options, &genesis);
    if (err == AU_OK) {
        struct au_ledger_options ledger = {
            .kv = chain->kv, .engine = runtime->engine, .genesis = au_buf_bytes(&genesis)};
        err = au_ledger_open(&ledger, message, &chain->ledger);
    }
    au_buf_done(&genesis);
    AU_TRY(err);
    return au_block_new(chain->ledger, &chain->block);
}

/* The genesis is made of the options: what is wrong with it is wrong with them. */
static enum au_err name_error(const struct au_chain *chain, enum au_err err,
                              const struct au_buf *message)
{
    static const char genesis[] = "the genesis";
    bool is_genesis = message->size >= sizeof(genesis) - 1 &&
                      memcmp(message->data, genesis, sizeof(genesis) - 1) == 0;
    return err == AU_ERR_MALFORMED && !chain->ledger && is_genesis ? AU_ERR_INVALID_ARG : err;
}

enum au_err au_chain_open(struct au_runtime *runtime, const struct au_chain_options *options,
                          char *out_message, size_t message_size, struct au_chain **out_chain)
{
    struct au_buf message;
    struct au_chain *chain = au_mem_new(sizeof(*chain));
    if (message_size > 0) out_message[0] = 0;
    if (!chain) return AU_ERR_NO_MEMORY;
    AU_ASSERT(pthread_mutex_init(&chain->lock, NULL) == 0);
    au_buf_init(&message, MESSAGE_SIZE);
    enum au_err err = open_chain(chain, runtime, options, &message);
    if (err != AU_OK) {
        if (message.size == 0) au_buf_put_text(&message, au_err_text(err));
        snprintf(out_message, message_size, "%.*s", (int)message.size,
                 message.size > 0 ? (const char *)message.data : "");
        err = name_error(chain, err, &message);
        au_chain_close(chain);
    } else {
        *out_chain = chain;
    }
    au_buf_done(&message);
    return err;
}

void au_chain_close(struct au_chain *chain)
{
    if (!chain) return;
    au_block_free(chain->block);
    au_ledger_close(chain->ledger);
    if (chain->kv.ops) au_kv_close(&chain->kv);
    AU_ASSERT(pthread_mutex_destroy(&chain->lock) == 0);
    au_mem_free(chain);
}

/* ---- reading ---- */

struct au_hash au_chain_genesis_hash(const struct au_chain *chain)
{
    return *au_ledger_genesis_hash(chain->ledger);
}

enum au_err au_chain_get_account(struct au_chain *chain, const uint8_t address[AU_HASH_SIZE],
                                 struct au_account_state *out_account)
{
    struct au_address key;
    struct au_account account;
    memcpy(key.bytes, address, AU_ADDRESS_SIZE);
    AU_TRY(au_ledger_account(chain->ledger, &key, &account));
    *out_account = (struct au_account_state){account.balance, account.nonce, account.stake,
                                             account.has_code, account.code_hash};
    return AU_OK;
}

static enum au_err give_copy(struct au_bytes bytes, struct au_bytes *out_copy)
{
    uint8_t *copy = au_mem_new(bytes.size);
    if (!copy) return AU_ERR_NO_MEMORY;
    if (bytes.size > 0) memcpy(copy, bytes.data, bytes.size);
    *out_copy = (struct au_bytes){copy, bytes.size};
    return AU_OK;
}

enum au_err au_chain_get_storage(struct au_chain *chain, const uint8_t contract[AU_HASH_SIZE],
                                 struct au_bytes key, struct au_bytes *out_value)
{
    struct au_flat flat;
    struct au_address address;
    struct au_slot slot;
    memcpy(address.bytes, contract, AU_ADDRESS_SIZE);
    au_flat_init(&flat, &chain->kv, NULL);
    enum au_err err = au_flat_slot(&flat, &address, key, &slot);
    if (err == AU_OK && !slot.exists) err = AU_ERR_NOT_FOUND;
    if (err == AU_OK) err = give_copy(slot.value, out_value);
    au_flat_done(&flat);
    return err;
}

enum au_err au_chain_get_code(struct au_chain *chain, const uint8_t contract[AU_HASH_SIZE],
                              struct au_bytes *out_code)
{
    struct au_flat flat;
    struct au_address address;
    struct au_account account;
    struct au_bytes code;
    memcpy(address.bytes, contract, AU_ADDRESS_SIZE);
    au_flat_init(&flat, &chain->kv, NULL);
    enum au_err err = au_flat_account(&flat, &address, &account);
    if (err == AU_OK && !account.has_code) err = AU_ERR_NOT_FOUND;
    if (err == AU_OK) {
        err = au_flat_code(&flat, &account.code_hash, &code);
        if (err == AU_ERR_NOT_FOUND) err = AU_ERR_MALFORMED;
    }
    if (err == AU_OK) err = give_copy(code, out_code);
    au_flat_done(&flat);
    return err;
}

/* ---- blocks ---- */

/* A result being made: everything in it lies in one arena, on the heap with it. */
struct making {
    struct au_chain *chain;
    struct au_arena *arena;
    struct au_block_result result;
    struct au_tx_result *txs;
};

static enum au_err take_logs(struct au_arena *arena, struct au_items logs, struct au_tx_result *tx)
{
    struct au_bytes *lines = au_arena_get(arena, logs.count * sizeof(*lines));
    if (!lines) return AU_ERR_NO_MEMORY;
    tx->logs = lines;
    while (au_receipt_next_log(&logs, &lines[tx->log_count]))
        tx->log_count++;
    return AU_OK;
}

static enum au_err take_events(struct au_arena *arena, struct au_items items,
                               struct au_tx_result *tx)
{
    struct au_event *events = au_arena_get(arena, items.count * sizeof(*events));
    struct au_receipt_event event;
    if (!events) return AU_ERR_NO_MEMORY;
    tx->events = events;
    while (items.count > 0) {
        struct au_bytes contract = {items.bytes.data,
                                    AU_ADDRESS_SIZE}; /* what an event begins with */
        (void)au_receipt_next_event(&items, &event);
        events[tx->event_count++] =
            (struct au_event){contract, event.name, event.topics, event.data};
    }
    return AU_OK;
}

static enum au_err take_receipt(struct au_arena *arena, const struct au_receipt *receipt,
                                struct au_tx_result *tx)
{
    struct au_buf encoded;
    struct au_receipt copy;
    struct au_decode error;
    au_buf_init(&encoded, AU_RECEIPT_SIZE_MAX);
    au_receipt_encode(&encoded, receipt);
    enum au_err err = encoded.err;
    if (err == AU_OK) err = au_arena_copy(arena, au_buf_bytes(&encoded), &tx->receipt);
    au_buf_done(&encoded);
    AU_TRY(err);
    AU_ASSERT(au_receipt_decode(tx->receipt, &copy, &error));
    tx->outcome = copy.outcome;
    tx->detail = copy.detail;
    tx->revert_code = copy.revert_code;
    tx->gas_used = copy.gas_used;
    tx->fee = copy.fee;
    tx->has_created = copy.has_created;
    memcpy(tx->created, copy.created.bytes, AU_ADDRESS_SIZE);
    tx->output = copy.output;
    tx->message = copy.note;
    AU_TRY(take_events(arena, copy.events, tx));
    return take_logs(arena, copy.logs, tx);
}

static enum au_err apply_tx(struct making *making, struct au_bytes bytes, struct au_tx_result *tx)
{
    struct au_ledger *ledger = making->chain->ledger;
    struct au_checked checked;
    struct au_decode error;
    struct au_applied applied = {0};
    tx->id = au_tx_id(bytes);
    enum au_invalid invalid = au_check_decode(au_ledger_params(ledger), bytes, &checked, &error);
    if (invalid == AU_INVALID_NONE) {
        bool is_valid;
        AU_TRY(au_check_signature(&checked, au_ledger_genesis_hash(ledger), &is_valid));
        if (!is_valid) invalid = AU_INVALID_SIGNATURE;
    }
    if (invalid == AU_INVALID_NONE) {
        AU_TRY(au_block_apply(making->chain->block, &checked, &applied));
        invalid = applied.invalid;
    }
    tx->invalid = (uint32_t)invalid;
    tx->invalid_name = au_invalid_name(invalid);
    return applied.receipt ? take_receipt(making->arena, applied.receipt, tx) : AU_OK;
}

enum ending { END_COMMIT, END_COMMIT_UNLESS_EMPTY, END_ABORT };

static enum au_err run_block(struct making *making, const struct au_bytes *txs, uint64_t time_ms,
                             enum ending ending)
{
    struct au_block *block = making->chain->block;
    struct au_block_result *result = &making->result;
    AU_TRY(au_block_begin(block, time_ms));
    for (size_t i = 0; i < result->tx_count; i++) {
        AU_TRY(apply_tx(making, txs[i], &making->txs[i]));
    }
    struct au_header header = *au_block_header(block);
    result->height = header.height;
    result->time_ms = header.time_ms;
    result->gas_used = header.gas_used;
    bool is_dropped =
        ending == END_ABORT || (ending == END_COMMIT_UNLESS_EMPTY && header.tx_count == 0);
    if (is_dropped) return AU_OK;
    AU_TRY(au_block_seal(block));
    header = *au_block_header(block);
    AU_TRY(au_block_commit(block));
    result->hash = au_header_hash(&header);
    result->state_root = header.state_root;
    return AU_OK;
}

static enum au_err begin_making(struct au_chain *chain, size_t count, struct making *out_making)
{
    struct making making = {.chain = chain, .arena = au_mem_new(sizeof(*making.arena))};
    if (!making.arena) return AU_ERR_NO_MEMORY;
    au_arena_init(making.arena, RESULT_MEMORY_MAX);
    making.result.tx_count = count;
    making.result.memory = making.arena;
    making.txs = au_arena_zero(making.arena, count * sizeof(*making.txs));
    making.result.txs = making.txs;
    if (!making.txs) au_block_result_free(&making.result);
    if (!making.txs) return AU_ERR_NO_MEMORY;
    *out_making = making;
    return AU_OK;
}

static enum au_err end_making(struct making *making, enum au_err err,
                              struct au_block_result *out_result)
{
    if (err == AU_OK) {
        *out_result = making->result;
    } else {
        au_block_result_free(&making->result);
    }
    return err;
}

static enum au_err give_block(struct au_chain *chain, const struct au_bytes *txs, size_t count,
                              uint64_t time_ms, enum ending ending,
                              struct au_block_result *out_result)
{
    struct making making;
    if (count > TX_COUNT_MAX) return AU_ERR_INVALID_ARG;
    AU_TRY(begin_making(chain, count, &making));
    au_lock(&chain->lock);
    enum au_err err = run_block(&making, txs, time_ms, ending);
    au_block_abort(chain->block);
    au_unlock(&chain->lock);
    return end_making(&making, err, out_result);
}

enum au_err au_apply_block(struct au_chain *chain, const struct au_bytes *txs, size_t count,
                           uint64_t time_ms, struct au_block_result *out_result)
{
    return give_block(chain, txs, count, time_ms, END_COMMIT, out_result);
}

enum au_err au_apply_transaction(struct au_chain *chain, struct au_bytes tx, uint64_t time_ms,
                                 struct au_block_result *out_result)
{
    return give_block(chain, &tx, 1, time_ms, END_COMMIT_UNLESS_EMPTY, out_result);
}

enum au_err au_simulate_block(struct au_chain *chain, const struct au_bytes *txs, size_t count,
                              uint64_t time_ms, struct au_block_result *out_result)
{
    return give_block(chain, txs, count, time_ms, END_ABORT, out_result);
}

static enum au_err take_view(struct making *making, const struct au_view_result *view)
{
    struct au_tx_result *tx = making->txs;
    struct au_items logs = view->logs;
    tx->invalid_name = au_invalid_name(AU_INVALID_NONE);
    tx->outcome = view->outcome;
    tx->detail = view->detail;
    tx->revert_code = view->revert_code;
    tx->gas_used = view->gas_used;
    AU_TRY(au_arena_copy(making->arena, view->output, &tx->output));
    AU_TRY(au_arena_copy(making->arena, view->note, &tx->message));
    AU_TRY(au_arena_copy(making->arena, view->logs.bytes, &logs.bytes));
    return take_logs(making->arena, logs, tx);
}

static enum au_err run_view(struct making *making, const struct au_chain_view *options,
                            uint64_t time_ms)
{
    struct au_block *block = making->chain->block;
    struct au_view_result result;
    struct au_view view = {
        .function = options->function,
        .args = options->args,
        .arg_count = options->arg_count,
        .gas_limit = options->gas_limit,
    };
    memcpy(view.contract.bytes, options->contract, AU_ADDRESS_SIZE);
    memcpy(view.caller.bytes, options->caller, AU_ADDRESS_SIZE);
    AU_TRY(au_block_begin(block, time_ms));
    const struct au_header *header = au_block_header(block);
    making->result.height = header->height;
    making->result.time_ms = header->time_ms;
    if (view.gas_limit > header->gas_limit) return AU_ERR_INVALID_ARG;
    AU_TRY(au_block_view(block, &view, &result));
    making->result.gas_used = result.gas_used;
    return take_view(making, &result);
}

static bool has_valid_args(const struct au_chain_view *view)
{
    size_t size = 0;
    if (view->arg_count > AU_ARG_COUNT_MAX) return false;
    for (size_t i = 0; i < view->arg_count; i++) {
        if (view->args[i].size > AU_ARGS_SIZE_MAX - size) return false;
        size += view->args[i].size;
    }
    return true;
}

enum au_err au_chain_view(struct au_chain *chain, const struct au_chain_view *view,
                          uint64_t time_ms, struct au_block_result *out_result)
{
    struct making making;
    if (!has_valid_args(view)) return AU_ERR_INVALID_ARG;
    AU_TRY(begin_making(chain, 1, &making));
    au_lock(&chain->lock);
    enum au_err err = run_view(&making, view, time_ms);
    au_block_abort(chain->block);
    au_unlock(&chain->lock);
    return end_making(&making, err, out_result);
}

void au_block_result_free(struct au_block_result *result)
{
    struct au_arena *arena = result->memory;
    if (arena) au_arena_done(arena);
    au_mem_free(arena);
    *result = (struct au_block_result){0};
}

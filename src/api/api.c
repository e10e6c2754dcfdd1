#include "api/api.h"

#include "api/api_internal.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"

static void *run_herald(void *context);

/* ---- life ---- */

static void make_dev_accounts(struct au_api *api)
{
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        api->dev_keys[i] = au_dev_account_key(i);
        memcpy(api->dev_addresses[i].bytes, api->dev_keys[i].public_key, AU_ADDRESS_SIZE);
    }
}

enum au_err au_api_new(const struct au_api_options *options, struct au_api **out_api)
{
    struct au_api *api = au_mem_new(sizeof(*api));
    if (api == NULL) return AU_ERR_NO_MEMORY;
    api->options = *options;
    if (!au_abi_cache_init(&api->abis)) {
        au_mem_free(api);
        return AU_ERR_NO_MEMORY;
    }
    enum au_err err = au_waits_init(&api->waits, AU_API_WAITERS_MAX);
    if (err != AU_OK) {
        au_abi_cache_done(&api->abis);
        au_mem_free(api);
        return err;
    }
    au_watch_init(&api->watch);
    au_event_watch_init(&api->event_watch);
    au_buf_init(&api->status.text, AU_API_STATUS_SIZE_MAX);
    AU_ASSERT(pthread_mutex_init(&api->status.lock, NULL) == 0);
    AU_ASSERT(pthread_mutex_init(&api->dev_lock, NULL) == 0);
    AU_ASSERT(pthread_mutex_init(&api->blocks_lock, NULL) == 0);
    AU_ASSERT(pthread_mutex_init(&api->lock, NULL) == 0);
    AU_ASSERT(pthread_cond_init(&api->changed, NULL) == 0);
    if (options->is_dev) make_dev_accounts(api);
    api->first_height = au_ledger_head(options->ledger).height;
    api->head_height = api->first_height;
    api->has_herald = pthread_create(&api->herald, NULL, run_herald, api) == 0;
    if (!api->has_herald) {
        au_api_free(api);
        return AU_ERR_NO_MEMORY;
    }
    *out_api = api;
    return AU_OK;
}

void au_api_free(struct au_api *api)
{
    if (api == NULL) return;
    if (api->has_herald) {
        au_lock(&api->lock);
        api->is_done = true;
        AU_ASSERT(pthread_cond_signal(&api->changed) == 0);
        au_unlock(&api->lock);
        AU_ASSERT(pthread_join(api->herald, NULL) == 0);
    }
    for (size_t i = 0; i < api->block_count; i++)
        au_block_free(api->blocks[i]);
    au_watch_done(&api->watch);
    au_event_watch_done(&api->event_watch);
    au_waits_done(&api->waits);
    au_abi_cache_done(&api->abis);
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++)
        au_sign_key_wipe(&api->dev_keys[i]);
    AU_ASSERT(pthread_cond_destroy(&api->changed) == 0);
    AU_ASSERT(pthread_mutex_destroy(&api->lock) == 0);
    AU_ASSERT(pthread_mutex_destroy(&api->blocks_lock) == 0);
    AU_ASSERT(pthread_mutex_destroy(&api->dev_lock) == 0);
    AU_ASSERT(pthread_mutex_destroy(&api->status.lock) == 0);
    au_buf_done(&api->status.text);
    au_mem_free(api);
}

void au_api_stop(struct au_api *api)
{
    atomic_store(&api->is_stopping, true);
}

/* ---- reads ---- */

void au_put_height(struct au_response *response, uint64_t height)
{
    au_response_put_header_u64(response, "Aureon-Height", height);
}

bool au_look_open(struct au_api *api, struct au_response *response, struct au_look *out_look)
{
    enum au_err err = au_read_open(api->options.ledger, &out_look->read);
    if (err != AU_OK) {
        au_fail(response, err);
        return false;
    }
    au_look_begin(api, response, out_look);
    return true;
}

void au_look_begin(struct au_api *api, struct au_response *response, struct au_look *look)
{
    au_chain_reader_init(&look->chain, &api->options.kv, &look->read.snapshot);
    au_put_height(response, look->read.head.height);
}

void au_look_close(struct au_look *look)
{
    au_chain_reader_done(&look->chain);
    au_read_close(&look->read);
}

/* ---- places for simulations ---- */

static enum au_err begin(struct au_block *block, enum au_lend which, uint64_t height)
{
    switch (which) {
    case AU_LEND_NEXT: break;
    case AU_LEND_PAST: return au_block_begin_past(block, height);
    case AU_LEND_AGAIN: return au_block_begin_again(block, height);
    }
    return au_block_begin(block, au_clock_unix_ms());
}

enum au_err au_block_lend(struct au_api *api, enum au_lend which, uint64_t height,
                          struct au_block **out_block)
{
    struct au_block *block = NULL;
    au_lock(&api->blocks_lock);
    if (api->block_count > 0) block = api->blocks[--api->block_count];
    au_unlock(&api->blocks_lock);
    if (block == NULL) AU_TRY(au_block_new(api->options.ledger, &block));
    enum au_err err = begin(block, which, height);
    if (err != AU_OK) {
        au_block_give_back(api, block);
        return err;
    }
    *out_block = block;
    return AU_OK;
}

void au_block_give_back(struct au_api *api, struct au_block *block)
{
    if (block == NULL) return;
    au_block_abort(block);
    au_lock(&api->blocks_lock);
    bool is_kept = api->block_count < AU_API_BLOCKS_KEPT;
    if (is_kept) api->blocks[api->block_count++] = block;
    au_unlock(&api->blocks_lock);
    if (!is_kept) au_block_free(block);
}

struct au_api_room au_api_room(struct au_api *api)
{
    if (api->options.room == NULL) return (struct au_api_room){0};
    return api->options.room(api->options.context);
}

/* ---- news ---- */

void au_api_on_answer(void *context, const struct au_route *route, int status, uint64_t time_ns)
{
    struct au_api *api = context;
    au_tally_note(&api->tally, au_api_routes(), route, status, time_ns);
}

void au_api_on_block(struct au_api *api, const struct au_header *header)
{
    atomic_fetch_add(&api->counts.blocks, 1);
    atomic_fetch_add(&api->counts.txs, header->tx_count);
    atomic_fetch_add(&api->counts.gas_used, header->gas_used);
    au_lock(&api->lock);
    api->head_height = header->height;
    AU_ASSERT(pthread_cond_signal(&api->changed) == 0);
    au_unlock(&api->lock);
}

void au_api_on_drop(struct au_api *api, const struct au_hash *id, enum au_drop reason)
{
    AU_ASSERT((size_t)reason < AU_API_DROP_COUNT);
    atomic_fetch_add(&api->counts.dropped[reason], 1);
    au_watch_dropped(&api->watch, id, reason);
    if (reason == AU_DROP_INCLUDED) return;
    struct au_wait *list = au_waits_take(&api->waits, id, /* is_dropped = */ true, reason);
    for (struct au_wait *wait = list; wait != NULL; wait = wait->next) {
        struct au_response *response = au_pending_claim(wait->pending);
        if (response != NULL) au_answer_dropped(id, reason, response);
        au_pending_finish(wait->pending);
    }
    au_waits_give_back(&api->waits, list);
}

/* ---- the herald: tells waiters and streams of new blocks ---- */

static void answer_all(struct au_api *api, struct au_chain_reader *chain,
                       const struct au_receipt *receipt)
{
    struct au_wait *list =
        au_waits_take(&api->waits, &receipt->id, /* is_dropped = */ false, AU_DROP_INCLUDED);
    for (struct au_wait *wait = list; wait != NULL; wait = wait->next) {
        struct au_response *response = au_pending_claim(wait->pending);
        if (response != NULL) au_answer_receipt(api, &wait->form, chain, receipt, response);
        au_pending_finish(wait->pending);
    }
    au_waits_give_back(&api->waits, list);
}

/* Reads the block's receipts: for blocks of few transactions. */
static void answer_by_block(struct au_api *api, struct au_chain_reader *chain,
                            const struct au_header *header)
{
    for (uint32_t i = 0; i < header->tx_count; i++) {
        struct au_receipt receipt;
        if (au_chain_receipt(chain, (struct au_chain_place){header->height, i}, &receipt) == AU_OK)
            answer_all(api, chain, &receipt);
    }
}

/* Looks for each that is waited for: for large blocks. */
static void answer_by_id(struct au_api *api, struct au_chain_reader *chain,
                         const struct au_hash *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct au_chain_place place;
        struct au_receipt receipt;
        if (au_chain_place(chain, &ids[i], &place) == AU_OK &&
            au_chain_receipt(chain, place, &receipt) == AU_OK) {
            answer_all(api, chain, &receipt);
        }
    }
}

static void answer_waiters(struct au_api *api, struct au_chain_reader *chain, uint64_t height)
{
    struct au_hash ids[AU_API_WAITERS_MAX];
    struct au_header header;
    size_t count = au_waits_ids(&api->waits, ids, AU_COUNT_OF(ids));
    if (count == 0 || au_chain_header(chain, height, &header) != AU_OK) return;
    if (header.tx_count <= count) {
        answer_by_block(api, chain, &header);
    } else {
        answer_by_id(api, chain, ids, count);
    }
}

static void *run_herald(void *context)
{
    struct au_api *api = context;
    struct au_chain_reader chain;
    uint64_t told_height = api->first_height;
    au_chain_reader_init(&chain, &api->options.kv, NULL);
    au_lock(&api->lock);
    while (!api->is_done) {
        if (told_height == api->head_height && !api->has_watcher) {
            AU_ASSERT(pthread_cond_wait(&api->changed, &api->lock) == 0);
            continue;
        }
        uint64_t height = api->head_height;
        api->has_watcher = false;
        au_unlock(&api->lock);
        while (told_height < height)
            answer_waiters(api, &chain, ++told_height);
        au_watch_feed(&api->watch, &chain, height);
        au_event_watch_feed(&api->event_watch, api, &chain, height);
        au_lock(&api->lock);
    }
    au_unlock(&api->lock);
    au_chain_reader_done(&chain);
    return NULL;
}

void au_api_wake(struct au_api *api)
{
    au_lock(&api->lock);
    api->has_watcher = true;
    AU_ASSERT(pthread_cond_signal(&api->changed) == 0);
    au_unlock(&api->lock);
}

/* Transactions on their way to the pool: one, or many. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/sign.h"
#include "base/hex.h"
#include "base/mem.h"
#include "core/limits.h"

#define BATCH_COUNT_MAX 1000u
#define GROUP_COUNT_MAX 512u /* signatures that are checked together */
#define KIND_WORDS      "transfer, stake or unstake"

/* ---- one ---- */

static void submit_signed(struct au_input *input, struct au_bytes bytes,
                          const struct au_submit_wait *how)
{
    struct au_checked checked;
    struct au_wait_form form = {.shape = AU_WAIT_RECEIPT};
    if (!au_submit_decode(input, bytes, &checked) || !au_submit_verify(input, &checked)) return;
    form.id = checked.id;
    au_submit(input, &checked, &form, how);
}

static const struct kind {
    const char *word;
    enum au_tx_kind kind;
} kinds[] = {
    {"transfer", AU_TX_TRANSFER},
    {"stake", AU_TX_STAKE},
    {"unstake", AU_TX_UNSTAKE},
};

static bool read_kind(struct au_input *input, struct au_tx *tx)
{
    struct au_bytes word;
    if (!au_input_text(input, "kind", &word)) {
        au_input_need(input, "kind", KIND_WORDS);
        return false;
    }
    for (size_t i = 0; i < AU_COUNT_OF(kinds); i++) {
        tx->kind = kinds[i].kind;
        if (au_bytes_is_equal(word, au_bytes_of(kinds[i].word))) return true;
    }
    au_input_fail(input, "kind", KIND_WORDS, word);
    return false;
}

static void submit_named(struct au_input *input, const struct au_submit_wait *how)
{
    struct au_tx tx = {.version = AU_TX_VERSION};
    struct au_wait_form form = {.shape = AU_WAIT_RECEIPT};
    size_t index = 0;
    if (!au_sign_find(input, &index) || !read_kind(input, &tx)) return;
    if (!au_input_u64(input, "amount", &tx.amount)) {
        au_input_need(input, "amount", "an amount in base units");
    }
    if (tx.kind == AU_TX_TRANSFER && !au_input_address(input, "to", &tx.to)) {
        au_input_need(input, "to", "the recipient's address");
    }
    if (tx.kind != AU_TX_TRANSFER && au_input_has(input, "to")) {
        au_input_fail(input, "to", "nothing: only a transfer has a recipient", au_bytes_of("to"));
    }
    if (input->has_failed) return;
    tx.from = input->api->dev_addresses[index];
    tx.gas_price = au_ledger_params(input->api->options.ledger)->gas_price_min;
    au_sign_submit(input, index, &tx, &form, how);
}

void au_post_tx(struct au_input *input)
{
    static const char *const names[] = {"tx", "from", "kind", "to", "amount", NULL};
    struct au_submit_wait how;
    struct au_bytes bytes;
    if (!au_submit_read_wait(input, &how)) return;
    if (au_request_has_media_type(input->request, AU_BINARY_MEDIA_TYPE)) {
        submit_signed(input, input->request->body, &how);
        return;
    }
    if (!au_input_parse(input, names)) return;
    if (!au_input_has(input, "tx") && au_input_has(input, "from")) {
        submit_named(input, &how);
    } else if (au_input_bytes(input, "tx", &bytes)) {
        submit_signed(input, bytes, &how);
    } else {
        au_input_need(input, "tx", "a signed transaction: 0x and hex digits");
    }
}

/* ---- many ---- */

struct batch_item {
    struct au_checked checked;
    enum au_invalid invalid;
    struct au_mempool_result result;
};

struct batch {
    struct batch_item *items;
    size_t count;
};

static bool add_item(struct au_input *input, struct batch *batch, struct au_bytes bytes)
{
    struct au_decode error;
    if (batch->count == BATCH_COUNT_MAX) {
        au_input_fail(input, "txs", "at most 1000 transactions", au_bytes_of("more"));
        return false;
    }
    struct batch_item *item = &batch->items[batch->count++];
    item->invalid = au_check_decode(au_ledger_params(input->api->options.ledger), bytes,
                                    &item->checked, &error);
    return true;
}

static void read_binary(struct au_input *input, struct batch *batch)
{
    struct au_decode decode;
    au_decode_init(&decode, input->request->body);
    uint32_t count = au_decode_count(&decode, BATCH_COUNT_MAX, sizeof(uint32_t));
    for (uint32_t i = 0; i < count && decode.error == NULL; i++) {
        struct au_bytes bytes = au_decode_bytes(&decode, UINT32_MAX);
        if (decode.error == NULL && !add_item(input, batch, bytes)) return;
    }
    if (!au_decode_is_done(&decode)) {
        au_input_fail(input, "the body", "u32 count, then for each u32 size and the bytes",
                      au_bytes_of(decode.error));
    }
}

static void read_json(struct au_input *input, struct batch *batch)
{
    static const char *const names[] = {"txs", NULL};
    if (!au_input_parse(input, names)) return;
    const struct au_json_in *list = au_json_in_get(input->json, "txs");
    if (list == NULL || au_json_in_type(list) != AU_JSON_IN_ARRAY) {
        au_input_need(input, "txs", "an array of transactions, each 0x and hex digits");
        return;
    }
    for (size_t i = 0; i < au_json_in_count(list); i++) {
        const struct au_json_in *text = au_json_in_item(list, i);
        struct au_bytes bytes = {0};
        /* What is no hex is no transaction either: its own item says so. */
        if (au_json_in_type(text) == AU_JSON_IN_STRING &&
            au_hex_read(&input->arena, au_json_in_string(text), &bytes) == AU_ERR_NO_MEMORY) {
            input->has_failed = true;
            au_fail(input->response, AU_ERR_NO_MEMORY);
            return;
        }
        if (!add_item(input, batch, bytes)) return;
    }
}

/* Checks the signatures of up to GROUP_COUNT_MAX items from index first on. Returns the index
 * behind them. */
static size_t verify_group(struct au_api *api, struct batch *batch, size_t first,
                           enum au_err *out_err)
{
    const struct au_checked *group[GROUP_COUNT_MAX];
    struct batch_item *items[GROUP_COUNT_MAX];
    const struct au_tx *valid[GROUP_COUNT_MAX];
    bool is_valid[GROUP_COUNT_MAX];
    size_t count = 0;
    size_t i = first;
    for (; i < batch->count && count < GROUP_COUNT_MAX; i++) {
        if (batch->items[i].invalid != AU_INVALID_NONE) continue;
        items[count] = &batch->items[i];
        group[count++] = &batch->items[i].checked;
    }
    struct au_ledger *ledger = api->options.ledger;
    *out_err = au_check_signatures(group, count, au_ledger_genesis_hash(ledger),
                                   au_ledger_keys(ledger), is_valid);
    size_t valid_count = 0;
    for (size_t k = 0; *out_err == AU_OK && k < count; k++) {
        if (is_valid[k]) {
            valid[valid_count++] = &group[k]->tx;
        } else {
            items[k]->invalid = AU_INVALID_SIGNATURE;
        }
    }
    au_ledger_warm(ledger, valid, valid_count);
    return i;
}

/* A batch that is sent again finds its transactions in the pool or in blocks: both are known. */
static enum au_err recognise(struct au_chain_reader *chain, struct batch_item *item)
{
    struct au_chain_place place;
    if (item->result.status != AU_MEMPOOL_INVALID || item->result.invalid != AU_INVALID_NONCE_LOW) {
        return AU_OK;
    }
    enum au_err err = au_chain_place(chain, &item->checked.id, &place);
    if (err == AU_OK) item->result = (struct au_mempool_result){.status = AU_MEMPOOL_KNOWN};
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static enum au_err submit_item(struct au_api *api, struct au_chain_reader *chain,
                               struct batch_item *item)
{
    AU_TRY(au_mempool_add(api->options.mempool, &item->checked, &item->result));
    if (item->result.status == AU_MEMPOOL_EXECUTABLE || item->result.status == AU_MEMPOOL_PARKED) {
        atomic_fetch_add(&api->counts.submitted, 1);
        au_watch_added(&api->watch, &item->checked);
    }
    return recognise(chain, item);
}

static enum au_err submit_all(struct au_api *api, struct batch *batch)
{
    struct au_chain_reader chain;
    enum au_err err = AU_OK;
    for (size_t i = 0; err == AU_OK && i < batch->count;) {
        i = verify_group(api, batch, i, &err);
    }
    au_chain_reader_init(&chain, &api->options.kv, NULL);
    for (size_t i = 0; err == AU_OK && i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        if (item->invalid == AU_INVALID_NONE) err = submit_item(api, &chain, item);
    }
    au_chain_reader_done(&chain);
    return err;
}

static void put_problem(struct au_json_write *json, const struct au_problem *problem)
{
    const struct au_problem_kind *kind = au_problem_kind(problem->code);
    const char *detail = kind->text;
    for (size_t i = 0; i < problem->member_count; i++) {
        const struct au_problem_member *member = &problem->members[i];
        if (strcmp(member->key, "detail") == 0) detail = problem->text + member->offset;
    }
    au_json_put_text(json, "code", kind->code);
    au_json_put_text(json, "detail", detail);
}

static bool put_item(struct au_api *api, struct au_json_write *json, const struct batch_item *item)
{
    struct au_problem problem;
    bool is_refused = item->invalid != AU_INVALID_NONE;
    if (is_refused) {
        atomic_fetch_add(&api->counts.invalid[item->invalid], 1);
        au_problem_init(&problem, au_problem_of_invalid(item->invalid));
    } else {
        is_refused = au_submit_explain(api, &item->result, &problem);
    }
    au_json_write_begin_object(json);
    if (item->invalid == AU_INVALID_NONE || item->invalid == AU_INVALID_SIGNATURE) {
        au_json_put_hash(json, "hash", &item->checked.id);
    }
    if (is_refused) {
        put_problem(json, &problem);
    } else {
        bool is_known = item->result.status == AU_MEMPOOL_KNOWN;
        au_json_put_text(json, "status", is_known ? "known" : "pending");
    }
    au_json_write_end_object(json);
    return !is_refused;
}

static void put_batch(struct au_input *input, const struct batch *batch)
{
    struct au_json_write json;
    size_t accepted = 0;
    au_reply_begin(&json, input->response, 200);
    au_json_write_key(&json, "items");
    au_json_write_begin_array(&json);
    for (size_t i = 0; i < batch->count; i++) {
        if (put_item(input->api, &json, &batch->items[i])) accepted++;
    }
    au_json_write_end_array(&json);
    au_json_put_count(&json, "accepted", accepted);
    au_reply_end(&json);
}

void au_post_txs(struct au_input *input)
{
    if (au_refuse_full_store(input->api, input->response)) return;
    struct batch batch = {.items = au_mem_new(BATCH_COUNT_MAX * sizeof(struct batch_item))};
    if (batch.items == NULL) {
        au_fail(input->response, AU_ERR_NO_MEMORY);
        return;
    }
    if (au_request_has_media_type(input->request, AU_BINARY_MEDIA_TYPE)) {
        read_binary(input, &batch);
    } else {
        read_json(input, &batch);
    }
    if (!input->has_failed) {
        enum au_err err = submit_all(input->api, &batch);
        if (err == AU_OK) {
            put_batch(input, &batch);
        } else {
            au_fail(input->response, err);
        }
    }
    au_mem_free(batch.items);
}

/* Accounts: what they have, and what they did. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/json.h"

#define LIMIT_PRESET 20u
#define LIMIT_MAX    100u

void au_get_account(struct au_input *input)
{
    struct au_address address;
    struct au_account account;
    struct au_look look;
    struct au_json_write json;
    uint64_t next_nonce = 0;
    if (!au_input_path_address(input, "address", &address)) return;
    /* First the pool: what leaves it for a block in between is in the account. */
    enum au_err err = au_mempool_next_nonce(input->api->options.mempool, &address, &next_nonce);
    if (err != AU_OK) {
        au_fail(input->response, err);
        return;
    }
    if (!au_input_look(input, &look)) return;
    err = au_flat_account(&look.read.flat, &address, &account);
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else {
        au_reply_begin(&json, input->response, 200);
        au_json_put_address(&json, "address", &address);
        au_json_put_account(&json, &account);
        /* The pool is of the present. */
        if (next_nonce < account.nonce || look.read.is_past) next_nonce = account.nonce;
        au_json_put_u64(&json, "next_nonce", next_nonce);
        au_json_put_u64(&json, "height", look.read.head.height);
        au_reply_end(&json);
    }
    au_look_close(&look);
}

void au_get_balance(struct au_input *input)
{
    struct au_address address;
    struct au_account account;
    struct au_look look;
    struct au_json_write json;
    if (!au_input_path_address(input, "address", &address)) return;
    if (!au_input_look(input, &look)) return;
    enum au_err err = au_flat_account(&look.read.flat, &address, &account);
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else {
        au_reply_begin(&json, input->response, 200);
        au_json_put_address(&json, "address", &address);
        au_json_put_u64(&json, "balance", account.balance);
        au_json_put_u64(&json, "height", look.read.head.height);
        au_reply_end(&json);
    }
    au_look_close(&look);
}

/* ---- history ---- */

/* A cursor is the place of the last entry. */
static bool read_cursor(struct au_input *input, struct au_chain_place *out_place, bool *out_exists)
{
    struct au_bytes text;
    *out_exists = au_request_query(input->request, "cursor", &text);
    if (!*out_exists || au_cursor_parse_tx(text, out_place)) return true;
    au_input_fail(input, "cursor", "what `next` of the page before said", text);
    return false;
}

static void put_roles(struct au_json_write *json, uint8_t roles)
{
    static const struct {
        uint8_t role;
        const char *name;
    } names[] = {
        {AU_CHAIN_ROLE_SENDER, "sender"},
        {AU_CHAIN_ROLE_TARGET, "target"},
        {AU_CHAIN_ROLE_CREATED, "created"},
    };
    au_json_write_key(json, "roles");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        if (roles & names[i].role) au_json_write_text(json, names[i].name);
    }
    au_json_write_end_array(json);
}

/* What a receipt says of a contract that it changed. */
static enum au_err put_contract(struct au_json_write *json, const struct au_receipt *receipt,
                                const struct au_address *address)
{
    struct au_items items = receipt->contracts;
    struct au_receipt_contract change;
    while (au_receipt_next_contract(&items, &change)) {
        if (!au_address_is_equal(&change.address, address)) continue;
        au_receipt_contract_put_json(json, &change);
        return AU_OK;
    }
    return AU_ERR_MALFORMED;
}

static enum au_err put_entry(struct au_json_write *json, const struct au_chain_page *page,
                             const struct au_chain_entry *entry, const struct au_receipt *receipt)
{
    au_json_put_hash(json, "hash", &receipt->id);
    au_json_put_u64(json, "height", receipt->height);
    au_json_put_count(json, "index", receipt->index);
    if (page->is_of_contract) return put_contract(json, receipt, page->address);
    au_json_put_text(json, "status", au_outcome_name(receipt->outcome));
    put_roles(json, entry->roles);
    return AU_OK;
}

static enum au_err put_entries(struct au_json_write *json, struct au_look *look,
                               const struct au_chain_page *page,
                               const struct au_chain_entry *entries, size_t count)
{
    au_json_write_key(json, "items");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        struct au_receipt receipt;
        AU_TRY(au_chain_receipt(&look->chain, entries[i].place, &receipt));
        au_json_write_begin_object(json);
        AU_TRY(put_entry(json, page, &entries[i], &receipt));
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
    return AU_OK;
}

static enum au_err put_history(struct au_input *input, struct au_look *look,
                               const struct au_chain_page *page)
{
    struct au_chain_entry entries[LIMIT_MAX];
    struct au_json_write json;
    size_t count = 0;
    AU_TRY(au_chain_history(&look->chain, page, entries, &count));
    au_reply_begin(&json, input->response, 200);
    AU_TRY(put_entries(&json, look, page, entries, count));
    if (count == page->count_max) {
        char next[AU_CURSOR_SIZE];
        au_cursor_format_tx(&entries[count - 1].place, next);
        au_json_put_text(&json, "next", next);
    }
    au_reply_end(&json);
    return AU_OK;
}

static void get_history(struct au_input *input, bool is_of_contract)
{
    struct au_address address;
    struct au_chain_place before;
    struct au_look look;
    uint64_t limit = LIMIT_PRESET;
    bool has_before = false;
    if (!au_input_path_address(input, "address", &address)) return;
    au_input_query_u64(input, "limit", 1, LIMIT_MAX, &limit);
    if (input->has_failed || !read_cursor(input, &before, &has_before)) return;
    if (!au_look_open(input->api, input->response, &look)) return;
    const struct au_chain_page page = {&address, is_of_contract, has_before ? &before : NULL,
                                       (size_t)limit};
    enum au_err err = put_history(input, &look, &page);
    if (err != AU_OK) au_fail(input->response, err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err);
    au_look_close(&look);
}

void au_get_account_txs(struct au_input *input)
{
    get_history(input, /* is_of_contract = */ false);
}

void au_get_contract_history(struct au_input *input)
{
    get_history(input, /* is_of_contract = */ true);
}

/* Contracts: code, and what they store. */
#include "abi/json.h"
#include "abi/section.h"
#include "api/handlers.h"
#include "api/json.h"
#include "base/hex.h"
#include "core/limits.h"

#define LIMIT_PRESET  100u
#define LIMIT_MAX     1000u
#define PAGE_SIZE_MAX (8u << 20) /* bytes of a page's JSON, after which it ends */

/* A contract that is looked at. */
struct contract {
    struct au_look look;
    struct au_address address;
    struct au_account account;
};

/* false: the response is a problem and nothing is open. */
static bool open_contract(struct au_input *input, struct contract *out_contract)
{
    struct contract *contract = out_contract;
    if (!au_input_path_address(input, "address", &contract->address)) return false;
    if (!au_input_look(input, &contract->look)) return false;
    enum au_err err =
        au_flat_account(&contract->look.read.flat, &contract->address, &contract->account);
    if (err == AU_OK && contract->account.has_code) return true;
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else {
        au_input_fail_contract(input);
    }
    au_look_close(&contract->look);
    return false;
}

static void fail_read(struct au_input *input, enum au_err err)
{
    if (err != AU_OK) au_fail(input->response, err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err);
}

void au_get_contract(struct au_input *input)
{
    struct contract contract;
    struct au_json_write json;
    struct au_bytes code;
    if (!open_contract(input, &contract)) return;
    const struct au_account *account = &contract.account;
    enum au_err err = au_flat_code(&contract.look.read.flat, &account->code_hash, &code);
    if (err == AU_OK) {
        au_reply_begin(&json, input->response, 200);
        au_json_put_address(&json, "address", &contract.address);
        au_json_put_hash(&json, "code_hash", &account->code_hash);
        au_json_put_count(&json, "code_size", code.size);
        if (account->has_admin) au_json_put_address(&json, "admin", &account->admin);
        au_json_put_u64(&json, "balance", account->balance);
        if (account->has_storage) au_json_put_hash(&json, "storage_root", &account->storage_root);
        au_json_put_u64(&json, "height", contract.look.read.head.height);
        au_reply_end(&json);
    }
    fail_read(input, err);
    au_look_close(&contract.look);
}

static void write_code(struct au_input *input, const struct au_hash *hash, struct au_bytes code)
{
    struct au_buf tag;
    struct au_bytes known = {0};
    au_buf_init(&tag, 128);
    au_buf_put_u8(&tag, '"');
    au_hex_put(&tag, (struct au_bytes){hash->bytes, AU_HASH_SIZE});
    au_buf_put_u8(&tag, '"');
    bool is_known = au_request_header(input->request, "If-None-Match", &known) &&
                    au_bytes_is_equal(known, au_buf_bytes(&tag));
    au_response_set(input->response, is_known ? 304 : 200, is_known ? NULL : "application/wasm");
    if (tag.err == AU_OK) {
        au_response_put_header(input->response, "ETag", "%.*s", (int)tag.size,
                               (const char *)tag.data);
    }
    if (!is_known) au_buf_put_bytes(&input->response->body, code);
    au_buf_done(&tag);
}

void au_get_code(struct au_input *input)
{
    struct contract contract;
    struct au_bytes code;
    if (!open_contract(input, &contract)) return;
    const struct au_hash *hash = &contract.account.code_hash;
    enum au_err err = au_flat_code(&contract.look.read.flat, hash, &code);
    if (err == AU_OK) write_code(input, hash, code);
    fail_read(input, err);
    au_look_close(&contract.look);
}

/* ---- what it says of itself ---- */

static void fail_abi(struct au_input *input, enum au_err err, const struct au_abi_error *error)
{
    struct au_problem problem;
    struct au_bytes got = au_request_param(input->request, "address");
    if (err != AU_ERR_NOT_FOUND && err != AU_ERR_MALFORMED) {
        au_fail(input->response, err);
        return;
    }
    au_problem_init(&problem,
                    err == AU_ERR_NOT_FOUND ? AU_PROBLEM_NO_ABI : AU_PROBLEM_MALFORMED_ABI);
    if (err == AU_ERR_MALFORMED) {
        au_problem_set(&problem, "detail", "malformed at line %u: %s", (unsigned)error->line,
                       error->message);
        au_problem_set_number(&problem, "line", error->line);
    }
    au_problem_set(&problem, "got", "%.*s", (int)got.size, (const char *)got.data);
    au_response_put_problem(input->response, &problem);
}

/* The document depends on the code alone. */
static void write_abi(struct au_input *input, struct au_bytes code)
{
    struct au_abi abi;
    struct au_abi_error error;
    struct au_arena arena;
    struct au_json_write json;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    enum au_err err = au_abi_load(code, &arena, &abi, &error);
    if (err == AU_OK) {
        au_response_set(input->response, 200, AU_JSON_MEDIA_TYPE);
        au_json_write_init(&json, &input->response->body, AU_JSON_WRITE_COMPACT);
        au_abi_write_json(&json, &abi);
        au_json_write_finish(&json);
    } else {
        fail_abi(input, err, &error);
    }
    au_arena_done(&arena);
}

void au_get_abi(struct au_input *input)
{
    struct contract contract;
    struct au_bytes code;
    if (!open_contract(input, &contract)) return;
    enum au_err err = au_flat_code(&contract.look.read.flat, &contract.account.code_hash, &code);
    if (err == AU_OK) write_abi(input, code);
    fail_read(input, err);
    au_look_close(&contract.look);
}

/* ---- storage ---- */

/* What a page of slots is to have. */
struct page {
    struct au_bytes prefix;
    struct au_bytes cursor; /* the last key of the page before */
    bool has_cursor;
    uint64_t limit;
};

static bool read_key(struct au_input *input, const char *name, struct au_bytes *out_key)
{
    struct au_bytes text;
    if (input->has_failed || !au_request_query(input->request, name, &text)) return false;
    if (au_hex_read(&input->arena, text, out_key) == AU_OK && out_key->size <= AU_KEY_SIZE_MAX) {
        return true;
    }
    au_input_fail(input, name, "0x and the hex digits of at most 256 bytes", text);
    return false;
}

static bool read_page(struct au_input *input, struct page *out_page)
{
    *out_page = (struct page){.limit = LIMIT_PRESET};
    read_key(input, "prefix", &out_page->prefix);
    out_page->has_cursor = read_key(input, "cursor", &out_page->cursor);
    au_input_query_u64(input, "limit", 1, LIMIT_MAX, &out_page->limit);
    return !input->has_failed;
}

static enum au_err open_slots(const struct contract *contract, const struct page *page,
                              struct au_kv_iter *out_iter)
{
    struct au_hash owner = au_flat_account_key(&contract->address);
    struct au_flat_key lower = au_flat_key(&owner, page->has_cursor ? page->cursor : page->prefix);
    struct au_flat_key upper = au_flat_key(&owner, page->prefix);
    /* The key next to the cursor's is that with a zero behind it. */
    if (page->has_cursor) lower.bytes[lower.size++] = 0;
    au_flat_key_pass(&upper);
    struct au_kv_range range = {
        .cf = AU_CF_KEY, .lower = {lower.bytes, lower.size}, .upper = {upper.bytes, upper.size}};
    const struct au_read *read = &contract->look.read;
    return au_kv_iter_open(&read->flat.kv, read->flat.snapshot, &range, out_iter);
}

/* Slots of a contract, being written. */
struct listing {
    struct au_input *input;
    struct contract *contract;
    struct au_json_write json;
    struct au_decoder decoder;
};

static void begin(struct listing *listing, struct au_input *input, struct contract *contract)
{
    listing->input = input;
    listing->contract = contract;
    au_decoder_init(&listing->decoder, input->api, AU_DECODER_SIZE_MAX);
    au_reply_begin(&listing->json, input->response, 200);
}

static void put_slot(struct listing *listing, struct au_bytes key, struct au_bytes value)
{
    au_json_put_hex(&listing->json, "key", key);
    au_json_put_hex(&listing->json, "value", value);
    au_decoder_put_slot(&listing->decoder, &listing->json, &listing->contract->account.code_hash,
                        key, value);
}

static void end(struct listing *listing)
{
    au_json_put_u64(&listing->json, "height", listing->contract->look.read.head.height);
    au_reply_end(&listing->json);
    au_decoder_done(&listing->decoder);
}

/* Writes slots until the page or the range ends; out_last is the last key if there are more. */
static enum au_err put_slots(struct listing *listing, struct au_kv_iter *iter, uint64_t limit,
                             struct au_bytes *out_last)
{
    struct au_input *input = listing->input;
    struct contract *contract = listing->contract;
    struct au_kv_entry entry;
    for (uint64_t i = 0; i < limit; i++) {
        struct au_slot slot;
        enum au_err err = au_kv_iter_next(iter, &entry);
        if (err == AU_ERR_NOT_FOUND) return AU_OK;
        AU_TRY(err);
        if (entry.key.size < AU_HASH_SIZE) return AU_ERR_MALFORMED;
        struct au_bytes key = {entry.key.data + AU_HASH_SIZE, entry.key.size - AU_HASH_SIZE};
        AU_TRY(au_flat_slot(&contract->look.read.flat, &contract->address, key, &slot));
        if (!slot.exists) return AU_ERR_MALFORMED;
        au_json_write_begin_object(&listing->json);
        put_slot(listing, key, slot.value);
        au_json_write_end_object(&listing->json);
        if (i + 1 == limit || input->response->body.size > PAGE_SIZE_MAX) {
            return au_arena_copy(&input->arena, key, out_last);
        }
    }
    return AU_OK;
}

static enum au_err put_page(struct au_input *input, struct contract *contract,
                            const struct page *page)
{
    struct au_kv_iter iter;
    struct listing listing;
    struct au_bytes last = {0};
    AU_TRY(open_slots(contract, page, &iter));
    begin(&listing, input, contract);
    au_json_write_key(&listing.json, "items");
    au_json_write_begin_array(&listing.json);
    enum au_err err = put_slots(&listing, &iter, page->limit, &last);
    au_kv_iter_close(&iter);
    if (err != AU_OK) {
        au_decoder_done(&listing.decoder);
        return err;
    }
    au_json_write_end_array(&listing.json);
    if (last.size > 0) au_json_put_hex(&listing.json, "next", last);
    end(&listing);
    return AU_OK;
}

void au_get_storage(struct au_input *input)
{
    struct contract contract;
    struct page page;
    if (!read_page(input, &page) || !open_contract(input, &contract)) return;
    fail_read(input, put_page(input, &contract, &page));
    au_look_close(&contract.look);
}

static void fail_key(struct au_input *input)
{
    struct au_problem problem;
    struct au_bytes got = au_request_param(input->request, "key");
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_KEY);
    au_problem_set(&problem, "got", "%.*s", (int)got.size, (const char *)got.data);
    au_response_put_problem(input->response, &problem);
}

void au_get_slot(struct au_input *input)
{
    struct contract contract;
    struct au_slot slot;
    struct au_bytes key;
    struct listing listing;
    if (!au_input_path_slot_key(input, "key", &key) || !open_contract(input, &contract)) return;
    enum au_err err = au_flat_slot(&contract.look.read.flat, &contract.address, key, &slot);
    if (err == AU_OK && !slot.exists) {
        fail_key(input);
    } else if (err == AU_OK) {
        begin(&listing, input, &contract);
        put_slot(&listing, key, slot.value);
        end(&listing);
    }
    fail_read(input, err);
    au_look_close(&contract.look);
}

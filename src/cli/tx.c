#include "cli/tx.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/json_write.h"
#include "cli/show.h"
#include "core/limits.h"
#include "core/tx.h"

#define RESULT_SIZE_MAX (16u << 20) /* bytes */

/* One fact, for either form: a label and what stands behind it. */
struct page {
    struct au_buf *text;
    struct au_json_write *json; /* NULL: lines for people */
};

static void put_hex(struct page *page, const char *name, struct au_bytes bytes)
{
    if (page->json) {
        au_json_write_key(page->json, name);
        au_json_write_hex(page->json, bytes);
        return;
    }
    au_buf_printf(page->text, "%-16s", name);
    au_show_value(page->text, bytes);
    au_buf_put_u8(page->text, '\n');
}

static void put_u64(struct page *page, const char *name, uint64_t number)
{
    if (page->json) {
        au_json_write_key(page->json, name);
        au_json_write_u64(page->json, number);
        return;
    }
    au_buf_printf(page->text, "%-16s%llu\n", name, (unsigned long long)number);
}

static void put_text(struct page *page, const char *name, struct au_bytes text)
{
    if (page->json) {
        au_json_write_key(page->json, name);
        au_json_write_bytes(page->json, text);
        return;
    }
    au_buf_printf(page->text, "%-16s", name);
    au_buf_put_bytes(page->text, text);
    au_buf_put_u8(page->text, '\n');
}

static void put_address(struct page *page, const char *name, const struct au_address *address)
{
    struct au_buf text;
    au_buf_init(&text, 128);
    au_address_format(&text, address);
    put_text(page, name, au_buf_bytes(&text));
    if (text.err != AU_OK) page->text->err = text.err;
    au_buf_done(&text);
}

static void put_args(struct page *page, const struct au_tx *tx)
{
    struct au_bytes rest = tx->args;
    struct au_bytes arg;
    if (page->json) {
        au_json_write_key(page->json, "args");
        au_json_write_begin_array(page->json);
    }
    while (au_tx_arg(&rest, &arg)) {
        if (page->json) {
            au_json_write_hex(page->json, arg);
        } else {
            put_hex(page, "arg", arg);
        }
    }
    if (page->json) au_json_write_end_array(page->json);
}

static void put_run(struct page *page, const struct au_tx *tx)
{
    if (tx->kind == AU_TX_CALL) put_text(page, "function", tx->function);
    if (tx->kind != AU_TX_CALL) put_hex(page, "code", tx->code);
    put_args(page, tx);
    put_u64(page, "gas_limit", tx->gas_limit);
    if (tx->kind != AU_TX_UPGRADE) put_u64(page, "value", tx->value);
    if (tx->has_admin) put_address(page, "admin", &tx->admin);
}

static void put_payload(struct page *page, const struct au_tx *tx)
{
    switch (tx->kind) {
    case AU_TX_TRANSFER:
        put_address(page, "to", &tx->to);
        put_u64(page, "amount", tx->amount);
        break;
    case AU_TX_DEPLOY: put_run(page, tx); break;
    case AU_TX_CALL:
    case AU_TX_UPGRADE:
        put_address(page, "contract", &tx->to);
        put_run(page, tx);
        break;
    case AU_TX_STAKE:
    case AU_TX_UNSTAKE: put_u64(page, "amount", tx->amount); break;
    }
    if (tx->has_validator) {
        put_hex(page, "validator_key",
                (struct au_bytes){tx->validator_key, sizeof(tx->validator_key)});
        put_hex(page, "validator_proof",
                (struct au_bytes){tx->validator_proof, sizeof(tx->validator_proof)});
    }
}

static void put_tx(struct page *page, struct au_bytes bytes, const struct au_tx *tx)
{
    struct au_hash id = au_tx_id(bytes);
    put_hex(page, "id", (struct au_bytes){id.bytes, AU_HASH_SIZE});
    put_text(page, "kind", au_bytes_of(au_tx_kind_name(tx->kind)));
    put_address(page, "from", &tx->from);
    put_u64(page, "nonce", tx->nonce);
    put_u64(page, "gas_price", tx->gas_price);
    put_u64(page, "valid_until", tx->valid_until);
    put_payload(page, tx);
    put_hex(page, "signature", (struct au_bytes){tx->signature, AU_TX_SIGNATURE_SIZE});
    put_u64(page, "size", bytes.size);
    put_u64(page, "intrinsic_steps", au_tx_intrinsic_steps(tx, bytes.size));
}

static enum au_exit show(struct au_invocation *invocation, struct au_bytes bytes)
{
    struct au_tx tx;
    struct au_decode error;
    if (!au_tx_decode(bytes, &tx, &error)) {
        return au_invocation_fail(invocation, AU_EXIT_REJECTED,
                                  "not a transaction: %s, at byte %zu of %zu", error.error,
                                  error.error_at, bytes.size);
    }
    struct au_buf text;
    struct au_json_write json;
    au_buf_init(&text, RESULT_SIZE_MAX);
    struct page page = {.text = &text};
    if (au_invocation_has(invocation, "json")) {
        page.json = &json;
        au_json_write_init(&json, &text, AU_JSON_WRITE_INDENTED);
        au_json_write_begin_object(&json);
    }
    put_tx(&page, bytes, &tx);
    if (page.json) {
        au_json_write_end_object(&json);
        au_json_write_finish(&json);
    }
    enum au_exit code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

static enum au_exit decode_hex(struct au_invocation *invocation, struct au_bytes text)
{
    size_t size = text.size < 2 ? 0 : (text.size - 2) / 2;
    if (size > AU_TX_SIZE_MAX) size = AU_TX_SIZE_MAX; /* which then does not fit the digits */
    uint8_t *bytes = au_arena_get(&invocation->arena, size);
    if (!bytes) return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "out of memory");
    if (au_hex_parse(text, bytes, size) != AU_OK) {
        return au_invocation_fail(
            invocation, AU_EXIT_USAGE,
            "expected 0x and an even number of hex digits, at most 1 MiB, or @path");
    }
    return show(invocation, (struct au_bytes){bytes, size});
}

enum au_exit au_tx_decode_command(struct au_invocation *invocation)
{
    const char *operand = invocation->operands[0];
    if (operand[0] != '@') return decode_hex(invocation, au_bytes_of(operand));
    struct au_buf content;
    au_buf_init(&content, AU_TX_SIZE_MAX + 1);
    enum au_err err = au_file_read(operand + 1, &content);
    enum au_exit code = err == AU_OK
                            ? show(invocation, au_buf_bytes(&content))
                            : au_invocation_fail_file(invocation, err, "read", operand + 1);
    au_buf_done(&content);
    return code;
}

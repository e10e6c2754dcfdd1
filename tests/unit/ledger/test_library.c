/* Goal: the chain of the public header: opened in memory and in a folder, blocks applied and
 * simulated, results that outlive the block, options out of range refused.
 * Method: only aureon.h is used for the chain; transactions are signed by the test. */
#include <unistd.h>

#include "aureon.h"
#include "core/tx.h"
#include "crypto/sign.h"
#include "support/folder.h"
#include "unit/unit.h"
#include "unit/vm/cmocka_signals.h"

#define RICH UINT64_C(1000000000000000)

struct book {
    struct au_runtime *runtime;
    struct au_chain *chain;
    struct au_sign_key keys[2];
    struct au_chain_account accounts[2];
    uint64_t nonce;
};

static void make_options(struct book *book, struct au_chain_options *options)
{
    *options = (struct au_chain_options){
        .time_ms = 5, .gas_price_min = 10, .accounts = book->accounts, .account_count = 2};
    for (int i = 0; i < 2; i++) {
        uint8_t seed[32];
        memset(seed, i + 1, sizeof(seed));
        au_sign_key_from_seed(&book->keys[i], seed);
        memcpy(book->accounts[i].address, book->keys[i].public_key, 32);
        book->accounts[i].balance = RICH;
    }
    memcpy(options->proposer, book->keys[1].public_key, 32);
}

static void open_book(struct book *book, const char *folder)
{
    struct au_chain_options options;
    char message[200];
    *book = (struct book){0};
    make_options(book, &options);
    options.folder = folder;
    assert_int_equal(au_runtime_new(NULL, &book->runtime), AU_OK);
    assert_int_equal(au_chain_open(book->runtime, &options, message, sizeof(message), &book->chain),
                     AU_OK);
    assert_string_equal(message, "");
}

static void close_book(struct book *book)
{
    au_chain_close(book->chain);
    au_runtime_free(book->runtime);
}

/* The bytes live until the next call. */
static struct au_bytes sign(struct book *book, struct au_tx tx)
{
    static struct au_buf bytes, message;
    struct au_hash genesis_hash = au_chain_genesis_hash(book->chain);
    au_buf_done(&bytes);
    au_buf_done(&message);
    au_buf_init(&bytes, 1 << 20);
    au_buf_init(&message, 1 << 20);
    tx.version = AU_TX_VERSION;
    tx.nonce = book->nonce;
    tx.gas_price = 10;
    memcpy(tx.from.bytes, book->keys[0].public_key, 32);
    au_tx_encode_body(&bytes, &tx);
    au_tx_put_signed_message(&message, &genesis_hash, au_buf_bytes(&bytes));
    au_sign(&book->keys[0], au_buf_bytes(&message), tx.signature);
    au_buf_done(&message);
    au_buf_clear(&bytes);
    au_tx_encode(&bytes, &tx);
    return au_buf_bytes(&bytes);
}

static struct au_tx payment(uint64_t amount)
{
    struct au_tx tx = {.kind = AU_TX_TRANSFER, .amount = amount};
    memset(tx.to.bytes, 9, 32);
    return tx;
}

static uint64_t balance_of(struct book *book, uint8_t byte)
{
    uint8_t address[32];
    struct au_account_state account;
    memset(address, byte, sizeof(address));
    assert_int_equal(au_chain_get_account(book->chain, address, &account), AU_OK);
    return account.balance;
}

static void test_apply_and_simulate(void **state)
{
    (void)state;
    struct book book;
    struct au_block_result simulated, applied, refused;
    open_book(&book, NULL);
    struct au_bytes tx = sign(&book, payment(77));
    assert_int_equal(au_simulate_block(book.chain, &tx, 1, 100, &simulated), AU_OK);
    assert_int_equal(balance_of(&book, 9), 0);
    assert_int_equal(au_apply_transaction(book.chain, tx, 100, &applied), AU_OK);
    assert_int_equal(balance_of(&book, 9), 77);
    assert_int_equal(applied.height, 1);
    assert_int_equal(applied.time_ms, 100);
    assert_int_equal(applied.tx_count, 1);
    assert_int_equal(applied.txs[0].invalid, 0);
    assert_int_equal(applied.txs[0].outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(applied.txs[0].fee, applied.txs[0].gas_used * 10);
    assert_memory_equal(applied.txs[0].receipt.data, simulated.txs[0].receipt.data,
                        applied.txs[0].receipt.size);
    static const struct au_hash zero;
    assert_memory_equal(simulated.hash.bytes, zero.bytes, 32);
    assert_memory_not_equal(applied.hash.bytes, zero.bytes, 32);
    /* The same again has a nonce that is used: no block. */
    assert_int_equal(au_apply_transaction(book.chain, tx, 100, &refused), AU_OK);
    assert_string_equal(refused.txs[0].invalid_name, "nonce_low");
    assert_memory_equal(refused.hash.bytes, zero.bytes, 32);
    assert_int_equal(refused.txs[0].receipt.size, 0);
    au_block_result_free(&simulated);
    au_block_result_free(&applied);
    au_block_result_free(&refused);
    au_block_result_free(&refused);
    close_book(&book);
}

static void test_decided_block(void **state)
{
    (void)state;
    struct book book;
    struct au_block_result result;
    open_book(&book, NULL);
    struct au_bytes good = sign(&book, payment(5));
    uint8_t forged[300];
    memcpy(forged, good.data, good.size);
    forged[good.size - 1] ^= 1;
    struct au_bytes txs[] = {{forged, good.size}, {forged, 10}, good, good};
    assert_int_equal(au_apply_block(book.chain, txs, AU_COUNT_OF(txs), 0, &result), AU_OK);
    assert_string_equal(result.txs[0].invalid_name, "signature");
    assert_string_equal(result.txs[1].invalid_name, "encoding");
    assert_string_equal(result.txs[2].invalid_name, "none");
    assert_string_equal(result.txs[3].invalid_name, "nonce_low");
    assert_int_equal(result.time_ms, 6); /* 1 ms after genesis */
    assert_int_equal(balance_of(&book, 9), 5);
    au_block_result_free(&result);
    assert_int_equal(au_apply_block(book.chain, NULL, 0, 0, &result), AU_OK);
    assert_int_equal(result.height, 2);
    au_block_result_free(&result);
    assert_int_equal(au_apply_block(book.chain, txs, 100001, 0, &result), AU_ERR_INVALID_ARG);
    close_book(&book);
}

static const char contract_text[] =
    "(module (import \"env\" \"storage_write\""
    "  (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (memory 1 1) (data (i32.const 0) \"key\")"
    " (func (export \"run\") (result i32) (call $log (i32.const 0) (i32.const 3))"
    "  (call $log (i32.const 1) (i32.const 2))"
    "  (call $write (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 2))))";

static void test_folder(void **state)
{
    (void)state;
    char path[] = "/tmp/aureon-test-XXXXXX";
    char message[200];
    struct book book;
    struct au_bytes code, value;
    struct au_block_result result;
    struct au_account_state account;
    assert_non_null(mkdtemp(path));
    open_book(&book, path);
    assert_int_equal(au_wat_to_wasm(au_bytes_of(contract_text), &code, message, sizeof(message)),
                     AU_OK);
    struct au_tx deploy = {.kind = AU_TX_DEPLOY, .code = code, .gas_limit = 1000000};
    assert_int_equal(au_apply_transaction(book.chain, sign(&book, deploy), 0, &result), AU_OK);
    assert_true(result.txs[0].has_created);
    struct au_tx call = {.kind = AU_TX_CALL, .function = au_bytes_of("run"), .gas_limit = 100000};
    memcpy(call.to.bytes, result.txs[0].created, 32);
    au_block_result_free(&result);
    book.nonce = 1;
    assert_int_equal(au_apply_transaction(book.chain, sign(&book, call), 0, &result), AU_OK);
    assert_int_equal(result.txs[0].log_count, 2);
    assert_int_equal(result.txs[0].logs[1].size, 2);
    assert_memory_equal(result.txs[0].logs[1].data, "ey", 2);
    struct au_hash root = result.state_root;
    au_block_result_free(&result);
    close_book(&book);

    open_book(&book, path);
    book.nonce = 2;
    struct au_bytes key = au_bytes_of("key");
    assert_int_equal(au_chain_get_storage(book.chain, call.to.bytes, key, &value), AU_OK);
    assert_int_equal(value.size, 2);
    au_free(value.data);
    key.size = 2;
    assert_int_equal(au_chain_get_storage(book.chain, call.to.bytes, key, &value),
                     AU_ERR_NOT_FOUND);
    assert_int_equal(au_chain_get_account(book.chain, call.to.bytes, &account), AU_OK);
    assert_true(account.is_contract);
    assert_int_equal(au_chain_get_code(book.chain, call.to.bytes, &value), AU_OK);
    assert_int_equal(value.size, code.size);
    assert_memory_equal(value.data, code.data, code.size);
    au_free(value.data);
    call.to.bytes[0] ^= 1;
    assert_int_equal(au_chain_get_code(book.chain, call.to.bytes, &value), AU_ERR_NOT_FOUND);
    assert_int_equal(au_apply_block(book.chain, NULL, 0, 0, &result), AU_OK);
    assert_int_equal(result.height, 3);
    assert_memory_equal(result.state_root.bytes, root.bytes, 32);
    au_block_result_free(&result);
    /* One folder, one chain at a time. */
    struct au_chain_options options;
    struct au_chain *second;
    make_options(&book, &options);
    options.folder = path;
    assert_int_equal(au_chain_open(book.runtime, &options, message, sizeof(message), &second),
                     AU_ERR_IO);
    assert_true(strlen(message) > 0);
    close_book(&book);
    au_free(code.data);
    assert_int_equal(folder_remove(path), 0);
}

static const char asked_text[] =
    "(module (import \"env\" \"storage_write\""
    "  (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"block_time\" (func $time (result i64)))"
    " (import \"env\" \"caller\" (func $caller (param i32)))"
    " (import \"env\" \"return_data\" (func $return (param i32 i32)))"
    " (memory 1 1) (data (i32.const 0) \"key\")"
    " (func (export \"later\") (param $by i64) (result i64)"
    "  (call $log (i32.const 0) (i32.const 3)) (i64.add (call $time) (local.get $by)))"
    " (func (export \"who\") (call $caller (i32.const 64))"
    "  (call $return (i32.const 64) (i32.const 32)))"
    " (func (export \"write\") (result i32)"
    "  (call $write (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 2))))";

static void test_view(void **state)
{
    (void)state;
    char message[200];
    struct book book;
    struct au_bytes code, value;
    struct au_block_result result;
    uint64_t by = 3;
    uint64_t later = 0;
    struct au_bytes arg = {(const uint8_t *)&by, sizeof(by)};
    struct au_chain_view view = {.gas_limit = 4000000};
    open_book(&book, NULL);
    assert_int_equal(au_wat_to_wasm(au_bytes_of(asked_text), &code, message, sizeof(message)),
                     AU_OK);
    struct au_tx deploy = {.kind = AU_TX_DEPLOY, .code = code, .gas_limit = 1000000};
    assert_int_equal(au_apply_transaction(book.chain, sign(&book, deploy), 100, &result), AU_OK);
    memcpy(view.contract, result.txs[0].created, 32);
    au_block_result_free(&result);

    view.function = au_bytes_of("later");
    view.args = &arg;
    view.arg_count = 1;
    assert_int_equal(au_chain_view(book.chain, &view, 500, &result), AU_OK);
    assert_int_equal(result.tx_count, 1);
    assert_int_equal(result.height, 2);
    assert_string_equal(result.txs[0].invalid_name, "none");
    assert_int_equal(result.txs[0].outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.txs[0].output.size, 8);
    memcpy(&later, result.txs[0].output.data, 8);
    assert_int_equal(later, 503);
    assert_int_equal(result.txs[0].log_count, 1);
    assert_memory_equal(result.txs[0].logs[0].data, "key", 3);
    assert_true(result.txs[0].gas_used > 0);
    assert_int_equal(result.gas_used, result.txs[0].gas_used);
    au_block_result_free(&result);

    view.arg_count = 0;
    view.function = au_bytes_of("who");
    memset(view.caller, 9, sizeof(view.caller));
    assert_int_equal(au_chain_view(book.chain, &view, 0, &result), AU_OK);
    assert_memory_equal(result.txs[0].output.data, view.caller, 32);
    au_block_result_free(&result);

    view.function = au_bytes_of("write");
    assert_int_equal(au_chain_view(book.chain, &view, 0, &result), AU_OK);
    assert_int_equal(result.txs[0].outcome, AU_OUTCOME_NOT_ALLOWED);
    assert_true(result.txs[0].message.size > 0);
    au_block_result_free(&result);
    assert_int_equal(au_chain_get_storage(book.chain, view.contract, au_bytes_of("key"), &value),
                     AU_ERR_NOT_FOUND);
    assert_int_equal(au_apply_block(book.chain, NULL, 0, 0, &result), AU_OK);
    assert_int_equal(result.height, 2); /* views made no block */
    au_block_result_free(&result);

    view.gas_limit++;
    assert_int_equal(au_chain_view(book.chain, &view, 0, &result), AU_ERR_INVALID_ARG);
    view.gas_limit--;
    view.arg_count = 65;
    assert_int_equal(au_chain_view(book.chain, &view, 0, &result), AU_ERR_INVALID_ARG);
    view.arg_count = 1;
    arg.size = (256u << 10) + 1;
    assert_int_equal(au_chain_view(book.chain, &view, 0, &result), AU_ERR_INVALID_ARG);
    au_free(code.data);
    close_book(&book);
}

static void refuse_options(const struct au_chain_options *options, const char *why)
{
    struct au_runtime *runtime;
    struct au_chain *chain = NULL;
    char message[200];
    assert_int_equal(au_runtime_new(NULL, &runtime), AU_OK);
    assert_int_equal(au_chain_open(runtime, options, message, sizeof(message), &chain),
                     AU_ERR_INVALID_ARG);
    assert_null(chain);
    if (!strstr(message, why)) fail_msg("'%s' does not say '%s'", message, why);
    au_runtime_free(runtime);
}

static void test_options_refused(void **state)
{
    (void)state;
    struct book book;
    struct au_chain_options good, bad;
    make_options(&book, &good);
    bad = good;
    bad.chain_id = "No";
    refuse_options(&bad, "chain id");
    bad = good;
    bad.gas_price_min = 1000000001;
    refuse_options(&bad, "parameter");
    bad = good;
    memset(bad.proposer, 0, sizeof(bad.proposer));
    refuse_options(&bad, "proposer");
    struct au_chain_account twice[] = {book.accounts[0], book.accounts[0]};
    bad = good;
    bad.accounts = twice;
    refuse_options(&bad, "twice");
    twice[1] = book.accounts[1];
    twice[1].balance = 0;
    refuse_options(&bad, "0");
    twice[1].balance = AU_AMOUNT_MAX;
    refuse_options(&bad, "2^63-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_and_simulate),
        cmocka_unit_test(test_decided_block),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_view),
        cmocka_unit_test(test_options_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

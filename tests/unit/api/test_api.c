/* What the routes of chain, accounts and transactions answer, over real HTTP on a real chain. */
#include "unit/api/api_world.h"

#include <inttypes.h>
#include <pthread.h>

#include "core/merkle.h"
#include "state/proof.h"

#define TO_BOB "{\"from\":\"alice\",\"kind\":\"transfer\",\"to\":\"bob\",\"amount\":\"5\"}"

/* ---- the chain ---- */

static void test_status(void **state)
{
    (void)state;
    struct answer answer = get(200, "/v1/status");
    expect_text(&answer, "chain_id", "test");
    expect_text(&answer, "mode", "dev");
    expect_text(&answer, "height", "0");
    expect_text(&answer, "gas_price_min", "0");
    expect_text(&answer, "block_gas_limit", "4000000");
    assert_int_equal(number_at(&answer, "mempool.count"), 0);
    expect_text(&answer, "history.first_height", "0");
    expect_text(&answer, "history.keep_blocks", "1024");
    assert_string_equal(header_of(&answer, "Aureon-Height"), "0");
    assert_string_equal(header_of(&answer, "Content-Type"), "application/json");
    uint8_t hash[32];
    bytes_at(&answer, "genesis_hash", hash, sizeof(hash));
    assert_memory_equal(hash, au_ledger_genesis_hash(world.ledger)->bytes, 32);
    answer_done(&answer);

    answer = get(200, "/health");
    expect_text(&answer, "status", "ok");
    answer_done(&answer);
}

static void test_blocks(void **state)
{
    (void)state;
    struct answer answer = post(200, "/v1/dev/mine", "{\"count\": 4}");
    expect_text(&answer, "height", "4");
    answer_done(&answer);
    answer = post(200, "/v1/tx", TO_BOB);
    char id[80];
    snprintf(id, sizeof(id), "%s", text_at(&answer, "hash"));
    answer_done(&answer);

    answer = get(200, "/chain/head");
    expect_text(&answer, "height", "5");
    expect_text(&answer, "txs.0", id);
    char by_hash[100];
    snprintf(by_hash, sizeof(by_hash), "/block/%s?txs=full", text_at(&answer, "hash"));
    answer_done(&answer);
    answer = get(200, by_hash);
    expect_text(&answer, "height", "5");
    expect_text(&answer, "txs.0.hash", id);
    expect_text(&answer, "txs.0.kind", "Transfer");
    answer_done(&answer);
    answer = get(200, "/v1/block/latest?txs=none");
    assert_int_equal(number_at(&answer, "tx_count"), 1);
    assert_false(has(&answer, "txs"));
    answer_done(&answer);

    answer = get(200, "/v1/blocks?limit=4");
    assert_int_equal(count_at(&answer, "items"), 4);
    expect_text(&answer, "items.0.height", "5");
    expect_text(&answer, "items.3.height", "2");
    expect_text(&answer, "next", "1");
    answer_done(&answer);
    answer = get(200, "/v1/blocks?limit=4&cursor=1");
    assert_int_equal(count_at(&answer, "items"), 2);
    assert_false(has(&answer, "next"));
    answer_done(&answer);
    answer = get(200, "/v1/blocks?order=asc&limit=5");
    expect_text(&answer, "items.0.height", "0");
    expect_text(&answer, "next", "5");
    answer_done(&answer);
    answer = get(200, "/v1/blocks?order=asc&limit=5&cursor=5");
    assert_int_equal(count_at(&answer, "items"), 1);
    assert_false(has(&answer, "next"));
    answer_done(&answer);
}

/* ---- submitting ---- */

static void test_signed(void **state)
{
    (void)state;
    struct au_buf bytes;
    struct au_buf json;
    sign_tx(ALICE, transfer_of(0, 2000, 7), &bytes);
    struct answer answer = post_bytes(200, "/submit-tx", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "status", "success");
    expect_text(&answer, "height", "1");
    char target[200];
    snprintf(target, sizeof(target), "/v1/tx/%s", text_at(&answer, "hash"));
    answer_done(&answer);

    /* The same bytes are answered the same, in the other form too. */
    au_buf_init(&json, 4096);
    au_buf_put_text(&json, "{\"tx\":\"");
    au_hex_put(&json, au_buf_bytes(&bytes));
    au_buf_put_text(&json, "\"}");
    answer = post_bytes(200, "/v1/tx", JSON_HEADER, au_buf_bytes(&json));
    expect_text(&answer, "height", "1");
    answer_done(&answer);
    answer = get(200, target);
    expect_text(&answer, "tx.nonce", "0");
    expect_text(&answer, "receipt.height", "1");
    answer_done(&answer);

    bytes.data[bytes.size - 1] ^= 1;
    answer = post_bytes(422, "/v1/tx", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "tx-signature");
    assert_int_equal(number_at(&answer, "invalid"), 5);
    answer_done(&answer);
    answer = post_bytes(400, "/v1/tx", BINARY_HEADER, (struct au_bytes){bytes.data, 50});
    expect_text(&answer, "code", "tx-encoding");
    answer_done(&answer);
    au_buf_done(&bytes);

    sign_tx(ALICE, transfer_of(0, 3000, 8), &bytes);
    answer = post_bytes(409, "/v1/tx", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "tx-nonce-low");
    expect_text(&answer, "expected", "1");
    expect_text(&answer, "got", "0");
    answer_done(&answer);
    au_buf_done(&bytes);
    au_buf_done(&json);
}

static void test_network(void **state)
{
    (void)state;
    struct au_buf bytes;
    struct answer answer = post(422, "/v1/tx", TO_BOB);
    expect_text(&answer, "code", "signature-required");
    answer_done(&answer);
    answer = post(422, "/contract/call",
                  "{\"from\":\"alice\",\"contract\":\"0x00\",\"function\":\"f\"}");
    expect_text(&answer, "code", "signature-required");
    answer_done(&answer);
    answer = post(404, "/v1/dev/mine", "{}");
    expect_text(&answer, "code", "dev-only");
    answer_done(&answer);
    answer = get(400, "/v1/balance/alice");
    expect_text(&answer, "code", "bad-value");
    answer_done(&answer);
    answer = get(200, "/v1/status");
    expect_text(&answer, "mode", "network");
    answer_done(&answer);

    sign_tx(ALICE, transfer_of(0, 10, 7), &bytes);
    answer = post_bytes(422, "/v1/tx", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "tx-price-low");
    expect_text(&answer, "expected", "1000");
    answer_done(&answer);
    answer = post_bytes(422, "/v1/contract/call", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "wrong-kind");
    answer_done(&answer);
    au_buf_done(&bytes);
}

/* ---- waiting ---- */

static void test_waits(void **state)
{
    (void)state;
    struct answer answer;
    int fd = send_request("POST", "/v1/tx", JSON_HEADER, au_bytes_of(TO_BOB));
    wait_for_pool(1);
    assert_true(is_silent(fd, 100));
    assert_true(au_solo_mine(world.solo, 1));
    read_answer(fd, &answer);
    expect_status(&answer, 200);
    expect_text(&answer, "height", "1");
    assert_string_equal(header_of(&answer, "Aureon-Height"), "1");
    answer_done(&answer);

    answer = get(200, "/balance/bob");
    expect_text(&answer, "balance", "1000000000000005");
    answer_done(&answer);
}

static void test_pending(void **state)
{
    (void)state;
    char target[200];
    struct answer answer = post(202, "/v1/tx?wait=accepted", TO_BOB);
    expect_text(&answer, "status", "pending");
    snprintf(target, sizeof(target), "/v1/tx/%s", text_at(&answer, "hash"));
    assert_string_equal(header_of(&answer, "Location"), target);
    answer_done(&answer);
    answer = get(200, target);
    assert_true(au_json_in_bool(find(answer.json, "pending")));
    expect_text(&answer, "tx.amount", "5");
    answer_done(&answer);
    answer = get(200, "/v1/account/alice");
    expect_text(&answer, "nonce", "0");
    expect_text(&answer, "next_nonce", "1");
    answer_done(&answer);
    answer = get(200, "/mempool");
    assert_int_equal(number_at(&answer, "executable"), 1);
    expect_text(&answer, "items.0.from", world.addresses[ALICE]);
    answer_done(&answer);

    /* Its deadline comes first: what was so until then. */
    strcat(target, "?wait=committed&timeout=50ms");
    answer = get(200, target);
    assert_true(has(&answer, "pending"));
    answer_done(&answer);
    target[strlen(target) - strlen("50ms")] = 0;
    strcat(target, "10s");
    int fd = send_request("GET", target, "", (struct au_bytes){0});
    assert_true(is_silent(fd, 100));
    assert_true(au_solo_mine(world.solo, 1));
    read_answer(fd, &answer);
    expect_status(&answer, 200);
    expect_text(&answer, "receipt.height", "1");
    expect_text(&answer, "tx.amount", "5");
    answer_done(&answer);
    answer = post(202, "/v1/tx?timeout=50ms", TO_BOB);
    expect_text(&answer, "status", "pending");
    answer_done(&answer);
}

static void test_dropped(void **state)
{
    (void)state;
    struct au_buf first, second, third;
    struct answer answer;
    sign_tx(CAROL, transfer_of(0, 1000, 1), &first);
    sign_tx(CAROL, transfer_of(0, 1050, 2), &second);
    sign_tx(CAROL, transfer_of(0, 2000, 3), &third);
    int fd = send_request("POST", "/v1/tx", BINARY_HEADER, au_buf_bytes(&first));
    wait_for_pool(1);
    answer = post_bytes(409, "/v1/tx", BINARY_HEADER, au_buf_bytes(&second));
    expect_text(&answer, "code", "replacement-underpriced");
    answer_done(&answer);
    answer = post_bytes(202, "/v1/tx?wait=none", BINARY_HEADER, au_buf_bytes(&third));
    answer_done(&answer);
    read_answer(fd, &answer);
    expect_status(&answer, 409);
    expect_text(&answer, "code", "tx-dropped");
    expect_text(&answer, "reason", "replaced");
    answer_done(&answer);
    au_buf_done(&first);
    au_buf_done(&second);
    au_buf_done(&third);
}

struct sender {
    const char *name;
    size_t failures;
};

static void *send_many(void *context)
{
    struct sender *sender = context;
    char body[200];
    snprintf(body, sizeof(body),
             "{\"from\":\"%s\",\"kind\":\"transfer\",\"to\":\"judy\",\"amount\":1}", sender->name);
    for (unsigned i = 0; i < 15; i++) {
        struct answer answer;
        read_answer(send_request("POST", "/v1/tx", JSON_HEADER, au_bytes_of(body)), &answer);
        if (answer.status != 200) sender->failures++;
        answer_done(&answer);
    }
    return NULL;
}

/* Four connections with fifteen requests each, all of one account, that are handled at once. */
static void test_nonces_do_not_clash(void **state)
{
    (void)state;
    char request[400];
    int fds[4];
    snprintf(request, sizeof(request),
             "POST /v1/tx?wait=none HTTP/1.1\r\nHost: localhost\r\n" JSON_HEADER
             "Content-Length: %zu\r\n\r\n%s",
             strlen(TO_BOB), TO_BOB);
    for (size_t i = 0; i < 4; i++)
        fds[i] = http_connect(world.port);
    for (size_t i = 0; i < 60; i++)
        assert_true(http_send_text(fds[i % 4], request));
    for (size_t i = 0; i < 60; i++) {
        struct http_answer answer;
        http_read(fds[i % 4], false, &answer);
        assert_int_equal(answer.status, 202);
    }
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
    assert_int_equal(au_mempool_stats(world.pool).executable_count, 60);
}

/* Blocks come while requests are on every part of their way: all are answered, none by a deadline,
 * though two clients sign as the same account. */
static void test_no_wakeup_is_lost(void **state)
{
    (void)state;
    struct sender senders[] = {{"alice", 0}, {"alice", 0}, {"bob", 0},
                               {"carol", 0}, {"carol", 0}, {"dave", 0}};
    pthread_t threads[AU_COUNT_OF(senders)];
    uint64_t started_ns = au_clock_ns();
    for (size_t i = 0; i < AU_COUNT_OF(senders); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
    for (size_t i = 0; i < AU_COUNT_OF(senders); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(senders[i].failures, 0);
    }
    assert_true(au_clock_ns() - started_ns < UINT64_C(9000000000));
    struct answer answer = get(200, "/v1/account/judy");
    expect_text(&answer, "balance", "1000000000000090");
    answer_done(&answer);
}

/* ---- many at once ---- */

static void put_sized(struct au_buf *body, struct au_bytes bytes)
{
    au_buf_put_u32(body, (uint32_t)bytes.size);
    au_buf_put_bytes(body, bytes);
}

static void test_batch(void **state)
{
    (void)state;
    struct au_buf body, bytes, json;
    au_buf_init(&body, 1 << 20);
    au_buf_init(&json, 1 << 20);
    au_buf_put_u32(&body, 13);
    au_buf_put_text(&json, "{\"txs\":[\"0x\",7");
    for (uint64_t i = 0; i < 12; i++) {
        sign_tx(DAVE, transfer_of(i, 1000, 1 + i), &bytes);
        if (i == 5) bytes.data[bytes.size - 1] ^= 1;
        put_sized(&body, au_buf_bytes(&bytes));
        au_buf_put_text(&json, ",\"");
        au_hex_put(&json, au_buf_bytes(&bytes));
        au_buf_put_text(&json, "\"");
        au_buf_done(&bytes);
    }
    put_sized(&body, au_bytes_of("no transaction"));
    au_buf_put_text(&json, "]}");
    struct answer answer = post_bytes(200, "/v1/txs", BINARY_HEADER, au_buf_bytes(&body));
    assert_int_equal(number_at(&answer, "accepted"), 11);
    assert_int_equal(count_at(&answer, "items"), 13);
    expect_text(&answer, "items.0.status", "pending");
    expect_text(&answer, "items.5.code", "tx-signature");
    expect_text(&answer, "items.6.status", "pending");
    const struct au_json_in *last = au_json_in_item(find(answer.json, "items"), 12);
    assert_bytes(au_json_in_string(au_json_in_get(last, "code")), "tx-encoding");
    answer_done(&answer);
    assert_int_equal(au_mempool_stats(world.pool).executable_count, 5);
    assert_int_equal(au_mempool_stats(world.pool).parked_count, 6);

    answer = post_bytes(200, "/v1/txs", JSON_HEADER, au_buf_bytes(&json));
    assert_int_equal(number_at(&answer, "accepted"), 11);
    expect_text(&answer, "items.0.code", "tx-encoding");
    expect_text(&answer, "items.1.code", "tx-encoding");
    expect_text(&answer, "items.2.status", "known");
    expect_text(&answer, "items.7.code", "tx-signature");
    answer_done(&answer);

    answer = get(200, "/v1/mempool?limit=8");
    assert_int_equal(count_at(&answer, "items"), 8);
    char target[64];
    snprintf(target, sizeof(target), "/v1/mempool?limit=8&cursor=%s", text_at(&answer, "next"));
    answer_done(&answer);
    answer = get(200, target);
    assert_int_equal(count_at(&answer, "items"), 3);
    assert_false(has(&answer, "next"));
    answer_done(&answer);

    /* Those that a block has are known as well. */
    assert_true(au_solo_mine(world.solo, 1));
    answer = post_bytes(200, "/v1/txs", JSON_HEADER, au_buf_bytes(&json));
    assert_int_equal(number_at(&answer, "accepted"), 11);
    expect_text(&answer, "items.2.status", "known");
    answer_done(&answer);

    au_buf_clear(&body);
    au_buf_put_u32(&body, 1001);
    answer = post_bytes(400, "/v1/txs", BINARY_HEADER, au_buf_bytes(&body));
    answer_done(&answer);
    au_buf_done(&body);
    au_buf_done(&json);
}

/* ---- simulating ---- */

static void test_simulate(void **state)
{
    (void)state;
    struct au_buf bytes;
    struct au_tx tx = transfer_of(0, 0, 9);
    sign_tx(ALICE, tx, &bytes);
    bytes.data[bytes.size - 1] ^= 1; /* the signature does not matter */
    struct answer answer = post_bytes(200, "/v1/tx/simulate", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "status", "success");
    assert_true(au_json_in_bool(find(answer.json, "valid")));
    uint64_t gas_used = strtoull(text_at(&answer, "gas_used"), NULL, 10);
    uint64_t suggested = strtoull(text_at(&answer, "gas_suggested"), NULL, 10);
    assert_int_equal(suggested, (gas_used * 6 + 4) / 5);
    answer_done(&answer);
    au_buf_done(&bytes);

    tx.amount = RICH + 1;
    sign_tx(ALICE, tx, &bytes);
    answer = post_bytes(422, "/v1/tx/simulate", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "tx-balance");
    expect_text(&answer, "got", "1000000000000000");
    answer_done(&answer);
    au_buf_done(&bytes);

    sign_tx(ALICE, transfer_of(3, 0, 9), &bytes);
    answer = post_bytes(409, "/v1/tx/simulate", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "tx-nonce-high");
    answer_done(&answer);
    au_buf_done(&bytes);

    /* What waits in the pool may be before it. */
    answer = post(202, "/v1/tx?wait=none", TO_BOB);
    answer_done(&answer);
    sign_tx(ALICE, transfer_of(1, 0, 9), &bytes);
    answer = post_bytes(200, "/v1/tx/simulate", BINARY_HEADER, au_buf_bytes(&bytes));
    answer_done(&answer);
    au_buf_done(&bytes);
    answer = get(200, "/v1/account/alice");
    expect_text(&answer, "balance", "1000000000000000");
    expect_text(&answer, "height", "0");
    answer_done(&answer);
}

/* ---- accounts ---- */

static void test_history(void **state)
{
    (void)state;
    struct answer answer;
    for (unsigned i = 0; i < 5; i++) {
        answer = post(200, "/v1/tx", TO_BOB);
        answer_done(&answer);
    }
    answer = get(200, "/v1/account/bob/txs?limit=3");
    assert_int_equal(count_at(&answer, "items"), 3);
    expect_text(&answer, "items.0.height", "5");
    expect_text(&answer, "items.0.roles.0", "target");
    expect_text(&answer, "next", "3-0");
    answer_done(&answer);
    answer = get(200, "/v1/account/bob/txs?limit=3&cursor=3-0");
    assert_int_equal(count_at(&answer, "items"), 2);
    expect_text(&answer, "items.1.height", "1");
    assert_false(has(&answer, "next"));
    answer_done(&answer);
    answer = get(200, "/v1/account/@carol");
    expect_text(&answer, "address", world.addresses[CAROL]);
    assert_false(au_json_in_bool(find(answer.json, "contract")));
    answer_done(&answer);
}

/* The nodes of a proof in an answer, against a root. */
static void expect_proof(const struct answer *answer, const char *path, const char *root_path,
                         const struct au_hash *key, struct au_bytes expected, bool exists)
{
    static uint8_t room[64][1024];
    struct au_bytes nodes[64];
    struct au_hash root;
    struct au_proof_claim claim;
    const char *reason = "";
    char place[100];
    size_t count = count_at(answer, path);
    assert_true(count <= 9);
    for (size_t i = 0; i < count; i++) {
        snprintf(place, sizeof(place), "%s.%zu", path, i);
        nodes[i] = bytes_at(answer, place, room[i], sizeof(room[i]));
    }
    bytes_at(answer, root_path, root.bytes, sizeof(root.bytes));
    assert_ok(au_proof_verify(&root, key, nodes, count, &claim, &reason));
    assert_int_equal(claim.exists, exists);
    if (exists) assert_memory_equal(claim.value.data, expected.data, expected.size);
}

static void expect_header(const struct answer *answer, struct au_header *out_header)
{
    uint8_t room[AU_HEADER_SIZE_MAX];
    struct au_decode error;
    struct au_bytes bytes = bytes_at(answer, "header", room, sizeof(room));
    assert_true(au_header_decode(bytes, out_header, &error));
}

static void test_account_proof(void **state)
{
    (void)state;
    struct au_header header;
    struct au_buf leaf;
    struct au_account alice = {.exists = true, .balance = RICH - 5, .nonce = 1};
    struct au_address address = address_of(ALICE);
    struct au_hash key = au_flat_account_key(&address);
    struct answer answer = post(200, "/v1/tx", TO_BOB);
    answer_done(&answer);
    au_buf_init(&leaf, AU_ACCOUNT_LEAF_SIZE_MAX);
    au_flat_account_leaf(&leaf, &alice);
    answer = get(200, "/v1/account/alice/proof");
    expect_proof(&answer, "account_proof", "state_root", &key, au_buf_bytes(&leaf), true);
    expect_header(&answer, &header);
    struct au_header head = au_ledger_head(world.ledger);
    assert_memory_equal(&header, &head, sizeof(head));
    answer_done(&answer);
    au_buf_done(&leaf);

    memset(address.bytes, 7, sizeof(address.bytes));
    key = au_flat_account_key(&address);
    char target[200] = "/v1/account/0x";
    for (unsigned i = 0; i < 32; i++)
        strcat(target, "07");
    strcat(target, "/proof");
    answer = get(200, target);
    assert_false(has(&answer, "account"));
    expect_proof(&answer, "account_proof", "state_root", &key, (struct au_bytes){0}, false);
    answer_done(&answer);
}

static void read_path(const struct answer *answer, const char *name, struct au_hash *out_path,
                      uint32_t *out_count)
{
    char place[64];
    *out_count = (uint32_t)count_at(answer, name);
    for (uint32_t i = 0; i < *out_count; i++) {
        snprintf(place, sizeof(place), "%s.%u", name, i);
        bytes_at(answer, place, out_path[i].bytes, 32);
    }
}

/* The receipt of a document is the one that its digest is of. */
static void expect_core(const struct answer *answer, uint64_t nonce)
{
    uint8_t core[1024];
    struct au_receipt receipt;
    struct au_decode error;
    struct au_hash told;
    size_t size = (strlen(text_at(answer, "receipt")) - 2) / 2;
    assert_true(size <= sizeof(core));
    bytes_at(answer, "receipt", core, size);
    assert_true(au_receipt_decode_core((struct au_bytes){core, size}, &receipt, &error));
    assert_int_equal(receipt.outcome, AU_OUTCOME_SUCCESS);
    assert_true(receipt.gas_used > 0);
    struct au_hash digest = au_receipt_digest(&receipt);
    bytes_at(answer, "digest", told.bytes, AU_HASH_SIZE);
    assert_memory_equal(&digest, &told, AU_HASH_SIZE);
    assert_int_equal(number_at(answer, "index"), nonce);
}

static void test_tx_proof(void **state)
{
    (void)state;
    struct au_buf bytes;
    struct au_hash ids[5], path[AU_MERKLE_DEPTH_MAX], root, digest;
    uint32_t count = 0;
    for (uint64_t i = 0; i < 5; i++) {
        sign_tx(ALICE, transfer_of(i, 0, 1), &bytes);
        ids[i] = au_tx_id(au_buf_bytes(&bytes));
        struct answer answer =
            post_bytes(202, "/v1/tx?wait=none", BINARY_HEADER, au_buf_bytes(&bytes));
        answer_done(&answer);
        au_buf_done(&bytes);
    }
    assert_true(au_solo_mine(world.solo, 1));
    for (uint32_t i = 0; i < 5; i++) {
        struct au_buf target;
        struct au_header header;
        au_buf_init(&target, 200);
        au_buf_put_text(&target, "/v1/tx/");
        au_hex_put(&target, (struct au_bytes){ids[i].bytes, 32});
        au_buf_put_text(&target, "/proof");
        au_buf_put_u8(&target, 0);
        struct answer answer = get(200, (const char *)target.data);
        assert_int_equal(number_at(&answer, "index"), i);
        expect_header(&answer, &header);
        bytes_at(&answer, "tx_root", root.bytes, 32);
        assert_memory_equal(&root, &header.tx_root, 32);
        read_path(&answer, "tx_path", path, &count);
        assert_true(au_merkle_verify(&root, &ids[i], i, 5, path, count));
        bytes_at(&answer, "receipts_root", root.bytes, 32);
        assert_memory_equal(&root, &header.receipts_root, 32);
        bytes_at(&answer, "digest", digest.bytes, 32);
        read_path(&answer, "receipt_path", path, &count);
        assert_true(au_merkle_verify(&root, &digest, i, 5, path, count));
        answer_done(&answer);
        target.size -= strlen("/proof") + 1;
        au_buf_put_text(&target, "/receipt/proof");
        au_buf_put_u8(&target, 0);
        answer = get(200, (const char *)target.data);
        read_path(&answer, "receipt_path", path, &count);
        assert_true(au_merkle_verify(&root, &digest, i, 5, path, count));
        expect_core(&answer, i);
        answer_done(&answer);
        au_buf_done(&target);
    }
}

/* ---- streams ---- */

static void test_block_stream(void **state)
{
    (void)state;
    char text[65536];
    assert_true(au_solo_mine(world.solo, 3));
    int fd = send_request("GET", "/v1/blocks/stream", "", (struct au_bytes){0});
    assert_true(http_read_until(fd, "\r\n\r\n", text, sizeof(text)));
    assert_non_null(strstr(text, "text/event-stream"));
    int behind =
        send_request("GET", "/v1/blocks/stream", "Last-Event-ID: 1\r\n", (struct au_bytes){0});
    assert_true(http_read_until(behind, "id: 3\n", text, sizeof(text)));
    assert_non_null(strstr(text, "id: 2\nevent: block\ndata: {\"height\":\"2\""));
    assert_null(strstr(text, "id: 1\n"));
    struct answer answer = post(202, "/v1/tx?wait=none", TO_BOB);
    char id[80];
    snprintf(id, sizeof(id), "%s", text_at(&answer, "hash"));
    answer_done(&answer);
    assert_true(au_solo_mine(world.solo, 1));
    assert_true(http_read_until(fd, "\n\n", text, sizeof(text)));
    assert_non_null(strstr(text, "id: 4\nevent: block\n"));
    assert_non_null(strstr(text, id));
    assert_true(http_read_until(behind, "id: 4\n", text, sizeof(text)));
    close(fd);
    close(behind);
}

static void test_mempool_stream(void **state)
{
    (void)state;
    char text[65536];
    int fd = send_request("GET", "/v1/mempool/stream", "", (struct au_bytes){0});
    assert_true(http_read_until(fd, "\r\n\r\n", text, sizeof(text)));
    struct answer answer = post(202, "/v1/tx?wait=none", TO_BOB);
    answer_done(&answer);
    assert_true(http_read_until(fd, "\n\n", text, sizeof(text)));
    assert_non_null(strstr(text, "event: added\ndata: {\"hash\":\"0x"));
    assert_true(au_solo_mine(world.solo, 1));
    assert_true(http_read_until(fd, "\n\n", text, sizeof(text)));
    assert_non_null(strstr(text, "event: dropped\ndata: {\"hash\":\"0x"));
    assert_non_null(strstr(text, "\"reason\":\"included\""));
    close(fd);
}

/* ---- the node ---- */

static void test_metrics(void **state)
{
    (void)state;
    struct answer answer = post(200, "/v1/tx", TO_BOB);
    answer_done(&answer);
    answer = get(200, "/metrics");
    assert_non_null(strstr(header_of(&answer, "Content-Type"), "version=0.0.4"));
    assert_non_null(strstr(body_text(&answer), "\naureon_chain_height 1\n"));
    assert_non_null(strstr(body_text(&answer), "\naureon_history_first_height 0\n"));
    assert_non_null(strstr(body_text(&answer), "\naureon_history_archive 0\n"));
    assert_non_null(strstr(body_text(&answer), "\naureon_txs_total 1\n"));
    assert_non_null(
        strstr(body_text(&answer), "\naureon_mempool_dropped_total{reason=\"included\"} 1\n"));
    answer_done(&answer);

    answer = get(404, "/nowhere");
    answer_done(&answer);
    answer = get(200, "/v1/metrics");
    static const char *const lines[] = {
        "\naureon_http_requests_total{route=\"/v1/tx\",code=\"200\"} 1\n",
        "\naureon_http_requests_total{route=\"/v1/metrics\",code=\"200\"} 1\n",
        "\naureon_http_requests_total{route=\"none\",code=\"404\"} 1\n",
        "\naureon_http_request_seconds_count{class=\"read\"} 1\n",
        "\naureon_http_request_seconds_count{class=\"write\"} 1\n",
        "\naureon_http_request_seconds_count{class=\"slow\"} 0\n",
        "\naureon_http_request_seconds_count{class=\"none\"} 1\n",
    };
    for (size_t i = 0; i < AU_COUNT_OF(lines); i++)
        assert_non_null(strstr(body_text(&answer), lines[i]));
    answer_done(&answer);
}

/* Every error that an answer can point to has its page. */
static void test_error_pages(void **state)
{
    (void)state;
    for (int code = 0; code < AU_PROBLEM_CODE_COUNT; code++) {
        const struct au_problem_kind *kind = au_problem_kind((enum au_problem_code)code);
        char target[100];
        snprintf(target, sizeof(target), "/docs/errors/%s", kind->code);
        struct answer answer = get(200, target);
        assert_non_null(strstr(body_text(&answer), kind->title));
        assert_non_null(strstr(body_text(&answer), kind->text));
        answer_done(&answer);
    }
    struct answer answer = get(404, "/docs/errors/none");
    answer_done(&answer);
}

static void test_stop(void **state)
{
    (void)state;
    au_api_stop(world.api);
    struct answer answer = get(503, "/v1/status");
    expect_text(&answer, "code", "unavailable");
    answer_done(&answer);
    answer = get(503, "/health");
    expect_text(&answer, "status", "stopping");
    answer_done(&answer);
}

int main(void)
{
#define DEV(test)    cmocka_unit_test_setup_teardown(test, open_dev, close_world)
#define MANUAL(test) cmocka_unit_test_setup_teardown(test, open_manual, close_world)
    const struct CMUnitTest tests[] = {
        DEV(test_status),
        DEV(test_blocks),
        DEV(test_signed),
        cmocka_unit_test_setup_teardown(test_network, open_network, close_world),
        MANUAL(test_waits),
        MANUAL(test_pending),
        MANUAL(test_dropped),
        MANUAL(test_nonces_do_not_clash),
        DEV(test_no_wakeup_is_lost),
        MANUAL(test_batch),
        MANUAL(test_simulate),
        DEV(test_history),
        DEV(test_account_proof),
        MANUAL(test_tx_proof),
        MANUAL(test_block_stream),
        MANUAL(test_mempool_stream),
        DEV(test_metrics),
        DEV(test_error_pages),
        DEV(test_stop),
    };
    return cmocka_run_group_tests_name("api/api", tests, NULL, NULL);
}

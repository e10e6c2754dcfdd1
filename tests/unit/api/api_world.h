/* A whole node for tests of the api, in memory: ledger, pool, producer and server on a free port,
 * and a client that reads what it answers. */
#ifndef AUREON_TESTS_API_API_WORLD_H
#define AUREON_TESTS_API_API_WORLD_H

#include "unit/api/http_client.h"
#include "unit/vm/cmocka_signals.h"

#include <stdatomic.h>

#include "api/api.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "base/text.h"
#include "consensus/solo.h"
#include "contract/host.h"
#include "core/dev_account.h"
#include "crypto/sign.h"
#include "store/memkv.h"

#define RICH         UINT64_C(1000000000000000) /* base units that every development account has */
#define ASK_SIZE     (4u << 20)
#define ADDRESS_SIZE 80 /* bytes of an address as text */

enum { ALICE, BOB, CAROL, DAVE, JUDY = 9 };

struct world {
    struct au_kv kv;
    struct au_kv_ops api_ops;         /* of kv as the api has it */
    atomic_bool is_code_out_of_reach; /* for the api: a read of code fails */
    struct au_engine *engine;
    struct au_buf genesis;
    struct au_ledger *ledger;
    struct au_mempool *pool;
    struct au_api *api;
    struct au_solo *solo;
    struct au_server *server;
    uint16_t port;
    struct au_sign_key keys[AU_DEV_ACCOUNT_COUNT];
    char addresses[AU_DEV_ACCOUNT_COUNT][ADDRESS_SIZE];
};

static struct world world;

/* ---- life ---- */

static inline int compare_accounts(const void *a, const void *b)
{
    return memcmp(a, b, AU_ADDRESS_SIZE);
}

static inline struct au_address address_of(size_t person)
{
    struct au_address address;
    memcpy(address.bytes, world.keys[person].public_key, AU_ADDRESS_SIZE);
    return address;
}

static inline void make_genesis(uint64_t gas_price_min)
{
    struct au_genesis_account accounts[AU_DEV_ACCOUNT_COUNT];
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        struct au_hash seed = au_dev_account_seed(i);
        struct au_buf text;
        au_sign_key_from_seed(&world.keys[i], seed.bytes);
        accounts[i] = (struct au_genesis_account){address_of(i), RICH};
        au_buf_init(&text, ADDRESS_SIZE - 1);
        au_address_format(&text, &accounts[i].address);
        memcpy(world.addresses[i], text.data, text.size);
        world.addresses[i][text.size] = 0;
        au_buf_done(&text);
    }
    qsort(accounts, AU_DEV_ACCOUNT_COUNT, sizeof(accounts[0]), compare_accounts);
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("test"),
        .time_ms = UINT64_C(1700000000000),
        .params = au_params_default(),
        .accounts = accounts,
        .account_count = AU_DEV_ACCOUNT_COUNT,
        .proposer = address_of(JUDY),
    };
    genesis.params.gas_price_min = gas_price_min;
    au_buf_init(&world.genesis, 1 << 20);
    au_genesis_encode(&world.genesis, &genesis);
    assert_ok(world.genesis.err);
}

static inline enum au_err get_account(void *context, const struct au_address *address,
                                      struct au_mempool_account *out_account)
{
    struct au_flat flat;
    struct au_account account;
    (void)context;
    au_flat_init(&flat, &world.kv, NULL);
    enum au_err err = au_flat_account(&flat, address, &account);
    au_flat_done(&flat);
    if (err == AU_OK) *out_account = (struct au_mempool_account){account.nonce, account.balance};
    return err;
}

static inline void on_drop(void *context, const struct au_hash *id, enum au_drop reason)
{
    (void)context;
    au_api_on_drop(world.api, id, reason);
}

static inline void on_block(void *context, const struct au_header *header)
{
    (void)context;
    au_api_on_block(world.api, header);
}

static inline void on_fault(void *context, enum au_err err, const char *what)
{
    (void)context;
    fail_msg("the producer stopped: %s: %s", what, au_err_text(err));
}

static inline bool mine(void *context, uint32_t count)
{
    (void)context;
    return au_solo_mine(world.solo, count);
}

static inline enum au_err compile_new(void *context, const struct au_checked *checked,
                                      enum au_compile_state *out_state)
{
    (void)context;
    return au_solo_compile(world.solo, checked, out_state);
}

/* The store's get, but for code while that is out of reach. */
static inline enum au_err api_get(void *ctx, const void *snapshot, enum au_cf cf,
                                  struct au_bytes key, struct au_buf *out_value)
{
    if (cf == AU_CF_COD && atomic_load(&world.is_code_out_of_reach)) return AU_ERR_IO;
    return world.kv.ops->get(ctx, snapshot, cf, key, out_value);
}

struct world_options {
    bool is_network;
    bool is_manual; /* blocks come by mine alone */
    uint64_t gas_price_min;
    size_t pool_count_max;   /* 0: usual */
    size_t past_changes_max; /* likewise */
};

static inline void open_pool(const struct world_options *options)
{
    struct au_mempool_options pool = {
        .params = *au_ledger_params(world.ledger),
        .count_max = options->pool_count_max ? options->pool_count_max : AU_MEMPOOL_COUNT_PRESET,
        .size_max = AU_MEMPOOL_SIZE_PRESET,
        .get_account = get_account,
        .on_drop = on_drop,
    };
    assert_ok(au_mempool_new(&pool, &world.pool));
}

static inline void open_world(const struct world_options *options)
{
    struct au_engine_options engine = {.instances_max = 8, .cache_size = 64 << 20};
    struct au_buf message;
    memset(&world, 0, sizeof(world));
    assert_ok(au_memkv_open(&world.kv));
    assert_ok(au_engine_new(&engine, &au_host_env, &world.engine));
    make_genesis(options->gas_price_min);
    struct au_ledger_options ledger = {.kv = world.kv,
                                       .engine = world.engine,
                                       .genesis = au_buf_bytes(&world.genesis),
                                       .past_changes_max = options->past_changes_max};
    au_buf_init(&message, 1000);
    assert_ok(au_ledger_open(&ledger, &message, &world.ledger));
    au_buf_done(&message);
    open_pool(options);
    world.api_ops = *world.kv.ops;
    world.api_ops.get = api_get;
    struct au_api_options api = {
        .ledger = world.ledger,
        .kv = {&world.api_ops, world.kv.ctx},
        .mempool = world.pool,
        .is_dev = !options->is_network,
        .mine = options->is_network ? NULL : mine,
        .compile = compile_new,
    };
    assert_ok(au_api_new(&api, &world.api));
    struct au_solo_options solo = {
        .ledger = world.ledger,
        .mempool = world.pool,
        .is_manual = options->is_manual,
        .on_block = on_block,
        .on_fault = on_fault,
    };
    assert_ok(au_solo_new(&solo, &world.solo));
    struct au_server_options server = {
        .routes = au_api_routes(),
        .context = world.api,
        .on_answer = au_api_on_answer,
        .stop_timeout_ms = 200,
    };
    assert_int_equal(au_server_start(&server, &world.server), AU_LISTEN_OK);
    world.port = au_server_port(world.server);
}

static inline int close_world(void **state)
{
    (void)state;
    au_api_stop(world.api);
    au_server_stop(world.server);
    au_solo_free(world.solo);
    au_api_free(world.api);
    au_mempool_free(world.pool);
    au_ledger_close(world.ledger);
    au_engine_free(world.engine);
    au_kv_close(&world.kv);
    au_buf_done(&world.genesis);
    return 0;
}

static inline int open_dev(void **state)
{
    (void)state;
    open_world(&(struct world_options){.is_manual = false});
    return 0;
}

static inline int open_manual(void **state)
{
    (void)state;
    open_world(&(struct world_options){.is_manual = true});
    return 0;
}

static inline int open_network(void **state)
{
    (void)state;
    open_world(&(struct world_options){.is_network = true, .gas_price_min = 1000});
    return 0;
}

/* ---- asking ---- */

struct answer {
    int status;
    char head[8192];
    struct au_buf body; /* ends in a zero that is not counted */
    struct au_json_in *json;
};

static inline void answer_done(struct answer *answer)
{
    au_json_in_free(answer->json);
    au_buf_done(&answer->body);
    memset(answer, 0, sizeof(*answer));
}

static inline const char *body_text(const struct answer *answer)
{
    return answer->body.size > 0 ? (const char *)answer->body.data : "";
}

static inline int send_request(const char *method, const char *target, const char *headers,
                               struct au_bytes body)
{
    struct au_buf head;
    int fd = http_connect(world.port);
    au_buf_init(&head, 8192);
    au_buf_printf(&head, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, target, headers);
    if (body.size > 0) au_buf_printf(&head, "Content-Length: %zu\r\n", body.size);
    au_buf_put_text(&head, "\r\n");
    assert_ok(head.err);
    assert_true(http_send(fd, head.data, head.size));
    assert_true(http_send(fd, body.data, body.size));
    au_buf_done(&head);
    return fd;
}

/* Any thread. */
static inline void read_answer(int fd, struct answer *out)
{
    unsigned long size = 0;
    char piece[16384];
    memset(out, 0, sizeof(*out));
    au_buf_init(&out->body, 80u << 20);
    for (size_t used = 0; !strstr(out->head, "\r\n\r\n"); used++) {
        assert_true(used + 1 < sizeof(out->head));
        assert_int_equal(http_receive(fd, out->head + used, 1), 1);
    }
    assert_int_equal(sscanf(out->head, "HTTP/1.1 %d ", &out->status), 1);
    const char *length = strstr(out->head, "\r\nContent-Length: ");
    if (length) assert_int_equal(sscanf(length, "\r\nContent-Length: %lu", &size), 1);
    while (out->body.size < size) {
        size_t wanted = size - out->body.size;
        size_t got = http_receive(fd, piece, wanted < sizeof(piece) ? wanted : sizeof(piece));
        assert_true(got > 0);
        au_buf_put(&out->body, piece, got);
    }
    au_buf_put_u8(&out->body, 0);
    assert_ok(out->body.err);
    out->body.size--;
    close(fd);
    if (out->body.size > 0 && out->body.data[0] == '{') {
        assert_ok(au_json_in_parse(au_buf_bytes(&out->body), NULL, &out->json));
    }
}

/* The header's value; NULL: not there. Valid until the next call. */
static inline const char *header_of(const struct answer *answer, const char *name)
{
    static struct http_answer head;
    memcpy(head.head, answer->head, sizeof(head.head));
    return http_header(&head, name);
}

static inline void expect_status(const struct answer *answer, int status)
{
    if (answer->status != status) print_message("# %s\n", body_text(answer));
    assert_int_equal(answer->status, status);
}

static inline struct answer get(int status, const char *target)
{
    struct answer answer;
    read_answer(send_request("GET", target, "", (struct au_bytes){0}), &answer);
    expect_status(&answer, status);
    return answer;
}

#define JSON_HEADER   "Content-Type: application/json\r\n"
#define BINARY_HEADER "Content-Type: application/octet-stream\r\n"
#define WASM_HEADER   "Content-Type: application/wasm\r\n"

static inline struct answer post_bytes(int status, const char *target, const char *headers,
                                       struct au_bytes body)
{
    struct answer answer;
    read_answer(send_request("POST", target, headers, body), &answer);
    expect_status(&answer, status);
    return answer;
}

static inline struct answer post(int status, const char *target, const char *body)
{
    return post_bytes(status, target, JSON_HEADER, au_bytes_of(body));
}

/* ---- reading ---- */

/* The value at a path like "receipt.logs.0.text"; NULL: there is none. */
static inline const struct au_json_in *find(const struct au_json_in *value, const char *path)
{
    while (value && *path) {
        char part[64];
        size_t size = strcspn(path, ".");
        assert_true(size < sizeof(part));
        memcpy(part, path, size);
        part[size] = 0;
        path += size + (path[size] == '.');
        if (au_json_in_type(value) == AU_JSON_IN_ARRAY) {
            uint64_t index = UINT64_MAX;
            assert_ok(au_text_parse_u64(au_bytes_of(part), &index));
            value = index < au_json_in_count(value) ? au_json_in_item(value, index) : NULL;
        } else {
            value = au_json_in_get(value, part);
        }
    }
    return value;
}

static inline bool has(const struct answer *answer, const char *path)
{
    return find(answer->json, path) != NULL;
}

/* A string, as a C string of its own; valid for the next seven calls. */
static inline const char *text_at(const struct answer *answer, const char *path)
{
    static char texts[8][65536];
    static unsigned turn;
    const struct au_json_in *value = find(answer->json, path);
    if (!value) fail_msg("no `%s` in %s", path, body_text(answer));
    struct au_bytes text = au_json_in_string(value);
    char *out = texts[turn++ % 8];
    assert_true(text.size < sizeof(texts[0]));
    memcpy(out, text.data, text.size);
    out[text.size] = 0;
    return out;
}

static inline int64_t number_at(const struct answer *answer, const char *path)
{
    const struct au_json_in *value = find(answer->json, path);
    if (!value) fail_msg("no `%s` in %s", path, body_text(answer));
    return au_json_in_integer(value);
}

static inline size_t count_at(const struct answer *answer, const char *path)
{
    const struct au_json_in *value = find(answer->json, path);
    if (!value) fail_msg("no `%s` in %s", path, body_text(answer));
    return au_json_in_count(value);
}

static inline void expect_text(const struct answer *answer, const char *path, const char *expected)
{
    assert_string_equal(text_at(answer, path), expected);
}

/* Bytes behind a hex string. */
static inline struct au_bytes bytes_at(const struct answer *answer, const char *path, uint8_t *room,
                                       size_t room_size)
{
    const char *text = text_at(answer, path);
    size_t size = (strlen(text) - 2) / 2;
    assert_true(size <= room_size);
    assert_ok(au_hex_parse(au_bytes_of(text), room, size));
    return (struct au_bytes){room, size};
}

/* ---- transactions ---- */

/* Signs a transaction as a person of the genesis would. */
static inline void sign_tx(size_t person, struct au_tx tx, struct au_buf *out_bytes)
{
    struct au_buf message;
    tx.version = AU_TX_VERSION;
    tx.from = address_of(person);
    au_buf_init(out_bytes, 2 << 20);
    au_buf_init(&message, 2 << 20);
    au_tx_encode_body(out_bytes, &tx);
    au_tx_put_signed_message(&message, au_ledger_genesis_hash(world.ledger),
                             au_buf_bytes(out_bytes));
    au_sign(&world.keys[person], au_buf_bytes(&message), tx.signature);
    au_buf_clear(out_bytes);
    au_tx_encode(out_bytes, &tx);
    assert_ok(out_bytes->err);
    au_buf_done(&message);
}

static inline struct au_tx transfer_of(uint64_t nonce, uint64_t price, uint64_t amount)
{
    return (struct au_tx){.kind = AU_TX_TRANSFER,
                          .nonce = nonce,
                          .gas_price = price,
                          .to = address_of(BOB),
                          .amount = amount};
}

/* Waits until the pool holds so many. */
static inline void wait_for_pool(size_t count)
{
    for (unsigned i = 0; i < 1000 && au_mempool_stats(world.pool).count != count; i++)
        http_sleep_ms(10);
    assert_int_equal(au_mempool_stats(world.pool).count, count);
}

static inline bool is_silent(int fd, int timeout_ms)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    return poll(&poller, 1, timeout_ms) == 0;
}

#endif

/* A pool over accounts in an array, and real transactions for it: calls whose size, price and cost
 * the test chooses. */
#ifndef AUREON_TESTS_POOL_FIXTURE_H
#define AUREON_TESTS_POOL_FIXTURE_H

#include "base/mem.h"
#include "mempool/mempool.h"
#include "unit/unit.h"

#define FIXTURE_SENDERS_MAX 20000u
#define FIXTURE_DROPS_MAX   20000u
#define FIXTURE_GAS         100000u
#define FIXTURE_RICH        (UINT64_C(1) << 60)

struct fixture_drop {
    struct au_hash id;
    enum au_drop reason;
};

struct fixture {
    struct au_mempool *pool;
    struct au_mempool_options options;
    struct au_mempool_account accounts[FIXTURE_SENDERS_MAX];
    size_t read_count;
    enum au_err read_err;
    struct fixture_drop drops[FIXTURE_DROPS_MAX];
    size_t drop_count;
};

struct fixture_tx {
    uint32_t sender;
    uint64_t nonce;
    uint64_t price;
    uint64_t valid_until;
    uint64_t value;
    size_t size;   /* of the encoding; 0: the least */
    uint64_t salt; /* makes another transaction */
};

/* A transaction with its bytes. */
struct fixture_made {
    struct au_buf bytes;
    struct au_checked checked;
};

static inline struct au_address fixture_address(uint32_t sender)
{
    struct au_address address = {{0}};
    memset(address.bytes, 0xa5, sizeof(address.bytes));
    memcpy(address.bytes, &sender, sizeof(sender));
    return address;
}

static inline uint32_t fixture_sender(const struct au_address *address)
{
    uint32_t sender;
    memcpy(&sender, address->bytes, sizeof(sender));
    return sender;
}

static inline enum au_err fixture_get_account(void *context, const struct au_address *address,
                                              struct au_mempool_account *out_account)
{
    struct fixture *fixture = context;
    __atomic_fetch_add(&fixture->read_count, 1, __ATOMIC_RELAXED);
    *out_account = fixture->accounts[fixture_sender(address)];
    return fixture->read_err;
}

static inline void fixture_on_drop(void *context, const struct au_hash *id, enum au_drop reason)
{
    struct fixture *fixture = context;
    size_t at = __atomic_fetch_add(&fixture->drop_count, 1, __ATOMIC_RELAXED);
    if (at < FIXTURE_DROPS_MAX) fixture->drops[at] = (struct fixture_drop){*id, reason};
}

static inline struct fixture *fixture_new(size_t count_max, size_t size_max)
{
    struct fixture *fixture = au_mem_new(sizeof(*fixture));
    assert_non_null(fixture);
    for (size_t i = 0; i < FIXTURE_SENDERS_MAX; i++) {
        fixture->accounts[i].balance = FIXTURE_RICH;
    }
    fixture->options = (struct au_mempool_options){
        .params = au_params_default(),
        .height = 9,
        .count_max = count_max,
        .size_max = size_max,
        .seed = {1, 2},
        .context = fixture,
        .get_account = fixture_get_account,
        .on_drop = fixture_on_drop,
    };
    fixture->options.params.gas_price_min = 1;
    assert_ok(au_mempool_new(&fixture->options, &fixture->pool));
    return fixture;
}

static inline void fixture_free(struct fixture *fixture)
{
    au_mempool_free(fixture->pool);
    au_mem_free(fixture);
}

static inline void fixture_encode(struct au_buf *buf, const struct fixture_tx *spec,
                                  size_t arg_size)
{
    struct au_buf arg;
    au_buf_init(&arg, SIZE_MAX);
    au_buf_put_u32(&arg, (uint32_t)arg_size);
    uint8_t *to = au_buf_reserve(&arg, arg_size + 1);
    assert_non_null(to);
    memset(to, 7, arg_size);
    arg.size += arg_size;
    struct au_tx tx = {
        .version = AU_TX_VERSION,
        .from = fixture_address(spec->sender),
        .nonce = spec->nonce,
        .gas_price = spec->price,
        .valid_until = spec->valid_until,
        .kind = AU_TX_CALL,
        .function = au_bytes_of("f"),
        .args = au_buf_bytes(&arg),
        .arg_count = 1,
        .gas_limit = FIXTURE_GAS,
        .value = spec->value,
    };
    memcpy(tx.signature, &spec->salt, sizeof(spec->salt));
    au_buf_init(buf, SIZE_MAX);
    au_tx_encode(buf, &tx);
    au_buf_done(&arg);
}

/* The signature is not looked at: the pool takes the caller's word for it. */
static inline struct fixture_made fixture_make(const struct fixture *fixture,
                                               const struct fixture_tx *spec)
{
    struct fixture_made made;
    struct au_decode decode;
    fixture_encode(&made.bytes, spec, 0);
    if (spec->size > made.bytes.size) {
        size_t arg_size = spec->size - made.bytes.size;
        au_buf_done(&made.bytes);
        fixture_encode(&made.bytes, spec, arg_size);
        assert_int_equal(made.bytes.size, spec->size);
    }
    assert_int_equal(au_check_decode(&fixture->options.params, au_buf_bytes(&made.bytes),
                                     &made.checked, &decode),
                     AU_INVALID_NONE);
    return made;
}

/* fixture_add makes and adds; its copy is freed at once, so that the pool has to have its own. */
static inline struct au_mempool_result fixture_add(struct fixture *fixture, struct fixture_tx spec,
                                                   struct au_hash *out_id)
{
    struct fixture_made made = fixture_make(fixture, &spec);
    struct au_mempool_result result;
    assert_ok(au_mempool_add(fixture->pool, &made.checked, &result));
    if (out_id) *out_id = made.checked.id;
    au_buf_done(&made.bytes);
    return result;
}

#endif

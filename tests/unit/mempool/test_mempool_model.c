/* The pool against a naive one of arrays and linear scans: the same answers, drops in the same
 * order, statistics and picks after each of 100,000 random operations. */
#include "support/random.h"
#include "unit/mempool/pool_fixture.h"

#define OPERATIONS 100000u
#define SENDERS    12u
#define COUNT_MAX  24u
#define SIZE_MAX_  8000u
#define MODEL_MAX  64u

struct model_tx {
    struct au_hash id;
    uint32_t sender;
    uint64_t nonce;
    uint64_t price;
    uint64_t valid_until;
    uint64_t cost;
    uint64_t sequence;
    size_t size;
};

struct model {
    struct model_tx txs[MODEL_MAX]; /* in order of arrival */
    size_t count;
    uint64_t last_sequence;
    uint64_t height; /* of the next block */
    struct au_mempool_account accounts[SENDERS];
    struct fixture_drop drops[4 * MODEL_MAX];
    size_t drop_count;
};

/* How often each answer and each reason was met. */
static size_t status_counts[AU_MEMPOOL_FULL + 1];
static size_t reason_counts[AU_DROP_CLEARED + 1];

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t bound)
{
    return (random_next(&random_state) >> 16) % bound;
}

/* ---- the model ---- */

static size_t model_find(const struct model *model, uint32_t sender, uint64_t nonce)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->txs[i].sender == sender && model->txs[i].nonce == nonce) return i;
    }
    return SIZE_MAX;
}

static bool model_is_executable(const struct model *model, uint32_t sender, uint64_t nonce)
{
    for (uint64_t n = model->accounts[sender].nonce; n < nonce; n++) {
        if (model_find(model, sender, n) == SIZE_MAX) return false;
    }
    return true;
}

static void model_take_out(struct model *model, size_t at)
{
    memmove(&model->txs[at], &model->txs[at + 1], (model->count - at - 1) * sizeof(model->txs[0]));
    model->count--;
}

static void model_drop(struct model *model, size_t at, enum au_drop reason)
{
    model->drops[model->drop_count++] = (struct fixture_drop){model->txs[at].id, reason};
    model_take_out(model, at);
}

static size_t model_size(const struct model *model)
{
    size_t size = 0;
    for (size_t i = 0; i < model->count; i++)
        size += model->txs[i].size;
    return size;
}

static bool model_is_parked_within(const struct model *model)
{
    size_t count = 0, size = 0;
    for (size_t i = 0; i < model->count; i++) {
        const struct model_tx *tx = &model->txs[i];
        if (model_is_executable(model, tx->sender, tx->nonce)) continue;
        count++;
        size += tx->size;
    }
    return count <= COUNT_MAX / 4 && size <= SIZE_MAX_ / 4;
}

/* The sender's highest nonce. */
static size_t model_last(const struct model *model, uint32_t sender)
{
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < model->count; i++) {
        if (model->txs[i].sender != sender) continue;
        if (last == SIZE_MAX || model->txs[i].nonce > model->txs[last].nonce) last = i;
    }
    return last;
}

static void model_trim(struct model *model, uint32_t sender)
{
    for (;;) {
        size_t last = model_last(model, sender);
        if (last == SIZE_MAX || model_is_parked_within(model)) return;
        if (model_is_executable(model, sender, model->txs[last].nonce)) return;
        model_drop(model, last, AU_DROP_DISPLACED);
    }
}

static uint64_t model_cost(const struct model *model, uint32_t sender)
{
    uint64_t cost = 0;
    for (size_t i = 0; i < model->count; i++) {
        if (model->txs[i].sender == sender) cost += model->txs[i].cost;
    }
    return cost;
}

static size_t model_cheapest_tail(const struct model *model, uint32_t but)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < model->count; i++) {
        const struct model_tx *tx = &model->txs[i];
        if (tx->sender == but || !model_is_executable(model, tx->sender, tx->nonce)) continue;
        if (model_find(model, tx->sender, tx->nonce + 1) != SIZE_MAX) continue;
        if (best != SIZE_MAX && tx->price > model->txs[best].price) continue;
        best = i; /* of equal ones the latest */
    }
    return best;
}

static enum au_mempool_status model_make_room(struct model *model, const struct model_tx *tx)
{
    bool is_executable = model_is_executable(model, tx->sender, tx->nonce);
    while (model->count + 1 > COUNT_MAX || model_size(model) + tx->size > SIZE_MAX_) {
        size_t tail = model_cheapest_tail(model, tx->sender);
        if (!is_executable || tail == SIZE_MAX || model->txs[tail].price >= tx->price) {
            return AU_MEMPOOL_FULL;
        }
        model_drop(model, tail, AU_DROP_DISPLACED);
    }
    model->txs[model->count++] = *tx;
    return is_executable ? AU_MEMPOOL_EXECUTABLE : AU_MEMPOOL_PARKED;
}

static enum au_mempool_status model_add(struct model *model, const struct model_tx *tx)
{
    const struct au_mempool_account *account = &model->accounts[tx->sender];
    for (size_t i = 0; i < model->count; i++) {
        if (au_hash_is_equal(&model->txs[i].id, &tx->id)) return AU_MEMPOOL_KNOWN;
    }
    if (tx->valid_until != 0 && tx->valid_until < model->height) return AU_MEMPOOL_INVALID;
    if (tx->nonce < account->nonce || tx->nonce > account->nonce + 64) return AU_MEMPOOL_INVALID;
    if (tx->cost > account->balance) return AU_MEMPOOL_INVALID;

    struct model before = *model;
    size_t old = model_find(model, tx->sender, tx->nonce);
    if (old != SIZE_MAX) {
        if (tx->price * 10 < model->txs[old].price * 11) return AU_MEMPOOL_UNDERPRICED;
        model_drop(model, old, AU_DROP_REPLACED);
    }
    enum au_mempool_status status = AU_MEMPOOL_INVALID;
    if (model_cost(model, tx->sender) + tx->cost <= account->balance) {
        struct model parked = *model;
        parked.txs[parked.count++] = *tx;
        status = AU_MEMPOOL_PARKED_FULL;
        if (model_is_executable(model, tx->sender, tx->nonce) || model_is_parked_within(&parked)) {
            status = model_make_room(model, tx);
        }
    }
    if (status != AU_MEMPOOL_EXECUTABLE && status != AU_MEMPOOL_PARKED) *model = before;
    return status;
}

static void model_refresh(struct model *model, uint32_t sender)
{
    const struct au_mempool_account *account = &model->accounts[sender];
    for (uint64_t nonce = 0; nonce < account->nonce; nonce++) {
        size_t at = model_find(model, sender, nonce);
        if (at != SIZE_MAX) model_drop(model, at, AU_DROP_NONCE_USED);
    }
    while (model_cost(model, sender) > account->balance) {
        model_drop(model, model_last(model, sender), AU_DROP_UNFUNDED);
    }
}

static void model_expire_and_trim(struct model *model, const uint32_t *senders, size_t count)
{
    uint32_t order[2 * MODEL_MAX];
    size_t order_count = count;
    memcpy(order, senders, count * sizeof(*senders));
    for (size_t i = 0; i < model->count;) {
        const struct model_tx *tx = &model->txs[i];
        if (tx->valid_until == 0 || tx->valid_until >= model->height) {
            i++;
            continue;
        }
        order[order_count++] = tx->sender;
        model_drop(model, i, AU_DROP_EXPIRED);
    }
    for (size_t i = 0; i < order_count; i++)
        model_trim(model, order[i]);
}

/* The best head of all senders that is left; taken out, which a copy of the model is for. */
static bool model_pick(struct model *model, struct model_tx *out_tx)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < model->count; i++) {
        const struct model_tx *tx = &model->txs[i];
        if (tx->nonce != model->accounts[tx->sender].nonce) continue;
        if (best == SIZE_MAX || tx->price > model->txs[best].price) best = i;
    }
    if (best == SIZE_MAX) return false;
    *out_tx = model->txs[best];
    model->accounts[out_tx->sender].nonce++;
    model_take_out(model, best);
    return true;
}

/* ---- both side by side ---- */

static void compare_drops(struct fixture *fixture, struct model *model)
{
    assert_int_equal(fixture->drop_count, model->drop_count);
    for (size_t i = 0; i < model->drop_count; i++) {
        assert_memory_equal(fixture->drops[i].id.bytes, model->drops[i].id.bytes, AU_HASH_SIZE);
        assert_int_equal(fixture->drops[i].reason, model->drops[i].reason);
        reason_counts[model->drops[i].reason]++;
    }
    fixture->drop_count = 0;
    model->drop_count = 0;
}

static void compare_stats(struct fixture *fixture, const struct model *model)
{
    size_t executable_count = 0;
    for (size_t i = 0; i < model->count; i++) {
        executable_count +=
            model_is_executable(model, model->txs[i].sender, model->txs[i].nonce) ? 1 : 0;
    }
    struct au_mempool_stats stats = au_mempool_stats(fixture->pool);
    assert_int_equal(stats.count, model->count);
    assert_int_equal(stats.size, model_size(model));
    assert_int_equal(stats.executable_count, executable_count);
    assert_int_equal(stats.parked_count, model->count - executable_count);
}

static void compare_picks(struct fixture *fixture, const struct model *model)
{
    struct model copy = *model;
    struct au_mempool_walk *walk;
    assert_ok(au_mempool_walk_begin(fixture->pool, &walk));
    struct model_tx expected;
    while (model_pick(&copy, &expected)) {
        const struct au_checked *picked = au_mempool_walk_next(walk);
        assert_non_null(picked);
        assert_memory_equal(picked->id.bytes, expected.id.bytes, AU_HASH_SIZE);
    }
    assert_null(au_mempool_walk_next(walk));
    au_mempool_walk_end(walk);
}

static void compare_list(struct fixture *fixture, const struct model *model)
{
    struct au_mempool_entry entries[MODEL_MAX];
    size_t count = au_mempool_list(fixture->pool, 0, MODEL_MAX, entries);
    assert_int_equal(count, model->count);
    for (size_t i = 0; i < count; i++) {
        const struct model_tx *tx = &model->txs[i];
        assert_memory_equal(entries[i].id.bytes, tx->id.bytes, AU_HASH_SIZE);
        assert_int_equal(entries[i].is_executable,
                         model_is_executable(model, tx->sender, tx->nonce));
    }
}

static struct fixture_tx random_spec(const struct model *model)
{
    uint32_t sender = (uint32_t)random_below(SENDERS);
    uint64_t nonce = model->accounts[sender].nonce;
    if (random_below(3) == 0) {
        nonce += random_below(8) ? random_below(6) : random_below(70);
    } else {
        while (model_find(model, sender, nonce) != SIZE_MAX)
            nonce++;
    }
    struct fixture_tx spec = {
        .sender = sender,
        .nonce = nonce > 0 && random_below(20) == 0 ? nonce - 1 : nonce,
        .price = 1 + random_below(30),
        .valid_until = random_below(3) ? 0 : model->height + random_below(12),
        .value = random_below(4) ? 0 : random_below(4000000),
        .size = random_below(10) ? 0 : 250 + random_below(2000),
        .salt = random_below(4),
    };
    if (spec.valid_until > 0 && random_below(10) == 0) spec.valid_until = model->height - 1;
    return spec;
}

static void random_add(struct fixture *fixture, struct model *model)
{
    static struct fixture_tx spec;
    if (spec.price == 0 || random_below(20) > 0) spec = random_spec(model); /* else once more */
    struct fixture_made made = fixture_make(fixture, &spec);
    struct model_tx tx = {
        .id = made.checked.id,
        .sender = spec.sender,
        .nonce = spec.nonce,
        .price = spec.price,
        .valid_until = spec.valid_until,
        .cost = FIXTURE_GAS * spec.price + spec.value,
        .size = made.bytes.size,
    };
    struct au_mempool_result result;
    assert_ok(au_mempool_add(fixture->pool, &made.checked, &result));
    assert_int_equal(result.status, model_add(model, &tx));
    status_counts[result.status]++;
    au_buf_done(&made.bytes);
}

static void take_account(struct fixture *fixture, struct model *model, uint32_t sender)
{
    fixture->accounts[sender] = model->accounts[sender];
}

/* A block of the first picks, of strangers' nonces, or of nothing. */
static void random_block(struct fixture *fixture, struct model *model)
{
    struct au_mempool_included included[8];
    uint32_t senders[8];
    size_t count = 0, sender_count = 0;
    size_t wanted = random_below(AU_COUNT_OF(included) + 1);
    struct model picks = *model;
    struct model_tx tx;
    while (count < wanted) {
        bool is_ours = random_below(8) && model_pick(&picks, &tx);
        if (!is_ours) {
            tx = (struct model_tx){.sender = (uint32_t)random_below(SENDERS)};
            picks.accounts[tx.sender].nonce++;
        }
        struct au_mempool_account *account = &model->accounts[tx.sender];
        account->nonce++;
        uint64_t spent = is_ours ? tx.cost : random_below(account->balance + 1);
        account->balance -= account->balance < spent ? account->balance : spent;
        included[count++] = (struct au_mempool_included){tx.id, fixture_address(tx.sender)};
    }
    model->height++;
    for (size_t i = 0; i < count; i++) {
        uint32_t sender = fixture_sender(&included[i].sender);
        bool is_new = true;
        for (size_t j = 0; j < sender_count; j++)
            is_new = is_new && senders[j] != sender;
        if (is_new && model_last(model, sender) != SIZE_MAX) senders[sender_count++] = sender;
        take_account(fixture, model, sender);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < model->count; j++) {
            if (!au_hash_is_equal(&model->txs[j].id, &included[i].id)) continue;
            model_drop(model, j, AU_DROP_INCLUDED);
            break;
        }
    }
    for (size_t i = 0; i < sender_count; i++)
        model_refresh(model, senders[i]);
    model_expire_and_trim(model, senders, sender_count);
    assert_ok(au_mempool_block_done(fixture->pool, model->height - 1, included, count));
}

/* The proposer finds one that does not work. */
static void random_failure(struct fixture *fixture, struct model *model)
{
    struct model picks = *model;
    struct model_tx tx;
    struct au_mempool_walk *walk;
    size_t steps = random_below(10);
    assert_ok(au_mempool_walk_begin(fixture->pool, &walk));
    for (size_t i = 0; model_pick(&picks, &tx); i++) {
        assert_non_null(au_mempool_walk_next(walk));
        if (i < steps) continue;
        au_mempool_walk_drop(walk, AU_DROP_FAILED);
        model_drop(model, model_find(model, tx.sender, tx.nonce), AU_DROP_FAILED);
        model_trim(model, tx.sender);
        break;
    }
    au_mempool_walk_end(walk);
}

static void random_deposit(struct fixture *fixture, struct model *model)
{
    uint32_t sender = (uint32_t)random_below(SENDERS);
    model->accounts[sender].balance += random_below(40000000);
    take_account(fixture, model, sender);
}

static void test_mempool_is_the_naive_one(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(COUNT_MAX, SIZE_MAX_);
    struct model model = {.height = 10};
    for (uint32_t i = 0; i < SENDERS; i++) {
        model.accounts[i].balance = 20000000;
        take_account(fixture, &model, i);
    }
    for (size_t i = 0; i < OPERATIONS; i++) {
        uint64_t kind = random_below(100);
        if (kind < 85) {
            random_add(fixture, &model);
        } else if (kind < 91) {
            random_deposit(fixture, &model);
        } else if (kind < 96) {
            random_block(fixture, &model);
        } else if (kind < 99) {
            random_failure(fixture, &model);
        } else {
            compare_list(fixture, &model);
        }
        compare_drops(fixture, &model);
        compare_stats(fixture, &model);
        compare_picks(fixture, &model);
    }
    for (size_t i = 0; i < AU_COUNT_OF(status_counts); i++) {
        bool is_out_of_reach = i == AU_MEMPOOL_SENDER_COUNT || i == AU_MEMPOOL_SENDER_SIZE;
        assert_true(is_out_of_reach || status_counts[i] > OPERATIONS / 500);
    }
    for (size_t i = 0; i < AU_DROP_CLEARED; i++)
        assert_true(reason_counts[i] > OPERATIONS / 500);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mempool_is_the_naive_one),
    };
    return cmocka_run_group_tests_name("mempool/model", tests, NULL, NULL);
}

#include "ledger_log/world.h"

#include <string.h>

#include "contract/host.h"
#include "crypto/sha256.h"
#include "ledger_log/graph.h"
#include "store/memkv.h"

#define TIME_MS        UINT64_C(1700000000000)
#define MEMORY_MAX     ((size_t)1 << 30)
#define RICH_COUNT     4u
#define RICH           UINT64_C(200000000000000000)
#define INSTANCES_MAX  20u
#define CACHE_SIZE     (64u << 20)
#define CACHE_ONE_OF   4u /* chains without a cache of compiled code: one of so many */
#define STAKES_ONE_OF  3u /* chains that begin without stakes: one of so many */
#define STRANGER_INDEX 3u

void world_check(enum au_err err, const char *file, int line)
{
    if (err == AU_OK) return;
    fprintf(stderr, "%s:%d: %s\n", file, line, au_err_text(err));
    exit(EXIT_FAILURE);
}

struct au_bytes world_copy(struct world *world, const void *data, size_t size)
{
    struct au_bytes kept;
    world_must(au_arena_copy(&world->tx_arena, (struct au_bytes){data, size}, &kept));
    return kept;
}

static void make_key(struct dice *dice, struct au_sign_key *key)
{
    uint8_t seed[AU_SIGN_SEED_SIZE];
    dice_fill(dice, seed, sizeof(seed));
    au_sign_key_from_seed(key, seed);
}

/* ---- genesis ---- */

static struct au_params make_params(struct dice *dice, bool has_graphs)
{
    static const uint64_t gas_limits[] = {100000, 400000, 4000000, 4000000};
    static const uint64_t sizes[] = {1 << 20, 3 << 20};
    static const uint64_t tx_sizes[] = {1024, 4096, 20000, 1 << 20};
    static const uint64_t prices[] = {0, 1, 1000, 1000000};
    static const uint64_t unbondings[] = {0, 0, 1, 2, 3, 5};
    static const uint64_t stakes[] = {1000000000, 5000000000, 10000000000000};
    static const uint64_t validators[] = {1, 2, 100};
    struct au_params params; /* one throw after the other: initialisers have no order */
    params.block_gas_limit = DICE_PICK(dice, gas_limits);
    params.block_bytes = DICE_PICK(dice, sizes);
    params.tx_bytes = DICE_PICK(dice, tx_sizes);
    params.gas_price_min = DICE_PICK(dice, prices);
    params.unbonding = DICE_PICK(dice, unbondings);
    params.validator_stake_min = DICE_PICK(dice, stakes);
    params.validators_max = DICE_PICK(dice, validators);
    if (has_graphs) { /* programs are large, and want gas */
        params.block_gas_limit = gas_limits[AU_COUNT_OF(gas_limits) - 1];
        params.tx_bytes = tx_sizes[AU_COUNT_OF(tx_sizes) - 1];
    }
    return params;
}

static int compare_addresses(const void *a, const void *b)
{
    return memcmp(a, b, AU_ADDRESS_SIZE); /* both lists' items begin with the address */
}

static uint32_t make_accounts(struct world *world, struct au_genesis_account *accounts)
{
    static const uint64_t others[] = {UINT64_C(10000000000000), UINT64_C(100000000000),
                                      UINT64_C(3000000000)};
    _Static_assert(RICH_COUNT + AU_COUNT_OF(others) + 1 == PERSON_COUNT, "the last has nothing");
    for (size_t i = 0; i + 1 < PERSON_COUNT; i++) {
        uint64_t balance = i < RICH_COUNT ? RICH : others[i - RICH_COUNT];
        accounts[i] = (struct au_genesis_account){world->people[i].address, balance};
    }
    qsort(accounts, PERSON_COUNT - 1, sizeof(*accounts), compare_addresses);
    return PERSON_COUNT - 1;
}

static uint32_t make_stakes(struct world *world, uint64_t stake_min,
                            struct au_genesis_stake *stakes)
{
    uint32_t count = 0;
    if (dice_one_in(&world->dice, STAKES_ONE_OF)) return 0;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const uint64_t amounts[] = {1, stake_min - 1, stake_min, stake_min, 2 * stake_min};
        struct au_genesis_stake stake = {.owner = world->people[i].address};
        stake.amount = DICE_PICK(&world->dice, amounts);
        stake.has_key = dice_below(&world->dice, 3) > 0;
        if (dice_one_in(&world->dice, 2)) continue;
        if (stake.has_key) memcpy(stake.key, world->keys[i].public_key, AU_ADDRESS_SIZE);
        stakes[count++] = stake;
    }
    qsort(stakes, count, sizeof(*stakes), compare_addresses);
    return count;
}

/* Somebody with an account, without one, or an address that is nobody's. */
static struct au_address make_proposer(struct world *world)
{
    const struct au_address stranger = {{STRANGER_INDEX}};
    const struct au_address candidates[] = {world->people[0].address,
                                            world->people[PERSON_COUNT - 1].address, stranger};
    return DICE_PICK(&world->dice, candidates);
}

static void make_genesis(struct world *world)
{
    struct au_genesis_account accounts[PERSON_COUNT];
    struct au_genesis_stake stakes[KEY_COUNT];
    struct au_params params = make_params(&world->dice, world->has_graphs);
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("aureon-model"),
        .time_ms = TIME_MS,
        .params = params,
        .accounts = accounts,
        .account_count = make_accounts(world, accounts),
        .stakes = stakes,
    };
    genesis.stake_count = make_stakes(world, params.validator_stake_min, stakes);
    genesis.proposer = make_proposer(world);
    au_buf_init(&world->genesis, AU_GENESIS_SIZE_MAX);
    au_genesis_encode(&world->genesis, &genesis);
    world_must(world->genesis.err);
}

/* ---- life ---- */

static void open_ledger(struct world *world)
{
    struct au_ledger_options options = {
        .kv = world->kv, .engine = world->engine, .genesis = au_buf_bytes(&world->genesis)};
    struct au_buf message;
    au_buf_init(&message, 1000);
    enum au_err err = au_ledger_open(&options, &message, &world->ledger);
    if (err != AU_OK) fprintf(stderr, "%.*s\n", (int)message.size, (const char *)message.data);
    world_must(err);
    au_buf_done(&message);
    world_must(au_block_new(world->ledger, &world->block));
}

static void close_ledger(struct world *world)
{
    au_block_free(world->block);
    au_ledger_close(world->ledger);
}

void world_open(struct world *world, const struct world_options *wanted)
{
    *world = (struct world){
        .dice = {wanted->seed}, .has_graphs = wanted->has_graphs, .time_ms = TIME_MS};
    bool has_cache = wanted->has_graphs || !dice_one_in(&world->dice, CACHE_ONE_OF);
    struct au_engine_options options = {.instances_max = INSTANCES_MAX,
                                        .cache_size = has_cache ? CACHE_SIZE : 1,
                                        .optimize_none = !wanted->optimizes};
    au_arena_init(&world->arena, MEMORY_MAX);
    au_arena_init(&world->tx_arena, MEMORY_MAX);
    world_must(au_memkv_open(&world->kv));
    world_must(au_engine_new(&options, &au_host_env, &world->engine));
    world->code_count = wanted->has_graphs ? graph_codes_make(&world->arena, world->codes)
                                           : codes_make(&world->dice, &world->arena, world->codes);
    for (size_t i = 0; i < PERSON_COUNT; i++) {
        struct person *person = &world->people[i];
        make_key(&world->dice, &person->key);
        memcpy(person->address.bytes, person->key.public_key, AU_ADDRESS_SIZE);
    }
    for (size_t i = 0; i < KEY_COUNT; i++)
        make_key(&world->dice, &world->keys[i]);
    make_genesis(world);
    open_ledger(world);
}

void world_close(struct world *world)
{
    close_ledger(world);
    au_engine_free(world->engine);
    au_kv_close(&world->kv);
    au_buf_done(&world->genesis);
    au_arena_done(&world->arena);
    au_arena_done(&world->tx_arena);
}

void world_reopen(struct world *world)
{
    close_ledger(world);
    open_ledger(world);
}

/* ---- what is known ---- */

void world_look(struct world *world)
{
    struct au_read read;
    world_must(au_read_open(world->ledger, &read));
    for (size_t i = 0; i < PERSON_COUNT; i++) {
        struct person *person = &world->people[i];
        struct au_account account;
        world_must(au_flat_account(&read.flat, &person->address, &account));
        person->nonce = account.nonce;
        person->balance = account.balance;
        person->stake = account.stake;
    }
    au_read_close(&read);
}

static void learn_person(struct person *person, const struct au_tx *tx,
                         const struct au_receipt *receipt)
{
    struct au_items balances = receipt->balances;
    struct au_receipt_balance change;
    while (au_receipt_next_balance(&balances, &change)) {
        if (au_address_is_equal(&change.address, &person->address)) person->balance = change.after;
    }
    if (!au_address_is_equal(&tx->from, &person->address)) return;
    person->nonce++;
    if (receipt->outcome != AU_OUTCOME_SUCCESS) return;
    if (tx->kind == AU_TX_STAKE) person->stake += tx->amount;
    if (tx->kind == AU_TX_UNSTAKE) person->stake -= tx->amount;
}

/* Of a damaged module that is good nevertheless any will do: it only guides what is called. */
static const struct code *find_code(const struct world *world, const struct au_hash *hash)
{
    size_t i = 0;
    while (i + 1 < world->code_count && !au_hash_is_equal(&world->codes[i].hash, hash))
        i++;
    return &world->codes[i];
}

static void learn_contract(struct world *world, const struct au_receipt_contract *change)
{
    const struct known_contract known = {change->address, find_code(world, &change->code_after),
                                         change->has_admin, change->admin_after};
    size_t index = 0;
    while (index < world->contract_count &&
           !au_address_is_equal(&world->contracts[index].address, &change->address))
        index++;
    if (index == CONTRACTS_MAX)
        index = dice_below(&world->dice, CONTRACTS_MAX);
    else if (index == world->contract_count)
        world->contract_count++;
    world->contracts[index] = known;
}

void world_learn(struct world *world, const struct au_tx *tx, const struct au_receipt *receipt)
{
    struct au_items contracts = receipt->contracts;
    struct au_receipt_contract change;
    for (size_t i = 0; i < PERSON_COUNT; i++)
        learn_person(&world->people[i], tx, receipt);
    while (au_receipt_next_contract(&contracts, &change))
        learn_contract(world, &change);
}

void world_stake_proof(const struct world *world, const struct au_sign_key *key,
                       const struct au_address *owner, uint8_t out_proof[AU_TX_SIGNATURE_SIZE])
{
    uint8_t claim[AU_HASH_SIZE + AU_ADDRESS_SIZE];
    memcpy(claim, au_ledger_genesis_hash(world->ledger)->bytes, AU_HASH_SIZE);
    memcpy(claim + AU_HASH_SIZE, owner->bytes, AU_ADDRESS_SIZE);
    struct au_hash message =
        au_sha256_tagged("aureon/pop", (struct au_bytes){claim, sizeof(claim)});
    au_sign(key, (struct au_bytes){message.bytes, AU_HASH_SIZE}, out_proof);
}

#include <string.h>

#include "core/limits.h"
#include "ledger_log/draft.h"
#include "ledger_log/graph.h"

#define LIVE_CONTRACTS  3u /* as long as there are fewer, every second transaction is a Deploy */
#define GRAPH_CONTRACTS 8u /* likewise in a world that has graphs */
#define ENDLESS_GAS     30000u
#define GRAPH_GAS       60000u /* enough for most that call others, or to compile a puppet */
#define AUR             UINT64_C(1000000000)

/* ---- what payloads are made of ---- */

static struct au_address random_address(struct dice *dice)
{
    struct au_address address;
    dice_fill(dice, address.bytes, sizeof(address.bytes));
    return address;
}

static const struct person *pick_person(struct world *world)
{
    return &DICE_PICK(&world->dice, world->people);
}

static struct au_address pick_address(struct draft *draft)
{
    struct world *world = draft->world;
    size_t count = world->contract_count;
    switch (dice_below(&world->dice, 10)) {
    case 0:
    case 1: return random_address(&world->dice);
    case 2: return au_address_system;
    case 3:
    case 4:
        if (count > 0) return world->contracts[dice_below(&world->dice, count)].address;
        return random_address(&world->dice);
    case 5: return draft->person->address;
    default: return pick_person(world)->address;
    }
}

static uint64_t pick_number(struct draft *draft)
{
    static const uint64_t numbers[] = {0, 1, 1, 2, 3, 5, 7, 100, 65536, UINT64_MAX};
    return DICE_PICK(&draft->world->dice, numbers);
}

/* Of base units; hardly ever more than the sender has. */
static uint64_t pick_amount(struct draft *draft)
{
    struct dice *dice = &draft->world->dice;
    const uint64_t amounts[] = {0, 1, 5, 1000, AUR, 5 * AUR, draft->person->balance / 100};
    if (dice_one_in(dice, 20)) return dice_next(dice);
    return DICE_PICK(dice, amounts);
}

static uint64_t pick_value(struct draft *draft)
{
    static const uint64_t values[] = {0, 0, 0, 0, 5, 100, 1000000};
    return DICE_PICK(&draft->world->dice, values);
}

static void put_random(struct draft *draft, struct au_buf *items, size_t size)
{
    uint8_t bytes[64];
    AU_ASSERT(size <= sizeof(bytes));
    dice_fill(&draft->world->dice, bytes, size);
    au_buf_put_u32(items, (uint32_t)size);
    au_buf_put(items, bytes, size);
}

static void put_zeros(struct draft *draft, struct au_buf *items, size_t size)
{
    uint8_t *zeros = au_arena_zero(&draft->world->tx_arena, size);
    AU_ASSERT(zeros);
    au_buf_put_u32(items, (uint32_t)size);
    au_buf_put(items, zeros, size);
}

static void put_key(struct draft *draft, struct au_buf *items)
{
    static const size_t sizes[] = {0, 1, 2, 40, 256, 257};
    struct dice *dice = &draft->world->dice;
    if (dice_one_in(dice, 8)) {
        put_zeros(draft, items, DICE_PICK(dice, sizes));
        return;
    }
    const uint8_t key[] = {'k', (uint8_t)dice_below(dice, 6)};
    au_buf_put_u32(items, sizeof(key));
    au_buf_put(items, key, sizeof(key));
}

static void put_value(struct draft *draft, struct au_buf *items)
{
    static const size_t sizes[] = {0, 1, 31, 32, 33, 55, 56, 64, 300, 1000};
    size_t size = DICE_PICK(&draft->world->dice, sizes);
    if (size <= 64)
        put_random(draft, items, size);
    else
        put_zeros(draft, items, size);
}

/* An argument for a letter of struct code_function. */
static void put_arg(struct draft *draft, struct au_buf *items, char letter)
{
    struct au_address address;
    uint64_t number = pick_number(draft);
    switch (letter) {
    case 'p': graph_put_program(draft, items); break;
    case 'k': put_key(draft, items); break;
    case 'v': put_value(draft, items); break;
    case 'a':
        address = pick_address(draft);
        au_buf_put_u32(items, AU_ADDRESS_SIZE);
        au_buf_put(items, address.bytes, AU_ADDRESS_SIZE);
        break;
    case 'n':
        au_buf_put_u32(items, sizeof(number));
        au_buf_put_u64(items, number);
        break;
    default:
        au_buf_put_u32(items, sizeof(uint32_t));
        au_buf_put_u32(items, (uint32_t)number);
        break;
    }
}

/* Any number of arguments: up to the most that there may be, and one more; or one that is large. */
static uint32_t put_any_args(struct draft *draft, struct au_buf *items)
{
    static const uint32_t counts[] = {0, 1, 2, 5, 63, 64, 65};
    static const size_t sizes[] = {1000, 3000, 15000, 100000, 262144, 262145};
    struct dice *dice = &draft->world->dice;
    if (dice_one_in(dice, 3)) {
        put_zeros(draft, items, DICE_PICK(dice, sizes));
        return 1;
    }
    uint32_t count = DICE_PICK(dice, counts);
    for (uint32_t i = 0; i < count; i++)
        put_random(draft, items, dice_below(dice, 20));
    return count;
}

static void plan_args(struct draft *draft, const char *letters)
{
    struct dice *dice = &draft->world->dice;
    struct au_buf items;
    uint32_t count = 0;
    au_buf_init(&items, 1 << 20);
    if (draft->world->is_stuffed) {
        put_zeros(draft, &items, AU_ARGS_SIZE_MAX - dice_below(dice, 20000));
        count = 1;
        letters = "";
    } else if (letters[0] == '*') {
        count = put_any_args(draft, &items);
        letters = "";
    }
    for (; letters[0] != 0; letters++, count++) {
        if (dice_one_in(dice, 50))
            put_random(draft, &items, dice_below(dice, 20));
        else
            put_arg(draft, &items, letters[0]);
    }
    if (dice_one_in(dice, 20)) {
        put_arg(draft, &items, 'n');
        count++;
    }
    world_must(items.err);
    draft->tx.args = world_copy(draft->world, items.data, items.size);
    draft->tx.arg_count = count;
    au_buf_done(&items);
}

static const struct code_function *find_function(const struct code *code, const char *name)
{
    for (size_t i = 0; i < code->function_count; i++) {
        if (strcmp(code->functions[i].name, name) == 0) return &code->functions[i];
    }
    return NULL;
}

/* Bytes of a module that were changed or cut: hardly ever a good one. */
static struct au_bytes damage(struct draft *draft, struct au_bytes code)
{
    struct dice *dice = &draft->world->dice;
    if (code.size == 0) return code;
    if (dice_one_in(dice, 2)) {
        code.size = dice_below(dice, code.size);
        return code;
    }
    uint8_t *bytes = au_arena_get(&draft->world->tx_arena, code.size);
    AU_ASSERT(bytes);
    memcpy(bytes, code.data, code.size);
    size_t bit = dice_below(dice, 8 * code.size);
    bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return (struct au_bytes){bytes, code.size};
}

static void plan_code(struct draft *draft, const char *entry)
{
    struct world *world = draft->world;
    size_t count = dice_one_in(&world->dice, 3) ? world->code_count : 3;
    const struct code *code = &world->codes[dice_below(&world->dice, count)];
    draft->tx.code = code->bytes;
    if (dice_one_in(&world->dice, 12)) draft->tx.code = damage(draft, draft->tx.code);
    const struct code_function *function = find_function(code, entry);
    plan_args(draft, function ? function->args : "");
}

/* Enough, hardly enough or not enough for what comes after the part that is paid in any case. */
static void plan_gas_limit(struct draft *draft)
{
    static const uint64_t extras[] = {1, 10, 100, 300, 1000, 3000, 10000};
    struct world *world = draft->world;
    uint64_t least = draft_gas(draft);
    const struct au_header *header = au_block_header(world->block);
    uint64_t room = header->gas_limit - header->gas_used;
    uint64_t extra = dice_one_in(&world->dice, 2) ? 20000 : DICE_PICK(&world->dice, extras);
    if (world->has_graphs && dice_below(&world->dice, 4) > 0) extra = GRAPH_GAS;
    draft->tx.gas_limit = least + extra;
    if (room > least && dice_one_in(&world->dice, 12)) {
        draft->tx.gas_limit = room + dice_below(&world->dice, 2); /* just fits, or not any more */
    }
    if (dice_one_in(&world->dice, 12)) draft->tx.gas_limit = least;
}

/* ---- the payloads ---- */

static void plan_transfer(struct draft *draft)
{
    draft->tx.to = pick_address(draft);
    draft->tx.amount = pick_amount(draft);
}

static void plan_deploy(struct draft *draft)
{
    struct dice *dice = &draft->world->dice;
    plan_code(draft, "init");
    plan_gas_limit(draft);
    draft->tx.value = pick_value(draft);
    draft->tx.has_admin = dice_below(dice, 4) > 0;
    if (!draft->tx.has_admin) return;
    draft->tx.admin = draft->person->address;
    if (dice_one_in(dice, 4)) draft->tx.admin = pick_address(draft);
    if (dice_one_in(dice, 20)) draft->tx.admin = draft_small_order(dice);
}

static void plan_call(struct draft *draft)
{
    static const char *const others[] = {"init", "migrate", "__secret", "nothing", "a", "log"};
    static const struct code_function unknown = {"run", "", false};
    struct world *world = draft->world;
    const struct code_function *function = &unknown;
    draft->tx.to = pick_address(draft);
    if (world->contract_count > 0 && !dice_one_in(&world->dice, 20)) {
        size_t index = dice_below(&world->dice, world->contract_count);
        const struct known_contract *contract = &world->contracts[index];
        const struct code *code = contract->code;
        draft->tx.to = contract->address;
        function = &code->functions[dice_below(&world->dice, code->function_count)];
        if (strcmp(function->name, "init") == 0 || strcmp(function->name, "migrate") == 0)
            function = &code->functions[dice_below(&world->dice, code->function_count)];
    }
    const char *name = function->name;
    if (dice_one_in(&world->dice, 15)) name = DICE_PICK(&world->dice, others);
    draft->tx.function = au_bytes_of(name);
    draft->tx.value = pick_value(draft);
    plan_args(draft, function->args);
    plan_gas_limit(draft);
    uint64_t endless_max = draft_gas(draft) + ENDLESS_GAS;
    if (function->is_endless && draft->tx.gas_limit > endless_max) {
        draft->tx.gas_limit = endless_max;
    }
}

static void plan_key(struct draft *draft)
{
    struct world *world = draft->world;
    struct au_tx *tx = &draft->tx;
    const struct au_sign_key *key = &DICE_PICK(&world->dice, world->keys);
    const struct person *owner = draft->person;
    if (dice_one_in(&world->dice, 12)) owner = pick_person(world);
    tx->has_validator = true;
    memcpy(tx->validator_key, key->public_key, AU_ADDRESS_SIZE);
    world_stake_proof(world, key, &owner->address, tx->validator_proof);
    if (dice_one_in(&world->dice, 20)) tx->validator_proof[dice_below(&world->dice, 64)] ^= 4;
    if (!dice_one_in(&world->dice, 20)) return;
    struct au_address anyone = draft_small_order(&world->dice);
    memcpy(tx->validator_key, anyone.bytes, AU_ADDRESS_SIZE); /* R = A, S = 0: good for anything */
    memcpy(tx->validator_proof, anyone.bytes, AU_ADDRESS_SIZE);
    memset(tx->validator_proof + AU_ADDRESS_SIZE, 0, AU_ADDRESS_SIZE);
}

static void plan_stake(struct draft *draft)
{
    struct world *world = draft->world;
    uint64_t least = au_ledger_params(world->ledger)->validator_stake_min;
    const uint64_t amounts[] = {0, 0, 1, least - 1, least, least, 2 * least, pick_amount(draft)};
    draft->tx.amount = DICE_PICK(&world->dice, amounts);
    if (dice_one_in(&world->dice, 2)) plan_key(draft);
}

static void plan_unstake(struct draft *draft)
{
    uint64_t stake = draft->person->stake;
    const uint64_t amounts[] = {0,     1,     stake / 2, stake,
                                stake, stake, stake + 1, pick_amount(draft)};
    draft->tx.amount = DICE_PICK(&draft->world->dice, amounts);
}

static const struct person *find_person(const struct world *world, const struct au_address *address)
{
    for (size_t i = 0; i < PERSON_COUNT; i++) {
        if (au_address_is_equal(&world->people[i].address, address)) return &world->people[i];
    }
    return NULL;
}

static void plan_upgrade(struct draft *draft)
{
    struct world *world = draft->world;
    draft->tx.to = pick_address(draft);
    if (world->contract_count > 0) {
        size_t index = dice_below(&world->dice, world->contract_count);
        const struct known_contract *contract = &world->contracts[index];
        const struct person *admin = find_person(world, &contract->admin);
        if (!dice_one_in(&world->dice, 12)) draft->tx.to = contract->address;
        if (contract->has_admin && admin && !dice_one_in(&world->dice, 6)) draft->person = admin;
    }
    plan_code(draft, "migrate");
    plan_gas_limit(draft);
}

struct plan {
    size_t weight;
    size_t graph_weight; /* in a world that has graphs */
    enum au_tx_kind kind;
    void (*make)(struct draft *draft);
};

static const struct plan plans[] = {
    {5, 2, AU_TX_TRANSFER, plan_transfer}, {2, 2, AU_TX_DEPLOY, plan_deploy},
    {8, 40, AU_TX_CALL, plan_call},        {3, 0, AU_TX_STAKE, plan_stake},
    {3, 0, AU_TX_UNSTAKE, plan_unstake},   {2, 2, AU_TX_UPGRADE, plan_upgrade},
};

static size_t weight_of(const struct world *world, const struct plan *plan)
{
    return world->has_graphs ? plan->graph_weight : plan->weight;
}

static const struct plan *pick_plan(struct world *world)
{
    static const struct plan deploy = {1, 1, AU_TX_DEPLOY, plan_deploy};
    size_t total = 0, i = 0;
    size_t live = world->has_graphs ? GRAPH_CONTRACTS : LIVE_CONTRACTS;
    if (world->contract_count < live && dice_one_in(&world->dice, 2)) return &deploy;
    for (size_t k = 0; k < AU_COUNT_OF(plans); k++)
        total += weight_of(world, &plans[k]);
    for (size_t left = dice_below(&world->dice, total); left >= weight_of(world, &plans[i]); i++)
        left -= weight_of(world, &plans[i]);
    return &plans[i];
}

void draft_plan(struct draft *draft, struct world *world)
{
    static const uint64_t premiums[] = {0, 0, 0, 1, 7, 1000};
    const struct plan *plan = pick_plan(world);
    const struct au_params *params = au_ledger_params(world->ledger);
    *draft = (struct draft){.world = world,
                            .person = pick_person(world),
                            .genesis_hash = *au_ledger_genesis_hash(world->ledger)};
    uint64_t poor = world->has_graphs ? 1000 * AUR : AUR;
    if (draft->person->balance < poor && !dice_one_in(&world->dice, 10)) {
        draft->person = &world->people[dice_below(&world->dice, 4)];
    }
    draft->tx.version = AU_TX_VERSION;
    draft->tx.kind = plan->kind;
    draft->tx.gas_price = params->gas_price_min + DICE_PICK(&world->dice, premiums);
    plan->make(draft);
    draft->tx.from = draft->person->address;
    draft->tx.nonce = draft->person->nonce;
}

/* Fuzzes the host functions from inside a contract: the input is a program of host calls, which a
 * real contract interprets.
 *
 * Whatever is called with whatever pointers and sizes: the outcome is one that host functions may
 * cause, the state changes only on success and never in a view, base units are neither made nor
 * lost, and optimisation changes nothing. A run that does not ask for its gas needs exactly what it
 * used: with that limit it ends in the same way, with one gas less it is out of gas.
 *
 * Input: flags, gas limit, then three fields of a size and bytes (the value of a stored entry, a
 * second argument, a chain id), then the program, which the contract interprets (support/puppet.h).
 */
#include "contract/host.h"
#include "fuzz.h"
#include "support/puppet.h"

#define RERUN_GAS_MAX 20000u

enum contract {
    CONTRACT_FULL,    /* offers all */
    CONTRACT_NO_GAS,  /* all but those that tell two limits apart */
    CONTRACT_GROWING, /* has memory.grow: after each call a page more, up to four */
    CONTRACT_BARE,    /* no memory: numbers in its arguments are the parameters of one call */
    CONTRACT_COUNT
};

static struct au_module *modules[CONTRACT_COUNT][2]; /* optimised, and not */

/* ---- the contracts --------------------------------------------------------------------------- */

/* What a callee may use depends on what is left. */
static bool tells_limits_apart(const struct au_host_entry *entry)
{
    return strcmp(entry->name, "gas_left") == 0 || strcmp(entry->name, "call") == 0 ||
           strcmp(entry->name, "deploy") == 0;
}

/* One export for each host function, which takes all its parameters as numbers of 8 bytes. */
static void put_bare(struct au_buf *text)
{
    au_buf_put_text(text, "(module\n");
    puppet_put_imports(text);
    for (size_t i = 0; i < au_host_env.count; i++) {
        const struct au_host_entry *entry = &au_host_env.entries[i];
        size_t count = strlen(entry->params);
        au_buf_printf(text, "(func (export \"%s\") (param", entry->name);
        for (size_t j = 0; j < count; j++)
            au_buf_put_text(text, " i64");
        au_buf_printf(text, ") (result %s)", *entry->results ? puppet_type(*entry->results) : "");
        for (size_t j = 0; j < count; j++) {
            au_buf_printf(text,
                          entry->params[j] == 'I' ? " (local.get %zu)"
                                                  : " (i32.wrap_i64 (local.get %zu))",
                          j);
        }
        au_buf_printf(text, " (call $%s))\n", entry->name);
    }
    au_buf_put_text(text, ")");
}

static void put_contract(struct au_buf *text, enum contract contract)
{
    static const char grow[] = "(drop (memory.grow (i32.lt_u (memory.size) (i32.const 4))))";
    const struct puppet puppet = {
        .fields = "(memory 1) (data (i32.const 16) \"contract\\00caller\\00key\")\n",
        .after_call = contract == CONTRACT_GROWING ? grow : "",
        .lacks = contract == CONTRACT_NO_GAS ? tells_limits_apart : NULL,
    };
    if (contract == CONTRACT_BARE)
        put_bare(text);
    else
        puppet_put(text, &puppet);
}

static void init(void)
{
    struct au_runtime *runtimes[2] = {fuzz_runtime(false), fuzz_runtime(true)};
    for (int i = 0; i < CONTRACT_COUNT; i++) {
        struct au_buf text;
        au_buf_init(&text, 1u << 20);
        put_contract(&text, (enum contract)i);
        for (int j = 0; j < 2; j++)
            modules[i][j] = fuzz_load(runtimes[j], &text);
        au_buf_done(&text);
    }
}

/* ---- the input ------------------------------------------------------------------------------- */

struct world {
    struct au_bytes args[AU_ARG_COUNT_MAX];
    struct au_balance balances[3];
    struct au_entry entry;
    char chain_id[AU_CHAIN_ID_SIZE_MAX + 1];
    struct au_execute_options options;
};

static uint64_t read_gas(struct fuzz_input *input)
{
    static const uint64_t limits[] = {300, 1000, 3000, 8000, 20000, 60000, 2, 0};
    uint8_t choice = fuzz_u8(input);
    return choice < 128 ? limits[choice % AU_COUNT_OF(limits)] : fuzz_number(input, 2);
}

static struct au_bytes read_field(struct fuzz_input *input)
{
    return fuzz_take(input, fuzz_u8(input));
}

static void read_chain_id(struct fuzz_input *input, char *chain_id)
{
    struct au_bytes field = read_field(input);
    size_t size = field.size < AU_CHAIN_ID_SIZE_MAX ? field.size : AU_CHAIN_ID_SIZE_MAX;
    for (size_t i = 0; i < size; i++)
        chain_id[i] = (char)('a' + field.data[i] % 26);
    chain_id[size] = 0;
}

static void read_args(struct fuzz_input *input, enum contract contract, struct world *world)
{
    struct au_execute_options *options = &world->options;
    if (contract != CONTRACT_BARE) {
        world->args[1] = read_field(input);
        world->args[0] = fuzz_take(input, PUPPET_PROGRAM_SIZE_MAX);
        options->arg_count = world->args[1].size > 0 ? 2 : 1;
        return;
    }
    const struct au_host_entry *entry = &au_host_env.entries[fuzz_u8(input) % au_host_env.count];
    options->function = entry->name;
    options->arg_count = strlen(entry->params);
    for (size_t i = 0; i < options->arg_count; i++) {
        static const uint8_t zeros[8] = {0};
        world->args[i] = fuzz_take(input, 8);
        if (world->args[i].size < 8) world->args[i] = (struct au_bytes){zeros, 8};
    }
}

static enum contract read_world(struct fuzz_input *input, struct world *world)
{
    uint8_t flags = fuzz_u8(input);
    enum contract contract = (enum contract)(flags % CONTRACT_COUNT);
    *world = (struct world){
        .balances = {{au_bytes_of("contract"), 5000},
                     {au_bytes_of("caller"), 100},
                     {au_bytes_of("someone whose name has 32 bytes."), 7}},
        .options = {.gas_limit = read_gas(input),
                    .is_view = flags & 4,
                    .value = flags & 12 ? 0 : 50,
                    .balance_count = flags & 16 ? 2 : 3,
                    .block_height = flags,
                    .block_time_ms = UINT64_MAX - flags,
                    .storage_count = flags & 32 ? 0 : 1},
    };
    world->entry = (struct au_entry){au_bytes_of("key"), read_field(input)};
    read_chain_id(input, world->chain_id);
    read_args(input, contract, world);
    world->options.args = world->args;
    world->options.balances = world->balances;
    world->options.storage = &world->entry;
    if (world->chain_id[0]) world->options.chain_id = world->chain_id;
    return contract;
}

/* ---- the run --------------------------------------------------------------------------------- */

static uint64_t run(const struct au_module *module, const struct au_execute_options *options,
                    struct au_result *out_result)
{
    enum au_err err = au_execute_contract(module, options, out_result);
    AU_ASSERT(err == AU_OK);
    return fuzz_check_result(options, out_result);
}

/* No instruction of the contract traps but by abort and by its own reads past the memory. */
static void check_outcome(const struct au_result *result)
{
    switch (result->outcome) {
    case AU_OUTCOME_SUCCESS:
    case AU_OUTCOME_REVERTED:
    case AU_OUTCOME_OUT_OF_GAS:
    case AU_OUTCOME_HOST_REJECTED:
    case AU_OUTCOME_NOT_ALLOWED: return;
    case AU_OUTCOME_TRAPPED:
        AU_ASSERT(result->detail == AU_TRAP_ABORT || result->detail == AU_TRAP_MEMORY_BOUNDS);
        return;
    case AU_OUTCOME_STACK_LIMIT:
    case AU_OUTCOME_DEPTH_LIMIT:
    case AU_OUTCOME_INVALID_MODULE:
    case AU_OUTCOME_NO_CONTRACT:
    case AU_OUTCOME_NO_FUNCTION:
    case AU_OUTCOME_BAD_ARGUMENTS:
    case AU_OUTCOME_INSUFFICIENT_BALANCE: break;
    }
    AU_ASSERT(false && "host functions cause no other outcome");
}

static void check_exact_gas(const struct au_module *module, struct au_execute_options options,
                            const struct au_result *first)
{
    struct au_result again;
    options.gas_limit = first->gas_used;
    run(module, &options, &again);
    AU_ASSERT(again.outcome == first->outcome);
    AU_ASSERT(again.gas_used == first->gas_used);
    au_result_free(&again);
    if (first->gas_used == 0) return;

    options.gas_limit--;
    run(module, &options, &again);
    AU_ASSERT(again.outcome == AU_OUTCOME_OUT_OF_GAS);
    au_result_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    if (modules[0][0] == NULL) init();
    struct fuzz_input input = {data, data + size};
    enum contract contract = read_world(&input, &world);
    const struct au_execute_options *options = &world.options;

    struct au_result result;
    struct au_result again;
    uint64_t digest = run(modules[contract][0], options, &result);
    check_outcome(&result);
    AU_ASSERT(run(modules[contract][1], options, &again) == digest);
    if (contract == CONTRACT_NO_GAS && result.outcome != AU_OUTCOME_OUT_OF_GAS &&
        result.gas_used <= RERUN_GAS_MAX)
        check_exact_gas(modules[contract][0], *options, &result);
    au_result_free(&result);
    au_result_free(&again);
    return 0;
}

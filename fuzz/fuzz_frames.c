/* Fuzzes frames inside frames: the input is a program of host calls for one of four contracts that
 * call, make and change each other, with programs in their arguments.
 *
 * What has failed, or was a view, leaves state and events as they were, at every depth; base units
 * are neither made nor lost by any host call; who watches changes nothing, nor does optimisation.
 *
 * Input: flags (two bits: which contract; a view; with value; two bits: which function), a gas
 * limit, then the program, which the contract interprets (support/puppet.h). */
#include "contract/host.h"
#include "contract/tracer.h"
#include "crypto/sha256.h"
#include "fuzz.h"
#include "state/flat.h"
#include "store/memkv.h"
#include "support/profile_sums.h"
#include "support/puppet.h"
#include "vm/limits.h"

#define CONTRACTS     4u
#define BALANCE       1000u
#define BATCH_MAX     ((size_t)1 << 20)
#define CALL_VIEW     1u
#define NUMBER_CALL   22u
#define NUMBER_DEPLOY 23u

enum { PLAIN, OPTIMISED, ENGINES };

/* ---- the chain ------------------------------------------------------------------------------- */

/* The addresses of the four, of a person and of nobody, the hashes of their code, and words. */
#define BYTES_4(c) c c c c
#define BYTES_32(c) \
    BYTES_4(c) BYTES_4(c) BYTES_4(c) BYTES_4(c) BYTES_4(c) BYTES_4(c) BYTES_4(c) BYTES_4(c)
#define DATA                                                                           \
    "(data (i32.const 512) \"" BYTES_32("A") BYTES_32("B") BYTES_32("C") BYTES_32("D") \
        BYTES_32("P") BYTES_32("Z") BYTES_32("a") BYTES_32("b") BYTES_32("c")          \
            BYTES_32("d") "runinitmigratetakek1k2k10\\00\\00\\00\\00\")\n"
#define ENTRIES "(export \"init\" (func $run)) (export \"migrate\" (func $run))\n"
#define TAKES   "(func (export \"take\") (param i32 i32 i64) (result i64) (local.get 2))\n"

static const char *const fields[CONTRACTS] = {
    "(memory 1 1)" DATA ENTRIES TAKES,
    "(memory 6 6) (table 9 funcref)" DATA ENTRIES,
    "(memory 1) (func (export \"take\") (result i32) (memory.grow (i32.const 1)))" DATA,
    "(memory 1 2)" DATA ENTRIES TAKES
    "(func $begin (drop (call $storage_write (i32.const 850) (i32.const 2) (i32.const 0)\n"
    "  (i32.const 8)))) (start $begin)\n",
};

struct chain {
    struct au_engine *engine;
    struct au_loaded *loaded[CONTRACTS];
    struct au_loaded *traced[CONTRACTS]; /* held, so that they are found */
    struct au_hash hashes[CONTRACTS];
};

static struct chain chains[ENGINES];

static void load(struct chain *chain, size_t contract)
{
    const struct puppet puppet = {.fields = fields[contract], .after_call = "", .has_ops = true};
    struct au_buf text, code;
    struct au_reject reject = {0};
    char message[256] = "";
    au_buf_init(&text, 1u << 20);
    au_buf_init(&code, 1u << 20);
    puppet_put(&text, &puppet);
    enum au_err err = au_engine_wat_to_wasm(au_buf_bytes(&text), &code, message, sizeof(message));
    if (err != AU_OK) fprintf(stderr, "%s\n", message);
    AU_ASSERT(err == AU_OK);
    struct au_bytes bytes = au_buf_bytes(&code);
    err = au_engine_load(chain->engine, bytes, &chain->loaded[contract], &reject);
    AU_ASSERT(err == AU_OK);
    err = au_engine_load_traced(chain->engine, bytes, &chain->traced[contract], &reject);
    AU_ASSERT(err == AU_OK);
    chain->hashes[contract] = au_sha256(bytes);
    au_buf_done(&text);
    au_buf_done(&code);
}

static struct au_address address_of(char letter)
{
    struct au_address address;
    memset(address.bytes, letter, sizeof(address.bytes));
    return address;
}

static struct au_hash code_hash(size_t contract)
{
    struct au_hash hash;
    memset(hash.bytes, (int)('a' + contract), sizeof(hash.bytes));
    return hash;
}

/* ---- the state before ---- */

static struct au_kv store;

static void put_slot(struct au_kv_batch *batch, const struct au_hash *owner, const char *key)
{
    const struct au_hash halves[2] = {*owner, au_flat_key_hash(au_bytes_of(key))};
    struct au_flat_key raw = au_flat_key(owner, au_bytes_of(key));
    struct au_buf record;
    au_buf_init(&record, 64);
    au_flat_encode_slot(&record, au_bytes_of("stored"));
    au_kv_batch_put(batch, AU_CF_STO, (struct au_bytes){halves[0].bytes, sizeof(halves)},
                    au_buf_bytes(&record));
    au_kv_batch_put(batch, AU_CF_KEY, (struct au_bytes){raw.bytes, raw.size}, (struct au_bytes){0});
    au_buf_done(&record);
}

/* The four contracts and a person: all have a balance, the first two have admins and slots. */
static void put_account(struct au_kv_batch *batch, size_t number)
{
    struct au_address address = address_of(number == CONTRACTS ? 'P' : (char)('A' + number));
    struct au_hash owner = au_flat_account_key(&address);
    struct au_account account = {.exists = true, .balance = BALANCE};
    struct au_buf record;
    account.has_code = number < CONTRACTS;
    if (account.has_code) account.code_hash = code_hash(number);
    account.has_admin = number < 2;
    if (account.has_admin) account.admin = address_of('P');
    au_buf_init(&record, AU_FLAT_ACCOUNT_SIZE_MAX);
    au_flat_encode_account(&record, &account);
    au_kv_batch_put(batch, AU_CF_ACC, (struct au_bytes){owner.bytes, AU_HASH_SIZE},
                    au_buf_bytes(&record));
    au_buf_done(&record);
    if (!account.has_admin) return;
    put_slot(batch, &owner, "k1");
    put_slot(batch, &owner, "k10");
}

static void make_store(void)
{
    struct au_kv_batch batch;
    enum au_err err = au_memkv_open(&store);
    AU_ASSERT(err == AU_OK);
    au_kv_batch_init(&batch, BATCH_MAX);
    for (size_t i = 0; i <= CONTRACTS; i++)
        put_account(&batch, i);
    err = au_kv_write(&store, &batch, false);
    AU_ASSERT(err == AU_OK);
    au_kv_batch_done(&batch);
}

static void init(void)
{
    make_store();
    for (int i = 0; i < ENGINES; i++) {
        struct au_engine_options options = {.instances_max = AU_DEPTH_MAX + 2,
                                            .cache_size = 64u << 20,
                                            .optimize_none = i == PLAIN};
        enum au_err err = au_engine_new(&options, &au_host_env, &chains[i].engine);
        AU_ASSERT(err == AU_OK);
        for (size_t k = 0; k < CONTRACTS; k++)
            load(&chains[i], k);
    }
}

/* Code has made-up hashes here, so that contracts know them. */
static enum au_err load_named(void *context, const struct au_hash *hash,
                              struct au_loaded **out_loaded)
{
    const struct chain *chain = context;
    for (size_t i = 0; i < CONTRACTS; i++) {
        struct au_hash known = code_hash(i);
        if (!au_hash_is_equal(&known, hash)) continue;
        bool is_found = au_engine_find(chain->engine, &chain->hashes[i], out_loaded);
        AU_ASSERT(is_found);
        return AU_OK;
    }
    return AU_ERR_NOT_FOUND;
}

static enum au_err load_traced(void *context, const struct au_hash *hash,
                               struct au_loaded **out_loaded)
{
    const struct chain *chain = context;
    bool is_found = au_engine_find_traced(chain->engine, hash, out_loaded);
    AU_ASSERT(is_found && *out_loaded);
    return AU_OK;
}

/* ---- a world --------------------------------------------------------------------------------- */

struct world {
    struct au_flat flat;
    struct au_state_source source;
    struct au_overlay overlay;
    struct au_savepoint start;
    struct au_arena arena;
    struct au_buf logs;
    struct au_buf events;
    struct au_code_source codes;
    struct au_env env;
};

static void open_world(struct world *world, struct chain *chain)
{
    static const struct au_seed seed = {{5}};
    au_flat_init(&world->flat, &store, NULL);
    world->source = au_flat_source(&world->flat);
    au_overlay_init(&world->overlay, &seed, &world->source, SIZE_MAX);
    au_arena_init(&world->arena, SIZE_MAX);
    au_buf_init(&world->logs, AU_LOGS_SIZE_MAX);
    au_buf_init(&world->events, SIZE_MAX);
    world->start = au_overlay_save(&world->overlay);
    world->codes = (struct au_code_source){chain, load_named, load_traced};
    world->env = (struct au_env){
        .overlay = &world->overlay,
        .codes = &world->codes,
        .arena = &world->arena,
        .logs = &world->logs,
        .events = &world->events,
        .origin = address_of('P'),
        .block_height = 7,
        .block_time_ms = 1000,
        .chain_id = au_bytes_of("frames"),
    };
}

static void close_world(struct world *world)
{
    au_overlay_done(&world->overlay);
    au_flat_done(&world->flat);
    au_arena_done(&world->arena);
    au_buf_done(&world->logs);
    au_buf_done(&world->events);
}

static uint64_t mix_account(uint64_t digest, const struct au_account *account)
{
    digest = fuzz_mix(digest, account->balance);
    digest = fuzz_mix(digest, account->nonce);
    digest = fuzz_mix(digest, account->has_code);
    digest = fuzz_mix(digest, account->has_admin);
    digest = fuzz_mix_bytes(digest, (struct au_bytes){account->code_hash.bytes, AU_HASH_SIZE});
    return fuzz_mix_bytes(digest, (struct au_bytes){account->admin.bytes, AU_ADDRESS_SIZE});
}

/* A digest of all that is not as it was at first, and of the events. */
static uint64_t look(const struct world *world)
{
    struct au_change change;
    size_t cursor = 0;
    uint64_t before = 0, after = 0;
    uint64_t digest = fuzz_mix(world->env.event_count, world->events.size);
    while (au_overlay_next_change(&world->overlay, world->start, &cursor, &change)) {
        digest = fuzz_mix_bytes(digest, (struct au_bytes){change.address->bytes, AU_ADDRESS_SIZE});
        if (change.is_slot) {
            digest = fuzz_mix_bytes(digest, change.key);
            digest = fuzz_mix(digest, change.slot_after.exists);
            digest = fuzz_mix_bytes(digest, change.slot_after.value);
            continue;
        }
        before += change.account_before.balance;
        after += change.account_after.balance;
        digest = mix_account(digest, &change.account_after);
    }
    AU_ASSERT(before == after);
    return digest;
}

/* ---- who watches ----------------------------------------------------------------------------- */

struct seen {
    bool opens_frame;
    bool is_view;
    uint64_t digest;
};

struct watcher {
    struct au_tracer tracer;
    struct au_host_watch keeps; /* the tracer's own */
    const struct world *world;
    struct seen seen[AU_DEPTH_MAX]; /* of the host calls that have not ended */
    size_t count;
};

static void call_begins(void *context, const struct au_instance *instance,
                        const struct au_host_entry *entry, const union au_value *args,
                        int64_t steps_left)
{
    struct watcher *watcher = context;
    watcher->keeps.begins(&watcher->tracer, instance, entry, args, steps_left);
    AU_ASSERT(watcher->count < AU_DEPTH_MAX);
    bool opens_frame = entry->number == NUMBER_CALL || entry->number == NUMBER_DEPLOY;
    watcher->seen[watcher->count++] = (struct seen){
        .opens_frame = opens_frame,
        .is_view = entry->number == NUMBER_CALL && (args[7].u32 & CALL_VIEW) != 0,
        .digest = opens_frame ? look(watcher->world) : 0,
    };
}

static void call_ends(void *context, const struct au_instance *instance,
                      const union au_value *results)
{
    struct watcher *watcher = context;
    watcher->keeps.ends(&watcher->tracer, instance, results);
    AU_ASSERT(watcher->count > 0);
    struct seen seen = watcher->seen[--watcher->count];
    uint64_t digest = look(watcher->world);
    if (!seen.opens_frame || !results) return;
    AU_ASSERT(results[0].u32 <= AU_OUTCOME_NOT_ALLOWED);
    if (results[0].u32 != AU_OUTCOME_SUCCESS || seen.is_view) AU_ASSERT(digest == seen.digest);
}

static bool function_enters(void *context, uint32_t function, int64_t steps_left)
{
    struct watcher *watcher = context;
    return watcher->keeps.enters(&watcher->tracer, function, steps_left);
}

static bool function_returns(void *context, int64_t steps_left)
{
    struct watcher *watcher = context;
    return watcher->keeps.returns(&watcher->tracer, steps_left);
}

/* ---- the run --------------------------------------------------------------------------------- */

struct plan {
    size_t contract;
    struct au_call call;
    struct au_bytes program;
};

static struct plan read_plan(struct fuzz_input *input)
{
    static const char *const functions[] = {"run", "init", "migrate", "take"};
    static const enum au_call_kind kinds[] = {AU_CALL_FUNCTION, AU_CALL_INIT, AU_CALL_MIGRATE,
                                              AU_CALL_FUNCTION};
    static const int64_t gas[] = {40000, 20000, 8000, 3000, 1000, 300, 100, 0};
    uint8_t flags = fuzz_u8(input);
    struct plan plan = {.contract = flags % CONTRACTS};
    plan.call = (struct au_call){
        .kind = kinds[flags / 16 % 4],
        .self = address_of((char)('A' + plan.contract)),
        .caller = address_of('P'),
        .value = (flags & 12) == 8 ? 30 : 0,
        .function = au_bytes_of(functions[flags / 16 % 4]),
        .arg_count = 1,
        .is_view = flags & 4,
        .steps_limit = gas[fuzz_u8(input) % AU_COUNT_OF(gas)] * AU_STEPS_PER_GAS,
        .logs_size_max = AU_LOGS_SIZE_MAX,
        .output_size_max = AU_OUTPUT_SIZE_MAX,
        .events_max = AU_EVENTS_MAX,
        .event_data_max = AU_EVENTS_DATA_SIZE_MAX,
    };
    plan.program = fuzz_take(input, PUPPET_PROGRAM_SIZE_MAX);
    return plan;
}

static uint64_t run(struct plan *plan, struct chain *chain, struct watcher *watcher)
{
    struct world world;
    struct au_frame_result result;
    open_world(&world, chain);
    uint64_t before = look(&world);
    if (watcher) {
        watcher->world = &world;
        world.env.tracer = &watcher->tracer;
    }
    plan->call.args = &plan->program;
    enum au_err err = au_frame_run(chain->loaded[plan->contract], &world.env, &plan->call, &result);
    AU_ASSERT(err == AU_OK);
    AU_ASSERT(result.steps_used <= plan->call.steps_limit);
    AU_ASSERT(fuzz_is_detail(result.outcome, result.detail));
    uint64_t digest = look(&world);
    if (result.outcome != AU_OUTCOME_SUCCESS || plan->call.is_view) AU_ASSERT(digest == before);
    digest = fuzz_mix(digest, (uint64_t)result.outcome);
    digest = fuzz_mix(digest, result.detail);
    digest = fuzz_mix(digest, result.revert_code);
    digest = fuzz_mix(digest, (uint64_t)result.steps_used);
    digest = fuzz_mix_bytes(digest, result.output);
    digest = fuzz_mix_bytes(digest, au_buf_bytes(&world.logs));
    digest = fuzz_mix_bytes(digest, au_buf_bytes(&world.events));
    close_world(&world);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct watcher watcher;
    if (chains[0].engine == NULL) init();
    struct fuzz_input input = {data, data + size};
    struct plan plan = read_plan(&input);
    au_tracer_init(&watcher.tracer);
    watcher.keeps = watcher.tracer.watch;
    watcher.tracer.watch =
        (struct au_host_watch){&watcher, call_begins, call_ends, function_enters, function_returns};
    uint64_t digest = run(&plan, &chains[OPTIMISED], &watcher);
    AU_ASSERT(watcher.count == 0);
    profile_sums_check(&watcher.tracer);
    au_tracer_done(&watcher.tracer);
    AU_ASSERT(run(&plan, &chains[PLAIN], NULL) == digest);
    return 0;
}

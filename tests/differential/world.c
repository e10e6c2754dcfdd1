#include "differential/world.h"

#include "base/base.h"
#include "core/receipt.h"

#define MEMORY_MAX      (64u << 20)
#define LOGS_SIZE_MAX   3000u
#define EVENTS_MAX      7u
#define EVENT_DATA_MAX  1000u
#define OUTPUT_SIZE_MAX 3000u
#define BLOCK_HEIGHT    1234567u
#define BLOCK_TIME_MS   UINT64_C(1700000000123)
#define VALUE           77u
#define CHAIN_ID        "differential-1"

#define REPEAT_4(x) x, x, x, x
#define REPEAT_32(x)                                                                           \
    REPEAT_4(x), REPEAT_4(x), REPEAT_4(x), REPEAT_4(x), REPEAT_4(x), REPEAT_4(x), REPEAT_4(x), \
        REPEAT_4(x)

const struct au_address world_self = {{REPEAT_32(0x11)}};
const struct au_address world_caller = {{REPEAT_32(0x22)}};
const struct au_address world_origin = {{REPEAT_32(0x33)}};
const struct au_address world_other = {{REPEAT_32(0x44)}};
const struct au_address world_nobody = {{REPEAT_32(0x55)}};

static const struct {
    const struct au_address *address;
    uint64_t balance;
} accounts[] = {
    {&world_self, 1000000},
    {&world_caller, 500},
    {&world_origin, 0},
    {&world_other, 5},
};

/* The third key has no value; a value of no bytes is one. */
static const struct {
    const char *key;
    const char *value;
} slots[] = {
    {"slot one", "a value of thirty-two bytes....."},
    {"slot two", ""},
    {"s", "x"},
};

static const char *const args[] = {"first", "",
                                   "the third argument, which is longer than the others"};

static struct au_bytes arg_bytes[AU_COUNT_OF(args)];

static void must(enum au_err err)
{
    AU_ASSERT(err == AU_OK);
}

void world_init(struct world *world)
{
    static const struct au_seed seed = {{1, 2}};
    for (size_t i = 0; i < AU_COUNT_OF(args); i++)
        arg_bytes[i] = au_bytes_of(args[i]);
    au_overlay_init(&world->overlay, &seed, NULL, MEMORY_MAX);
    au_arena_init(&world->arena, MEMORY_MAX);
    au_buf_init(&world->logs, LOGS_SIZE_MAX);
    au_buf_init(&world->events, AU_RECEIPT_EVENTS_SIZE_MAX);
}

void world_done(struct world *world)
{
    au_buf_done(&world->logs);
    au_buf_done(&world->events);
    au_arena_done(&world->arena);
    au_overlay_done(&world->overlay);
}

static void preload(struct world *world)
{
    bool is_new;
    for (size_t i = 0; i < AU_COUNT_OF(accounts); i++) {
        struct au_account account = {.exists = true, .balance = accounts[i].balance};
        must(au_overlay_preload_account(&world->overlay, accounts[i].address, account, &is_new));
    }
    for (size_t i = 0; i < AU_COUNT_OF(slots); i++) {
        must(au_overlay_preload_slot(&world->overlay, &world_self, au_bytes_of(slots[i].key),
                                     au_bytes_of(slots[i].value), &is_new));
    }
    world->before = au_overlay_save(&world->overlay);
}

/* No account of this world has code, and no code is on its chain: whatever would run another frame
 * is refused, for a frame is one engine's or the model's. */
static enum au_err load_nothing(void *context, const struct au_hash *code_hash,
                                struct au_loaded **out_loaded)
{
    (void)context;
    (void)code_hash;
    (void)out_loaded;
    return AU_ERR_NOT_FOUND;
}

void world_begin(struct world *world, bool is_view)
{
    au_overlay_reset(&world->overlay);
    au_arena_reset(&world->arena);
    au_buf_clear(&world->logs);
    au_buf_clear(&world->events);
    preload(world);
    static const struct au_code_source codes = {NULL, load_nothing, NULL};
    world->env = (struct au_env){
        .overlay = &world->overlay,
        .codes = &codes,
        .arena = &world->arena,
        .logs = &world->logs,
        .events = &world->events,
        .origin = world_origin,
        .block_height = BLOCK_HEIGHT,
        .block_time_ms = BLOCK_TIME_MS,
        .chain_id = au_bytes_of(CHAIN_ID),
    };
    world->call = (struct au_call){
        .self = world_self,
        .caller = world_caller,
        .value = VALUE,
        .args = arg_bytes,
        .arg_count = AU_COUNT_OF(args),
        .is_view = is_view,
        .logs_size_max = LOGS_SIZE_MAX,
        .output_size_max = OUTPUT_SIZE_MAX,
        .events_max = EVENTS_MAX,
        .event_data_max = EVENT_DATA_MAX,
    };
    world->frame = (struct au_frame){.env = &world->env, .call = &world->call, .depth = 1};
}

static void put_address(struct au_json_write *json, const char *key,
                        const struct au_address *address)
{
    au_json_write_key(json, key);
    au_json_write_hex(json, (struct au_bytes){address->bytes, AU_ADDRESS_SIZE});
}

static void put_number(struct au_json_write *json, const char *key, uint64_t number)
{
    au_json_write_key(json, key);
    au_json_write_u64(json, number);
}

static void put_accounts_and_slots(struct au_json_write *json)
{
    au_json_write_key(json, "accounts");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < AU_COUNT_OF(accounts); i++) {
        au_json_write_begin_object(json);
        put_address(json, "address", accounts[i].address);
        put_number(json, "balance", accounts[i].balance);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
    au_json_write_key(json, "slots");
    au_json_write_begin_object(json);
    for (size_t i = 0; i < AU_COUNT_OF(slots); i++) {
        au_json_write_key(json, slots[i].key);
        au_json_write_text(json, slots[i].value);
    }
    au_json_write_end_object(json);
}

void world_describe(struct au_json_write *json)
{
    au_json_write_begin_object(json);
    put_address(json, "self", &world_self);
    put_address(json, "caller", &world_caller);
    put_address(json, "origin", &world_origin);
    put_address(json, "system", &au_address_system);
    put_accounts_and_slots(json);
    au_json_write_key(json, "args");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < AU_COUNT_OF(args); i++)
        au_json_write_text(json, args[i]);
    au_json_write_end_array(json);
    put_number(json, "value", VALUE);
    put_number(json, "height", BLOCK_HEIGHT);
    put_number(json, "time", BLOCK_TIME_MS);
    put_number(json, "logs_size_max", LOGS_SIZE_MAX);
    put_number(json, "output_size_max", OUTPUT_SIZE_MAX);
    put_number(json, "events_max", EVENTS_MAX);
    put_number(json, "event_data_max", EVENT_DATA_MAX);
    au_json_write_key(json, "chain_id");
    au_json_write_text(json, CHAIN_ID);
    au_json_write_end_object(json);
}

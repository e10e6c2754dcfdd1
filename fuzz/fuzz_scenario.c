/* Fuzzes scenarios: the input is one file.
 *
 * What is read names nothing that is not there: contracts were named by earlier steps, accounts
 * exist, bounds hold, and each step can be described in one line. Each value is one of any type, or
 * not. What is refused is said. */
#include "cli/scenario_read.h"
#include "core/dev_account.h"
#include "fuzz.h"

#define MESSAGE_SIZE_MAX (32u << 20) /* bytes */
#define LINE_SIZE_MAX    (32u << 20)
#define ARENA_SIZE_MAX   ((size_t)256 << 20)

/* before: names that were given */
static void check_party(const struct au_party *party, size_t before)
{
    if (party->kind == AU_PARTY_DEV) AU_ASSERT(party->index < AU_DEV_ACCOUNT_COUNT);
    if (party->kind == AU_PARTY_CONTRACT) AU_ASSERT(party->index < before);
}

/* A type of each kind; every value is read by all of them. */
static const char abi_text[] = "abi 1\n"
                               "type Point{x:u32,y:option<i64>}\n"
                               "enum Side{Buy,Sell(price:u64)}\n"
                               "fn f(a:u64,b:string,c:address,d:vec<(bool,u8)>,e:map<string,i128>,"
                               "f:Point,g:Side,h:bytes32,i:bytes) mut\n";

static struct au_abi abi;
static const struct au_abi_record *fn;
static struct au_arena abi_arena;

static void load_abi(void)
{
    struct au_abi_error error;
    if (fn != NULL) return;
    au_arena_init(&abi_arena, AU_ABI_ARENA_SIZE_MAX);
    AU_ASSERT(au_abi_parse(au_bytes_of(abi_text), &abi_arena, &abi, &error) == AU_OK);
    fn = au_abi_find(&abi, AU_ABI_FN, au_bytes_of("f"));
}

static bool find_name(void *context, struct au_bytes name, struct au_address *out_address)
{
    (void)context;
    memset(out_address->bytes, 0x42, AU_ADDRESS_SIZE);
    return au_bytes_is_equal(name, au_bytes_of("bob"));
}

static bool find_code(void *context, struct au_bytes name, struct au_hash *out_hash)
{
    (void)context;
    memset(out_hash->bytes, 0x43, AU_HASH_SIZE);
    return au_bytes_is_equal(name, au_bytes_of("box"));
}

static struct au_scenario_reader reader_into(struct au_arena *arena, struct au_buf *message)
{
    static const struct au_abi_names names = {.find = find_name};
    return (struct au_scenario_reader){
        .names = &names, .find_code = find_code, .abi = &abi, .arena = arena, .message = message};
}

static bool begins(struct au_bytes text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

/* What was read is a value of the type, unless it was given as bytes; what was not is said. */
static void check_value(const struct au_scenario_value *value)
{
    if (value->json.size == 0) return; /* not given */
    for (size_t i = 0; i <= fn->field_count; i++) {
        const struct au_abi_type *type = i < fn->field_count ? &fn->fields[i].type : NULL;
        struct au_arena arena;
        struct au_buf message;
        struct au_bytes bytes = {0};
        au_arena_init(&arena, ARENA_SIZE_MAX);
        au_buf_init(&message, MESSAGE_SIZE_MAX);
        const struct au_scenario_reader reader = reader_into(&arena, &message);
        enum au_err err = au_scenario_read_value(&reader, "v", type, value, &bytes);
        AU_ASSERT(err == AU_OK || (err == AU_ERR_MALFORMED && message.size > 0));
        if (err == AU_OK) {
            bool is_raw = value->is_text &&
                          (begins(value->text, "raw:") || begins(value->text, "code_hash:"));
            AU_ASSERT(message.size == 0);
            AU_ASSERT(type == NULL || is_raw || au_abi_value_check(type, "v", bytes, NULL));
            (void)fuzz_mix_bytes(0, bytes);
        }
        au_buf_done(&message);
        au_arena_done(&arena);
    }
}

static void check_fields(const struct au_scenario_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++)
        check_value(&fields->items[i].value);
}

/* Arguments are as many as the function takes, or, if it is not known, as were given. */
static void check_args(const struct au_scenario_fields *args)
{
    const struct au_abi_export export_ = {.name = au_bytes_of("f")};
    const struct au_abi_call call = {.fn = fn, .export_ = &export_};
    for (size_t i = 0; i < 2; i++) {
        struct au_arena arena;
        struct au_buf message;
        struct au_bytes *items = NULL;
        size_t count = 0;
        au_arena_init(&arena, ARENA_SIZE_MAX);
        au_buf_init(&message, MESSAGE_SIZE_MAX);
        const struct au_scenario_reader reader = reader_into(&arena, &message);
        enum au_err err =
            au_scenario_read_args(&reader, i == 0 ? &call : NULL, args, &items, &count);
        AU_ASSERT(err == AU_OK || (err == AU_ERR_MALFORMED && message.size > 0));
        if (err == AU_OK) AU_ASSERT(count == (i == 0 ? fn->field_count : args->count));
        for (size_t k = 0; k < count; k++)
            (void)fuzz_mix_bytes(0, items[k]);
        au_buf_done(&message);
        au_arena_done(&arena);
    }
}

static void check_expect(const struct au_expectation *expect, size_t before)
{
    check_value(&expect->output);
    check_fields(&expect->error.fields);
    if (expect->error.name.size > 0) AU_ASSERT(expect->outcome == AU_OUTCOME_REVERTED);
    for (size_t i = 0; i < expect->event_count; i++) {
        const struct au_expected_event *event = &expect->events[i];
        AU_ASSERT(event->topic_count <= AU_EVENT_TOPICS_MAX);
        check_party(&event->contract, before);
        check_fields(&event->fields);
        check_value(&event->data);
        for (size_t j = 0; j < event->topic_count; j++)
            check_value(&event->topics[j]);
    }
    for (size_t i = 0; i < expect->balance_count; i++) {
        AU_ASSERT(expect->balances[i].amount <= AU_AMOUNT_MAX);
        check_party(&expect->balances[i].party, before);
    }
    for (size_t i = 0; i < expect->entry_count; i++) {
        AU_ASSERT(expect->entries[i].contract.kind != AU_PARTY_DEV);
        check_party(&expect->entries[i].contract, before);
        check_value(&expect->entries[i].key);
        check_value(&expect->entries[i].value);
    }
}

/* The names that a step gives come behind those before it, and nobody has them. Gives how many
 * there are then. */
static size_t check_names(const struct au_scenario *scenario, const struct au_step *step,
                          size_t before)
{
    size_t count = step->created_count;
    AU_ASSERT(count <= AU_SCENARIO_CREATED_MAX);
    if (step->kind == AU_STEP_DEPLOY) {
        AU_ASSERT(step->name_index == before);
        AU_ASSERT(au_bytes_is_equal(scenario->names[before], step->name));
        count++;
    }
    if (step->created_count > 0)
        if (step->has_created)
            AU_ASSERT(step->created_index + step->created_count == before + count);
    AU_ASSERT(before + count <= scenario->name_count);
    for (size_t i = before; i < before + count; i++) {
        for (size_t k = 0; k < i; k++)
            AU_ASSERT(!au_bytes_is_equal(scenario->names[i], scenario->names[k]));
    }
    return before + count;
}

static size_t check_step(const struct au_scenario *scenario, const struct au_step *step,
                         size_t before)
{
    struct au_buf line;
    check_party(&step->from, before);
    check_party(&step->to, before);
    check_party(&step->admin, before);
    AU_ASSERT(step->gas <= AU_SCENARIO_GAS_MAX);
    AU_ASSERT(step->blocks <= AU_SCENARIO_BLOCKS_MAX);
    AU_ASSERT(step->seconds <= AU_SCENARIO_SECONDS_MAX);
    AU_ASSERT(step->args.count <= AU_ARG_COUNT_MAX);
    if (step->kind != AU_STEP_VIEW) AU_ASSERT(step->from.kind == AU_PARTY_DEV);
    check_fields(&step->args);
    check_args(&step->args);
    size_t names = check_names(scenario, step, before);
    au_buf_init(&line, LINE_SIZE_MAX);
    au_step_describe(step, &line);
    AU_ASSERT(line.err == AU_OK);
    if (line.size > 0) AU_ASSERT(memchr(line.data, '\n', line.size) == NULL);
    au_buf_done(&line);
    check_expect(&step->expect, names);
    return names;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_scenario scenario;
    struct au_buf message;
    load_abi();
    au_scenario_init(&scenario);
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_err err = au_scenario_parse(&scenario, (struct au_bytes){data, size}, &message);
    AU_ASSERT(message.err == AU_OK);
    if (err == AU_OK) {
        AU_ASSERT(message.size == 0);
        size_t names = 0;
        for (size_t i = 0; i < scenario.step_count; i++)
            names = check_step(&scenario, &scenario.steps[i], names);
        AU_ASSERT(names == scenario.name_count);
    } else {
        AU_ASSERT(err == AU_ERR_TOO_LARGE || (err == AU_ERR_MALFORMED && message.size > 0));
    }
    au_buf_done(&message);
    au_scenario_done(&scenario);
    return 0;
}

#include "cli/scenario.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/amount.h"
#include "cli/scenario_parse.h"
#include "cli/show.h"
#include "core/dev_account.h"
#include "core/limits.h"

#define ARENA_SIZE_MAX ((size_t)256 << 20) /* bytes */
#define PATH_SIZE_MAX  1024u               /* bytes of the path of code */
#define LETTERS        "abcdefghijklmnopqrstuvwxyz0123456789-_"

#define OF(kind) (1u << AU_STEP_##kind)
#define OF_ALL   ((1u << (AU_STEP_EXPECT + 1)) - 1)

struct reading {
    struct au_scenario_parser *parser;
    struct au_step *step;
};

void au_scenario_init(struct au_scenario *scenario)
{
    *scenario = (struct au_scenario){0};
    au_arena_init(&scenario->arena, ARENA_SIZE_MAX);
}

void au_scenario_done(struct au_scenario *scenario)
{
    au_arena_done(&scenario->arena);
    au_scenario_init(scenario);
}

/* ---- members of a step ---- */

static enum au_err parse_code(struct reading *reading, const char *where,
                              const struct au_json_in *value)
{
    struct au_bytes *path = &reading->step->code;
    AU_TRY(au_scenario_text(reading->parser, where, value, path));
    if (path->size <= PATH_SIZE_MAX) return AU_OK;
    return au_field_fail(reading->parser->message, "%s: expected a path of at most %u bytes", where,
                         PATH_SIZE_MAX);
}

static enum au_err parse_contract(struct reading *reading, const char *where,
                                  const struct au_json_in *value)
{
    struct au_step *step = reading->step;
    AU_TRY(au_scenario_text(reading->parser, where, value, &step->name));
    return au_scenario_contract(reading->parser, where, step->name, &step->to);
}

static enum au_err parse_party(struct reading *reading, const char *where,
                               const struct au_json_in *value, struct au_bytes *out_name,
                               struct au_party *out_party)
{
    AU_TRY(au_scenario_text(reading->parser, where, value, out_name));
    return au_scenario_party(reading->parser, where, *out_name, out_party);
}

static enum au_err parse_to(struct reading *reading, const char *where,
                            const struct au_json_in *value)
{
    return parse_party(reading, where, value, &reading->step->to_name, &reading->step->to);
}

/* Who signs has a key that everybody knows; a view may be asked in anybody's name. */
static enum au_err parse_from(struct reading *reading, const char *where,
                              const struct au_json_in *value)
{
    struct au_bytes name;
    struct au_step *step = reading->step;
    AU_TRY(parse_party(reading, where, value, &name, &step->from));
    if (step->kind == AU_STEP_VIEW || step->from.kind == AU_PARTY_DEV) return AU_OK;
    return au_field_fail_text(reading->parser->message, where,
                              "a development account (alice to judy), which can sign", name);
}

static enum au_err parse_admin(struct reading *reading, const char *where,
                               const struct au_json_in *value)
{
    struct au_bytes name;
    struct au_step *step = reading->step;
    AU_TRY(au_scenario_text(reading->parser, where, value, &name));
    step->has_admin = !au_bytes_is_equal(name, au_bytes_of("none"));
    if (!step->has_admin) return AU_OK;
    return au_scenario_party(reading->parser, where, name, &step->admin);
}

static enum au_err parse_amount(struct reading *reading, const char *where,
                                const struct au_json_in *value)
{
    return au_scenario_amount(reading->parser, where, value, &reading->step->amount);
}

static enum au_err parse_gas(struct reading *reading, const char *where,
                             const struct au_json_in *value)
{
    return au_scenario_number(reading->parser, where, value, AU_SCENARIO_GAS_MAX,
                              &reading->step->gas);
}

static enum au_err parse_function(struct reading *reading, const char *where,
                                  const struct au_json_in *value)
{
    struct au_bytes *name = &reading->step->function;
    AU_TRY(au_scenario_text(reading->parser, where, value, name));
    if (name->size <= AU_FUNCTION_SIZE_MAX &&
        strspn((const char *)name->data, LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == name->size &&
        memchr(name->data, '-', name->size) == NULL) {
        return AU_OK;
    }
    return au_field_fail_text(reading->parser->message, where,
                              "a function's name, 1 to 64 of A-Z a-z 0-9 _", *name);
}

static enum au_err parse_args(struct reading *reading, const char *where,
                              const struct au_json_in *value)
{
    struct au_scenario_fields *args = &reading->step->args;
    reading->step->has_args = true;
    if (au_json_in_type(value) == AU_JSON_IN_OBJECT) {
        return au_scenario_named(reading->parser, where, value, AU_ARG_COUNT_MAX, args);
    }
    struct au_scenario_value *values;
    AU_TRY(au_scenario_values(reading->parser, where, value, AU_ARG_COUNT_MAX, &values));
    size_t count = au_json_in_count(value);
    args->items = au_arena_zero(&reading->parser->scenario->arena, count * sizeof(*args->items));
    if (args->items == NULL) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        args->items[i].value = values[i];
    }
    args->count = count;
    return AU_OK;
}

static enum au_err parse_advance(struct reading *reading, const char *where,
                                 const struct au_json_in *value)
{
    static const char *const names[] = {"blocks", "seconds", NULL};
    struct au_buf *message = reading->parser->message;
    struct au_step *step = reading->step;
    AU_TRY(au_field_type(message, where, value, AU_JSON_IN_OBJECT));
    AU_TRY(au_field_members(message, where, value, names));
    const struct au_json_in *blocks = au_json_in_get(value, "blocks");
    const struct au_json_in *seconds = au_json_in_get(value, "seconds");
    const char *place = au_scenario_member(reading->parser, where, au_bytes_of("blocks"));
    step->blocks = 1;
    if (blocks != NULL) {
        AU_TRY(au_scenario_number(reading->parser, place, blocks, AU_SCENARIO_BLOCKS_MAX,
                                  &step->blocks));
    }
    place = au_scenario_member(reading->parser, where, au_bytes_of("seconds"));
    if (seconds == NULL) return AU_OK;
    return au_scenario_number(reading->parser, place, seconds, AU_SCENARIO_SECONDS_MAX,
                              &step->seconds);
}

static enum au_err parse_as(struct reading *reading, const char *where,
                            const struct au_json_in *value)
{
    return au_scenario_text(reading->parser, where, value, &reading->step->name);
}

static enum au_err parse_creates(struct reading *reading, const char *where,
                                 const struct au_json_in *value)
{
    struct au_scenario_parser *parser = reading->parser;
    struct au_step *step = reading->step;
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_ARRAY));
    size_t count = au_json_in_count(value);
    if (count > AU_SCENARIO_CREATED_MAX) {
        return au_field_fail(parser->message, "%s: expected at most %u items, got %zu", where,
                             AU_SCENARIO_CREATED_MAX, count);
    }
    step->has_created = true;
    step->created_index = parser->scenario->name_count;
    step->created_count = count;
    for (size_t i = 0; i < count; i++) {
        struct au_bytes name;
        const char *place = au_scenario_item(parser, where, i);
        AU_TRY(au_scenario_text(parser, place, au_json_in_item(value, i), &name));
        AU_TRY(au_scenario_add_name(parser, place, name));
    }
    return AU_OK;
}

static enum au_err parse_expect(struct reading *reading, const char *where,
                                const struct au_json_in *value)
{
    return au_scenario_expectation(reading->parser, where, value, reading->step->kind,
                                   &reading->step->expect);
}

#define RUNS (OF(DEPLOY) | OF(CALL) | OF(VIEW) | OF(UPGRADE))

/* What a step expects may name the contracts that it makes, and these come behind the one that it
 * deploys; its other members may name none of them. */
enum turn { FIRST, SECOND, LAST };

/* The first ones, in the order of enum au_step_kind, say what kind of step it is. */
static const struct {
    const char *name;
    unsigned kinds;    /* of the steps that may have it */
    unsigned required; /* of those that must */
    enum au_err (*parse)(struct reading *reading, const char *where,
                         const struct au_json_in *value);
    enum turn turn;
} members[] = {
    {"deploy", OF(DEPLOY), OF(DEPLOY), parse_code, FIRST},
    {"call", OF(CALL), OF(CALL), parse_contract, FIRST},
    {"view", OF(VIEW), OF(VIEW), parse_contract, FIRST},
    {"transfer", OF(TRANSFER), OF(TRANSFER), parse_to, FIRST},
    {"upgrade", OF(UPGRADE), OF(UPGRADE), parse_contract, FIRST},
    {"advance", OF(ADVANCE), OF(ADVANCE), parse_advance, FIRST},
    {"expect", OF_ALL, OF(EXPECT), parse_expect, LAST},
    {"code", OF(UPGRADE), OF(UPGRADE), parse_code, FIRST},
    {"function", OF(CALL) | OF(VIEW), OF(CALL) | OF(VIEW), parse_function, FIRST},
    {"amount", OF(TRANSFER), OF(TRANSFER), parse_amount, FIRST},
    {"args", RUNS, 0, parse_args, FIRST},
    {"value", OF(DEPLOY) | OF(CALL), 0, parse_amount, FIRST},
    {"from", RUNS | OF(TRANSFER), 0, parse_from, FIRST},
    {"gas", RUNS, 0, parse_gas, FIRST},
    {"as", OF(DEPLOY), 0, parse_as, FIRST},
    {"admin", OF(DEPLOY), 0, parse_admin, FIRST},
    {"creates", OF(DEPLOY) | OF(CALL) | OF(UPGRADE), 0, parse_creates, SECOND},
};

/* ---- steps ---- */

/* A step without another kind is one that only expects. */
static enum au_err find_kind(struct reading *reading, const char *where,
                             const struct au_json_in *object)
{
    size_t kind = 0;
    while (kind <= AU_STEP_EXPECT && au_json_in_get(object, members[kind].name) == NULL) {
        kind++;
    }
    if (kind <= AU_STEP_EXPECT) {
        reading->step->kind = (enum au_step_kind)kind;
        return AU_OK;
    }
    return au_field_fail(reading->parser->message,
                         "%s: expected one of the members deploy, call, view, transfer, upgrade, "
                         "advance, expect",
                         where);
}

static enum au_err check_member(struct reading *reading, const char *where, struct au_bytes key)
{
    struct au_buf *message = reading->parser->message;
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        if (!au_bytes_is_equal(key, au_bytes_of(members[i].name))) continue;
        if (members[i].kinds & 1u << reading->step->kind) return AU_OK;
        return au_field_fail(message, "%s: a step that has %s has no %s", where,
                             members[reading->step->kind].name, members[i].name);
    }
    au_buf_printf(message, "%s: unknown member ", where);
    au_field_put_quoted(message, key);
    return AU_ERR_MALFORMED;
}

static enum au_err check_members(struct reading *reading, const char *where,
                                 const struct au_json_in *object)
{
    struct au_json_in_member member = {0};
    while (au_json_in_next(object, &member)) {
        AU_TRY(check_member(reading, where, member.key));
    }
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        if ((members[i].required & 1u << reading->step->kind) == 0) continue;
        if (au_json_in_get(object, members[i].name) != NULL) continue;
        return au_field_fail(reading->parser->message, "%s: %s is missing", where, members[i].name);
    }
    return AU_OK;
}

/* A contract is called like its file, unless the step says how. */
static void name_after_file(struct au_step *step)
{
    struct au_bytes path = step->code;
    size_t start = path.size;
    while (start > 0 && path.data[start - 1] != '/') {
        start--;
    }
    size_t end = start;
    while (end < path.size && path.data[end] != '.') {
        end++;
    }
    step->name = (struct au_bytes){path.data + start, end - start};
}

static enum au_err add_name(struct reading *reading, const char *where)
{
    struct au_step *step = reading->step;
    const char *place = au_scenario_member(reading->parser, where, au_bytes_of("as"));
    if (step->name.size == 0) name_after_file(step);
    step->name_index = reading->parser->scenario->name_count;
    return au_scenario_add_name(reading->parser, place, step->name);
}

static enum au_err parse_members(struct reading *reading, const char *where,
                                 const struct au_json_in *object, enum turn turn)
{
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        const struct au_json_in *value = au_json_in_get(object, members[i].name);
        if (value == NULL || members[i].turn != turn) continue;
        const char *place =
            au_scenario_member(reading->parser, where, au_bytes_of(members[i].name));
        AU_TRY(members[i].parse(reading, place, value));
    }
    return AU_OK;
}

static enum au_err parse_step(struct au_scenario_parser *parser, const struct au_json_in *object)
{
    struct au_step *step = &parser->scenario->steps[parser->index];
    struct reading reading = {parser, step};
    char where[64];
    snprintf(where, sizeof(where), "steps[%zu]", parser->index);
    AU_TRY(au_field_type(parser->message, where, object, AU_JSON_IN_OBJECT));
    AU_TRY(find_kind(&reading, where, object));
    AU_TRY(check_members(&reading, where, object));
    step->gas = AU_SCENARIO_GAS_MAX;
    step->from = (struct au_party){.kind = AU_PARTY_DEV};
    step->has_admin = true;
    bool has_admin = au_json_in_get(object, "admin") != NULL;
    AU_TRY(parse_members(&reading, where, object, FIRST));
    if (!has_admin) step->admin = step->from;
    if (step->kind == AU_STEP_DEPLOY) AU_TRY(add_name(&reading, where));
    AU_TRY(parse_members(&reading, where, object, SECOND));
    AU_TRY(parse_members(&reading, where, object, LAST));
    parser->index++;
    return AU_OK;
}

static enum au_err parse_root(struct au_scenario_parser *parser, const struct au_json_in *root)
{
    static const char *const names[] = {"format", "steps", NULL};
    struct au_buf *message = parser->message;
    void *items;
    AU_TRY(au_field_type(message, "", root, AU_JSON_IN_OBJECT));
    AU_TRY(au_field_members(message, "", root, names));
    const struct au_json_in *format = au_json_in_get(root, "format");
    const struct au_json_in *steps = au_json_in_get(root, "steps");
    uint64_t number = 0;
    if (format == NULL) return au_field_fail(message, "format is missing: write \"format\": 1");
    AU_TRY(au_scenario_number(parser, "format", format, UINT32_MAX, &number));
    if (number != 1) {
        return au_field_fail(message, "format: expected 1, got %" PRIu64, number);
    }
    if (steps == NULL) return au_field_fail(message, "steps is missing");
    AU_TRY(au_scenario_list(parser, "steps", steps, AU_SCENARIO_STEPS_MAX, sizeof(struct au_step),
                            &items));
    parser->scenario->step_count = au_json_in_count(steps);
    parser->scenario->steps = items;
    for (size_t i = 0; i < parser->scenario->step_count; i++) {
        AU_TRY(parse_step(parser, au_json_in_item(steps, i)));
    }
    return AU_OK;
}

enum au_err au_scenario_parse(struct au_scenario *scenario, struct au_bytes text,
                              struct au_buf *message)
{
    struct au_scenario_parser parser = {scenario, message, 0};
    struct au_json_in *root = NULL;
    if (text.size > AU_SCENARIO_FILE_SIZE_MAX) return AU_ERR_TOO_LARGE;
    AU_TRY(au_json_in_parse(text, message, &root));
    enum au_err err = parse_root(&parser, root);
    au_json_in_free(root);
    return err;
}

/* ---- showing ---- */

void au_step_describe(const struct au_step *step, struct au_buf *text)
{
    au_buf_put_text(text, members[step->kind].name);
    au_buf_put_u8(text, ' ');
    switch (step->kind) {
    case AU_STEP_DEPLOY:
        au_show_text(text, step->code);
        au_buf_put_text(text, " as ");
        au_show_text(text, step->name);
        break;
    case AU_STEP_CALL:
    case AU_STEP_VIEW:
        au_show_text(text, step->name);
        au_buf_put_u8(text, ' ');
        au_show_text(text, step->function);
        break;
    case AU_STEP_TRANSFER:
        au_amount_format(text, step->amount);
        au_buf_put_text(text, " to ");
        au_show_text(text, step->to_name);
        break;
    case AU_STEP_UPGRADE:
        au_show_text(text, step->name);
        au_buf_put_text(text, " to ");
        au_show_text(text, step->code);
        break;
    case AU_STEP_ADVANCE:
        au_buf_printf(text, "%" PRIu64 " block%s, %" PRIu64 " s", step->blocks,
                      step->blocks == 1 ? "" : "s", step->seconds);
        break;
    case AU_STEP_EXPECT: au_buf_put_text(text, "of the state"); break;
    }
}

#include "support/bombs.h"

#include <stdio.h>

#include "contract/host.h"
#include "core/limits.h"
#include "core/params.h"
#include "core/tx.h"
#include "unit/vm/wasm_builder.h"
#include "vm/limits.h"

enum {
    OP_WRAP = 0xa7,
    OP_I64_ADD = 0x7c,
    OP_I64_MUL = 0x7e,
    OP_I64_DIV_S = 0x7f,
    OP_I64_XOR = 0x85,
    OP_I64_LOAD = 0x29,
    OP_I64_STORE = 0x37,
    OP_F64_ADD = 0xa0,
    OP_TO_F64 = 0xbf,
    OP_FROM_F64 = 0xbd,
};

enum {
    TYPE_FUNCTION = 0, /* i64 -> i64 */
    TYPE_WIDE = 1,     /* to as many i64 as there may be */
    TYPE_THROUGH = 2,  /* from as many to as many */
    TYPE_LOG = 3,
    TYPE_FREE = 4, /* four each */
    TYPES = 5,
};

#define WIDTH        AU_RESULTS_MAX
#define LOCALS       AU_LOCALS_MAX
#define FIRST_BODY   1u   /* index of the first function that is no import */
#define MODULE_EXTRA 512u /* bytes around the bodies, at most */
#define BODY_EXTRA   8u   /* its size, its type, its end */
#define LABELS       1000u
#define FREE_LOCALS  64u /* as in docs/gas.md */
#define FREE_VALUES  8u
#define SEGMENT_SIZE 600u
#define NAME_FORMAT  "%0255u"

/* A body that is being written. Its parameter is local 0, an i64; the result is put behind it. */
struct bomb_draft {
    struct wasm_builder *builder;
    struct au_buf *body;
    size_t size;        /* that it may have */
    size_t module_size; /* likewise */
    uint32_t random;
};

static uint32_t dice(struct bomb_draft *draft, uint32_t sides)
{
    draft->random = draft->random * 1664525 + 1013904223;
    return (draft->random >> 8) % sides;
}

static bool has_room(const struct bomb_draft *draft, size_t size)
{
    return draft->body->size + size + BODY_EXTRA <= draft->size;
}

static void put(struct bomb_draft *draft, struct au_bytes bytes)
{
    au_buf_put_bytes(draft->body, bytes);
}

#define PUT(draft, ...) put(draft, BYTES(__VA_ARGS__))

static void put_no_locals(struct bomb_draft *draft)
{
    PUT(draft, 0);
}

/* An i32 that no compiler knows. */
static void put_condition(struct bomb_draft *draft)
{
    PUT(draft, OP_GET, 0, OP_WRAP);
}

/* local 0 changes. */
static void put_change(struct bomb_draft *draft)
{
    PUT(draft, OP_GET, 0, OP_I64_CONST, (uint8_t)dice(draft, 64), OP_I64_ADD, OP_SET, 0);
}

static void put_ends(struct bomb_draft *draft, uint32_t count)
{
    put_all(draft->body, BYTES(OP_END), count);
}

/* ---- control --------------------------------------------------------------------------------- */

static void put_blocks(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 24)) {
        PUT(draft, OP_BLOCK, VOID);
        put_condition(draft);
        PUT(draft, OP_BR_IF, 0);
        put_change(draft);
        PUT(draft, OP_END);
        put_change(draft);
    }
}

static void put_too_many_blocks(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 8)) {
        PUT(draft, OP_BLOCK, VOID);
        put_condition(draft);
        PUT(draft, OP_BR_IF, 0, OP_END);
    }
}

static void put_loops(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 32)) {
        PUT(draft, OP_LOOP, VOID);
        put_change(draft);
        put_change(draft);
        put_change(draft);
        put_condition(draft);
        PUT(draft, OP_BR_IF, 0, OP_END);
    }
}

static void put_nested_loops(struct bomb_draft *draft)
{
    const uint32_t depth = AU_LOOP_NESTING_MAX;
    put_no_locals(draft);
    put_all(draft->body, BYTES(OP_LOOP, VOID), depth);
    while (has_room(draft, 24 + depth)) {
        put_change(draft);
        put_change(draft);
        put_condition(draft);
        PUT(draft, OP_BR_IF);
        put_leb(draft->body, dice(draft, depth));
    }
    put_ends(draft, depth);
}

static void put_nested_ifs(struct bomb_draft *draft)
{
    enum { LEVEL_SIZE = 30 };
    const uint32_t fits = (uint32_t)draft->size / LEVEL_SIZE - 1;
    const uint32_t depth = fits < AU_NESTING_MAX ? fits : AU_NESTING_MAX - 1;
    put_no_locals(draft);
    while (has_room(draft, LEVEL_SIZE * depth + 4)) {
        for (uint32_t i = 0; i < depth; i++) {
            put_change(draft);
            put_change(draft);
            put_change(draft);
            put_condition(draft);
            PUT(draft, OP_IF, I64);
        }
        PUT(draft, OP_GET, 0);
        for (uint32_t i = 0; i < depth; i++)
            PUT(draft, OP_ELSE, OP_I64_CONST, (uint8_t)dice(draft, 64), OP_END);
        PUT(draft, OP_SET, 0);
    }
}

static void put_returns(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 24)) {
        put_condition(draft);
        PUT(draft, OP_IF, VOID, OP_GET, 0, OP_RETURN, OP_END);
        put_change(draft);
        put_change(draft);
    }
}

/* A table of labels at random depths, each below max. */
static void put_table(struct bomb_draft *draft, uint32_t count, uint32_t max)
{
    put_condition(draft);
    PUT(draft, OP_BR_TABLE);
    put_leb(draft->body, count);
    for (uint32_t i = 0; i <= count; i++)
        put_leb(draft->body, dice(draft, max));
}

static void put_tables(struct bomb_draft *draft)
{
    const uint32_t depth = AU_NESTING_MAX - 2;
    put_no_locals(draft);
    put_all(draft->body, BYTES(OP_BLOCK, VOID), depth);
    while (has_room(draft, 2 * LABELS + 16 + depth)) {
        PUT(draft, OP_BLOCK, VOID);
        put_table(draft, LABELS, depth + 1);
        PUT(draft, OP_END);
    }
    put_ends(draft, depth);
}

/* Every edge of the tables carries as many values as there may be. */
static void put_wide_tables(struct bomb_draft *draft)
{
    const uint32_t depth = 120;
    put_no_locals(draft);
    put_all(draft->body, BYTES(OP_BLOCK, TYPE_WIDE), depth);
    while (has_room(draft, 3 * WIDTH + 2 * depth + 16)) {
        PUT(draft, OP_BLOCK, VOID);
        put_condition(draft);
        PUT(draft, OP_BR_IF, 0);
        put_all(draft->body, BYTES(OP_GET, 0), WIDTH);
        put_condition(draft);
        PUT(draft, OP_BR_TABLE, (uint8_t)(depth - 1));
        for (uint32_t i = 0; i < depth; i++)
            PUT(draft, (uint8_t)(i + 1));
        PUT(draft, OP_END);
    }
    PUT(draft, OP_UNREACHABLE);
    put_ends(draft, depth);
    put_all(draft->body, BYTES(OP_SET, 0), WIDTH);
}

static void put_dead(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_BLOCK, VOID, OP_GET, 0, OP_RETURN);
    while (has_room(draft, 24)) {
        PUT(draft, OP_BLOCK, VOID);
        put_condition(draft);
        PUT(draft, OP_BR_IF, 0, OP_UNREACHABLE, OP_I64_ADD, OP_DROP, OP_END);
    }
    PUT(draft, OP_END);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put_some_locals(struct bomb_draft *draft, uint32_t count)
{
    PUT(draft, 1);
    put_leb(draft->body, count);
    PUT(draft, I64);
}

static void put_move(struct bomb_draft *draft, uint32_t count)
{
    PUT(draft, OP_GET);
    put_leb(draft->body, 1 + dice(draft, count));
    PUT(draft, OP_GET, 0, OP_I64_XOR, OP_SET);
    put_leb(draft->body, 1 + dice(draft, count));
}

/* Where branches meet, any local may have either of two values. */
static void put_locals(struct bomb_draft *draft)
{
    put_some_locals(draft, LOCALS);
    while (has_room(draft, 24)) {
        put_condition(draft);
        PUT(draft, OP_IF, VOID);
        put_move(draft, LOCALS);
        put_move(draft, LOCALS);
        PUT(draft, OP_END);
    }
}

static void put_some_locals_in_loops(struct bomb_draft *draft, uint32_t count)
{
    const uint32_t depth = AU_LOOP_NESTING_MAX;
    put_some_locals(draft, count);
    put_all(draft->body, BYTES(OP_LOOP, VOID), depth);
    while (has_room(draft, 40 + depth)) {
        put_move(draft, count);
        put_move(draft, count);
        put_condition(draft);
        PUT(draft, OP_BR_IF, (uint8_t)dice(draft, depth));
    }
    put_ends(draft, depth);
}

static void put_locals_in_loops(struct bomb_draft *draft)
{
    put_some_locals_in_loops(draft, LOCALS);
}

/* As many as cost nothing extra. */
static void put_free_locals_in_loops(struct bomb_draft *draft)
{
    put_some_locals_in_loops(draft, FREE_LOCALS - 1);
}

static void put_straight(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_GET, 0);
    while (has_room(draft, 8)) {
        PUT(draft, OP_GET, 0, dice(draft, 2) == 0 ? OP_I64_MUL : OP_I64_XOR);
    }
    PUT(draft, OP_SET, 0);
}

static void put_constants(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_GET, 0);
    while (has_room(draft, 16)) {
        PUT(draft, OP_I64_CONST);
        for (int i = 0; i < 9; i++)
            PUT(draft, (uint8_t)(0x80 + dice(draft, 128)));
        PUT(draft, 0, OP_I64_XOR);
    }
    PUT(draft, OP_SET, 0);
}

/* As many values as fit wait for their turn. */
static void put_operands(struct bomb_draft *draft)
{
    uint32_t count = 0;
    put_no_locals(draft);
    for (; has_room(draft, 10 + count); count++) {
        put_condition(draft);
        PUT(draft, OP_I64_LOAD, 3);
        put_leb(draft->body, 8 * count);
    }
    put_all(draft->body, BYTES(OP_I64_ADD), count - 1);
    PUT(draft, OP_SET, 0);
}

static void put_selects(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_GET, 0);
    while (has_room(draft, 8)) {
        PUT(draft, OP_GET, 0);
        put_condition(draft);
        PUT(draft, OP_SELECT);
    }
    PUT(draft, OP_SET, 0);
}

static void put_divisions(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_GET, 0);
    while (has_room(draft, 4)) {
        PUT(draft, OP_GET, 0, OP_I64_DIV_S);
    }
    PUT(draft, OP_SET, 0);
}

static void put_floats(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_GET, 0, OP_TO_F64);
    while (has_room(draft, 8)) {
        PUT(draft, OP_GET, 0, OP_TO_F64, OP_F64_ADD);
    }
    PUT(draft, OP_FROM_F64, OP_SET, 0);
}

/* ---- memory and calls ------------------------------------------------------------------------ */

static void put_accesses(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 24)) {
        put_condition(draft);
        put_condition(draft);
        PUT(draft, OP_I64_LOAD, 0);
        put_leb(draft->body, dice(draft, 1 << 20));
        PUT(draft, OP_I64_STORE, 0);
        put_leb(draft->body, dice(draft, 1 << 20));
    }
}

static void put_bulk(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 40)) {
        put_condition(draft);
        put_condition(draft);
        put_condition(draft);
        PUT(draft, OP_FC, FC_MEMORY_FILL, 0);
        put_condition(draft);
        put_condition(draft);
        put_condition(draft);
        PUT(draft, OP_FC, FC_MEMORY_COPY, 0, 0);
    }
}

static void put_growth(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 6)) {
        put_condition(draft);
        PUT(draft, OP_MEMORY_GROW, 0, OP_DROP);
    }
}

static void put_calls(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_GET, 0);
    while (has_room(draft, 6)) {
        PUT(draft, OP_CALL, FIRST_BODY);
    }
    PUT(draft, OP_SET, 0);
}

static void put_host_calls(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 8)) {
        put_condition(draft);
        put_condition(draft);
        PUT(draft, OP_CALL, 0);
    }
}

static void put_calls_through(struct bomb_draft *draft, uint8_t type, uint32_t width)
{
    put_no_locals(draft);
    put_all(draft->body, BYTES(OP_GET, 0), width);
    while (has_room(draft, 6 + 2 * width)) {
        put_condition(draft);
        PUT(draft, OP_CALL_INDIRECT, type, 0);
    }
    put_all(draft->body, BYTES(OP_SET, 0), width);
}

static void put_wide_calls(struct bomb_draft *draft)
{
    put_calls_through(draft, TYPE_THROUGH, WIDTH);
}

/* As many values as cost nothing extra. */
static void put_free_calls(struct bomb_draft *draft)
{
    put_calls_through(draft, TYPE_FREE, FREE_VALUES / 2);
}

/* ---- what is around the code ----------------------------------------------------------------- */

static void put_small(struct bomb_draft *draft)
{
    put_no_locals(draft);
    while (has_room(draft, 7))
        put_change(draft);
}

/* What follows is as large as the module may be, and is put once: the body is a small one. */
static bool is_first(struct bomb_draft *draft)
{
    put_no_locals(draft);
    return draft->builder->counts[BUILDER_CODE] == 0;
}

static void put_data(struct bomb_draft *draft)
{
    uint8_t bytes[SEGMENT_SIZE] = {1};
    struct au_buf *out = &draft->builder->items[BUILDER_DATA];
    if (!is_first(draft)) return;
    for (size_t size = 0; size + SEGMENT_SIZE + 8 <= draft->size; size += SEGMENT_SIZE + 8) {
        au_buf_put_bytes(out, BYTES(0, OP_I32_CONST, 8, OP_END));
        put_leb(out, SEGMENT_SIZE);
        builder_add(draft->builder, BUILDER_DATA, (struct au_bytes){bytes, sizeof(bytes)});
    }
}

static void put_elements(struct bomb_draft *draft)
{
    struct au_buf *out = &draft->builder->items[BUILDER_ELEMENT];
    if (!is_first(draft)) return;
    for (size_t size = 0; size + SEGMENT_SIZE + 8 <= draft->size; size += SEGMENT_SIZE + 8) {
        au_buf_put_bytes(out, BYTES(0, OP_I32_CONST, 8, OP_END));
        put_leb(out, SEGMENT_SIZE);
        put_all(out, BYTES(FIRST_BODY), SEGMENT_SIZE);
        draft->builder->counts[BUILDER_ELEMENT]++;
    }
}

/* The sections come later: put_custom_sections. */
static void put_custom(struct bomb_draft *draft)
{
    put_no_locals(draft);
}

static void put_types(struct bomb_draft *draft)
{
    if (!is_first(draft)) return;
    for (uint32_t i = TYPES; i < AU_TYPES_MAX && (i + 1) * 72 <= draft->size; i++) {
        (void)builder_type(draft->builder, "iIfFiIfFiIfFiIfFiIfFiIfFiIfFiIfF",
                           "FfIiFfIiFfIiFfIiFfIiFfIiFfIiFfIi");
    }
}

static void put_names(struct bomb_draft *draft)
{
    char name[AU_NAME_SIZE_MAX + 1];
    if (!is_first(draft)) return;
    for (uint32_t i = 1; i < AU_EXPORTS_MAX && i * 260 <= draft->size; i++) {
        (void)snprintf(name, sizeof(name), NAME_FORMAT, i);
        builder_export(draft->builder, name, EXTERN_FUNCTION, FIRST_BODY);
    }
}

/* All of that, in a module whose code is not small either. */
static void put_everything(struct bomb_draft *draft)
{
    size_t size = draft->size;
    if (draft->builder->counts[BUILDER_CODE] == 0) {
        draft->size = draft->module_size / 16;
        put_types(draft);
        put_names(draft);
        put_data(draft);
        put_elements(draft);
        au_buf_clear(draft->body);
        draft->size = size;
    }
    put_tables(draft);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void put_deep(struct bomb_draft *draft)
{
    uint32_t depth = 0;
    put_no_locals(draft);
    for (; has_room(draft, 3 + depth); depth++)
        PUT(draft, OP_BLOCK, VOID);
    put_ends(draft, depth);
}

static void put_deep_loops(struct bomb_draft *draft)
{
    put_no_locals(draft);
    put_all(draft->body, BYTES(OP_LOOP, VOID), AU_NESTING_MAX - 1);
    put_ends(draft, AU_NESTING_MAX - 1);
}

static void put_50000_locals(struct bomb_draft *draft)
{
    PUT(draft, 1);
    put_leb(draft->body, 50000);
    PUT(draft, I64);
}

static void put_huge_table(struct bomb_draft *draft)
{
    put_no_locals(draft);
    PUT(draft, OP_BLOCK, VOID);
    put_table(draft, 60000, 1);
    PUT(draft, OP_END);
}

/* ---- all of them ----------------------------------------------------------------------------- */

#define ALL        0 /* one body, with a module's worth of something else */
#define LARGE_BODY 65000u
/* Up to here the price of a body's size grows with its square. */
#define DEAR_BODY  16384u

const struct bomb bombs[] = {
    {"blocks", NULL, 2048, put_blocks},
    {"blocks in large functions", NULL, LARGE_BODY, put_blocks},
    {"loops", NULL, 4096, put_loops},
    {"loops in large functions", NULL, LARGE_BODY, put_loops},
    {"nested loops", NULL, 4096, put_nested_loops},
    {"nested loops in large functions", NULL, LARGE_BODY, put_nested_loops},
    {"nested ifs", NULL, 4096, put_nested_ifs},
    {"nested ifs in large functions", NULL, LARGE_BODY, put_nested_ifs},
    {"returns", NULL, LARGE_BODY, put_returns},
    {"tables of 1,000 labels", NULL, 4096, put_tables},
    {"tables of 1,000 labels in large functions", NULL, LARGE_BODY, put_tables},
    {"tables whose edges carry 32 values", NULL, 2048, put_wide_tables},
    {"the same in large functions", NULL, DEAR_BODY, put_wide_tables},
    {"dead code", NULL, LARGE_BODY, put_dead},
    {"50,000 locals", NULL, 5500, put_locals},
    {"50,000 locals in loops", NULL, 5500, put_locals_in_loops},
    {"512 locals in large functions", NULL, LARGE_BODY, put_locals},
    {"512 locals in loops of large functions", NULL, DEAR_BODY, put_locals_in_loops},
    {"64 locals in loops", NULL, 4096, put_free_locals_in_loops},
    {"64 locals in loops of large functions", NULL, LARGE_BODY, put_free_locals_in_loops},
    {"straight code", NULL, LARGE_BODY, put_straight},
    {"constants", NULL, LARGE_BODY, put_constants},
    {"operands", NULL, LARGE_BODY, put_operands},
    {"selects", NULL, LARGE_BODY, put_selects},
    {"divisions", NULL, LARGE_BODY, put_divisions},
    {"floats", NULL, LARGE_BODY, put_floats},
    {"memory accesses", NULL, LARGE_BODY, put_accesses},
    {"bulk instructions", NULL, DEAR_BODY, put_bulk},
    {"growth", NULL, DEAR_BODY, put_growth},
    {"calls", NULL, DEAR_BODY, put_calls},
    {"host calls", NULL, DEAR_BODY, put_host_calls},
    {"calls with 32 values", NULL, DEAR_BODY, put_wide_calls},
    {"calls with 4 values", NULL, 4096, put_free_calls},
    {"calls with 4 values in large functions", NULL, DEAR_BODY, put_free_calls},
    {"10,000 functions", NULL, 64, put_small},
    {"data", NULL, ALL, put_data},
    {"elements", NULL, ALL, put_elements},
    {"custom sections", NULL, ALL, put_custom},
    {"types", NULL, ALL, put_types},
    {"names", NULL, ALL, put_names},
    {"everything", NULL, 8192, put_everything},
    {"too many blocks", "limit", LARGE_BODY, put_too_many_blocks},
    {"too many functions", "limit", 12, put_small},
    {"one function", "limit", AU_CODE_SIZE_MAX - MODULE_EXTRA, put_straight},
    {"blocks without end", "limit", LARGE_BODY, put_deep},
    {"255 loops in each other", "limit", 4096, put_deep_loops},
    {"50,000 locals in a function", "limit", 64, put_50000_locals},
    {"a table of 60,000 labels", "limit", LARGE_BODY, put_huge_table},
};
const size_t bomb_count = AU_COUNT_OF(bombs);

static void put_frame(struct wasm_builder *builder)
{
    char wide[WIDTH + 1] = "";
    memset(wide, 'I', WIDTH);
    (void)builder_type(builder, "I", "I");
    (void)builder_type(builder, "", wide);
    (void)builder_type(builder, wide, wide);
    (void)builder_type(builder, "ii", "");
    (void)builder_type(builder, "IIII", "IIII");
    builder_import(builder, "env", "log", BYTES(EXTERN_FUNCTION, TYPE_LOG));
    builder_table(builder, AU_TABLE_SIZE_MAX, AU_TABLE_SIZE_MAX);
    builder_memory(builder, 1, AU_PAGES_MAX);
    builder_export(builder, "run", EXTERN_FUNCTION, FIRST_BODY);
}

static size_t builder_size(const struct wasm_builder *builder)
{
    size_t size = MODULE_EXTRA;
    for (int i = 0; i < BUILDER_SECTIONS; i++)
        size += builder->items[i].size;
    return size;
}

static void put_bodies(struct wasm_builder *builder, const struct bomb *bomb, size_t size)
{
    struct au_buf body;
    struct bomb_draft draft = {.builder = builder, .body = &body, .module_size = size, .random = 1};
    size_t left = size - MODULE_EXTRA;
    draft.size = bomb->body_size == ALL || bomb->body_size > left ? left : bomb->body_size;
    au_buf_init(&body, BUILDER_SIZE_MAX);
    do {
        au_buf_clear(&body);
        bomb->put(&draft);
        PUT(&draft, OP_GET, 0, OP_END);
        AU_ASSERT(body.err == AU_OK);
        builder_body(builder, TYPE_FUNCTION, au_buf_bytes(&body));
    } while (builder_size(builder) + draft.size <= size);
    au_buf_done(&body);
}

static void put_custom_sections(struct au_buf *out, size_t size)
{
    while (out->size + 4 <= size)
        au_buf_put_bytes(out, BYTES(BUILDER_CUSTOM, 2, 1, 'x'));
}

void bomb_make(const struct bomb *bomb, size_t size, struct au_buf *out)
{
    struct wasm_builder builder;
    builder_init(&builder);
    put_frame(&builder);
    put_bodies(&builder, bomb, size);
    au_buf_put_bytes(out, builder_build(&builder));
    if (bomb->put == put_custom) put_custom_sections(out, size);
    AU_ASSERT(out->err == AU_OK);
    AU_ASSERT(out->size <= size);
    builder_done(&builder);
}

/* What compiling may cost: a block's steps, less what the transaction costs without it. */
static uint64_t steps_for_compiling(struct au_bytes code)
{
    enum { REST_SIZE = 256 }; /* of the transaction, more or less */
    struct au_tx tx = {.kind = AU_TX_DEPLOY, .code = code};
    uint64_t block_steps = au_params_default().block_gas_limit * (uint64_t)AU_STEPS_PER_GAS;
    return block_steps - au_tx_intrinsic_steps(&tx, code.size + REST_SIZE);
}

static uint64_t compile_steps(struct au_bytes code)
{
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    enum au_err err = au_module_prepare(code, &au_host_env, NULL, &info, &reject);
    if (err != AU_OK) (void)fprintf(stderr, "%s: %s\n", reject.rule, reject.message);
    AU_ASSERT(err == AU_OK);
    uint64_t steps = info->compile_steps;
    au_module_info_free(info);
    return steps;
}

uint64_t bomb_make_payable(const struct bomb *bomb, struct au_buf *out)
{
    for (size_t size = AU_CODE_SIZE_MAX;; size -= size / 32) {
        au_buf_clear(out);
        bomb_make(bomb, size, out);
        uint64_t steps = compile_steps(au_buf_bytes(out));
        if (steps <= steps_for_compiling(au_buf_bytes(out))) return steps;
    }
}

const struct bomb *bomb_find(const char *name)
{
    for (size_t i = 0; i < bomb_count; i++) {
        if (strcmp(bombs[i].name, name) == 0) return &bombs[i];
    }
    return NULL;
}

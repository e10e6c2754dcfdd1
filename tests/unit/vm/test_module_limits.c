/* Goal: every limit of vm/limits.h holds at its value and refuses one past it, and the instrumented
 * form of an accepted module is never larger than its bound nor refused by the engine.
 * Method: modules are written byte by byte at each limit, one past it, and at the worst of what one
 * byte of input can cost in output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "vm/engine.h"
#include "vm/limits.h"
#include "vm/rewrite.h"
#include "wasm_builder.h"

/* ---- what the modules may import ------------------------------------------------------------- */

static enum au_host_next do_nothing(struct au_instance *instance, union au_value *args)
{
    (void)instance;
    (void)args;
    return AU_HOST_CONTINUE;
}

#define I32_X8  "iiiiiiii"
#define I32_X32 I32_X8 I32_X8 I32_X8 I32_X8
#define A_X8    "aaaaaaaa"
#define A_X64   A_X8 A_X8 A_X8 A_X8 A_X8 A_X8 A_X8 A_X8
#define A_X256  A_X64 A_X64 A_X64 A_X64

static const struct au_host_entry entries[] = {
    {.name = "nothing", .number = 1, .params = "", .results = "", .run = do_nothing},
    {.name = "wide", .number = 2, .params = I32_X32, .results = I32_X32, .run = do_nothing},
    {.name = A_X256, .number = 3, .params = "", .results = "", .run = do_nothing},
};
static const struct au_host_table host = {"env", entries, AU_COUNT_OF(entries)};

static struct au_engine *engine;

static int start_engine(void **state)
{
    struct au_engine_options options = {
        .instances_max = 1, .cache_size = 1 << 20, .optimize_none = true};
    (void)state;
    return au_engine_new(&options, &host, &engine) == AU_OK ? 0 : -1;
}

static int stop_engine(void **state)
{
    (void)state;
    au_engine_free(engine);
    return 0;
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static void check_bound_of(const char *name, struct au_bytes code, bool is_traced)
{
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    struct au_buf prepared;
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);

    enum au_err err = (is_traced ? au_module_prepare_traced
                                 : au_module_prepare)(code, &host, &prepared, &info, &reject);
    if (err != AU_OK)
        fail_msg("%s: %s at %zu: %s", name, reject.rule, reject.offset, reject.message);
    size_t bound = REWRITE_SIZE_MAX(code.size, info->block_count, info->function_count);
    if (prepared.size > bound) fail_msg("%s: %zu bytes, bound %zu", name, prepared.size, bound);
    au_module_info_free(info);
    au_buf_done(&prepared);
}

/* Accepted, and within the bound on the instrumented form and on the traced one. */
static void check_bound(const char *name, struct au_bytes code)
{
    check_bound_of(name, code, false);
    check_bound_of(name, code, true);
}

/* The same, and both forms are accepted by the engine and can run. */
static void check_accepted(const char *name, struct au_bytes code)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    check_bound(name, code);
    for (int is_traced = 0; is_traced <= 1; is_traced++) {
        struct au_instance *instance;
        enum au_err err =
            (is_traced ? au_engine_load_traced : au_engine_load)(engine, code, &loaded, &reject);
        if (err != AU_OK || loaded == NULL)
            fail_msg("%s: the engine refused it: %s", name, reject.message);
        assert_int_equal(au_instance_open(loaded, 0, NULL, &instance), AU_OK);
        au_instance_close(instance);
        au_loaded_release(loaded);
    }
}

static void check_refused(const char *name, struct au_bytes code, const char *message)
{
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    enum au_err err = au_module_prepare(code, &host, NULL, &info, &reject);
    if (err == AU_OK) {
        au_module_info_free(info);
        fail_msg("%s: one past the limit is accepted", name);
    }
    assert_int_equal(err, AU_ERR_INVALID_MODULE);
    assert_string_equal(reject.rule, "limit");
    if (strstr(reject.message, message) == NULL) {
        fail_msg("%s: \"%s\" is not in \"%s\"", name, message, reject.message);
    }
}

/* ---- modules of `count` things --------------------------------------------------------------- */

static void build_types(struct wasm_builder *builder, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        builder_type(builder, "", "");
}

static void build_functions(struct wasm_builder *builder, uint32_t count)
{
    uint32_t type = builder_type(builder, "", "");
    for (uint32_t i = 0; i < count; i++)
        builder_function(builder, type, BYTES(OP_END));
}

static void build_body(struct wasm_builder *builder, uint32_t size)
{
    struct au_buf code;
    au_buf_init(&code, BUILDER_SIZE_MAX);
    put_all(&code, BYTES(OP_NOP), size - 2);
    au_buf_put_u8(&code, OP_END);
    builder_function(builder, builder_type(builder, "", ""), au_buf_bytes(&code));
    au_buf_done(&code);
}

static const char *letters_i(uint32_t count)
{
    static const char all[] = I32_X32 "i";
    AU_ASSERT(count < sizeof all);
    return all + (sizeof all - 1 - count);
}

static void build_params(struct wasm_builder *builder, uint32_t count)
{
    builder_function(builder, builder_type(builder, letters_i(count), ""), BYTES(OP_END));
}

static void build_results(struct wasm_builder *builder, uint32_t count)
{
    struct au_buf code;
    au_buf_init(&code, BUILDER_SIZE_MAX);
    put_all(&code, BYTES(OP_I32_CONST, 0), count);
    au_buf_put_u8(&code, OP_END);
    builder_function(builder, builder_type(builder, "", letters_i(count)), au_buf_bytes(&code));
    au_buf_done(&code);
}

static void add_locals(struct wasm_builder *builder, uint32_t type, uint32_t count)
{
    struct au_buf body;
    au_buf_init(&body, BUILDER_SIZE_MAX);
    au_buf_put_bytes(&body, BYTES(2));
    put_leb(&body, count / 2);
    au_buf_put_u8(&body, I64);
    put_leb(&body, count - count / 2);
    au_buf_put_bytes(&body, BYTES(I32, OP_END));
    builder_body(builder, type, au_buf_bytes(&body));
    au_buf_done(&body);
}

static void build_locals(struct wasm_builder *builder, uint32_t count)
{
    /* parameters are not counted */
    add_locals(builder, builder_type(builder, letters_i(AU_PARAMS_MAX), ""), count);
}

static void build_locals_total(struct wasm_builder *builder, uint32_t count)
{
    uint32_t type = builder_type(builder, "", "");
    for (uint32_t left = count; left != 0;) {
        uint32_t locals = left < 500 ? left : 500;
        add_locals(builder, type, locals);
        left -= locals;
    }
}

static void build_nesting(struct wasm_builder *builder, uint32_t count)
{
    struct au_buf code;
    au_buf_init(&code, BUILDER_SIZE_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (i % 3 == 2)
            au_buf_put_bytes(&code, BYTES(OP_I32_CONST, 1, OP_IF, VOID));
        else
            au_buf_put_bytes(&code, BYTES(i % 9 == 0 ? OP_LOOP : OP_BLOCK, VOID));
    }
    au_buf_put_bytes(&code, BYTES(OP_RETURN));
    put_all(&code, BYTES(OP_END), count + 1);
    builder_function(builder, builder_type(builder, "", ""), au_buf_bytes(&code));
    au_buf_done(&code);
}

/* Loops that are closed don't count, those in dead code do. */
static void build_nested_loops(struct wasm_builder *builder, uint32_t count)
{
    struct au_buf code;
    au_buf_init(&code, BUILDER_SIZE_MAX);
    for (uint32_t i = 0; i < AU_LOOP_NESTING_MAX; i++)
        au_buf_put_bytes(&code, BYTES(OP_LOOP, VOID, OP_END));
    au_buf_put_bytes(&code, BYTES(OP_RETURN));
    put_all(&code, BYTES(OP_LOOP, VOID), count);
    put_all(&code, BYTES(OP_END), count + 1);
    builder_function(builder, builder_type(builder, "", ""), au_buf_bytes(&code));
    au_buf_done(&code);
}

static void build_globals(struct wasm_builder *builder, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        builder_global(builder);
}

static void build_memory(struct wasm_builder *builder, uint32_t count)
{
    builder_memory(builder, count, BUILDER_NO_MAX);
}

static void build_table(struct wasm_builder *builder, uint32_t count)
{
    builder_table(builder, count, BUILDER_NO_MAX);
}

static void build_br_table(struct wasm_builder *builder, uint32_t count)
{
    struct au_buf code;
    au_buf_init(&code, BUILDER_SIZE_MAX);
    au_buf_put_bytes(&code, BYTES(OP_BLOCK, VOID, OP_GET, 0, OP_BR_TABLE));
    put_leb(&code, count);
    for (uint32_t i = 0; i < count; i++)
        au_buf_put_u8(&code, i % 2 == 0 ? 0 : 1);
    au_buf_put_bytes(&code, BYTES(0, OP_END, OP_END));
    builder_function(builder, builder_type(builder, "i", ""), au_buf_bytes(&code));
    au_buf_done(&code);
}

static void build_elements(struct wasm_builder *builder, uint32_t count)
{
    build_functions(builder, 1);
    builder_table(builder, count, BUILDER_NO_MAX);
    for (uint32_t i = 0; i < count; i++)
        builder_element(builder, i, 0);
}

static void build_data(struct wasm_builder *builder, uint32_t count)
{
    builder_memory(builder, 1, 1);
    for (uint32_t i = 0; i < count; i++)
        builder_data(builder, i);
}

static void build_segments(struct wasm_builder *builder, uint32_t count)
{
    build_elements(builder, 1000);
    build_data(builder, count - 1000);
    builder_number(builder, BUILDER_DATA_COUNT, count - 1000);
}

static void build_imports(struct wasm_builder *builder, uint32_t count)
{
    builder_type(builder, "", "");
    for (uint32_t i = 0; i < count; i++) {
        builder_import(builder, "env", "nothing", BYTES(EXTERN_FUNCTION, 0));
    }
}

static void build_exports(struct wasm_builder *builder, uint32_t count)
{
    char name[16];
    builder_memory(builder, 0, 0);
    build_functions(builder, 2);
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "e%u", i);
        builder_export(builder, name, i % 3 == 2 ? EXTERN_MEMORY : EXTERN_FUNCTION,
                       i % 3 == 2 ? 0 : i % 3);
    }
}

static void build_export_name(struct wasm_builder *builder, uint32_t count)
{
    static const char all[] = A_X256 "a";
    builder_memory(builder, 0, 0);
    builder_export(builder, all + (sizeof all - 1 - count), EXTERN_MEMORY, 0);
}

static void build_import_name(struct wasm_builder *builder, uint32_t count)
{
    static const char all[] = A_X256 "a";
    builder_type(builder, "", "");
    builder_import(builder, "env", all + (sizeof all - 1 - count), BYTES(EXTERN_FUNCTION, 0));
}

/* A block at each function's start, the others after a br_if or at a loop's head. */
static void build_metered_blocks(struct wasm_builder *builder, uint32_t count)
{
    uint32_t type = builder_type(builder, "", "");
    for (uint32_t left = count; left != 0;) {
        uint32_t blocks = left < 8192 ? left : 8192;
        struct au_buf code;
        au_buf_init(&code, BUILDER_SIZE_MAX);
        for (uint32_t i = 1; i < blocks; i++) {
            if (i % 2 == 0)
                au_buf_put_bytes(&code, BYTES(OP_I32_CONST, 0, OP_BR_IF, 0));
            else
                au_buf_put_bytes(&code, BYTES(OP_LOOP, VOID, OP_END));
        }
        au_buf_put_u8(&code, OP_END);
        builder_function(builder, type, au_buf_bytes(&code));
        au_buf_done(&code);
        left -= blocks;
    }
}

/* A custom section fills the module up to its size. */
static void build_code_size(struct wasm_builder *builder, uint32_t size)
{
    build_functions(builder, 1);
    put_text(&builder->items[BUILDER_CUSTOM], "fill");
    builder->counts[BUILDER_CUSTOM] = 1;
    size_t rest = size - builder_build(builder).size - 2; /* the section's size grows by 2 bytes */
    put_all(&builder->items[BUILDER_CUSTOM], BYTES(0), (uint32_t)rest);
    AU_ASSERT(builder_build(builder).size == size);
}

static const struct {
    const char *name;
    void (*build)(struct wasm_builder *builder, uint32_t count);
    uint32_t limit;
    const char *message;
} limits[] = {
    {"types", build_types, AU_TYPES_MAX, "too many types: 4097, at most 4096"},
    {"functions", build_functions, AU_FUNCTIONS_MAX, "too many functions: 10001, at most 10000"},
    {"body size", build_body, AU_BODY_SIZE_MAX, "body too large: 65537 bytes, at most 65536"},
    {"parameters", build_params, AU_PARAMS_MAX, "too many parameters: 33, at most 32"},
    {"results", build_results, AU_RESULTS_MAX, "too many results: 33, at most 32"},
    {"locals", build_locals, AU_LOCALS_MAX, "too many locals: 513, at most 512"},
    {"locals in all", build_locals_total, AU_LOCALS_TOTAL_MAX,
     "too many locals in all functions: at most 50000"},
    {"nesting", build_nesting, AU_NESTING_MAX, "nesting too deep: at most 256"},
    {"loops in loops", build_nested_loops, AU_LOOP_NESTING_MAX,
     "loops nested too deep: at most 32 open ones"},
    {"globals", build_globals, AU_GLOBALS_MAX, "too many globals: 1025, at most 1024"},
    {"memory minimum", build_memory, AU_PAGES_MAX,
     "memory too large: minimum of 257 pages, at most 256"},
    {"table size", build_table, AU_TABLE_SIZE_MAX, "table too large: 4097 entries, at most 4096"},
    {"br_table", build_br_table, AU_BR_TABLE_MAX, "br_table too long: 1025 labels, at most 1024"},
    {"element segments", build_elements, AU_SEGMENTS_MAX, "too many segments: 1025, at most 1024"},
    {"data segments", build_data, AU_SEGMENTS_MAX, "too many segments: 1025, at most 1024"},
    {"segments in all", build_segments, AU_SEGMENTS_MAX, "too many segments: 1025, at most 1024"},
    {"imports", build_imports, AU_IMPORTS_MAX, "too many imports: 129, at most 128"},
    {"exports", build_exports, AU_EXPORTS_MAX, "too many exports: 257, at most 256"},
    {"export name", build_export_name, AU_NAME_SIZE_MAX, "name too long: 257 bytes, at most 256"},
    {"import name", build_import_name, AU_NAME_SIZE_MAX, "name too long: 257 bytes, at most 256"},
    {"metered blocks", build_metered_blocks, AU_METERED_BLOCKS_MAX,
     "too many metered blocks: at most 65536"},
    {"code size", build_code_size, AU_CODE_SIZE_MAX,
     "code too large: 524289 bytes, at most 524288"},
};

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(limits); i++) {
        struct wasm_builder builder;
        builder_init(&builder);
        limits[i].build(&builder, limits[i].limit);
        check_accepted(limits[i].name, builder_build(&builder));
        builder_done(&builder);

        builder_init(&builder);
        limits[i].build(&builder, limits[i].limit + 1);
        check_refused(limits[i].name, builder_build(&builder), limits[i].message);
        builder_done(&builder);
    }
}

/* The count of metered blocks that an accepted module reports is the one that was limited. */
static void test_metered_block_count(void **state)
{
    struct wasm_builder builder;
    struct au_module_info *info = NULL;
    struct au_reject reject;
    (void)state;
    builder_init(&builder);
    build_metered_blocks(&builder, AU_METERED_BLOCKS_MAX);
    assert_int_equal(au_module_prepare(builder_build(&builder), &host, NULL, &info, &reject),
                     AU_OK);
    assert_int_equal(info->block_count, AU_METERED_BLOCKS_MAX);
    au_module_info_free(info);
    builder_done(&builder);
}

/* Compiling is paid by the size of each function: its square, and from 16,384 bytes on linearly. */
static void test_compile_steps(void **state)
{
    static const size_t sizes[] = {2, 3, 16384, 16385, 60000};
    uint64_t steps = 0;
    struct wasm_builder builder;
    struct au_module_info *info = NULL;
    struct au_reject reject;
    (void)state;
    builder_init(&builder);
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        uint8_t body[60000];
        memset(body, OP_NOP, sizes[i]);
        body[0] = 0; /* locals */
        body[sizes[i] - 1] = OP_END;
        builder_body(&builder, builder_type(&builder, "", ""), (struct au_bytes){body, sizes[i]});
        steps += sizes[i] * (sizes[i] < 16384 ? sizes[i] : 16384);
        assert_int_equal(au_module_prepare(builder_build(&builder), &host, NULL, &info, &reject),
                         AU_OK);
        assert_int_equal(info->compile_steps, steps);
        au_module_info_free(info);
    }
    builder_done(&builder);
}

#define ZERO       OP_I32_CONST, 0
/* clang-format off */
#define TEN_ZEROS ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
#define TEN_DROPS OP_DROP, OP_DROP, OP_DROP, OP_DROP, OP_DROP, OP_DROP, OP_DROP, OP_DROP, OP_DROP, \
                  OP_DROP
/* clang-format on */
#define FOUR       "iiii"
#define THIRTY     FOUR FOUR FOUR FOUR FOUR FOUR FOUR "ii"
#define SHAPE(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

/* Types of the modules: 0 is the function's, 1 takes nothing and gives ten, 2 takes and gives ten,
 * 3 takes ten, 4 takes eight. units: 2,500 steps each, paid if that is above the price of the
 * size. */
static const struct {
    const char *what;
    const char *params; /* of the function */
    const uint8_t *body;
    size_t size;
    uint32_t units;
} shapes[] = {
    {"64 locals are free", "", SHAPE(1, 64, I32, OP_BLOCK, VOID, ZERO, OP_BR_IF, 0, OP_END, OP_END),
     0},
    {"three blocks and a label meet 36 more", "",
     SHAPE(1, 100, I32, OP_BLOCK, VOID, ZERO, OP_BR_IF, 0, OP_END, OP_END), 4 * 36},
    {"a parameter is a local", THIRTY, SHAPE(1, 64, I32, OP_END), 30},
    {"a loop, if and else are blocks, and so is an if's end", "",
     SHAPE(1, 100, I32, OP_LOOP, VOID, ZERO, OP_IF, VOID, OP_ELSE, OP_END, OP_END, OP_END), 5 * 36},
    {"each label of a table counts, the default too", "",
     SHAPE(1, 100, I32, OP_BLOCK, VOID, ZERO, OP_BR_TABLE, 3, 0, 0, 1, 0, OP_END, OP_END), 6 * 36},
    {"dead code has neither blocks nor labels", "",
     SHAPE(1, 100, I32, OP_RETURN, OP_BLOCK, VOID, ZERO, OP_BR_IF, 0, ZERO, OP_IF, VOID, OP_END,
           OP_END, OP_END),
     36},
    {"an end that a dead branch names is no block", "",
     SHAPE(1, 100, I32, OP_BLOCK, VOID, OP_RETURN, OP_BR, 0, OP_END, OP_END), 36},
    {"labels of tables take ten results along", "",
     SHAPE(0, OP_BLOCK, 1, TEN_ZEROS, ZERO, OP_BR_TABLE, 1, 0, 0, OP_END, TEN_DROPS, OP_END),
     2 * 2},
    {"a branch to a loop takes its ten parameters along", "",
     SHAPE(0, TEN_ZEROS, OP_LOOP, 2, OP_BR, 0, OP_END, TEN_DROPS, OP_END), 2},
    {"a call moves ten parameters", "", SHAPE(0, TEN_ZEROS, ZERO, OP_CALL_INDIRECT, 3, 0, OP_END),
     8 * 2},
    {"a call moves parameters and results", "",
     SHAPE(0, TEN_ZEROS, ZERO, OP_CALL_INDIRECT, 2, 0, TEN_DROPS, OP_END), 8 * 12},
    {"a call that moves eight", "",
     SHAPE(0, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, OP_CALL_INDIRECT, 4, 0, OP_END),
     0},
    {"a dead call", "", SHAPE(0, OP_RETURN, TEN_ZEROS, ZERO, OP_CALL_INDIRECT, 3, 0, OP_END), 0},
};

/* What a compiler has to do besides is paid for where it is more than the size pays for. */
static void test_compile_steps_of_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(shapes); i++) {
        struct wasm_builder builder;
        struct au_module_info *info = NULL;
        struct au_reject reject = {0};
        size_t size = shapes[i].size;
        builder_init(&builder);
        (void)builder_type(&builder, shapes[i].params, "");
        (void)builder_type(&builder, "", "iiiiiiiiii");
        (void)builder_type(&builder, "iiiiiiiiii", "iiiiiiiiii");
        (void)builder_type(&builder, "iiiiiiiiii", "");
        (void)builder_type(&builder, FOUR FOUR, "");
        builder_table(&builder, 1, 1);
        builder_body(&builder, 0, (struct au_bytes){shapes[i].body, size});
        uint64_t steps = 2500 * (uint64_t)shapes[i].units;
        if (steps < size * size) steps = size * size;
        enum au_err err = au_module_prepare(builder_build(&builder), &host, NULL, &info, &reject);
        if (err != AU_OK) fail_msg("%s: %s", shapes[i].what, reject.message);
        if (info->compile_steps != steps) {
            fail_msg("%s: %llu steps, not %llu", shapes[i].what,
                     (unsigned long long)info->compile_steps, (unsigned long long)steps);
        }
        au_module_info_free(info);
        builder_done(&builder);
    }
}

/* Counts whose sum does not fit 32 bits are above the limit, not small again. */
static void test_locals_overflow(void **state)
{
    struct wasm_builder builder;
    (void)state;
    builder_init(&builder);
    builder_body(&builder, builder_type(&builder, "", ""),
                 BYTES(2, 0xff, 0xff, 0xff, 0xff, 0x0f, I32, 0x82, 0x00, I32, OP_END));
    check_refused("locals", builder_build(&builder), "too many locals: 4294967295, at most 512");
    builder_done(&builder);

    builder_init(&builder);
    builder_body(&builder, builder_type(&builder, "", ""),
                 BYTES(2, 1, I32, 0xff, 0xff, 0xff, 0xff, 0x0f, I32, OP_END));
    check_refused("locals", builder_build(&builder), "too many locals: 4294967296, at most 512");
    builder_done(&builder);
}

/* A maximum of the memory that is missing, or greater than 256 pages, is 256. */
static void test_memory_maximum(void **state)
{
    static const struct {
        uint32_t min;
        uint32_t max;
        uint32_t counts_as;
    } cases[] = {{1, BUILDER_NO_MAX, 256},
                 {1, 65536, 256},
                 {1, 257, 256},
                 {1, 256, 256},
                 {1, 255, 255},
                 {0, 0, 0},
                 {4, 4, 4}};
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct wasm_builder builder;
        struct au_module_info *info = NULL;
        struct au_reject reject;
        builder_init(&builder);
        builder_memory(&builder, cases[i].min, cases[i].max);
        assert_int_equal(au_module_prepare(builder_build(&builder), &host, NULL, &info, &reject),
                         AU_OK);
        assert_int_equal(info->pages_min, cases[i].min);
        assert_int_equal(info->pages_max, cases[i].counts_as);
        au_module_info_free(info);
        check_accepted("memory maximum", builder_build(&builder));
        builder_done(&builder);
    }
}

/* ---- modules whose instrumented form is as large as can be ----------------------------------- */

/* So many functions that the indices of wrappers and helpers take two bytes. */
static void add_fillers(struct wasm_builder *builder, uint32_t type)
{
    for (int i = 0; i < 200; i++) {
        builder_function(builder, type, BYTES(OP_END));
    }
}

/* So many globals that the indices of the two counters take two bytes. */
static void add_wide_indices(struct wasm_builder *builder)
{
    build_globals(builder, AU_GLOBALS_MAX);
}

/* One function whose body repeats a piece up to the limit on its size. */
static void add_repeated(struct wasm_builder *builder, uint32_t type, struct au_bytes head,
                         struct au_bytes piece, struct au_bytes tail)
{
    struct au_buf code;
    au_buf_init(&code, BUILDER_SIZE_MAX);
    uint32_t times = (uint32_t)((AU_BODY_SIZE_MAX - 1 - head.size - tail.size) / piece.size);
    au_buf_put_bytes(&code, head);
    put_all(&code, piece, times);
    au_buf_put_bytes(&code, tail);
    builder_function(builder, type, au_buf_bytes(&code));
    au_buf_done(&code);
}

static void build_tiny_callers(struct wasm_builder *builder, uint32_t count)
{
    build_imports(builder, 1);
    add_wide_indices(builder);
    for (uint32_t i = 0; i < count; i++) {
        builder_function(builder, 0, BYTES(OP_CALL, 0, OP_END));
    }
}

static void build_import_calls(struct wasm_builder *builder, uint32_t count)
{
    build_imports(builder, 1);
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, 0, BYTES(OP_NOP), BYTES(OP_CALL, 0), BYTES(OP_END));
    }
    add_fillers(builder, 0);
}

static void build_br_ifs(struct wasm_builder *builder, uint32_t count)
{
    add_wide_indices(builder);
    uint32_t type = builder_type(builder, "", "");
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, type, BYTES(OP_NOP), BYTES(OP_I32_CONST, 0, OP_BR_IF, 0),
                     BYTES(OP_END));
    }
}

static void build_loops(struct wasm_builder *builder, uint32_t count)
{
    add_wide_indices(builder);
    uint32_t type = builder_type(builder, "", "");
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, type, BYTES(OP_NOP),
                     BYTES(OP_LOOP, VOID, OP_I32_CONST, 0, OP_DROP, OP_END), BYTES(OP_END));
    }
}

/* The block behind a br_if that goes back to a loop's head costs most. */
static void build_loop_exits(struct wasm_builder *builder, uint32_t count)
{
    add_wide_indices(builder);
    uint32_t type = builder_type(builder, "", "");
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, type, BYTES(OP_LOOP, VOID),
                     BYTES(OP_I32_CONST, 0, OP_BR_IF, 0, OP_I32_CONST, 0, OP_DROP),
                     BYTES(OP_END, OP_END));
    }
}

/* As many calls as a function may have that keeps the gas counter in a local for its loop. */
static void build_reloads(struct wasm_builder *builder, uint32_t count)
{
    build_imports(builder, 1);
    add_wide_indices(builder);
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, 0, BYTES(OP_LOOP, VOID, OP_END),
                     BYTES(OP_CALL, 0, OP_CALL, 0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_I32_CONST,
                           0, OP_DROP, OP_DROP, OP_DROP, OP_NOP, OP_NOP, OP_NOP),
                     BYTES(OP_END));
    }
}

/* An `if` without else lives on; the block in it ends dead, and so does what follows in its arm. */
static void build_dead_ends(struct wasm_builder *builder, uint32_t count)
{
    add_wide_indices(builder);
    uint32_t type = builder_type(builder, "i", "");
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, type, BYTES(OP_NOP),
                     BYTES(OP_GET, 0, OP_IF, VOID, OP_BLOCK, VOID, OP_UNREACHABLE, OP_END, OP_END),
                     BYTES(OP_END));
    }
}

/* Blocks within blocks, each with a dead end of its own. */
static void build_nested_dead_ends(struct wasm_builder *builder, uint32_t count)
{
    struct au_buf code;
    au_buf_init(&code, BUILDER_SIZE_MAX);
    uint32_t type = builder_type(builder, "", "");
    for (uint32_t i = 0; i < count; i++) {
        au_buf_put_bytes(&code, BYTES(OP_I32_CONST, 0, OP_IF, VOID));
        put_all(&code, BYTES(OP_BLOCK, VOID), 254);
        au_buf_put_u8(&code, OP_UNREACHABLE);
        put_all(&code, BYTES(OP_END), 255);
    }
    au_buf_put_u8(&code, OP_END);
    builder_function(builder, type, au_buf_bytes(&code));
    au_buf_done(&code);
}

/* return grows from one byte to three: the function reserves stack, and its label is far out. */
static void build_returns(struct wasm_builder *builder, uint32_t count)
{
    struct au_buf head;
    struct au_buf tail;
    build_imports(builder, 1);
    add_wide_indices(builder);
    au_buf_init(&head, 4096);
    au_buf_init(&tail, 4096);
    au_buf_put_bytes(&head, BYTES(OP_CALL, 0));
    put_all(&head, BYTES(OP_BLOCK, VOID), 250);
    put_all(&tail, BYTES(OP_END), 251);
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, 0, au_buf_bytes(&head),
                     BYTES(OP_I32_CONST, 0, OP_IF, VOID, OP_RETURN, OP_END), au_buf_bytes(&tail));
    }
    au_buf_done(&head);
    au_buf_done(&tail);
}

/* The operands of the fills come 32 at a time from one call. */
static void build_bulk(struct wasm_builder *builder, uint32_t count)
{
    static const uint8_t piece[] = {
        OP_CALL, 0, OP_FC, 11, 0, OP_FC, 11, 0, OP_FC,   11,      0, OP_FC,
        11,      0, OP_FC, 11, 0, OP_FC, 11, 0, OP_FC,   11,      0, OP_FC,
        11,      0, OP_FC, 11, 0, OP_FC, 11, 0, OP_DROP, OP_DROP,
    };
    struct au_buf wide;
    au_buf_init(&wide, 1024);
    uint32_t type = builder_type(builder, "", "");
    uint32_t source = builder_type(builder, "", I32_X32);
    builder_memory(builder, 1, 1);
    add_wide_indices(builder);
    put_all(&wide, BYTES(OP_I32_CONST, 0), 32);
    au_buf_put_u8(&wide, OP_END);
    builder_function(builder, source, au_buf_bytes(&wide));
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, type, BYTES(OP_NOP), (struct au_bytes){piece, sizeof piece},
                     BYTES(OP_END));
    }
    add_fillers(builder, type);
    au_buf_done(&wide);
}

static void build_grows(struct wasm_builder *builder, uint32_t count)
{
    uint32_t type = builder_type(builder, "", "");
    builder_memory(builder, 0, BUILDER_NO_MAX);
    for (uint32_t i = 0; i < count; i++) {
        add_repeated(builder, type, BYTES(OP_I32_CONST, 0), BYTES(OP_MEMORY_GROW, 0),
                     BYTES(OP_DROP, OP_END));
    }
    add_fillers(builder, type);
}

static void build_wide_imports(struct wasm_builder *builder, uint32_t count)
{
    builder_type(builder, I32_X32, I32_X32);
    for (uint32_t i = 0; i < count; i++) {
        builder_import(builder, "env", "wide", BYTES(EXTERN_FUNCTION, 0));
    }
    builder_table(builder, count, BUILDER_NO_MAX);
    for (uint32_t i = 0; i < count; i++) {
        builder_element(builder, i, i);
    }
}

/* The types of blocks that the instrumenter adds. */
static void build_wide_types(struct wasm_builder *builder, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        builder_type(builder, "", "ii");
    }
    uint32_t type = builder_type(builder, I32_X32, I32_X32);
    struct au_buf code;
    au_buf_init(&code, 1024);
    for (uint8_t i = 0; i < AU_PARAMS_MAX; i++)
        au_buf_put_bytes(&code, BYTES(OP_GET, i));
    au_buf_put_bytes(&code, BYTES(OP_CALL, 0, OP_END));
    builder_function(builder, type, au_buf_bytes(&code));
    au_buf_done(&code);
}

/* most: of what the limits allow, for the bound; few: for the engine, which takes 20 s to compile
 * the worst of them in full */
static const struct {
    const char *name;
    void (*build)(struct wasm_builder *builder, uint32_t count);
    uint32_t most;
    uint32_t few;
} worst_cases[] = {
    {"functions that call an import", build_tiny_callers, AU_FUNCTIONS_MAX, 1000},
    {"calls of imports", build_import_calls, 7, 1},
    {"br_if", build_br_ifs, 4, 1},
    {"loops", build_loops, 5, 1},
    {"exits of loops", build_loop_exits, 6, 1},
    {"reloads", build_reloads, 7, 1},
    {"dead ends", build_dead_ends, 4, 1},
    {"nested dead ends", build_nested_dead_ends, 80, 80},
    {"returns", build_returns, 3, 1},
    {"bulk instructions", build_bulk, 7, 1},
    {"memory.grow", build_grows, 7, 1},
    {"wide imports", build_wide_imports, AU_IMPORTS_MAX, AU_IMPORTS_MAX},
    {"types of two results", build_wide_types, AU_TYPES_MAX, AU_TYPES_MAX},
};

static void test_size_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(worst_cases); i++) {
        struct wasm_builder builder;
        builder_init(&builder);
        worst_cases[i].build(&builder, worst_cases[i].most);
        check_bound(worst_cases[i].name, builder_build(&builder));
        builder_done(&builder);

        builder_init(&builder);
        worst_cases[i].build(&builder, worst_cases[i].few);
        check_accepted(worst_cases[i].name, builder_build(&builder));
        builder_done(&builder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),          cmocka_unit_test(test_metered_block_count),
        cmocka_unit_test(test_compile_steps),   cmocka_unit_test(test_compile_steps_of_shapes),
        cmocka_unit_test(test_locals_overflow), cmocka_unit_test(test_memory_maximum),
        cmocka_unit_test(test_size_bound),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}

/* Goal: whatever a contract may not have is refused by name, with the rule, the function and the
 * offset; and no broken module gets through or does harm.
 * Method: tables of bodies and of sections, each with its verdict; a whole module cut short at
 * every byte and with every byte changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vm/reader.h"
#include "wasm_builder.h"

#define NO_FUNCTION AU_REJECT_NO_FUNCTION

static enum au_host_next do_nothing(struct au_instance *instance, union au_value *args)
{
    (void)instance;
    (void)args;
    return AU_HOST_CONTINUE;
}

static const struct au_host_entry entries[] = {
    {.name = "nothing", .number = 1, .params = "", .results = "", .run = do_nothing},
    {.name = "take", .number = 2, .params = "iI", .results = "I", .run = do_nothing},
};
static const struct au_host_table host = {"env", entries, AU_COUNT_OF(entries)};

struct verdict {
    const char *rule;
    const char *message; /* a part of it */
    uint32_t function;
    size_t from_end; /* offset, counted back from the end of the module */
};

/* Says what is wrong and goes on, so that one run shows every row of a table that fails. */
static bool is_refused(const char *name, struct au_bytes code, const struct verdict *verdict)
{
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    enum au_err err = au_module_prepare(code, &host, NULL, &info, &reject);
    if (err == AU_OK) {
        au_module_info_free(info);
        print_error("%s: accepted\n", name);
        return false;
    }
    size_t from_end = code.size - reject.offset;
    if (err == AU_ERR_INVALID_MODULE && strcmp(reject.rule, verdict->rule) == 0 &&
        strstr(reject.message, verdict->message) != NULL && reject.function == verdict->function &&
        from_end == verdict->from_end) {
        return true;
    }
    print_error("%s: %s, function %u, %zu bytes before the end: %s\n", name, reject.rule,
                reject.function, from_end, reject.message);
    return false;
}

static void check_accepted(const char *name, struct au_bytes code)
{
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    enum au_err err = au_module_prepare(code, &host, NULL, &info, &reject);
    if (err != AU_OK) fail_msg("%s: %s: %s", name, reject.rule, reject.message);
    au_module_info_free(info);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* The body under test is function 2, after an import and a function with nothing in it; there are a
 * memory, a table, a mutable and an immutable global and one passive data segment.
 * Types: 0 () -> (); 1 (i32 i32) -> (i32 i32); 2 () -> (i32). */
static void build_around(struct wasm_builder *builder, struct au_bytes body)
{
    builder_type(builder, "", "");
    builder_type(builder, "ii", "ii");
    builder_type(builder, "", "i");
    builder_import(builder, "env", "nothing", BYTES(EXTERN_FUNCTION, 0));
    builder_table(builder, 2, 2);
    builder_memory(builder, 1, 1);
    builder_global(builder);
    builder_add(builder, BUILDER_GLOBAL, BYTES(I64, 0, OP_I64_CONST, 0, OP_END));
    builder_number(builder, BUILDER_DATA_COUNT, 1);
    builder_function(builder, 0, BYTES(OP_END));
    builder_body(builder, 0, body);
    builder_add(builder, BUILDER_DATA, BYTES(1, 1, 0xaa));
}

#define DATA_SECTION_SIZE 6 /* id, size, count, and the segment: what follows the body */

struct body_case {
    const char *name;
    const char *rule;
    const char *message;
    size_t at; /* of the fault, in body */
    struct au_bytes body;
};

#define FEATURE     AU_RULE_FEATURE
#define TYPE        AU_RULE_TYPE
#define BAD         AU_RULE_MALFORMED
#define AU_RULE_BAD AU_RULE_MALFORMED
/* A body of function type () -> () without locals; at counts from the first instruction. */
#define BODY(name, rule, message, at, ...)                                  \
    {                                                                       \
        name, AU_RULE_##rule, message, (at) + 1, BYTES_INIT(0, __VA_ARGS__) \
    }

static const struct body_case features[] = {
    BODY("v128.load", FEATURE, "SIMD", 2, OP_I32_CONST, 0, 0xfd, 0, 0, 0, OP_DROP, OP_END),
    BODY("i32.atomic.load", FEATURE, "threads", 2, OP_I32_CONST, 0, 0xfe, 0x10, 2, 0, OP_END),
    BODY("return_call", FEATURE, "tail calls", 0, 0x12, 1, OP_END),
    BODY("return_call_indirect", FEATURE, "tail calls", 2, OP_I32_CONST, 0, 0x13, 0, 0, OP_END),
    BODY("call_ref", FEATURE, "function references", 0, 0x14, 0, OP_END),
    BODY("return_call_ref", FEATURE, "function references", 0, 0x15, 0, OP_END),
    BODY("ref.as_non_null", FEATURE, "function references", 0, 0xd4, OP_END),
    BODY("br_on_null", FEATURE, "function references", 0, 0xd5, 0, OP_END),
    BODY("br_on_non_null", FEATURE, "function references", 0, 0xd6, 0, OP_END),
    BODY("try", FEATURE, "exceptions", 0, 0x06, VOID, OP_END, OP_END),
    BODY("throw", FEATURE, "exceptions", 0, 0x08, 0, OP_END),
    BODY("throw_ref", FEATURE, "exceptions", 0, 0x0a, OP_END),
    BODY("delegate", FEATURE, "exceptions", 0, 0x18, 0, OP_END),
    BODY("catch_all", FEATURE, "exceptions", 0, 0x19, OP_END),
    BODY("try_table", FEATURE, "exceptions", 0, 0x1f, VOID, 0, OP_END, OP_END),
    BODY("typed select", FEATURE, "reference types", 6, OP_I32_CONST, 0, OP_I32_CONST, 0,
         OP_I32_CONST, 0, 0x1c, 1, I32, OP_DROP, OP_END),
    BODY("table.get", FEATURE, "table instructions", 2, OP_I32_CONST, 0, 0x25, 0, OP_DROP, OP_END),
    BODY("table.set", FEATURE, "table instructions", 0, 0x26, 0, OP_END),
    BODY("ref.null", FEATURE, "reference types", 0, 0xd0, 0x70, OP_DROP, OP_END),
    BODY("ref.is_null", FEATURE, "reference types", 0, 0xd1, OP_END),
    BODY("ref.func", FEATURE, "reference types", 0, 0xd2, 1, OP_DROP, OP_END),
    BODY("ref.eq", FEATURE, "GC", 0, 0xd3, OP_END),
    BODY("struct.new", FEATURE, "GC", 0, 0xfb, 0, 0, OP_END),
    BODY("table.init", FEATURE, "table instructions", 0, OP_FC, 12, 0, 0, OP_END),
    BODY("elem.drop", FEATURE, "table instructions", 0, OP_FC, 13, 0, OP_END),
    BODY("table.copy", FEATURE, "table instructions", 0, OP_FC, 14, 0, 0, OP_END),
    BODY("table.grow", FEATURE, "table instructions", 0, OP_FC, 15, 0, OP_END),
    BODY("table.size", FEATURE, "table instructions", 0, OP_FC, 16, 0, OP_DROP, OP_END),
    BODY("table.fill", FEATURE, "table instructions", 0, OP_FC, 17, 0, OP_END),
    BODY("memory.discard", FEATURE, "memory control", 0, OP_FC, 18, 0, OP_END),
    BODY("i64.add128", FEATURE, "wide arithmetic", 0, OP_FC, 19, OP_END),
    BODY("dead v128.const", FEATURE, "SIMD", 1, OP_RETURN, 0xfd, 12, OP_END),
    BODY("load of memory 1", FEATURE, "more than one memory", 2, OP_I32_CONST, 0, OP_I32_LOAD, 0x42,
         1, 0, OP_DROP, OP_END),
    BODY("memory.size of memory 1", FEATURE, "more than one memory", 1, OP_MEMORY_SIZE, 1, OP_DROP,
         OP_END),
    BODY("memory.fill of memory 1", FEATURE, "more than one memory", 8, OP_I32_CONST, 0,
         OP_I32_CONST, 0, OP_I32_CONST, 0, OP_FC, FC_MEMORY_FILL, 1, OP_END),
    BODY("memory.copy from memory 1", FEATURE, "more than one memory", 9, OP_I32_CONST, 0,
         OP_I32_CONST, 0, OP_I32_CONST, 0, OP_FC, FC_MEMORY_COPY, 0, 1, OP_END),
    BODY("block of v128", FEATURE, "SIMD", 1, OP_BLOCK, 0x7b, OP_END, OP_END),
    BODY("block of funcref", FEATURE, "reference types", 1, OP_BLOCK, 0x70, OP_END, OP_END),
    BODY("block of externref", FEATURE, "reference types", 1, OP_BLOCK, 0x6f, OP_END, OP_END),
    BODY("block of anyref", FEATURE, "GC", 1, OP_BLOCK, 0x6e, OP_END, OP_END),
    BODY("block of (ref 0)", FEATURE, "function references", 1, OP_BLOCK, 0x64, 0, OP_END, OP_END),
    BODY("block of exnref", FEATURE, "exceptions", 1, OP_BLOCK, 0x69, OP_END, OP_END),
    {"local of v128", FEATURE, "SIMD", 2, BYTES_INIT(1, 1, 0x7b, OP_END)},
    {"local of funcref", FEATURE, "reference types", 2, BYTES_INIT(1, 1, 0x70, OP_END)},
    {"local of anyref", FEATURE, "GC", 2, BYTES_INIT(1, 1, 0x6e, OP_END)},
};

static const struct body_case types[] = {
    BODY("operand missing", TYPE, "i32 expected, no operand left", 2, OP_I32_CONST, 0, OP_I32_ADD,
         OP_END),
    BODY("operand of another type", TYPE, "i32 expected, got i64", 4, OP_I64_CONST, 0, OP_I32_CONST,
         0, OP_I32_ADD, OP_END),
    BODY("operand below the block", TYPE, "no operand left", 4, OP_I32_CONST, 0, OP_BLOCK, VOID,
         OP_DROP, OP_END, OP_END),
    BODY("operands left over", TYPE, "1 operands left over", 2, OP_I32_CONST, 0, OP_END),
    BODY("left over in dead code", TYPE, "1 operands left over", 3, OP_RETURN, OP_I32_CONST, 0,
         OP_END),
    BODY("dead operand of another type", TYPE, "i32 expected, got i64", 3, OP_UNREACHABLE,
         OP_I64_CONST, 0, OP_I32_ADD - 0x25, OP_DROP, OP_END),
    BODY("unknown label", TYPE, "unknown label 2", 3, OP_BLOCK, VOID, OP_BR, 2, OP_END, OP_END),
    BODY("labels that take different counts", TYPE, "labels of br_table", 6, OP_BLOCK, I32,
         OP_I32_CONST, 0, OP_I32_CONST, 0, OP_BR_TABLE, 1, 0, 1, OP_END, OP_DROP, OP_END),
    BODY("dead labels that take different counts", TYPE, "labels of br_table", 3, OP_BLOCK, I32,
         OP_UNREACHABLE, OP_BR_TABLE, 1, 0, 1, OP_END, OP_DROP, OP_END),
    BODY("if with a result, no else", TYPE, "if without else", 6, OP_I32_CONST, 0, OP_IF, I32,
         OP_I32_CONST, 0, OP_END, OP_DROP, OP_END),
    BODY("arm without its result", TYPE, "no operand left", 7, OP_I32_CONST, 0, OP_IF, I32,
         OP_I32_CONST, 0, OP_ELSE, OP_END, OP_DROP, OP_END),
    BODY("unknown block type", TYPE, "unknown type 3", 1, OP_BLOCK, 3, OP_END, OP_END),
    BODY("parameters of a block", TYPE, "no operand left", 2, OP_I32_CONST, 0, OP_BLOCK, 1, OP_END,
         OP_END),
    BODY("unknown local", TYPE, "unknown local 0", 0, OP_GET, 0, OP_DROP, OP_END),
    BODY("unknown global", TYPE, "unknown global 2", 0, OP_GLOBAL_GET, 2, OP_DROP, OP_END),
    BODY("immutable global", TYPE, "global 1 is immutable", 2, OP_I64_CONST, 0, OP_GLOBAL_SET, 1,
         OP_END),
    BODY("unknown function", TYPE, "unknown function 3", 0, OP_CALL, 3, OP_END),
    BODY("unknown type of an indirect call", TYPE, "unknown type 3", 2, OP_I32_CONST, 0,
         OP_CALL_INDIRECT, 3, 0, OP_END),
    BODY("indirect call in table 1", TYPE, "unknown table 1", 4, OP_I32_CONST, 0, OP_CALL_INDIRECT,
         0, 1, OP_END),
    BODY("alignment", TYPE, "alignment", 2, OP_I32_CONST, 0, OP_I32_LOAD, 3, 0, OP_DROP, OP_END),
    BODY("select of two types", TYPE, "i32 expected, got i64", 6, OP_I64_CONST, 0, OP_I32_CONST, 0,
         OP_I32_CONST, 0, OP_SELECT, OP_DROP, OP_END),
    BODY("unknown data segment", TYPE, "unknown data segment 1", 0, OP_FC, FC_DATA_DROP, 1, OP_END),
};

static const struct body_case malformed[] = {
    BODY("byte without a meaning", BAD, "illegal opcode 0xff", 0, 0xff, OP_END),
    BODY("byte between instructions", BAD, "illegal opcode 0x27", 0, 0x27, OP_END),
    BODY("number without a meaning", BAD, "illegal opcode", 0, OP_FC, 0x7f, OP_END),
    BODY("i32 of six bytes", BAD, "too long", 1, OP_I32_CONST, 0x80, 0x80, 0x80, 0x80, 0x80, 0,
         OP_DROP, OP_END),
    BODY("i32 of 33 bits", BAD, "too large", 1, OP_I32_CONST, 0xff, 0xff, 0xff, 0xff, 0x0f, OP_DROP,
         OP_END),
    BODY("i32 of an unused bit", BAD, "too large", 1, OP_I32_CONST, 0x80, 0x80, 0x80, 0x80, 0x70,
         OP_DROP, OP_END),
    BODY("i64 of eleven bytes", BAD, "too long", 1, OP_I64_CONST, 0x80, 0x80, 0x80, 0x80, 0x80,
         0x80, 0x80, 0x80, 0x80, 0x80, 0, OP_DROP, OP_END),
    BODY("i64 of 65 bits", BAD, "too large", 1, OP_I64_CONST, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
         0x80, 0x80, 0x80, 0x01, OP_DROP, OP_END),
    BODY("index of six bytes", BAD, "too long", 1, OP_CALL, 0x80, 0x80, 0x80, 0x80, 0x80, 0,
         OP_END),
    BODY("index of 33 bits", BAD, "too large", 1, OP_CALL, 0x80, 0x80, 0x80, 0x80, 0x10, OP_END),
    BODY("negative block type", BAD, "malformed block type", 1, OP_BLOCK, 0xff, 0x7f, OP_END,
         OP_END),
    BODY("block type without a meaning", BAD, "malformed value type 0x41", 1, OP_BLOCK, 0x41,
         OP_END, OP_END),
    BODY("else without if", BAD, "else without if", 2, OP_BLOCK, VOID, OP_ELSE, OP_END, OP_END),
    BODY("second else", BAD, "else without if", 5, OP_I32_CONST, 0, OP_IF, VOID, OP_ELSE, OP_ELSE,
         OP_END, OP_END),
    BODY("end missing", BAD, "unexpected end", 3, OP_BLOCK, VOID, OP_END),
    BODY("code after the end", BAD, "code after the end", 1, OP_END, OP_NOP),
    BODY("constant cut short", BAD, "unexpected end", 1, 0x43, 0, 0, 0),
    BODY("flags of a load", BAD, "malformed memop flags 32", 2, OP_I32_CONST, 0, OP_I32_LOAD, 0x20,
         0, OP_DROP, OP_END),
    {"local without a meaning", BAD, "malformed value type 0x40", 2,
     BYTES_INIT(1, 1, 0x40, OP_END)},
    {"no locals", BAD, "unexpected end", 0, {NULL, 0}},
};

static void check_bodies(const struct body_case *cases, size_t count)
{
    size_t good_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct body_case *row = &cases[i];
        struct wasm_builder builder;
        builder_init(&builder);
        build_around(&builder, row->body);
        struct verdict verdict = {.rule = row->rule,
                                  .message = row->message,
                                  .function = 2,
                                  .from_end = DATA_SECTION_SIZE + row->body.size - row->at};
        good_count += is_refused(row->name, builder_build(&builder), &verdict);
        builder_done(&builder);
    }
    assert_int_equal(good_count, count);
}

static void test_features(void **state)
{
    (void)state;
    check_bodies(features, AU_COUNT_OF(features));
}

static void test_types(void **state)
{
    (void)state;
    check_bodies(types, AU_COUNT_OF(types));
}

static void test_malformed_bodies(void **state)
{
    (void)state;
    check_bodies(malformed, AU_COUNT_OF(malformed));
}

/* Every byte of the table of instructions: refused, or accepted by name. */
static void test_every_opcode(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        struct wasm_builder builder;
        struct au_module_info *info = NULL;
        struct au_reject reject = {0};
        builder_init(&builder);
        build_around(&builder, BYTES(0, OP_UNREACHABLE, (uint8_t)byte));
        if (au_module_prepare(builder_build(&builder), &host, NULL, &info, &reject) == AU_OK) {
            assert_int_equal(byte, OP_END);
            au_module_info_free(info);
        }
        bool is_unknown = strstr(reject.message, "not offered") != NULL ||
                          strstr(reject.message, "illegal opcode") != NULL;
        bool is_core = byte <= 0x05 || (byte >= 0x0b && byte <= 0x11) || byte == 0x1a ||
                       byte == 0x1b || (byte >= 0x20 && byte <= 0x24) ||
                       (byte >= 0x28 && byte <= 0xc4) || byte == 0xfc;
        if (is_unknown == is_core) fail_msg("opcode 0x%02x: %s", byte, reject.message);
        builder_done(&builder);
    }
}

/* What stands behind a feature that is accepted, at the edge of what the format allows. */
static const struct {
    const char *name;
    struct au_bytes body;
} accepted[] = {
    {"over-long table index",
     BYTES_INIT(0, OP_I32_CONST, 0, OP_CALL_INDIRECT, 0, 0x80, 0x80, 0x80, 0x80, 0, OP_END)},
    {"over-long constant", BYTES_INIT(0, OP_I32_CONST, 0xff, 0xff, 0xff, 0xff, 0x7f, OP_DROP,
                                      OP_I32_CONST, 0x80, 0x80, 0x80, 0x80, 0, OP_DROP, OP_END)},
    {"least i64", BYTES_INIT(0, OP_I64_CONST, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                             0x7f, OP_DROP, OP_END)},
    {"sign extension", BYTES_INIT(0, OP_I32_CONST, 0, 0xc0, 0xc1, OP_DROP, OP_I64_CONST, 0, 0xc2,
                                  0xc3, 0xc4, OP_DROP, OP_END)},
    {"saturating conversion",
     BYTES_INIT(0, OP_F32_CONST, 0, 0, 0xc0, 0x7f, OP_FC, 0, OP_DROP, OP_F64_CONST, 0, 0, 0, 0, 0,
                0, 0xf8, 0x7f, OP_FC, 7, OP_DROP, OP_END)},
    {"bulk memory",
     BYTES_INIT(0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_FC, FC_MEMORY_INIT, 0, 0,
                OP_FC, FC_DATA_DROP, 0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_FC,
                FC_MEMORY_COPY, 0, 0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_FC,
                FC_MEMORY_FILL, 0, OP_END)},
    {"multi-value block", BYTES_INIT(0, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_BLOCK, 1, OP_END,
                                     OP_DROP, OP_DROP, OP_END)},
    {"over-long block type", BYTES_INIT(0, OP_BLOCK, 0x80, 0, OP_END, OP_END)},
    {"mutable global", BYTES_INIT(0, OP_I32_CONST, 0, OP_GLOBAL_SET, 0, OP_END)},
    {"groups of no locals", BYTES_INIT(2, 0, I32, 0, I64, OP_END)},
};

static void test_accepted_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(accepted); i++) {
        struct wasm_builder builder;
        builder_init(&builder);
        build_around(&builder, accepted[i].body);
        check_accepted(accepted[i].name, builder_build(&builder));
        builder_done(&builder);
    }
}

/* ---- sections -------------------------------------------------------------------------------- */

struct section_case {
    const char *name;
    const char *rule;
    const char *message;
    size_t from_end;
    struct au_bytes sections; /* after the header */
};

/* Sections: type () -> (), and whatever a case needs of the others. */
#define HEADER     0, 'a', 's', 'm', 1, 0, 0, 0
#define TYPE_VOID  1, 4, 1, 0x60, 0, 0
#define FUNCTION   3, 2, 1, 0
#define CODE_EMPTY 10, 4, 1, 2, 0, OP_END
#define TABLE_ONE  4, 4, 1, 0x70, 0, 1
#define MEMORY_ONE 5, 3, 1, 0, 1
#define ROW(name, rule, message, from_end, ...)                                  \
    {                                                                            \
        name, AU_RULE_##rule, message, from_end, BYTES_INIT(HEADER, __VA_ARGS__) \
    }

static const struct section_case sections[] = {
    ROW("unknown host function", IMPORT, "unknown import env.other", 12, TYPE_VOID, 2, 13, 1, 3,
        'e', 'n', 'v', 5, 'o', 't', 'h', 'e', 'r', 0, 0),
    ROW("WASI", IMPORT, "unknown import wasi_snapshot_preview1.fd_write", 34, TYPE_VOID, 2, 35, 1,
        22, 'w', 'a', 's', 'i', '_', 's', 'n', 'a', 'p', 's', 'h', 'o', 't', '_', 'p', 'r', 'e',
        'v', 'i', 'e', 'w', '1', 8, 'f', 'd', '_', 'w', 'r', 'i', 't', 'e', 0, 0),
    ROW("imported memory", IMPORT, "imported memory env.memory", 14, 2, 15, 1, 3, 'e', 'n', 'v', 6,
        'm', 'e', 'm', 'o', 'r', 'y', 2, 0, 1),
    ROW("imported table", IMPORT, "imported table env.t", 10, 2, 11, 1, 3, 'e', 'n', 'v', 1, 't', 1,
        0x70, 0, 1),
    ROW("imported global", IMPORT, "imported global env.g", 9, 2, 10, 1, 3, 'e', 'n', 'v', 1, 'g',
        3, I32, 0),
    ROW("imported tag", IMPORT, "imported tag env.t", 9, TYPE_VOID, 2, 10, 1, 3, 'e', 'n', 'v', 1,
        't', 4, 0, 0),
    ROW("import of another type", IMPORT, "import env.take has another type: (iI) -> (I)", 11,
        TYPE_VOID, 2, 12, 1, 3, 'e', 'n', 'v', 4, 't', 'a', 'k', 'e', 0, 0),
    ROW("malformed import kind", BAD, "malformed import kind 0x05", 2, TYPE_VOID, 2, 9, 1, 3, 'e',
        'n', 'v', 1, 't', 5, 0),
    ROW("import of an unknown type", TYPE, "unknown type 1", 1, TYPE_VOID, 2, 15, 1, 3, 'e', 'n',
        'v', 7, 'n', 'o', 't', 'h', 'i', 'n', 'g', 0, 1),

    ROW("reserved export", FEATURE, "names starting with __aureon", 11, MEMORY_ONE, 7, 12, 1, 8,
        '_', '_', 'a', 'u', 'r', 'e', 'o', 'n', 2, 0),
    ROW("duplicate export", TYPE, "duplicate export name \"a\"", 4, MEMORY_ONE, 7, 9, 2, 1, 'a', 2,
        0, 1, 'a', 2, 0),
    ROW("export of an unknown function", TYPE, "unknown function 0", 1, 7, 5, 1, 1, 'a', 0, 0),
    ROW("export of an unknown table", TYPE, "unknown table 0", 1, 7, 5, 1, 1, 'a', 1, 0),
    ROW("export of an unknown memory", TYPE, "unknown memory 1", 1, MEMORY_ONE, 7, 5, 1, 1, 'a', 2,
        1),
    ROW("export of an unknown global", TYPE, "unknown global 0", 1, 7, 5, 1, 1, 'a', 3, 0),
    ROW("exported tag", FEATURE, "exceptions", 2, 7, 5, 1, 1, 'a', 4, 0),
    ROW("malformed export kind", BAD, "malformed export kind 0x05", 2, 7, 5, 1, 1, 'a', 5, 0),
    ROW("malformed name", BAD, "malformed UTF-8", 3, MEMORY_ONE, 7, 5, 1, 1, 0xff, 2, 0),

    ROW("passive elements", FEATURE, "passive and declarative element", 4, TABLE_ONE, 9, 5, 1, 1, 0,
        0, 0),
    ROW("declarative elements", FEATURE, "passive and declarative element", 4, TABLE_ONE, 9, 5, 1,
        3, 0, 0, 0),
    ROW("element expressions", FEATURE, "reference types", 6, TABLE_ONE, 9, 7, 1, 4, OP_I32_CONST,
        0, OP_END, 0, 0),
    ROW("malformed element flags", BAD, "malformed element segment flags 8", 2, TABLE_ONE, 9, 3, 1,
        8, 0),
    ROW("elements of table 1", TYPE, "unknown table 1", 6, TABLE_ONE, 9, 8, 1, 2, 1, OP_I32_CONST,
        0, OP_END, 0, 0),
    ROW("elements without a table", TYPE, "unknown table 0", 4, 9, 6, 1, 0, OP_I32_CONST, 0, OP_END,
        0),
    ROW("elements out of bounds", SEGMENT, "element segment out of bounds: entries 1 to 2", 6,
        TYPE_VOID, FUNCTION, TABLE_ONE, 9, 7, 1, 0, OP_I32_CONST, 1, OP_END, 1, 0),
    ROW("no elements out of bounds", SEGMENT, "element segment out of bounds: entries 2 to 2", 5,
        TABLE_ONE, 9, 6, 1, 0, OP_I32_CONST, 2, OP_END, 0),
    ROW("elements at -1", SEGMENT, "entries 4294967295 to 4294967296", 6, TYPE_VOID, FUNCTION,
        TABLE_ONE, 9, 7, 1, 0, OP_I32_CONST, 0x7f, OP_END, 1, 0),
    ROW("element of an unknown function", TYPE, "unknown function 0", 1, TABLE_ONE, 9, 7, 1, 0,
        OP_I32_CONST, 0, OP_END, 1, 0),
    ROW("malformed element kind", BAD, "malformed element kind 0x01", 2, TABLE_ONE, 9, 8, 1, 2, 0,
        OP_I32_CONST, 0, OP_END, 1, 0),

    ROW("data out of bounds", SEGMENT, "data segment out of bounds: bytes 65536 to 65537", 8,
        MEMORY_ONE, 11, 9, 1, 0, OP_I32_CONST, 0x80, 0x80, 0x04, OP_END, 1, 0xaa),
    ROW("data at -1", SEGMENT, "bytes 4294967295 to 4294967296", 6, MEMORY_ONE, 11, 7, 1, 0,
        OP_I32_CONST, 0x7f, OP_END, 1, 0xaa),
    ROW("no data out of bounds", SEGMENT, "data segment out of bounds", 5, 5, 3, 1, 0, 0, 11, 6, 1,
        0, OP_I32_CONST, 1, OP_END, 0),
    ROW("data of memory 1", TYPE, "unknown memory 1", 5, MEMORY_ONE, 11, 7, 1, 2, 1, OP_I32_CONST,
        0, OP_END, 0),
    ROW("data without a memory", TYPE, "unknown memory 0", 4, 11, 6, 1, 0, OP_I32_CONST, 0, OP_END,
        0),
    ROW("malformed data flags", BAD, "malformed data segment flags 3", 2, MEMORY_ONE, 11, 3, 1, 3,
        0),
    ROW("counts of data differ", BAD, "data count and data section have inconsistent", 1, 12, 1, 1,
        11, 1, 0),
    ROW("data missing", BAD, "data count and data section have inconsistent", 0, 12, 1, 1),

    ROW("start with a parameter", TYPE, "start function: no parameters and no results", 1, 1, 5, 1,
        0x60, 1, I32, 0, FUNCTION, 8, 1, 0),
    ROW("start with a result", TYPE, "start function: no parameters and no results", 1, 1, 5, 1,
        0x60, 0, 1, I32, FUNCTION, 8, 1, 0),
    ROW("unknown start", TYPE, "unknown function 0", 1, 8, 1, 0),

    ROW("two tables", FEATURE, "more than one table", 7, 4, 7, 2, 0x70, 0, 1, 0x70, 0, 1),
    ROW("table of externref", FEATURE, "reference types", 3, 4, 4, 1, 0x6f, 0, 1),
    ROW("table of anyref", FEATURE, "GC", 3, 4, 4, 1, 0x6e, 0, 1),
    ROW("table with an initialiser", FEATURE, "table initialisers", 8, 4, 9, 1, 0x40, 0, 0x70, 0, 1,
        0xd0, 0x70, OP_END),
    ROW("malformed table type", BAD, "malformed reference type 0x7f", 3, 4, 4, 1, I32, 0, 1),
    ROW("table minimum above maximum", TYPE, "must not be greater than maximum", 3, 4, 5, 1, 0x70,
        1, 2, 1),
    ROW("table of 64-bit indices", FEATURE, "memory64", 2, 4, 4, 1, 0x70, 4, 1),

    ROW("two memories", FEATURE, "more than one memory", 5, 5, 5, 2, 0, 1, 0, 1),
    ROW("memory64", FEATURE, "memory64", 2, 5, 3, 1, 4, 1),
    ROW("shared memory", FEATURE, "threads", 3, 5, 4, 1, 3, 1, 1),
    ROW("custom page size", FEATURE, "custom page sizes", 3, 5, 4, 1, 8, 1, 0),
    ROW("malformed limits flags", BAD, "malformed limits flags 0x10", 2, 5, 3, 1, 0x10, 1),
    ROW("memory minimum above maximum", TYPE, "must not be greater than maximum", 3, 5, 4, 1, 1, 2,
        1),
    ROW("memory of more than 4 GiB", TYPE, "size of the memory: at most 65536", 5, 5, 6, 1, 1, 0,
        0x81, 0x80, 0x04),

    ROW("global of v128", FEATURE, "SIMD", 4, 6, 5, 1, 0x7b, 0, 0xfd, 12),
    ROW("global of funcref", FEATURE, "reference types", 5, 6, 6, 1, 0x70, 0, 0xd0, 0x70, OP_END),
    ROW("malformed mutability", BAD, "malformed mutability 0x02", 4, 6, 6, 1, I32, 2, OP_I32_CONST,
        0, OP_END),
    ROW("extended constant expression", FEATURE, "extended constant", 4, 6, 9, 1, I32, 0,
        OP_I32_CONST, 0, OP_I32_CONST, 0, OP_I32_ADD, OP_END),
    ROW("constant of another type", TYPE, "i32 expected, got i64", 3, 6, 6, 1, I32, 0, OP_I64_CONST,
        0, OP_END),
    ROW("constant of no instruction", TYPE, "one const instruction, got end", 1, 6, 4, 1, I32, 0,
        OP_END),
    ROW("global.get as constant", TYPE, "one const instruction, got global.get", 3, 6, 6, 1, I32, 0,
        OP_GLOBAL_GET, 0, OP_END),
    ROW("ref.func as constant", FEATURE, "reference types", 3, 6, 6, 1, I32, 0, 0xd2, 0, OP_END),

    ROW("v128 parameter", FEATURE, "SIMD", 2, 1, 5, 1, 0x60, 1, 0x7b, 0),
    ROW("funcref result", FEATURE, "reference types", 1, 1, 5, 1, 0x60, 0, 1, 0x70),
    ROW("struct type", FEATURE, "GC", 2, 1, 3, 1, 0x5f, 0),
    ROW("recursive types", FEATURE, "GC", 2, 1, 3, 1, 0x4e, 0),
    ROW("malformed type", BAD, "malformed type", 3, 1, 4, 1, 0x40, 0, 0),
    ROW("function of an unknown type", TYPE, "unknown type 1", 1, TYPE_VOID, 3, 2, 1, 1),

    ROW("tags", FEATURE, "exceptions", 5, TYPE_VOID, 13, 3, 1, 0, 0),
    ROW("unknown section", BAD, "malformed section id 14", 3, 14, 1, 0),
    ROW("section twice", BAD, "section 1 out of order", 6, TYPE_VOID, TYPE_VOID),
    ROW("section out of order", BAD, "section 1 out of order", 6, MEMORY_ONE, TYPE_VOID),
    ROW("data count after the code", BAD, "section 12 out of order", 3, TYPE_VOID, FUNCTION,
        CODE_EMPTY, 12, 1, 0),
    ROW("section longer than the module", BAD, "unexpected end: 5 bytes needed, 4 left", 4, 1, 5, 1,
        0x60, 0, 0),
    ROW("section longer than its content", BAD, "section size mismatch: 1 bytes left over", 1, 1, 5,
        1, 0x60, 0, 0, 0),
    ROW("section shorter than its content", BAD, "unexpected end", 1, 1, 3, 1, 0x60, 0, 0),
    ROW("function without code", BAD, "function and code section have inconsistent", 0, TYPE_VOID,
        FUNCTION),
    ROW("code without function", BAD, "function and code section have inconsistent", 4, TYPE_VOID,
        CODE_EMPTY),
    ROW("code section longer than its bodies", BAD, "section size mismatch: 1 bytes left over", 1,
        TYPE_VOID, FUNCTION, 10, 5, 1, 2, 0, OP_END, OP_END),
    ROW("code section of no bodies with a byte", BAD, "section size mismatch: 1 bytes left over", 1,
        10, 2, 0, 0),
    ROW("custom section without a name", BAD, "unexpected end", 0, 0, 0),
    ROW("custom section with a malformed name", BAD, "malformed UTF-8", 1, 0, 2, 1, 0x80),
    ROW("count of six bytes", BAD, "too long", 6, 1, 6, 0x80, 0x80, 0x80, 0x80, 0x80, 0),
    {"magic", BAD, "magic header not detected", 8, BYTES_INIT(0, 'a', 's', 'n', 1, 0, 0, 0)},
    {"version", BAD, "unknown binary version", 4, BYTES_INIT(0, 'a', 's', 'm', 2, 0, 0, 0)},
    {"component", BAD, "unknown binary version", 4, BYTES_INIT(0, 'a', 's', 'm', 13, 0, 1, 0)},
    {"header cut short", BAD, "magic header not detected", 7,
     BYTES_INIT(0, 'a', 's', 'm', 1, 0, 0)},
    {"nothing", BAD, "magic header not detected", 0, {NULL, 0}},
};

static void test_sections(void **state)
{
    size_t good_count = 0;
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(sections); i++) {
        const struct section_case *row = &sections[i];
        struct verdict verdict = {row->rule, row->message, NO_FUNCTION, row->from_end};
        good_count += is_refused(row->name, row->sections, &verdict);
    }
    assert_int_equal(good_count, AU_COUNT_OF(sections));
}

/* Instructions that need what a module without it lacks. */
static const struct body_case missing_parts[] = {
    BODY("load without a memory", TYPE, "unknown memory 0", 2, OP_I32_CONST, 0, OP_I32_LOAD, 0, 0,
         OP_DROP, OP_END),
    BODY("memory.size without a memory", TYPE, "unknown memory 0", 0, OP_MEMORY_SIZE, 0, OP_DROP,
         OP_END),
    BODY("memory.fill without a memory", TYPE, "unknown memory 0", 6, OP_I32_CONST, 0, OP_I32_CONST,
         0, OP_I32_CONST, 0, OP_FC, FC_MEMORY_FILL, 0, OP_END),
    BODY("indirect call without a table", TYPE, "unknown table 0", 4, OP_I32_CONST, 0,
         OP_CALL_INDIRECT, 0, 0, OP_END),
    BODY("data.drop without a data count", BAD, "data count section required", 0, OP_FC,
         FC_DATA_DROP, 0, OP_END),
};

static void test_missing_parts(void **state)
{
    size_t good_count = 0;
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(missing_parts); i++) {
        struct wasm_builder builder;
        builder_init(&builder);
        builder_body(&builder, builder_type(&builder, "", ""), missing_parts[i].body);
        struct verdict verdict = {missing_parts[i].rule, missing_parts[i].message, 0,
                                  missing_parts[i].body.size - missing_parts[i].at};
        good_count += is_refused(missing_parts[i].name, builder_build(&builder), &verdict);
        builder_done(&builder);
    }
    assert_int_equal(good_count, AU_COUNT_OF(missing_parts));
}

/* Bytes of a name never reach a message as they are. */
static void test_message_is_printable(void **state)
{
    struct wasm_builder builder;
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    (void)state;
    builder_init(&builder);
    builder_type(&builder, "", "");
    builder_import(&builder, "env", "\x1b[31m\n\xc3\xa9", BYTES(EXTERN_FUNCTION, 0));
    assert_int_equal(au_module_prepare(builder_build(&builder), &host, NULL, &info, &reject),
                     AU_ERR_INVALID_MODULE);
    assert_non_null(strstr(reject.message, "unknown import env.?[31m???:"));
    builder_done(&builder);
}

/* ---- broken modules -------------------------------------------------------------------------- */

/* A module with every section, and with most kinds of instructions. */
static void build_everything(struct wasm_builder *builder)
{
    static const uint8_t body[] = {2,
                                   1,
                                   I32,
                                   3,
                                   I64,
                                   OP_BLOCK,
                                   VOID,
                                   OP_LOOP,
                                   VOID,
                                   OP_GET,
                                   0,
                                   OP_BR_IF,
                                   1,
                                   OP_GET,
                                   0,
                                   OP_BR_TABLE,
                                   1,
                                   0,
                                   1,
                                   OP_END,
                                   OP_END,
                                   OP_I32_CONST,
                                   0,
                                   OP_I32_CONST,
                                   7,
                                   OP_CALL,
                                   2,
                                   OP_TEE,
                                   0,
                                   OP_IF,
                                   I32,
                                   OP_I32_CONST,
                                   4,
                                   OP_I32_LOAD,
                                   2,
                                   0x80,
                                   1,
                                   OP_ELSE,
                                   OP_MEMORY_SIZE,
                                   0,
                                   OP_MEMORY_GROW,
                                   0,
                                   OP_END,
                                   OP_DROP,
                                   OP_DROP,
                                   OP_I32_CONST,
                                   0,
                                   OP_CALL_INDIRECT,
                                   0,
                                   0,
                                   OP_I64_CONST,
                                   0xff,
                                   0xff,
                                   0x00,
                                   OP_SET,
                                   1,
                                   OP_CALL,
                                   0,
                                   OP_I32_CONST,
                                   0,
                                   OP_I32_CONST,
                                   0,
                                   OP_I32_CONST,
                                   1,
                                   OP_FC,
                                   FC_MEMORY_INIT,
                                   1,
                                   0,
                                   OP_FC,
                                   FC_DATA_DROP,
                                   1,
                                   OP_GLOBAL_GET,
                                   0,
                                   OP_GLOBAL_SET,
                                   0,
                                   0x43,
                                   0,
                                   0,
                                   0x80,
                                   0x3f,
                                   OP_FC,
                                   0,
                                   OP_DROP,
                                   OP_RETURN,
                                   OP_END};
    builder_type(builder, "", "");
    builder_type(builder, "ii", "ii");
    builder_import(builder, "env", "nothing", BYTES(EXTERN_FUNCTION, 0));
    builder_table(builder, 3, 4);
    builder_memory(builder, 1, 4);
    builder_global(builder);
    builder_export(builder, "memory", EXTERN_MEMORY, 0);
    builder_export(builder, "run", EXTERN_FUNCTION, 1);
    builder_number(builder, BUILDER_START, 1);
    builder_element(builder, 1, 1);
    builder_number(builder, BUILDER_DATA_COUNT, 2);
    builder_body(builder, 0, (struct au_bytes){body, sizeof body});
    builder_body(builder, 1, BYTES(0, OP_GET, 0, OP_GET, 1, OP_END));
    builder_data(builder, 1024);
    builder_add(builder, BUILDER_DATA, BYTES(1, 2, 0xaa, 0xbb));
    au_buf_put_bytes(&builder->items[BUILDER_CUSTOM], BYTES(4, 'n', 'a', 'm', 'e', 1, 2, 3));
    builder->counts[BUILDER_CUSTOM] = 1;
}

/* Whether a module that ends at this byte is a whole one: between sections, and with the code of
 * its functions and the data that it counted, or before both. */
static bool is_whole_at(struct au_bytes code, size_t size)
{
    size_t at = 8;
    bool needs_code = false;
    bool needs_data = false;
    while (at < size) {
        uint8_t id = code.data[at];
        size_t section_size = code.data[at + 1];
        size_t head = 2;
        if (section_size >= 0x80) {
            section_size = (section_size & 0x7f) | (size_t)code.data[at + 2] << 7;
            head = 3;
        }
        if (id == BUILDER_FUNCTION) needs_code = true;
        if (id == BUILDER_CODE) needs_code = false;
        if (id == BUILDER_DATA_COUNT) needs_data = true;
        if (id == BUILDER_DATA) needs_data = false;
        at += head + section_size;
    }
    return at == size && !needs_code && !needs_data;
}

static void test_truncation(void **state)
{
    struct wasm_builder builder;
    size_t accepted_count = 0;
    (void)state;
    builder_init(&builder);
    build_everything(&builder);
    struct au_bytes code = builder_build(&builder);
    check_accepted("the whole module", code);
    for (size_t size = 0; size <= code.size; size++) {
        struct au_module_info *info = NULL;
        struct au_reject reject = {0};
        /* a copy of just that size, so that the sanitizers see a read past its end */
        struct au_buf cut;
        au_buf_init(&cut, code.size);
        au_buf_put(&cut, code.data, size);
        enum au_err err = au_module_prepare(au_buf_bytes(&cut), &host, NULL, &info, &reject);
        if (err == AU_OK)
            au_module_info_free(info);
        else
            assert_int_equal(err, AU_ERR_INVALID_MODULE);
        if ((err == AU_OK) != is_whole_at(code, size)) {
            fail_msg("cut to %zu bytes: %s", size, err == AU_OK ? "accepted" : reject.message);
        }
        assert_true(err == AU_OK || reject.offset <= size);
        accepted_count += err == AU_OK;
        au_buf_done(&cut);
    }
    assert_int_equal(accepted_count, 5); /* header, types, imports; data, custom section */
    builder_done(&builder);
}

static bool is_rule(const char *rule)
{
    static const char *const rules[] = {AU_RULE_MALFORMED, AU_RULE_TYPE,    AU_RULE_FEATURE,
                                        AU_RULE_IMPORT,    AU_RULE_SEGMENT, AU_RULE_LIMIT};
    for (size_t i = 0; i < AU_COUNT_OF(rules); i++) {
        if (strcmp(rule, rules[i]) == 0) return true;
    }
    return false;
}

/* Every byte replaced by every other: a verdict that names a rule and a place inside the module. */
static void test_mutation(void **state)
{
    struct wasm_builder builder;
    struct au_buf prepared;
    size_t refused_count = 0;
    (void)state;
    builder_init(&builder);
    build_everything(&builder);
    struct au_bytes code = builder_build(&builder);
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    for (size_t at = 0; at < code.size; at++) {
        uint8_t *byte = &builder.module.data[at];
        uint8_t original = *byte;
        for (unsigned change = 1; change < 256; change++) {
            struct au_module_info *info = NULL;
            struct au_reject reject = {0};
            *byte = (uint8_t)(original ^ change);
            au_buf_clear(&prepared);
            enum au_err err = au_module_prepare(code, &host, &prepared, &info, &reject);
            if (err == AU_OK) {
                au_module_info_free(info);
                continue;
            }
            refused_count++;
            assert_int_equal(err, AU_ERR_INVALID_MODULE);
            assert_true(is_rule(reject.rule));
            assert_true(reject.offset <= code.size);
            assert_true(strlen(reject.message) > 10);
        }
        *byte = original;
    }
    check_accepted("the module as it was", code);
    assert_true(refused_count > 255 * code.size / 2);
    au_buf_done(&prepared);
    builder_done(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features),         cmocka_unit_test(test_types),
        cmocka_unit_test(test_malformed_bodies), cmocka_unit_test(test_every_opcode),
        cmocka_unit_test(test_accepted_bodies),  cmocka_unit_test(test_sections),
        cmocka_unit_test(test_missing_parts),    cmocka_unit_test(test_message_is_printable),
        cmocka_unit_test(test_truncation),       cmocka_unit_test(test_mutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

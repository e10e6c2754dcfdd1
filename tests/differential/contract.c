#include "differential/contract.h"

#include <stdio.h>

#include "contract/host.h"
#include "differential/code.h"
#include "differential/world.h"

#define BODY_SIZE_MAX (2u << 20)
#define BUDGET_MAX    140u

/* RFC 8032, section 7.1, TEST 2. */
#define SIGNER_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define SIGNATURE                                                      \
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" \
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
#define MESSAGE "72"

/* ---- types, tables, data --------------------------------------------------------------------- */

static void put_type_list(struct au_buf *text, const char *what, const uint8_t *types, size_t count)
{
    au_buf_printf(text, " (%s", what);
    for (size_t i = 0; i < count; i++)
        au_buf_printf(text, " %s", code_type_names[types[i]]);
    au_buf_put_text(text, ")");
}

/* The first takes and gives nothing. */
static void make_signatures(struct code *code)
{
    for (size_t i = 0; i < CODE_TYPES; i++) {
        struct code_signature *signature = &code->signatures[i];
        if (i > 0) {
            signature->param_count = (uint8_t)dice_below(&code->dice, 5);
            signature->result_count = (uint8_t)(i < 4 ? 1 : dice_below(&code->dice, 4));
        }
        for (size_t j = 0; j < AU_COUNT_OF(signature->params); j++)
            signature->params[j] = (uint8_t)dice_below(&code->dice, CODE_TYPE_COUNT);
        for (size_t j = 0; j < AU_COUNT_OF(signature->results); j++)
            signature->results[j] = (uint8_t)dice_below(&code->dice, CODE_TYPE_COUNT);
    }
}

static void put_signatures(const struct code *code, struct au_buf *text)
{
    for (size_t i = 0; i < CODE_TYPES; i++) {
        const struct code_signature *signature = &code->signatures[i];
        au_buf_put_text(text, "(type (func");
        put_type_list(text, "param", signature->params, signature->param_count);
        put_type_list(text, "result", signature->results, signature->result_count);
        au_buf_put_text(text, "))\n");
    }
}

static void put_host_types(struct au_buf *text, const char *what, const char *letters)
{
    au_buf_printf(text, " (%s", what);
    for (; *letters; letters++)
        au_buf_put_text(text, *letters == 'I' ? " i64" : " i32");
    au_buf_put_text(text, ")");
}

static bool is_called(const struct au_host_entry *entry, const char *text)
{
    char call[64];
    (void)snprintf(call, sizeof(call), "$%s ", entry->name);
    return strstr(text, call) != NULL;
}

/* The host functions that the text calls, from another one on each time. */
static void put_imports(struct code *code, struct au_buf *text, const char *callers)
{
    size_t first = dice_below(&code->dice, au_host_env.count);
    for (size_t i = 0; i < au_host_env.count; i++) {
        const struct au_host_entry *entry = &au_host_env.entries[(first + i) % au_host_env.count];
        if (!is_called(entry, callers)) continue;
        au_buf_printf(text, "(import \"env\" \"%s\" (func $%s", entry->name, entry->name);
        put_host_types(text, "param", entry->params);
        put_host_types(text, "result", entry->results);
        au_buf_put_text(text, "))\n");
    }
}

static void make_functions(struct code *code)
{
    code->function_count = 4 + (uint32_t)dice_below(&code->dice, CODE_FUNCTIONS_MAX - 3);
    for (size_t i = 1; i < code->function_count; i++)
        code->functions[i] = (uint8_t)dice_below(&code->dice, CODE_TYPES);
}

static void make_table(struct code *code)
{
    au_buf_printf(code->text, "(table %u funcref) (elem (i32.const 1)", CODE_TABLE_SIZE);
    code->table[0] = CODE_FUNCTIONS_MAX;
    for (size_t i = 1; i < CODE_TABLE_SIZE; i++) {
        code->table[i] = (uint8_t)dice_below(&code->dice, code->function_count);
        au_buf_printf(code->text, " $f%u", code->table[i]);
    }
    au_buf_put_text(code->text, ")\n");
    /* A host function in the table is called through its wrapper. */
    if (dice_one_in(&code->dice, 3)) {
        au_buf_put_text(code->text, "(elem (i32.const 11) $block_height )\n");
        code->table[11] = CODE_FUNCTIONS_MAX;
    }
}

static void put_hex_data(struct au_buf *text, unsigned at, const char *digits)
{
    au_buf_printf(text, "(data (i32.const %u) \"", at);
    for (; *digits; digits += 2)
        au_buf_printf(text, "\\%.2s", digits);
    au_buf_put_text(text, "\")\n");
}

static void put_address_data(struct au_buf *text, unsigned at, const struct au_address *address)
{
    au_buf_printf(text, "(data (i32.const %u) \"", at);
    for (size_t i = 0; i < AU_ADDRESS_SIZE; i++)
        au_buf_printf(text, "\\%02x", address->bytes[i]);
    au_buf_put_text(text, "\")\n");
}

/* Sizes are in bytes; the last string ends in half a surrogate pair and half a character. */
static const char *const strings[CODE_STRINGS] = {
    "\\04\\00\\00\\00o\\00h\\00",
    "\\08\\00\\00\\00\\3d\\d8\\00\\de\\e9\\00!\\00",
    "\\05\\00\\00\\00x\\00\\3d\\d8y",
};

static void put_data(struct code *code)
{
    struct au_buf *text = code->text;
    put_address_data(text, CODE_AT_SELF, &world_self);
    put_address_data(text, CODE_AT_CALLER, &world_caller);
    put_address_data(text, CODE_AT_OTHER, &world_other);
    put_address_data(text, CODE_AT_NOBODY, &world_nobody);
    put_address_data(text, CODE_AT_SYSTEM, &au_address_system);
    put_hex_data(text, CODE_AT_KEY, SIGNER_KEY);
    put_hex_data(text, CODE_AT_SIGNATURE, SIGNATURE);
    put_hex_data(text, CODE_AT_MESSAGE, MESSAGE);
    for (unsigned i = 0; i < CODE_STRINGS; i++) {
        au_buf_printf(text, "(data (i32.const %u) \"%s\")\n", CODE_AT_STRINGS + 32 * i, strings[i]);
    }
    au_buf_printf(text, "(data (i32.const %u) \"%s\")\n", CODE_AT_SLOT_KEYS, WORLD_SLOT_KEYS);
    au_buf_put_text(text, "(data $data \"");
    for (size_t i = 0; i < CODE_DATA_SIZE; i++)
        au_buf_printf(text, "\\%02x", (unsigned)dice_below(&code->dice, 256));
    au_buf_put_text(text, "\")\n");
}

static void put_memory_and_globals(struct code *code)
{
    static const char *const memories[] = {"1 4", "2 8", "1 40", "3", "1 1", "1 2"};
    au_buf_printf(code->text, "(memory %s)\n", DICE_PICK(&code->dice, memories));
    for (unsigned i = 0; i < CODE_GLOBALS; i++) {
        const char *type = code_type_names[i / 2];
        au_buf_printf(code->text, "(global (mut %s) (%s.const %u))\n", type, type, i);
    }
    au_buf_put_text(code->text, "(global $zero (mut i32) (i32.const 0))\n"
                                "(global $minus (mut i32) (i32.const -1))\n");
}

/* ---- functions ------------------------------------------------------------------------------- */

/* Two locals of each type besides the parameters, and the loops' counters. */
static void begin_function(struct code *code, uint32_t function,
                           const struct code_signature *signature)
{
    code->function = function;
    code->local_count = 0;
    code->label_count = 0;
    code->loop_count = 0;
    code->budget = 20 + (int32_t)dice_below(&code->dice, BUDGET_MAX);
    put_type_list(code->text, "param", signature->params, signature->param_count);
    put_type_list(code->text, "result", signature->results, signature->result_count);
    for (size_t i = 0; i < signature->param_count; i++)
        code->locals[code->local_count++] = signature->params[i];
    for (unsigned i = 0; i < 2 * CODE_TYPE_COUNT; i++) {
        au_buf_printf(code->text, " (local %s)", code_type_names[i / 2]);
        code->locals[code->local_count++] = (uint8_t)(i / 2);
    }
    for (unsigned i = 0; i < CODE_LOOPS_MAX; i++)
        au_buf_put_text(code->text, " (local i32)");
    au_buf_put_text(code->text, "\n");
}

static void put_function(struct code *code, uint32_t function)
{
    const struct code_signature *signature = &code->signatures[code->functions[function]];
    au_buf_printf(code->text, "(func $f%u", (unsigned)function);
    if (function == 0) au_buf_put_text(code->text, " (export \"run\")");
    if (function == 1) au_buf_put_text(code->text, " (export \"other\")");
    begin_function(code, function, signature);
    code_put_statements(code, 0, 6);
    code_put_statements(code, 0, 6);
    code_put_spill(code);
    for (size_t i = 0; i < signature->result_count; i++)
        code_put_value(code, signature->results[i], 1);
    au_buf_put_text(code->text, ")\n");
}

static void put_end_function(struct code *code)
{
    au_buf_put_text(code->text, "(func (export \"end\")");
    begin_function(code, 0, &code->signatures[0]);
    code_put_statements(code, 2, 3);
    code_put_end(code);
    au_buf_put_text(code->text, ")\n");
}

/* From few calls to more than the metered stack has room for. */
static void put_deep_functions(struct code *code)
{
    au_buf_printf(
        code->text,
        "(func $deep (param i32) (result i32) (local i64 f64)\n"
        "  (if (result i32) (local.get 0)\n"
        "    (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))\n"
        "    (else (i32.const 0))))\n"
        "(func (export \"deep\") (result i32) (call $deep (i32.const %u)))\n",
        1u << dice_below(&code->dice, 15));
}

static void put_body(struct code *code)
{
    put_memory_and_globals(code);
    make_functions(code);
    make_table(code);
    put_data(code);
    for (uint32_t i = 0; i < code->function_count; i++)
        put_function(code, i);
    put_end_function(code);
    put_deep_functions(code);
    if (dice_one_in(&code->dice, 4)) {
        au_buf_put_text(code->text, "(start $start) (func $start (global.set 0 (i32.const 77)))\n");
    }
    au_buf_put_u8(code->text, '\0');
}

void contract_write(uint64_t seed, struct au_buf *text)
{
    struct au_buf body;
    au_buf_init(&body, BODY_SIZE_MAX);
    struct code code = {.dice = {seed}, .text = &body};
    make_signatures(&code);
    put_body(&code);
    AU_ASSERT(body.err == AU_OK);

    au_buf_put_text(text, "(module\n");
    put_signatures(&code, text);
    put_imports(&code, text, (const char *)body.data);
    au_buf_put_text(text, (const char *)body.data);
    au_buf_put_text(text, ")\n");
    au_buf_done(&body);
}

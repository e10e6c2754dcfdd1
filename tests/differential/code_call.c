/* Calls: of host functions, of functions, through the table. */
#include "contract/host.h"
#include "core/limits.h"
#include "differential/code_internal.h"

/* ---- host functions -------------------------------------------------------------------------- */

/* What a host function's parameters are, one letter each:
 *   a  where an address is        n  the size of an address
 *   k  where a storage key is     s  the size of a storage key
 *   p  an address to read or write at, of
 *   z  as many bytes as this      x  any number
 *   i  the index of an argument   v  an amount
 *   m  an AssemblyScript string   f  flags of a call
 *   y  the size of a name         c  a number of topics
 *   b  the size of a prefix       w  the handle of a walk
 *   e  g  h  t  where key, signature and message are, and the message's size */
static const struct {
    const char *name;
    const char *params;
} shapes[] = {
    {"log", "pz"},
    {"get_balance", "an"},
    {"transfer", "ananv"},
    {"storage_read", "kspz"},
    {"storage_write", "kspz"},
    {"storage_size", "ks"},
    {"storage_delete", "ks"},
    {"arg_count", ""},
    {"arg_size", "i"},
    {"arg_read", "ipzz"},
    {"return_data", "pz"},
    {"revert", "xpz"},
    {"self_address", "p"},
    {"caller", "p"},
    {"origin", "p"},
    {"value", ""},
    {"block_height", ""},
    {"block_time", ""},
    {"gas_left", ""},
    {"chain_id", "pz"},
    {"emit", "mypcpz"},
    {"call", "apzpzvxf"},
    {"deploy", "apzvxp"},
    {"ret_size", ""},
    {"ret_read", "pzz"},
    {"upgrade", "a"},
    {"set_admin", "an"},
    {"iter_open", "kb"},
    {"iter_next", "wpzpz"},
    {"iter_close", "w"},
    {"sha256", "pzp"},
    {"keccak256", "pzp"},
    {"blake2b_256", "pzp"},
    {"ed25519_verify", "eght"},
    {"secp256k1_verify", "ppp"},
    {"secp256k1_recover", "ppp"},
    {"p256_verify", "ppp"},
    {"abort", "mmxx"},
};

/* A host function that is not in the list gets any numbers. */
static const char *shape_of(const struct au_host_entry *entry)
{
    for (size_t i = 0; i < AU_COUNT_OF(shapes); i++) {
        if (strcmp(shapes[i].name, entry->name) == 0) return shapes[i].params;
    }
    return "xxxxxxxxxxxxxxxx";
}

static uint32_t pick_place(struct code *code, char shape)
{
    static const uint32_t addresses[] = {CODE_AT_SELF,  CODE_AT_SELF,   CODE_AT_CALLER,
                                         CODE_AT_OTHER, CODE_AT_NOBODY, CODE_AT_SYSTEM};
    static const uint32_t sizes[] = {0, 1, 2, 8, 31, 32, 33, 64, 100, 200};
    static const uint32_t key_sizes[] = {8, 8, 8, 8, 8, 1, 3, 32};
    switch (shape) {
    case 'a': return DICE_PICK(&code->dice, addresses);
    case 'n': return AU_ADDRESS_SIZE;
    case 'k': return CODE_AT_SLOT_KEYS + 8 * (uint32_t)dice_below(&code->dice, CODE_SLOT_KEYS);
    case 's': return DICE_PICK(&code->dice, key_sizes);
    case 'p': return 1024 + (uint32_t)dice_below(&code->dice, 2048);
    case 'z': return DICE_PICK(&code->dice, sizes);
    case 'i': return (uint32_t)dice_below(&code->dice, 5);
    case 'b': return dice_one_in(&code->dice, 4) ? 8 : (uint32_t)dice_below(&code->dice, 3);
    case 'w': return dice_one_in(&code->dice, 4) ? 1 : 0;
    case 'm':
        if (dice_one_in(&code->dice, 4)) return 0;
        return CODE_AT_STRINGS + 4 + 32 * (uint32_t)dice_below(&code->dice, CODE_STRINGS);
    case 'y': return 1 + (uint32_t)dice_below(&code->dice, 4);
    case 'c':
    case 'f': return (uint32_t)dice_below(&code->dice, 4);
    case 'e': return CODE_AT_KEY;
    case 'g': return CODE_AT_SIGNATURE;
    case 'h': return CODE_AT_MESSAGE;
    case 't': return CODE_MESSAGE_SIZE;
    default: return (uint32_t)dice_next(&code->dice);
    }
}

/* Sizes past the limits of keys, values, log lines and memory. */
static void put_odd_number(struct code *code)
{
    static const uint32_t numbers[] = {0,
                                       257,
                                       AU_LOG_SIZE_MAX + 1,
                                       AU_OUTPUT_SIZE_MAX + 1,
                                       65535,
                                       65536,
                                       AU_VALUE_SIZE_MAX + 1,
                                       0x7fffffff,
                                       UINT32_MAX,
                                       UINT32_MAX - 31};
    au_buf_printf(code->text, "(i32.const %u)", (unsigned)DICE_PICK(&code->dice, numbers));
}

static void put_parameter(struct code *code, char type, char shape, unsigned depth)
{
    if (type == 'I') {
        if (dice_one_in(&code->dice, 3)) {
            code_put_value(code, CODE_I64, depth);
        } else {
            au_buf_printf(code->text, "(i64.const %u)", (unsigned)dice_below(&code->dice, 1000));
        }
        return;
    }
    AU_ASSERT(type == 'i');
    size_t throw = dice_below(&code->dice, 200);
    if (throw == 0) {
        put_odd_number(code);
    } else if (throw == 1) {
        code_put_value(code, CODE_I32, depth);
    } else if (throw < 20 && shape == 'p') {
        code_put_address(code, depth);
    } else {
        au_buf_printf(code->text, "(i32.const %u)", (unsigned)pick_place(code, shape));
    }
}

static bool ends_frame(const struct au_host_entry *entry)
{
    return strcmp(entry->name, "revert") == 0 || strcmp(entry->name, "abort") == 0;
}

static const struct au_host_entry *pick_host(struct code *code, char result)
{
    for (;;) {
        const struct au_host_entry *entry =
            &au_host_env.entries[dice_below(&code->dice, au_host_env.count)];
        if (*entry->results != result) continue;
        if (!ends_frame(entry) || dice_one_in(&code->dice, 40)) return entry;
    }
}

static void put_host(struct code *code, const struct au_host_entry *entry, unsigned depth)
{
    const char *shape = shape_of(entry);
    au_buf_printf(code->text, "(call $%s ", entry->name);
    for (size_t i = 0; entry->params[i] != '\0'; i++)
        put_parameter(code, entry->params[i], shape[i], depth);
    au_buf_put_text(code->text, ")");
}

void code_put_host_call(struct code *code, char result, unsigned depth)
{
    put_host(code, pick_host(code, result), depth);
}

/* ---- functions ------------------------------------------------------------------------------- */

void code_put_args(struct code *code, const struct code_signature *signature, unsigned depth)
{
    for (size_t i = 0; i < signature->param_count; i++)
        code_put_value(code, signature->params[i], depth);
}

static const struct code_signature *signature_of(const struct code *code, uint32_t function)
{
    return &code->signatures[code->functions[function]];
}

/* A call through the table writes its index last. Seldom it is any number. */
static void put_indirect(struct code *code, uint32_t entry, unsigned depth)
{
    uint32_t type = code->functions[code->table[entry]];
    au_buf_printf(code->text, "(call_indirect (type %u) ", (unsigned)type);
    code_put_args(code, &code->signatures[type], depth);
    if (dice_one_in(&code->dice, 40)) {
        code_put_value(code, CODE_I32, depth);
    } else {
        au_buf_printf(code->text, "(i32.const %u)", (unsigned)entry);
    }
    au_buf_put_text(code->text, ")");
}

static bool has_one_result(const struct code_signature *signature, enum code_type type)
{
    return signature->result_count == 1 && signature->results[0] == type;
}

/* Only later functions are called: without odd table indices every call comes back. */
bool code_put_call(struct code *code, enum code_type type, unsigned depth)
{
    for (uint32_t i = code->function + 1; i < code->function_count; i++) {
        if (!has_one_result(signature_of(code, i), type) || dice_one_in(&code->dice, 3)) continue;
        au_buf_printf(code->text, "(call $f%u ", (unsigned)i);
        code_put_args(code, signature_of(code, i), depth);
        au_buf_put_text(code->text, ")");
        return true;
    }
    for (uint32_t i = 1; i < CODE_TABLE_SIZE; i++) {
        uint32_t function = code->table[i];
        if (function <= code->function || function >= code->function_count) continue;
        if (!has_one_result(signature_of(code, function), type)) continue;
        put_indirect(code, i, depth);
        return true;
    }
    return false;
}

#include "support/puppet.h"

#include <string.h>

#include "contract/host.h"

const char *puppet_type(char letter)
{
    return letter == 'I' ? "i64" : "i32";
}

static void put_import(struct au_buf *text, const struct au_host_entry *entry)
{
    au_buf_printf(text, "(import \"env\" \"%s\" (func $%s (param", entry->name, entry->name);
    for (const char *param = entry->params; *param; param++)
        au_buf_printf(text, " %s", puppet_type(*param));
    au_buf_printf(text, ") (result %s)))\n", *entry->results ? puppet_type(*entry->results) : "");
}

void puppet_put_imports(struct au_buf *text)
{
    for (size_t i = 0; i < au_host_env.count; i++)
        put_import(text, &au_host_env.entries[i]);
}

/* ---- the contract ---- */

/* $pos is where the program is read. */
static const char reader_text[] =
    "(global $pos (mut i32) (i32.const 32768)) (global $end (mut i32) (i32.const 32768))\n"
    "(func $read_byte (result i32)\n"
    "  (if (i32.ge_u (global.get $pos) (global.get $end)) (then (return (i32.const 0))))\n"
    "  (i32.load8_u (global.get $pos))\n"
    "  (global.set $pos (i32.add (global.get $pos) (i32.const 1))))\n"
    "(func $read_number (result i64) (local $how i32) (local $at i32)\n"
    "  (local.set $how (call $read_byte)) (local.set $at (global.get $pos))\n"
    "  (if (i32.lt_u (local.get $how) (i32.const 128))\n"
    "    (then (return (i64.extend_i32_u (local.get $how)))))\n"
    "  (if (i32.lt_u (local.get $how) (i32.const 192)) (then (return (i64.shl\n"
    "    (i64.extend_i32_u (i32.sub (local.get $how) (i32.const 128))) (i64.const 10)))))\n"
    "  (if (i32.lt_u (local.get $how) (i32.const 224)) (then\n"
    "    (global.set $pos (i32.add (local.get $at) (i32.const 2)))\n"
    "    (return (i64.load16_u (local.get $at)))))\n"
    "  (if (i32.lt_u (local.get $how) (i32.const 240)) (then\n"
    "    (global.set $pos (i32.add (local.get $at) (i32.const 4)))\n"
    "    (return (i64.load32_u (local.get $at)))))\n"
    "  (if (i32.lt_u (local.get $how) (i32.const 248)) (then\n"
    "    (global.set $pos (i32.add (local.get $at) (i32.const 8)))\n"
    "    (return (i64.load (local.get $at)))))\n"
    "  (i64.load (i32.const 0)))\n";

static const char sink_text[] =
    "(func $sink (result i32) (i32.add (call $sink) (i32.const 1)))\n"
    "(func $skip (global.set $pos\n"
    "  (i32.add (i32.wrap_i64 (call $read_number)) (global.get $pos))))\n";

static const char *const ops[PUPPET_OPS] = {
    [PUPPET_END] = "(return)",
    [PUPPET_UNREACHABLE] = "(unreachable)",
    [PUPPET_DIVIDE] =
        "(local.set $result (i64.div_u (i64.const 1) (call $read_number))) (br $done)",
    [PUPPET_SPIN] = "(loop $spin (br $spin))",
    [PUPPET_SINK] = "(drop (call $sink)) (br $done)",
    [PUPPET_STORE] = "(i32.store (i32.wrap_i64 (call $read_number))\n"
                     "  (i32.wrap_i64 (call $read_number))) (br $next)",
    [PUPPET_SKIP] = "(call $skip) (br $next)",
    [PUPPET_SKIP_IF] = "(if (i64.eqz (i64.load (i32.const 0)))\n"
                       "  (then (drop (call $read_number))) (else (call $skip))) (br $next)",
};

static void put_call(struct au_buf *text, const struct au_host_entry *entry)
{
    for (const char *param = entry->params; *param; param++) {
        au_buf_put_text(text, *param == 'I' ? " (call $read_number)"
                                            : " (i32.wrap_i64 (call $read_number))");
    }
    au_buf_printf(text, " (call $%s)\n", entry->name);
    if (*entry->results == 'i') au_buf_put_text(text, " (i64.extend_i32_s)");
    if (*entry->results) au_buf_put_text(text, " (local.set $result)");
}

/* The body of the loop: a block around each operation, left by the number of the next one. */
static void put_operations(struct au_buf *text, const struct puppet *puppet)
{
    size_t count = au_host_env.count + (puppet->has_ops ? PUPPET_OPS : 0);
    for (size_t i = 0; i < count; i++)
        au_buf_put_text(text, "(block ");
    au_buf_printf(text, "(br_table");
    for (size_t i = 0; i < count; i++)
        au_buf_printf(text, " %zu", i);
    au_buf_printf(text, " %zu (i32.rem_u (call $read_byte) (i32.const %zu)))", count, count);
    for (size_t i = 0; i < count; i++) {
        au_buf_put_text(text, ")\n");
        if (i >= au_host_env.count) {
            au_buf_put_text(text, ops[i - au_host_env.count]);
            continue;
        }
        const struct au_host_entry *entry = &au_host_env.entries[i];
        if (puppet->lacks == NULL || !puppet->lacks(entry)) put_call(text, entry);
        au_buf_put_text(text, " (br $done)");
    }
}

void puppet_put(struct au_buf *text, const struct puppet *puppet)
{
    au_buf_put_text(text, "(module\n");
    puppet_put_imports(text);
    au_buf_put_text(text, puppet->fields);
    au_buf_put_text(text, reader_text);
    if (puppet->has_ops) au_buf_put_text(text, sink_text);
    au_buf_put_text(text, "(func $run (export \"run\") (local $result i64)\n"
                          "(global.set $end (i32.add\n"
                          "(i32.const 32768) (call $arg_read (i32.const 0) (i32.const 32768)\n"
                          "(i32.const 0) (i32.const 30000))))\n"
                          "(loop $next (if (i32.lt_u (global.get $pos) (global.get $end)) (then\n"
                          "(block $done\n");
    put_operations(text, puppet);
    au_buf_printf(text, ")\n(i64.store (i32.const 0) (local.get $result)) %s (br $next))))))",
                  puppet->after_call);
}

/* ---- programs ---- */

void puppet_put_op(struct au_buf *program, enum puppet_op op)
{
    au_buf_put_u8(program, (uint8_t)(au_host_env.count + op));
}

void puppet_put_call(struct au_buf *program, const char *host_function)
{
    size_t i = 0;
    while (strcmp(au_host_env.entries[i].name, host_function) != 0)
        AU_ASSERT(++i < au_host_env.count);
    au_buf_put_u8(program, (uint8_t)i);
}

void puppet_put_number(struct au_buf *program, uint64_t number)
{
    if (number < 128) {
        au_buf_put_u8(program, (uint8_t)number);
    } else if (number >> 32 != 0) {
        au_buf_put_u8(program, 240);
        au_buf_put_u64(program, number);
    } else if (number >> 16 != 0) {
        au_buf_put_u8(program, 224);
        au_buf_put_u32(program, (uint32_t)number);
    } else {
        au_buf_put_u8(program, 192);
        au_buf_put_u8(program, (uint8_t)number);
        au_buf_put_u8(program, (uint8_t)(number >> 8));
    }
}

void puppet_put_last(struct au_buf *program)
{
    au_buf_put_u8(program, 248);
}

uint32_t puppet_put_data(struct au_buf *program, struct au_bytes bytes)
{
    puppet_put_op(program, PUPPET_SKIP);
    puppet_put_number(program, bytes.size);
    uint32_t at = PUPPET_PROGRAM_AT + (uint32_t)program->size;
    au_buf_put_bytes(program, bytes);
    return at;
}

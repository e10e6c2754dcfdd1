#include "cli/functions.h"

#include "abi/line.h"
#include "abi/section.h"
#include "cli/abi.h"
#include "cli/show.h"
#include "cli/typed.h"

#define RESULT_SIZE_MAX (1u << 20) /* bytes */

/* What can be called: init and migrate run by themselves. */
static bool is_callable(const struct au_abi_record *record)
{
    return record->kind == AU_ABI_FN && (record->mode == AU_ABI_MUT || record->mode == AU_ABI_VIEW);
}

/* The function, and what its author says of it, a line each. */
static void put_function(struct au_buf *text, const struct au_abi_record *record)
{
    struct au_bytes rest = record->text;
    au_abi_format_fn(text, record);
    au_buf_put_u8(text, '\n');
    while (rest.size > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        size_t size = end != NULL ? (size_t)(end - rest.data) : rest.size;
        size_t taken = size + (end != NULL);
        au_buf_put_text(text, "    ");
        au_show_text(text, (struct au_bytes){rest.data, size});
        au_buf_put_u8(text, '\n');
        rest = (struct au_bytes){rest.data + taken, rest.size - taken};
    }
}

static enum au_exit put_one(struct au_invocation *invocation, struct au_buf *text,
                            const struct au_abi *abi, const char *name)
{
    for (size_t i = 0; i < abi->record_count; i++) {
        const struct au_abi_record *record = &abi->records[i];
        if (!is_callable(record)) continue;
        if (au_bytes_is_equal(record->name, au_bytes_of(name))) {
            put_function(text, record);
            return AU_EXIT_DONE;
        }
    }
    return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND,
                              "the contract lists no function '%s'; `aureon %s %s --help` shows "
                              "those that it has",
                              name, invocation->command->name, invocation->operands[0]);
}

static enum au_exit print(struct au_invocation *invocation, const struct au_abi *abi)
{
    enum au_exit code = AU_EXIT_DONE;
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (invocation->operand_count > 1) {
        code = put_one(invocation, &text, abi, invocation->operands[1]);
    } else {
        for (size_t i = 0; i < abi->record_count; i++) {
            if (is_callable(&abi->records[i])) put_function(&text, &abi->records[i]);
        }
    }
    au_buf_printf(&text,
                  "\n`aureon help %s` tells the options, `aureon help arguments` how "
                  "arguments are written.\n",
                  invocation->command->name);
    if (code == AU_EXIT_DONE) code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

enum au_exit au_explain_functions(struct au_invocation *invocation)
{
    struct au_bytes code = {0};
    struct au_client client;
    struct au_abi abi;
    struct au_arena arena;
    enum au_exit exit_code = au_client_init(&client, invocation);
    if (exit_code == AU_EXIT_DONE) {
        exit_code = au_typed_code(&client, invocation->operands[0], &code);
    }
    if (exit_code != AU_EXIT_DONE || client.is_dry) return exit_code;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    exit_code = au_abi_open(invocation, code, &arena, &abi);
    if (exit_code == AU_EXIT_DONE) exit_code = print(invocation, &abi);
    au_arena_done(&arena);
    return exit_code;
}

#include "cli/args.h"

#include <string.h>

#include "cli/alias.h"
#include "cli/arg.h"
#include "core/limits.h"

#define MESSAGE_SIZE_MAX (1u << 20) /* bytes */

static const char address_prefix[] = "addr:";

static enum au_exit fail_memory(const struct au_invocation *invocation)
{
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(AU_ERR_NO_MEMORY));
}

/* addr: takes what other operands take, where there is a node that knows its chain. */
static bool is_name(const struct au_invocation *invocation, const char *word)
{
    struct au_address address;
    const char *name = word + sizeof(address_prefix) - 1;
    return au_invocation_knows(invocation, "url") &&
           strncmp(word, address_prefix, sizeof(address_prefix) - 1) == 0 && *name != '\0' &&
           au_address_parse(au_bytes_of(name), &address) != NULL;
}

static enum au_exit read_name(struct au_invocation *invocation, const char *word,
                              struct au_bytes *out_arg)
{
    struct au_who who;
    enum au_exit code = au_alias_find(invocation, NULL, word + sizeof(address_prefix) - 1, &who);
    if (code != AU_EXIT_DONE) return code;
    const struct au_bytes address = {who.address.bytes, AU_ADDRESS_SIZE};
    enum au_err err = au_arena_copy(&invocation->arena, address, out_arg);
    return err == AU_OK ? AU_EXIT_DONE : fail_memory(invocation);
}

static enum au_exit read_one(struct au_invocation *invocation, const char *word, size_t number,
                             struct au_bytes *out_arg)
{
    struct au_buf message;
    if (is_name(invocation, word)) return read_name(invocation, word, out_arg);
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_exit code = AU_EXIT_DONE;
    enum au_err err = au_arg_parse(word, &invocation->arena, &message, out_arg);
    if (err == AU_ERR_NO_MEMORY) {
        code = fail_memory(invocation);
    } else if (err != AU_OK) {
        au_buf_put_u8(&message, 0);
        code = err == AU_ERR_NOT_FOUND ? AU_EXIT_NOT_FOUND
               : err == AU_ERR_IO      ? AU_EXIT_INTERNAL
                                       : AU_EXIT_USAGE;
        au_invocation_fail(invocation, code, "argument %zu: %s", number,
                           message.err == AU_OK ? (const char *)message.data : "");
    }
    au_buf_done(&message);
    return code;
}

enum au_exit au_args_read(struct au_invocation *invocation, size_t first,
                          const struct au_bytes **out_args, size_t *out_count)
{
    AU_ASSERT(first <= invocation->operand_count);
    size_t count = invocation->operand_count - first;
    if (count > AU_ARG_COUNT_MAX) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "a call takes at most %u arguments, got %zu", AU_ARG_COUNT_MAX,
                                  count);
    }

    struct au_bytes *args = au_arena_get(&invocation->arena, count * sizeof(*args));
    if (args == NULL) return fail_memory(invocation);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        enum au_exit code = read_one(invocation, invocation->operands[first + i], i + 1, &args[i]);
        if (code != AU_EXIT_DONE) return code;
        size += args[i].size;
    }
    if (size > (size_t)AU_ARGS_SIZE_MAX) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "the arguments together are at most %u bytes, got %zu",
                                  AU_ARGS_SIZE_MAX, size);
    }
    *out_args = args;
    *out_count = count;
    return AU_EXIT_DONE;
}

#include "cli/invocation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/nearest.h"
#include "cli/show.h"

#define ARENA_SIZE_MAX   (64u << 20) /* bytes */
#define MESSAGE_SIZE_MAX 8192        /* bytes */

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static enum au_exit fail_option(const struct au_invocation *invocation, const char *word,
                                size_t name_size)
{
    if (word[1] >= '0' && word[1] <= '9') {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "'%s' is ambiguous; for a negative number write i64:%s or i32:%s",
                                  word, word, word);
    }

    char name[64] = "";
    if (name_size < sizeof(name)) memcpy(name, word + 2, name_size - 2);
    struct au_nearest nearest;
    au_nearest_init(&nearest, name);
    for (size_t i = 0; i < invocation->command->option_count; i++) {
        au_nearest_offer(&nearest, invocation->command->options[i].name);
    }
    if (nearest.best == NULL) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "unknown option '%.*s'; `aureon help %s` lists all",
                                  (int)name_size, word, invocation->command->name);
    }
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "unknown option '%.*s'; did you mean '--%s'?", (int)name_size, word,
                              nearest.best);
}

static const struct au_option *find_option(const struct au_command *command, const char *name,
                                           size_t name_size)
{
    for (size_t i = 0; i < command->option_count; i++) {
        const struct au_option *option = &command->options[i];
        if (strlen(option->name) == name_size && memcmp(option->name, name, name_size) == 0) {
            return option;
        }
    }
    return NULL;
}

/* A word that names an option is no value of the one before it; --NAME=WORD can give it. */
static bool is_option(const struct au_invocation *invocation, const char *word)
{
    return strncmp(word, "--", 2) == 0 &&
           find_option(invocation->command, word + 2, strcspn(word + 2, "=")) != NULL;
}

static enum au_exit check_given(const struct au_invocation *invocation, struct au_given *given)
{
    const struct au_option *option = given->option;
    if (!option->repeats && au_invocation_has(invocation, option->name)) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "--%s is given twice", option->name);
    }
    if (option->kind != AU_OPTION_NUMBER) return AU_EXIT_DONE;

    if (au_text_parse_u64(au_bytes_of(given->text), &given->number) != AU_OK ||
        given->number > option->max) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "--%s: expected a decimal number from 0 to %" PRIu64 ", got '%s'",
                                  option->name, option->max, given->text);
    }
    return AU_EXIT_DONE;
}

/* Reads the option at argv[*index] and leaves *index at the last word that belongs to it. */
static enum au_exit parse_option(struct au_invocation *invocation, int argc,
                                 const char *const *argv, int *index)
{
    const char *word = argv[*index];
    size_t name_size = strcspn(word, "=");
    const struct au_option *option = NULL;
    if (word[1] == '-') option = find_option(invocation->command, word + 2, name_size - 2);
    if (option == NULL) return fail_option(invocation, word, name_size < 2 ? 2 : name_size);

    struct au_given given = {.option = option};
    if (word[name_size] == '=') given.text = word + name_size + 1;
    if (option->kind == AU_OPTION_FLAG && given.text != NULL) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "--%s takes no value, got '%s'",
                                  option->name, given.text);
    }
    if (option->kind != AU_OPTION_FLAG && given.text == NULL) {
        if (*index + 1 >= argc || is_option(invocation, argv[*index + 1])) {
            return au_invocation_fail(invocation, AU_EXIT_USAGE, "--%s needs a value: --%s %s",
                                      option->name, option->name, option->value);
        }
        given.text = argv[++*index];
    }

    enum au_exit code = check_given(invocation, &given);
    if (code != AU_EXIT_DONE) return code;
    invocation->given[invocation->given_count++] = given;
    return AU_EXIT_DONE;
}

static enum au_exit parse_words(struct au_invocation *invocation, int argc, const char *const *argv)
{
    bool has_ended = false;
    for (int i = 0; i < argc; i++) {
        if (!has_ended && strcmp(argv[i], "--") == 0) {
            has_ended = true;
        } else if (!has_ended && is_help(argv[i])) {
            continue;
        } else if (!has_ended && argv[i][0] == '-' && argv[i][1] != '\0') {
            enum au_exit code = parse_option(invocation, argc, argv, &i);
            if (code != AU_EXIT_DONE) return code;
        } else {
            invocation->operands[invocation->operand_count++] = argv[i];
        }
    }

    const struct au_command *command = invocation->command;
    if (invocation->wants_help) return AU_EXIT_DONE;
    if (invocation->operand_count < command->operands_min) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "an operand is missing; usage: aureon %s %s", command->name,
                                  command->operands);
    }
    if (invocation->operand_count > command->operands_max) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "'%s' is one operand too many; usage: aureon %s%s%s",
                                  invocation->operands[command->operands_max], command->name,
                                  *command->operands ? " " : "", command->operands);
    }
    return AU_EXIT_DONE;
}

enum au_exit au_invocation_parse(const struct au_cli *cli, const struct au_command *command,
                                 int argc, const char *const *argv,
                                 struct au_invocation *out_invocation)
{
    AU_ASSERT(argc >= 0);
    struct au_invocation *invocation = out_invocation;
    invocation->cli = cli;
    invocation->streams = &cli->streams;
    invocation->command = command;
    au_arena_init(&invocation->arena, ARENA_SIZE_MAX);

    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_help(argv[i])) {
            invocation->wants_help = true;
            if (command->explain == NULL || argv[0][0] == '-') return AU_EXIT_DONE;
        }
    }

    size_t count = (size_t)argc;
    invocation->operands = au_arena_zero(&invocation->arena, count * sizeof(*invocation->operands));
    invocation->given = au_arena_zero(&invocation->arena, count * sizeof(*invocation->given));
    if (invocation->operands == NULL || invocation->given == NULL) {
        return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "out of memory");
    }
    return parse_words(invocation, argc, argv);
}

void au_invocation_done(struct au_invocation *invocation)
{
    au_arena_done(&invocation->arena);
}

const struct au_given *au_invocation_option(const struct au_invocation *invocation,
                                            const char *name)
{
    AU_ASSERT(find_option(invocation->command, name, strlen(name)) != NULL);
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct au_given *given = &invocation->given[i];
        if (strcmp(given->option->name, name) == 0) return given;
    }
    return NULL;
}

const struct au_given *au_invocation_next(const struct au_invocation *invocation,
                                          const struct au_given *given)
{
    const struct au_given *end = invocation->given + invocation->given_count;
    for (const struct au_given *next = given + 1; next < end; next++) {
        if (next->option == given->option) return next;
    }
    return NULL;
}

bool au_invocation_has(const struct au_invocation *invocation, const char *name)
{
    return au_invocation_option(invocation, name) != NULL;
}

bool au_invocation_knows(const struct au_invocation *invocation, const char *name)
{
    return find_option(invocation->command, name, strlen(name)) != NULL;
}

const char *au_invocation_text(const struct au_invocation *invocation, const char *name,
                               const char *otherwise)
{
    const struct au_given *given = au_invocation_option(invocation, name);
    return given == NULL ? otherwise : given->text;
}

uint64_t au_invocation_number(const struct au_invocation *invocation, const char *name,
                              uint64_t otherwise)
{
    const struct au_given *given = au_invocation_option(invocation, name);
    return given == NULL ? otherwise : given->number;
}

const char *au_invocation_variable(const struct au_invocation *invocation, const char *name)
{
    char *(*variable)(const char *) = invocation->cli->variable;
    const char *value = variable == NULL ? NULL : variable(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

/* Messages name files, words and functions that somebody else may have chosen, so all of a message
 * is shown as text. */
AU_PRINTF(2, 0)
static void put_message(FILE *err, const char *format, va_list args)
{
    char message[MESSAGE_SIZE_MAX];
    int size = vsnprintf(message, sizeof(message), format, args);
    AU_ASSERT(size >= 0);
    struct au_buf text;
    au_buf_init(&text, (size_t)8 * MESSAGE_SIZE_MAX);
    au_show_text(&text, au_bytes_of(message));
    fwrite(text.data, 1, text.size, err);
    fputc('\n', err);
    au_buf_done(&text);
}

void au_invocation_note(const struct au_invocation *invocation, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    put_message(invocation->streams->err, format, args);
    va_end(args);
}

enum au_exit au_invocation_fail(const struct au_invocation *invocation, enum au_exit code,
                                const char *format, ...)
{
    FILE *err = invocation->streams->err;
    const char *name = invocation->command == NULL ? "" : invocation->command->name;
    fprintf(err, "aureon%s%s: ", *name ? " " : "", name);
    va_list args;
    va_start(args, format);
    put_message(err, format, args);
    va_end(args);
    return code;
}

enum au_exit au_invocation_fail_file(const struct au_invocation *invocation, enum au_err err,
                                     const char *verb, const char *path)
{
    enum au_exit code = err == AU_ERR_NOT_FOUND ? AU_EXIT_NOT_FOUND : AU_EXIT_INTERNAL;
    return au_invocation_fail(invocation, code, "cannot %s '%s': %s", verb, path,
                              err == AU_ERR_NOT_FOUND ? "there is no such file"
                                                      : au_file_err_text(err));
}

enum au_exit au_invocation_read(const struct au_invocation *invocation, const char *path,
                                struct au_buf *content)
{
    enum au_err err = au_file_read(path, content);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err != AU_ERR_TOO_LARGE) return au_invocation_fail_file(invocation, err, "read", path);
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "'%s' is larger than %zu bytes, which is the most that it may have",
                              path, content->size_max);
}

enum au_exit au_invocation_save(const struct au_invocation *invocation, const char *path,
                                struct au_bytes content)
{
    enum au_err err = au_file_write(path, content);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err == AU_ERR_NOT_FOUND) {
        return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND,
                                  "cannot write '%s': there is no such folder", path);
    }
    if (err == AU_ERR_INVALID_ARG) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "cannot write '%s': it is no regular file", path);
    }
    return au_invocation_fail_file(invocation, err, "write", path);
}

enum au_exit au_invocation_write(const struct au_invocation *invocation,
                                 const struct au_buf *result)
{
    if (result->err != AU_OK) {
        return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "the result does not fit: %s",
                                  au_err_text(result->err));
    }

    FILE *out = invocation->streams->out;
    errno = 0;
    size_t written = result->size == 0 ? 0 : fwrite(result->data, 1, result->size, out);
    if (written == result->size && fflush(out) == 0) return AU_EXIT_DONE;
    if (errno == EPIPE) return AU_EXIT_INTERNAL;
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot write the result: %s",
                              strerror(errno));
}

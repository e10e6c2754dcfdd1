#include "cli/cli.h"

#include <string.h>

#include "base/buf.h"
#include "cli/help.h"
#include "cli/invocation.h"
#include "cli/nearest.h"

#define PAGE_SIZE_MAX (64u << 10) /* bytes */
#define NAME_SIZE_MAX 128         /* bytes: a longer name is cut, and is no command either */

/* What other programs call `aureon help` and `aureon version`. */
static const char *resolve_name(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) return "version";
    return name;
}

static enum au_exit fail_noun(const struct au_invocation *invocation, const char *noun)
{
    struct au_buf words;
    const struct au_command *command;
    size_t size = strlen(noun);
    au_buf_init(&words, PAGE_SIZE_MAX);
    for (size_t i = 0; (command = au_command_at(invocation->cli, i)) != NULL; i++) {
        if (strncmp(command->name, noun, size) != 0 || command->name[size] != ' ') continue;
        au_buf_printf(&words, "%s%s", words.size > 0 ? ", " : "", command->name + size + 1);
    }
    enum au_exit code =
        au_invocation_fail(invocation, AU_EXIT_USAGE, "'%s' needs a word after it: %.*s", noun,
                           (int)words.size, words.size > 0 ? (const char *)words.data : "");
    au_buf_done(&words);
    return code;
}

static enum au_exit fail_command(const struct au_cli *cli, const char *name)
{
    const struct au_invocation invocation = {.cli = cli, .streams = &cli->streams};
    const struct au_command *command;
    if (au_command_is_noun(cli, name)) return fail_noun(&invocation, name);
    struct au_nearest nearest;
    au_nearest_init(&nearest, name);
    for (size_t i = 0; (command = au_command_at(cli, i)) != NULL; i++) {
        au_nearest_offer(&nearest, command->name);
    }
    if (nearest.best == NULL) {
        return au_invocation_fail(&invocation, AU_EXIT_USAGE,
                                  "unknown command '%s'; `aureon help` lists all", name);
    }
    return au_invocation_fail(&invocation, AU_EXIT_USAGE,
                              "unknown command '%s'; did you mean '%s'?", name, nearest.best);
}

static enum au_exit print_page(const struct au_invocation *invocation)
{
    struct au_buf text;
    au_buf_init(&text, PAGE_SIZE_MAX);
    au_help_page(&text, invocation->command);
    enum au_exit code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

static enum au_exit print_overview(const struct au_cli *cli)
{
    struct au_buf text;
    au_buf_init(&text, PAGE_SIZE_MAX);
    au_help_overview(&text, cli);
    fwrite(text.data, 1, text.size, cli->streams.err);
    au_buf_done(&text);
    return AU_EXIT_USAGE;
}

enum au_exit au_cli_run(const struct au_cli *cli, int argc, const char *const *argv)
{
    if (argc < 2) return print_overview(cli);
    int word_count = 1; /* of the command's name */
    char name[NAME_SIZE_MAX];
    snprintf(name, sizeof(name), "%s", resolve_name(argv[1]));
    const struct au_command *command = NULL;
    if (argc > 2 && au_command_is_noun(cli, name)) {
        char words[NAME_SIZE_MAX];
        snprintf(words, sizeof(words), "%s %s", argv[1], argv[2]);
        command = au_command_find(cli, words);
        if (command != NULL) {
            word_count = 2;
        } else if (au_command_find(cli, name) == NULL) {
            return fail_command(cli, words);
        }
    }
    if (command == NULL) command = au_command_find(cli, name);
    if (command == NULL) return fail_command(cli, name);

    argc -= 1 + word_count;
    argv += 1 + word_count;
    struct au_invocation invocation = {0};
    enum au_exit code = au_invocation_parse(cli, command, argc, argv, &invocation);
    if (code == AU_EXIT_DONE) {
        code = !invocation.wants_help          ? command->run(&invocation)
               : invocation.operand_count == 0 ? print_page(&invocation)
                                               : command->explain(&invocation);
    }
    au_invocation_done(&invocation);
    return code;
}

enum au_exit au_cli_main(int argc, const char *const *argv, const struct au_streams *streams)
{
    const struct au_cli cli = {.streams = *streams, .is_offline = true};
    return au_cli_run(&cli, argc, argv);
}

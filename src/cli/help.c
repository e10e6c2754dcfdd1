#include "cli/help.h"

#include <string.h>

#include "cli/nearest.h"

#define PAGES_SIZE_MAX (1u << 20) /* bytes */
#define NAME_SIZE_MAX  128        /* bytes: a longer name is cut, and is no command either */

void au_help_overview(struct au_buf *text, const struct au_cli *cli)
{
    au_buf_put_text(text, "usage: aureon COMMAND [OPTION]... [OPERAND]...\n\ncommands:\n");
    const struct au_command *command;
    for (size_t i = 0; (command = au_command_at(cli, i)) != NULL; i++) {
        au_buf_printf(text, "  %-18s %s\n", command->name, command->summary);
    }
    au_buf_put_text(text, "\ntopics:\n");
    for (size_t i = 0; i < au_topic_count; i++) {
        au_buf_printf(text, "  %-18s %s\n", au_topics[i].name, au_topics[i].summary);
    }
    au_buf_put_text(text, "\n`aureon help NAME` explains a command or a topic.\n");
}

static void put_option(struct au_buf *text, const struct au_option *option)
{
    char synopsis[64];
    snprintf(synopsis, sizeof(synopsis), "--%s%s%s", option->name, option->value ? " " : "",
             option->value ? option->value : "");
    au_buf_printf(text, "  %-22s %s%s\n", synopsis, option->text,
                  option->repeats ? "; may be repeated" : "");
}

static void put_usage(struct au_buf *text, const struct au_command *command)
{
    au_buf_printf(text, "aureon %s%s%s [OPTION]...\n", command->name, *command->operands ? " " : "",
                  command->operands);
}

static void put_options(struct au_buf *text, const struct au_command *command)
{
    for (size_t i = 0; i < command->option_count; i++) {
        put_option(text, &command->options[i]);
    }
    au_buf_printf(text, "  %-22s %s\n", "--help", "print this page");
}

void au_help_page(struct au_buf *text, const struct au_command *command)
{
    au_buf_printf(text, "aureon %s: %s\n\nusage: ", command->name, command->summary);
    put_usage(text, command);
    if (*command->details) au_buf_printf(text, "\n%s", command->details);
    au_buf_put_text(text, "\noptions:\n");
    put_options(text, command);
    au_buf_printf(text, "\nexample:\n  %s\n", command->example);
}

static void put_markdown(struct au_buf *text, const struct au_cli *cli)
{
    const struct au_command *command;
    au_buf_put_text(text,
                    "# The command line\n\n"
                    "This page is the output of `aureon help --markdown`.\n\n"
                    "The result goes to standard output, everything else to standard error.\n");
    for (size_t i = 0; (command = au_command_at(cli, i)) != NULL; i++) {
        au_buf_printf(text, "\n## aureon %s\n\nTo %s:\n\n```\n", command->name, command->summary);
        put_usage(text, command);
        au_buf_put_text(text, "```\n\n");
        if (*command->details) au_buf_printf(text, "%s\n", command->details);
        au_buf_put_text(text, "```\n");
        put_options(text, command);
        au_buf_printf(text, "```\n\nExample:\n\n```%s\n%s\n```\n", command->needs_setup ? "" : "sh",
                      command->example);
    }
    for (size_t i = 0; i < au_topic_count; i++) {
        const struct au_topic *topic = &au_topics[i];
        au_buf_printf(text, "\n## %s\n\n%c%s.\n\n```\n%s```\n", topic->name,
                      topic->summary[0] - 'a' + 'A', topic->summary + 1, topic->details);
    }
}

static enum au_exit fail_name(struct au_invocation *invocation, const char *name)
{
    struct au_nearest nearest;
    au_nearest_init(&nearest, name);
    const struct au_command *command;
    for (size_t i = 0; (command = au_command_at(invocation->cli, i)) != NULL; i++) {
        au_nearest_offer(&nearest, command->name);
    }
    for (size_t i = 0; i < au_topic_count; i++) {
        au_nearest_offer(&nearest, au_topics[i].name);
    }
    if (nearest.best == NULL) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "no command or topic is named '%s'; `aureon help` lists all",
                                  name);
    }
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "no command or topic is named '%s'; did you mean '%s'?", name,
                              nearest.best);
}

enum au_exit au_help_command(struct au_invocation *invocation)
{
    char words[NAME_SIZE_MAX];
    const char *name = invocation->operand_count == 0 ? NULL : invocation->operands[0];
    if (invocation->operand_count == 2) {
        snprintf(words, sizeof(words), "%s %s", name, invocation->operands[1]);
        name = words;
    }
    const struct au_command *command = name == NULL ? NULL : au_command_find(invocation->cli, name);
    const struct au_topic *topic = name == NULL ? NULL : au_topic_find(name);
    bool is_markdown = au_invocation_has(invocation, "markdown");
    if (is_markdown && name != NULL) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "--markdown prints all: leave out '%s'", name);
    }

    struct au_buf text;
    au_buf_init(&text, PAGES_SIZE_MAX);
    enum au_exit code = AU_EXIT_DONE;
    if (is_markdown) {
        put_markdown(&text, invocation->cli);
    } else if (name == NULL) {
        au_help_overview(&text, invocation->cli);
    } else if (command != NULL) {
        au_help_page(&text, command);
    } else if (topic != NULL) {
        au_buf_printf(&text, "%s: %s\n\n%s", topic->name, topic->summary, topic->details);
    } else {
        code = fail_name(invocation, name);
    }

    if (code == AU_EXIT_DONE) code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

enum au_exit au_help_version_command(struct au_invocation *invocation)
{
    struct au_buf text;
    au_buf_init(&text, PAGES_SIZE_MAX);
    au_buf_printf(&text,
                  au_invocation_has(invocation, "json") ? "{\"version\": \"%s\"}\n" : "aureon %s\n",
                  au_version());
    enum au_exit code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

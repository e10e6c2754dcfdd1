/* The tables of commands: the only source of what is parsed, of `aureon help` and of docs/cli.md.
 * Those of cli are in command.c (without a node) and client_commands.c (with one); a program adds
 * its own by au_cli.tables. */
#ifndef AUREON_CLI_COMMAND_H
#define AUREON_CLI_COMMAND_H

#include "cli/cli.h"

struct au_invocation;

enum au_option_kind {
    AU_OPTION_FLAG,   /* takes no value */
    AU_OPTION_NUMBER, /* takes a decimal number of at most max */
    AU_OPTION_TEXT    /* takes anything */
};

struct au_option {
    const char *name;  /* without the dashes */
    const char *value; /* what it takes, for help; NULL for a flag */
    enum au_option_kind kind;
    bool repeats;     /* may be given more than once */
    uint64_t max;     /* of a number */
    const char *text; /* one line of help */
};

struct au_command {
    const char *name;     /* a word, or noun and verb with a space between them */
    const char *operands; /* for help: "FILE FUNCTION [ARGUMENT]..." */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs of at most 88 columns, each line ends in \n */
    const char *example;  /* a command line that works where the build left its files */
    bool needs_setup;     /* the example needs a node besides, or a reader's files */
    size_t operands_min;
    size_t operands_max;
    const struct au_option *options;
    size_t option_count;
    enum au_exit (*run)(struct au_invocation *invocation);
    /* Tells more of what the operands before --help name; NULL: --help is the page alone. */
    enum au_exit (*explain)(struct au_invocation *invocation);
};

/* A page of help that belongs to no command. */
struct au_topic {
    const char *name;
    const char *summary;
    const char *details;
};

extern const struct au_topic au_topics[];
extern const size_t au_topic_count;

/* au_command_at gives the commands in the order of help, those of cli->tables among them; NULL
 * past the last. */
const struct au_command *au_command_at(const struct au_cli *cli, size_t index);

/* au_command_is_noun tells whether commands have names that begin with this word and a space. */
bool au_command_is_noun(const struct au_cli *cli, const char *word);

/* au_command_find and au_topic_find give an entry by its name; NULL if there is none. */
const struct au_command *au_command_find(const struct au_cli *cli, const char *name);
const struct au_topic *au_topic_find(const char *name);

#endif

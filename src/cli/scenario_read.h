/* What the values of a scenario mean.
 *
 * Where the contract's ABI has a type, a value is the JSON of it (abi/value.h): 5, "aur1..",
 * {"x": 1}; an address may be "@bob" or "@counter". "raw:0x.." gives the bytes whatever the type
 * is. Where there is none it is a text as on the command line (cli/arg.h): "u64:5", "addr:bob".
 * "code_hash:counter" is the hash of a contract's code in either case, for contracts that make
 * others of it; cli/scenario_sign.h tells of keys and signatures.
 *
 * Threading: pure functions, but for what names are found by. */
#ifndef AUREON_CLI_SCENARIO_READ_H
#define AUREON_CLI_SCENARIO_READ_H

#include "abi/call.h"
#include "cli/scenario.h"

/* Every function gives OK, NO_MEMORY, or MALFORMED after a sentence in message; `where` is what the
 * value is called in it, "args[0]". */
struct au_scenario_reader {
    const struct au_abi_names *names;
    /* gives the hash of a contract's code by its name, with the context of names; false: no such
     * contract */
    bool (*find_code)(void *context, struct au_bytes name, struct au_hash *out_hash);
    const struct au_abi *abi; /* of the contract, for what is signed; NULL: there is none */
    bool is_signing;          /* what is read is to be signed: nothing in it is a signature */
    struct au_arena *arena;   /* holds what is read */
    struct au_buf *message;
};

/* au_scenario_read_value reads a value.
 *
 * type  NULL: there is none */
AU_MUST_USE enum au_err au_scenario_read_value(const struct au_scenario_reader *reader,
                                               const char *where, const struct au_abi_type *type,
                                               const struct au_scenario_value *value,
                                               struct au_bytes *out_bytes);

/* au_scenario_read_args reads the arguments of a call.
 *
 * call       the function; NULL: the ABI does not have it
 * out_items  *out_count of them, at most AU_ARG_COUNT_MAX and AU_ARGS_SIZE_MAX bytes */
AU_MUST_USE enum au_err au_scenario_read_args(const struct au_scenario_reader *reader,
                                              const struct au_abi_call *call,
                                              const struct au_scenario_fields *args,
                                              struct au_bytes **out_items, size_t *out_count);

#endif

/* The code that the chains' contracts are made of: small modules that between them do what a
 * contract can do to a ledger, and modules that are refused.
 *
 * Threading: pure functions. */
#ifndef AUREON_TESTS_LEDGER_LOG_CODES_H
#define AUREON_TESTS_LEDGER_LOG_CODES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "crypto/sha256.h"
#include "ledger_log/dice.h"

/* A function that a module exports. */
struct code_function {
    const char *name;
    const char *args; /* one letter each: k key, v value, a address, n u64, w u32, p program
                         (graph.h); * any number */
    bool is_endless;  /* uses all of its gas */
};

struct code {
    struct au_bytes bytes;
    struct au_hash hash;
    const struct code_function *functions; /* that it exports, init and migrate among them */
    size_t function_count;
};

#define CODES_MAX 14u

/* codes_make makes the modules, most of them good; their bytes live in the arena. Gives how many,
 * at most CODES_MAX. Ends the program if it cannot. */
size_t codes_make(struct dice *dice, struct au_arena *arena, struct code *out_codes);

/* code_compile makes a module of its text. */
struct code code_compile(struct au_arena *arena, struct au_bytes text,
                         const struct code_function *functions, size_t function_count);

#endif

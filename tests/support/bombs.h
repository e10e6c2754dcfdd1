/* Modules made to take the most time or memory of whoever reads, instruments or compiles them, each
 * in one way and within one size. The same name and size give the same bytes.
 *
 * Every module imports env.log (i32, i32) and has the function run (i64) -> i64 unless it is meant
 * to be refused. Threading: pure. */
#ifndef AUREON_TESTS_BOMBS_H
#define AUREON_TESTS_BOMBS_H

#include "base/buf.h"

struct bomb_draft;

struct bomb {
    const char *name;
    const char *rule; /* by which the validator refuses it at AU_CODE_SIZE_MAX, or NULL */
    size_t body_size; /* of each of its functions */
    void (*put)(struct bomb_draft *draft); /* writes one body */
};

extern const struct bomb bombs[];
extern const size_t bomb_count;

/* bomb_make writes the module; it is as large as whole functions come to within size. */
void bomb_make(const struct bomb *bomb, size_t size, struct au_buf *out);

/* bomb_make_payable writes the largest whose deployment a block can pay for, by the presets of a
 * chain; gives what it pays for compiling. The bomb is one that the validator accepts. */
uint64_t bomb_make_payable(const struct bomb *bomb, struct au_buf *out);

/* bomb_find gives a bomb by its name, or NULL. */
const struct bomb *bomb_find(const char *name);

#endif

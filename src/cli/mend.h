/* Which flags of compilers make them leave out what the validator refuses.
 *
 * Threading: pure. */
#ifndef AUREON_CLI_MEND_H
#define AUREON_CLI_MEND_H

#include "aureon.h"
#include "base/base.h"

enum au_compiler { AU_COMPILER_CLANG, AU_COMPILER_RUSTC, AU_COMPILER_ASC, AU_COMPILER_COUNT };

extern const char *const au_compiler_names[AU_COMPILER_COUNT];

/* Flags to add, then perhaps "without" and flags to leave out; NULL where the compiler has
 * none, or never makes such code. */
struct au_mend {
    const char *flags[AU_COMPILER_COUNT];
};

/* au_mend_find gives what mends a refusal, NULL if no flag does. */
const struct au_mend *au_mend_find(const struct au_reject *reject);

#endif

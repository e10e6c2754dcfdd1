/* clang and wasm-ld: where they are, and running them.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_TOOLCHAIN_H
#define AUREON_CLI_TOOLCHAIN_H

#include "cli/invocation.h"

#define AU_TOOLCHAIN_PATH_SIZE 4096 /* bytes */

struct au_toolchain {
    char clang[AU_TOOLCHAIN_PATH_SIZE];
    char linker[AU_TOOLCHAIN_PATH_SIZE]; /* absolute */
    unsigned version;                    /* of clang, its major number */
};

/* au_toolchain_find looks along the PATH. DONE, or BUILD after what is missing, and the packages
 * that have it, was said on err. */
AU_MUST_USE enum au_exit au_toolchain_find(const struct au_invocation *invocation,
                                           struct au_toolchain *out_toolchain);

/* au_toolchain_run runs a program to its end; what it says goes to standard error.
 *
 * argv   ends in NULL; argv[0] is the program's path
 * OK: out_status is its exit status, 128 and the signal's number if one ended it; IO: see errno */
AU_MUST_USE enum au_err au_toolchain_run(const char *const *argv, int *out_status);

/* au_toolchain_listen is au_toolchain_run, but what the program says on standard output and error
 * is kept, and it may be ended.
 *
 * limit_ms    at most INT_MAX; 0: it may take any time
 * said        a C string of at most size - 1 bytes; the rest is read and forgotten
 * out_status  also AU_TOOLCHAIN_LATE: it took longer, and was killed */
#define AU_TOOLCHAIN_LATE (-1)
AU_MUST_USE enum au_err au_toolchain_listen(const char *const *argv, uint32_t limit_ms, char *said,
                                            size_t size, int *out_status);

#endif

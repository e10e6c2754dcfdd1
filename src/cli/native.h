/* Tests of a folder's contracts that are compiled for this machine, on the mock of the C kit.
 *
 * A file NAME_test.c has main(): the folder's other C files and the mock are compiled with it into
 * build/native/NAME_test, under AddressSanitizer and UndefinedBehaviorSanitizer where clang has
 * them. It passes if it exits with 0.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_NATIVE_H
#define AUREON_CLI_NATIVE_H

#include "cli/invocation.h"

#define AU_NATIVE_SECONDS     60u /* that a test may take, if --timeout says nothing else */
#define AU_NATIVE_SECONDS_MAX 3600u

struct au_native_result {
    const char *name;
    bool is_passed;
    struct au_bytes said; /* of one that failed: how it ended, and the first of what it said */
};

/* au_native_run compiles and runs tests, as au_build_list names them. One that takes longer than
 * --timeout is ended.
 *
 * folder       as it was typed: "." is this one
 * out_results  count of them, in the arena, on DONE
 * DONE, BUILD: clang is missing, or something does not compile, which it said on standard error,
 * INTERNAL, NOT_FOUND */
AU_MUST_USE enum au_exit au_native_run(struct au_invocation *invocation, const char *folder,
                                       const char *const *names, size_t count,
                                       struct au_native_result **out_results);

#endif

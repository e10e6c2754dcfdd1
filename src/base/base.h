/* The language floor: attributes, assertions and the assumptions that every file relies on.
 *
 * Three kinds of failure are never mixed:
 *   - our bug: AU_ASSERT, on in every build, aborts;
 *   - the world failed: enum au_err (base/err.h), by return value;
 *   - a transaction failed: enum au_outcome, data. */
#ifndef AUREON_BASE_BASE_H
#define AUREON_BASE_BASE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AU_MUST_USE      __attribute__((warn_unused_result))
#define AU_NORETURN      __attribute__((noreturn))
#define AU_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#define AU_HOT           __attribute__((always_inline)) inline
#define AU_COLD          __attribute__((cold, noinline))
#define AU_LIKELY(x)     __builtin_expect(!!(x), 1)
#define AU_UNLIKELY(x)   __builtin_expect(!!(x), 0)
#define AU_COUNT_OF(arr) (sizeof(arr) / sizeof((arr)[0]))

_Static_assert(CHAR_BIT == 8, "bytes have 8 bits");
_Static_assert(sizeof(size_t) == 8, "sizes have 64 bits");
_Static_assert(-1 == ~0, "two's complement");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian");

/* au_assert_failed writes file, line and condition to stderr and aborts. */
AU_NORETURN AU_COLD void au_assert_failed(const char *file, int line, const char *cond);

/* A condition that only a bug of ours can make false. On in every build. */
#define AU_ASSERT(cond)                                                        \
    do {                                                                       \
        if (AU_UNLIKELY(!(cond))) au_assert_failed(__FILE__, __LINE__, #cond); \
    } while (0)

/* The only macro that may hide a return: passes an error on. */
#define AU_TRY(call)                                  \
    do {                                              \
        enum au_err au_try_err_ = (call);             \
        if (au_try_err_ != AU_OK) return au_try_err_; \
    } while (0)

#endif

/* What clang calls in a contract without saying so: copies of structs, and 128-bit products,
 * quotients and shifts. Linked only if used. Contracts include aureon_contract.h alone. */
#ifndef AUREON_RUNTIME_H
#define AUREON_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define AUREON_RUNTIME __attribute__((weak, visibility("hidden"))) extern

AUREON_RUNTIME void *memcpy(void *to, const void *from, size_t size)
{
    return __builtin_memcpy(to, from, size);
}

AUREON_RUNTIME void *memmove(void *to, const void *from, size_t size)
{
    return __builtin_memmove(to, from, size);
}

AUREON_RUNTIME void *memset(void *to, int byte, size_t size)
{
    return __builtin_memset(to, byte, size);
}

AUREON_RUNTIME int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a, *y = b;
    for (size_t i = 0; i < size; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}

/* A call of the functions above hides from the compiler what it does. */
#define memcpy(to, from, size)  __builtin_memcpy((to), (from), (size))
#define memmove(to, from, size) __builtin_memmove((to), (from), (size))
#define memset(to, byte, size)  __builtin_memset((to), (byte), (size))

AUREON_RUNTIME __int128 __multi3(__int128 a, __int128 b)
{
    uint64_t a_low = (uint64_t)a, b_low = (uint64_t)b;
    uint64_t a0 = (uint32_t)a_low, a1 = a_low >> 32, b0 = (uint32_t)b_low, b1 = b_low >> 32;
    uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32);
    uint64_t carry = mid >> 32;
    mid = (uint32_t)mid + a0 * b1;
    uint64_t high = a1 * b1 + carry + (mid >> 32);
    high += (uint64_t)((unsigned __int128)a >> 64) * b_low +
            a_low * (uint64_t)((unsigned __int128)b >> 64);
    return (__int128)((unsigned __int128)high << 64 | mid << 32 | (uint32_t)low);
}

AUREON_RUNTIME unsigned __int128 __ashlti3(unsigned __int128 a, int by)
{
    uint64_t low = (uint64_t)a, high = (uint64_t)(a >> 64);
    if (by == 0) return a;
    if (by >= 64) return (unsigned __int128)(low << (by - 64)) << 64;
    return (unsigned __int128)(high << by | low >> (64 - by)) << 64 | low << by;
}

AUREON_RUNTIME unsigned __int128 __lshrti3(unsigned __int128 a, int by)
{
    uint64_t low = (uint64_t)a, high = (uint64_t)(a >> 64);
    if (by == 0) return a;
    if (by >= 64) return high >> (by - 64);
    return (unsigned __int128)(high >> by) << 64 | (high << (64 - by) | low >> by);
}

AUREON_RUNTIME __int128 __ashrti3(__int128 a, int by)
{
    unsigned __int128 all = (unsigned __int128)a;
    return (__int128)(a < 0 ? ~__lshrti3(~all, by) : __lshrti3(all, by));
}

/* Bit by bit, from the greatest. */
static inline unsigned __int128 aureon_divide(unsigned __int128 a, unsigned __int128 b,
                                              unsigned __int128 *out_rest)
{
    unsigned __int128 quotient = 0, rest = 0;
    if (b == 0) __builtin_trap();
    for (int bit = 0; bit < 128; bit++) {
        bool carry = rest >> 127 != 0;
        rest = rest << 1 | a >> 127;
        a <<= 1;
        quotient <<= 1;
        if (!carry && rest < b) continue;
        rest -= b;
        quotient |= 1;
    }
    *out_rest = rest;
    return quotient;
}

AUREON_RUNTIME unsigned __int128 __udivti3(unsigned __int128 a, unsigned __int128 b)
{
    unsigned __int128 rest;
    return aureon_divide(a, b, &rest);
}

AUREON_RUNTIME unsigned __int128 __umodti3(unsigned __int128 a, unsigned __int128 b)
{
    unsigned __int128 rest;
    aureon_divide(a, b, &rest);
    return rest;
}

static inline unsigned __int128 aureon_magnitude(__int128 a)
{
    return a < 0 ? 0 - (unsigned __int128)a : (unsigned __int128)a;
}

AUREON_RUNTIME __int128 __divti3(__int128 a, __int128 b)
{
    unsigned __int128 quotient = __udivti3(aureon_magnitude(a), aureon_magnitude(b));
    return (__int128)((a < 0) != (b < 0) ? 0 - quotient : quotient);
}

AUREON_RUNTIME __int128 __modti3(__int128 a, __int128 b)
{
    unsigned __int128 rest = __umodti3(aureon_magnitude(a), aureon_magnitude(b));
    return (__int128)(a < 0 ? 0 - rest : rest);
}
#else
#include <string.h>
#endif

#endif

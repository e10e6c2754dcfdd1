/* What clang calls in a contract without saying so: copies of structs, and 128-bit products and
 * quotients. Linked only if used. Contracts include aureon_contract.h alone. */
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

static inline unsigned __int128 aureon_divide(unsigned __int128 a, unsigned __int128 b,
                                              unsigned __int128 *out_rest)
{
    unsigned __int128 quotient = 0, rest = 0;
    if (b == 0) __builtin_trap();
    for (int bit = 127; bit >= 0; bit--) {
        bool carry = rest >> 127 != 0;
        rest = rest << 1 | (a >> bit & 1);
        if (!carry && rest < b) continue;
        rest -= b;
        quotient |= (unsigned __int128)1 << bit;
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
#else
#include <string.h>
#endif

#endif

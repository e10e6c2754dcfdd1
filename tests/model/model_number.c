/* Numeric instructions. A value is 64 bits; 32-bit ones lie in the lower half, the upper is 0.
 *
 * Both widths share one function per kind. Single precision is computed in double precision and
 * rounded once more: for these operations that gives the correctly rounded single result, because a
 * double has more than twice the bits. */
#include <float.h>
#include <math.h>

#include "model/model_internal.h"

_Static_assert(FLT_EVAL_METHOD == 0, "arithmetic is done in the operands' own type");

#define NAN_32 0x7fc00000u
#define NAN_64 0x7ff8000000000000u

uint32_t model_numeric_operands(uint32_t code)
{
    static const struct {
        uint16_t first;
        uint16_t last;
    } unary[] = {
        {0x45, 0x45},     {0x50, 0x50}, /* eqz */
        {0x67, 0x69},     {0x79, 0x7b}, /* clz, ctz, popcnt */
        {0x8b, 0x91},     {0x99, 0x9f}, /* abs to sqrt */
        {0xa7, 0xc4},                   /* conversions, sign extension */
        {0xfc00, 0xfc07},
    };
    AU_ASSERT((code >= OP_NUMERIC_FIRST && code <= OP_NUMERIC_LAST) ||
              (code >= OP_TRUNC_SAT && code <= OP_TRUNC_SAT + 7));
    for (size_t i = 0; i < AU_COUNT_OF(unary); i++) {
        if (code >= unary[i].first && code <= unary[i].last) return 1;
    }
    return 2;
}

/* ---- Integers ------------------------------------------------------------------------------- */

static uint64_t mask_of(unsigned bits)
{
    return bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

static int64_t sign_extend(uint64_t value, unsigned bits)
{
    uint64_t sign = (uint64_t)1 << (bits - 1);
    return (int64_t)(((value & mask_of(bits)) ^ sign) - sign);
}

/* eqz, eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u */
static bool compare_integers(unsigned index, unsigned bits, uint64_t a, uint64_t b)
{
    int64_t signed_a = sign_extend(a, bits);
    int64_t signed_b = sign_extend(b, bits);
    switch (index) {
    case 0: return a == 0;
    case 1: return a == b;
    case 2: return a != b;
    case 3: return signed_a < signed_b;
    case 4: return a < b;
    case 5: return signed_a > signed_b;
    case 6: return a > b;
    case 7: return signed_a <= signed_b;
    case 8: return a <= b;
    case 9: return signed_a >= signed_b;
    default: return a >= b;
    }
}

static unsigned leading_zeros(uint64_t value, unsigned bits)
{
    unsigned count = 0;
    while (count < bits && !(value >> (bits - 1 - count) & 1))
        count++;
    return count;
}

static unsigned trailing_zeros(uint64_t value, unsigned bits)
{
    unsigned count = 0;
    while (count < bits && !(value >> count & 1))
        count++;
    return count;
}

static unsigned ones(uint64_t value)
{
    unsigned count = 0;
    for (; value != 0; value >>= 1)
        count += value & 1;
    return count;
}

static uint32_t divide(unsigned index, unsigned bits, uint64_t a, uint64_t b, uint64_t *out_result)
{
    bool is_signed = index == 6 || index == 8;
    bool is_remainder = index >= 8;
    if (b == 0) return AU_TRAP_DIVISION_BY_ZERO;
    if (!is_signed) {
        *out_result = is_remainder ? a % b : a / b;
        return 0;
    }
    int64_t signed_a = sign_extend(a, bits);
    int64_t signed_b = sign_extend(b, bits);
    if (signed_b == -1) { /* the only divisor whose quotient can be out of range */
        bool is_min = a == (uint64_t)1 << (bits - 1);
        if (is_min && !is_remainder) return AU_TRAP_INTEGER_OVERFLOW;
        *out_result = is_remainder ? 0 : 0 - a;
        return 0;
    }
    *out_result = (uint64_t)(is_remainder ? signed_a % signed_b : signed_a / signed_b);
    return 0;
}

/* clz, ctz, popcnt, add, sub, mul, div_s, div_u, rem_s, rem_u, and, or, xor, shl, shr_s, shr_u,
 * rotl, rotr */
static uint32_t compute_integers(unsigned index, unsigned bits, uint64_t a, uint64_t b,
                                 uint64_t *out_result)
{
    unsigned shift = (unsigned)b & (bits - 1);
    switch (index) {
    case 0: *out_result = leading_zeros(a, bits); return 0;
    case 1: *out_result = trailing_zeros(a, bits); return 0;
    case 2: *out_result = ones(a); return 0;
    case 3: *out_result = a + b; return 0;
    case 4: *out_result = a - b; return 0;
    case 5: *out_result = a * b; return 0;
    case 10: *out_result = a & b; return 0;
    case 11: *out_result = a | b; return 0;
    case 12: *out_result = a ^ b; return 0;
    case 13: *out_result = a << shift; return 0;
    case 14: *out_result = (uint64_t)(sign_extend(a, bits) >> shift); return 0;
    case 15: *out_result = a >> shift; return 0;
    case 16: *out_result = shift == 0 ? a : a << shift | a >> (bits - shift); return 0;
    case 17: *out_result = shift == 0 ? a : a >> shift | a << (bits - shift); return 0;
    default: return divide(index, bits, a, b, out_result);
    }
}

/* ---- Floating point ------------------------------------------------------------------------- */

static double to_double(uint64_t value, bool is_64)
{
    double wide;
    float narrow;
    uint32_t low = (uint32_t)value;
    memcpy(&narrow, &low, sizeof(narrow));
    memcpy(&wide, &value, sizeof(wide));
    return is_64 ? wide : (double)narrow;
}

static uint64_t from_double(double value, bool is_64)
{
    if (isnan(value)) return is_64 ? NAN_64 : NAN_32;
    uint64_t wide;
    uint32_t narrow;
    float rounded = (float)value;
    memcpy(&wide, &value, sizeof(wide));
    memcpy(&narrow, &rounded, sizeof(narrow));
    return is_64 ? wide : narrow;
}

/* eq, ne, lt, gt, le, ge */
static bool compare_floats(unsigned index, double a, double b)
{
    switch (index) {
    case 0: return !(a < b) && !(a > b) && !isnan(a) && !isnan(b);
    case 1: return a < b || a > b || isnan(a) || isnan(b);
    case 2: return a < b;
    case 3: return a > b;
    case 4: return a <= b;
    default: return a >= b;
    }
}

/* min and max tell -0 from 0, and a NaN wins. */
static double lesser(double a, double b)
{
    if (isnan(a) || isnan(b)) return (double)NAN;
    if (a < b || (!(b < a) && signbit(a))) return a;
    return b;
}

/* add, sub, mul, div, min, max */
static double compute_two(unsigned index, double a, double b)
{
    switch (index) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a / b;
    case 4: return lesser(a, b);
    default: return -lesser(-a, -b);
    }
}

/* ceil, floor, trunc, nearest, sqrt */
static double compute_one(unsigned index, double a)
{
    switch (index) {
    case 0: return ceil(a);
    case 1: return floor(a);
    case 2: return trunc(a);
    case 3: return nearbyint(a);
    default: return sqrt(a);
    }
}

/* abs, neg, ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max, copysign */
static uint64_t compute_floats(unsigned index, bool is_64, uint64_t a, uint64_t b)
{
    uint64_t sign = (uint64_t)1 << (is_64 ? 63 : 31);
    if (index == 0) return a & ~sign;
    if (index == 1) return a ^ sign;
    if (index == 13) return (a & ~sign) | (b & sign);
    double left = to_double(a, is_64);
    if (index < 7) return from_double(compute_one(index - 2, left), is_64);
    return from_double(compute_two(index - 7, left, to_double(b, is_64)), is_64);
}

/* ---- Conversions ---------------------------------------------------------------------------- */

struct range {
    double above; /* a value is in range if it is greater than this, or equal if it may be */
    double below;
    bool may_equal;
};

/* The least 64-bit integer has a double, the number just under it has none, so that bound is kept
 * itself; the other bounds have room for a fraction. */
static struct range range_of(unsigned bits, bool is_signed)
{
    if (!is_signed) return (struct range){-1.0, bits == 64 ? 0x1p64 : 0x1p32, false};
    if (bits == 64) return (struct range){-0x1p63, 0x1p63, true};
    return (struct range){-0x1p31 - 1.0, 0x1p31, false};
}

static uint32_t truncate(double value, unsigned bits, bool is_signed, uint64_t *out_result)
{
    struct range range = range_of(bits, is_signed);
    if (isnan(value)) return AU_TRAP_BAD_CONVERSION;
    bool is_high_enough = range.may_equal ? value >= range.above : value > range.above;
    if (!is_high_enough || !(value < range.below)) return AU_TRAP_INTEGER_OVERFLOW;
    *out_result = is_signed ? (uint64_t)(int64_t)value : (uint64_t)trunc(value);
    return 0;
}

static uint64_t saturate(double value, unsigned bits, bool is_signed)
{
    uint64_t result = 0;
    uint32_t trap = truncate(value, bits, is_signed, &result);
    if (trap == 0) return result;
    if (trap == AU_TRAP_BAD_CONVERSION) return 0;
    if (value < 0) return is_signed ? (uint64_t)1 << (bits - 1) : 0;
    return is_signed ? mask_of(bits - 1) : mask_of(bits);
}

static uint64_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* To single precision an integer is rounded once, so not by way of a double. */
static uint64_t convert_integer(uint32_t code, uint64_t a)
{
    switch (code) {
    case 0xb2: return float_bits((float)(int32_t)a);
    case 0xb3: return float_bits((float)(uint32_t)a);
    case 0xb4: return float_bits((float)(int64_t)a);
    case 0xb5: return float_bits((float)a);
    case 0xb7: return from_double((double)(int32_t)a, true);
    case 0xb8: return from_double((double)(uint32_t)a, true);
    case 0xb9: return from_double((double)(int64_t)a, true);
    default: return from_double((double)a, true);
    }
}

/* The truncations come in groups of four (from f32 signed, unsigned, from f64 signed, unsigned). */
static uint32_t convert(uint32_t code, uint64_t a, uint64_t *out_result)
{
    if (code >= OP_TRUNC_SAT) {
        uint32_t index = code - OP_TRUNC_SAT;
        *out_result = saturate(to_double(a, index & 2), index < 4 ? 32 : 64, !(index & 1));
        return 0;
    }
    if (code >= 0xa8 && code <= 0xab) {
        return truncate(to_double(a, (code - 0xa8) & 2), 32, !((code - 0xa8) & 1), out_result);
    }
    if (code >= 0xae && code <= 0xb1) {
        return truncate(to_double(a, (code - 0xae) & 2), 64, !((code - 0xae) & 1), out_result);
    }
    switch (code) {
    case 0xac: *out_result = (uint64_t)sign_extend(a, 32); break;           /* extend_i32_s */
    case 0xb6: *out_result = from_double(to_double(a, true), false); break; /* demote */
    case 0xbb: *out_result = from_double(to_double(a, false), true); break; /* promote */
    case 0xc0:                                                              /* extend8_s */
    case 0xc2: *out_result = (uint64_t)sign_extend(a, 8); break;
    case 0xc1:
    case 0xc3: *out_result = (uint64_t)sign_extend(a, 16); break;
    case 0xc4: *out_result = (uint64_t)sign_extend(a, 32); break;
    case 0xa7: /* wrap, extend_i32_u and the reinterpretations keep the bits */
    case 0xad:
    case 0xbc:
    case 0xbd:
    case 0xbe:
    case 0xbf: *out_result = a; break;
    default: *out_result = convert_integer(code, a); break;
    }
    return 0;
}

/* ---- Dispatch ------------------------------------------------------------------------------- */

static bool gives_32_bits(uint32_t code)
{
    static const uint8_t narrow[] = {0xa7, 0xc0, 0xc1}; /* wrap, i32.extend8_s, extend16_s */
    for (size_t i = 0; i < sizeof(narrow); i++) {
        if (narrow[i] == code) return true;
    }
    if (code >= 0x67 && code <= 0x78) return true;
    return (code >= 0xa8 && code <= 0xab) || (code >= OP_TRUNC_SAT && code <= OP_TRUNC_SAT + 3);
}

uint32_t model_numeric(uint32_t code, uint64_t a, uint64_t b, uint64_t *out_result)
{
    uint64_t result = 0;
    uint32_t trap = 0;
    if (code <= 0x4f) {
        result = compare_integers(code - 0x45, 32, a, b);
    } else if (code <= 0x5a) {
        result = compare_integers(code - 0x50, 64, a, b);
    } else if (code <= 0x60) {
        result = compare_floats(code - 0x5b, to_double(a, false), to_double(b, false));
    } else if (code <= 0x66) {
        result = compare_floats(code - 0x61, to_double(a, true), to_double(b, true));
    } else if (code <= 0x78) {
        trap = compute_integers(code - 0x67, 32, a, b, &result);
    } else if (code <= 0x8a) {
        trap = compute_integers(code - 0x79, 64, a, b, &result);
    } else if (code <= 0x98) {
        result = compute_floats(code - 0x8b, false, a, b);
    } else if (code <= 0xa6) {
        result = compute_floats(code - 0x99, true, a, b);
    } else {
        trap = convert(code, a, &result);
    }
    if (trap != 0) return trap;
    *out_result = gives_32_bits(code) ? (uint32_t)result : result;
    return 0;
}

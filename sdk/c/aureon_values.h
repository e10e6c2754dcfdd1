/* Values of contracts: their C types, the failures and the memory of the kit, and Borsh. Contracts
 * include aureon_contract.h alone. */
#ifndef AUREON_VALUES_H
#define AUREON_VALUES_H

#include "aureon_fields.h"
#include "aureon_host.h"
#include "aureon_runtime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types' names are pasted and made text, so `bool` must not be a macro (C17, 7.18). */
#undef bool
typedef _Bool bool;

/* Bytes for values of no fixed size (arguments, storage) and aureon_alloc, and for one encoded
 * value. A contract may define its own before it includes this. */
#ifndef AUREON_HEAP_SIZE
#define AUREON_HEAP_SIZE 16384u
#endif
#ifndef AUREON_SCRATCH_SIZE
#define AUREON_SCRATCH_SIZE 16384u
#endif

#define AUREON_UNUSED __attribute__((unused))
#define AUREON_SHARED __attribute__((unused, noinline)) /* one copy of it is smaller than many */

/* ---- types ----------------------------------------------------------------------------------- */

typedef void aureon_void; /* of results */
typedef bool aureon_bool;
typedef uint8_t aureon_u8;
typedef uint16_t aureon_u16;
typedef uint32_t aureon_u32;
typedef uint64_t aureon_u64;
typedef unsigned __int128 aureon_u128;
typedef int8_t aureon_i8;
typedef int16_t aureon_i16;
typedef int32_t aureon_i32;
typedef int64_t aureon_i64;
typedef __int128 aureon_i128;

typedef struct aureon_address {
    uint8_t bytes[AUREON_ADDRESS_SIZE];
} aureon_address;

typedef struct aureon_bytes32 {
    uint8_t bytes[32];
} aureon_bytes32;

/* Borrowed; what the kit gives lies on the heap until the call ends. */
typedef struct aureon_bytes {
    const uint8_t *data;
    uint32_t size;
} aureon_bytes;

/* As bytes, and UTF-8. No zero at the end. */
typedef struct aureon_string {
    const char *data;
    uint32_t size;
} aureon_string;

/* What a call ends with; docs/outcomes.md. */
enum aureon_outcome {
    AUREON_SUCCESS = 0,
    AUREON_REVERTED = 1,
    AUREON_OUT_OF_GAS = 2,
    AUREON_TRAPPED = 3,
    AUREON_STACK_LIMIT = 4,
    AUREON_DEPTH_LIMIT = 5,
    AUREON_HOST_REJECTED = 6,
    AUREON_INVALID_MODULE = 7,
    AUREON_NO_CONTRACT = 8,
    AUREON_NO_FUNCTION = 9,
    AUREON_BAD_ARGUMENTS = 10,
    AUREON_INSUFFICIENT_BALANCE = 11,
    AUREON_NOT_ALLOWED = 12
};

/* The kit's own codes of revert: from 0x7fff0001 on, so contracts count from 1. */
enum aureon_error {
    AUREON_ERROR_ARGUMENTS = 2147418113, /* they don't decode as the function's types */
    AUREON_ERROR_ARITHMETIC,             /* a result does not fit its type */
    AUREON_ERROR_ASSERTION,              /* AUREON_REQUIRE */
    AUREON_ERROR_MEMORY,                 /* the heap or the scratch buffer is full */
    AUREON_ERROR_ENCODING,               /* a stored or returned value, or a map out of order */
    AUREON_ERROR_NOT_PAYABLE             /* value came with a call that takes none */
};

/* ---- failures -------------------------------------------------------------------------------- */

/* The text of a literal and its size, as two arguments. */
#define AUREON_TEXT(literal) (literal), (uint32_t)(sizeof(literal) - 1)

/* aureon_fail ends the call with a code and a sentence, which is a literal. */
#define aureon_fail(code, literal) aureon_revert((code), AUREON_TEXT(literal))

/* aureon_fail_kit is for the kit's errors, whose data is the sentence as a Borsh string. */
#define aureon_fail_kit(code, literal)                                    \
    do {                                                                  \
        static const struct {                                             \
            uint32_t size;                                                \
            char text[sizeof(literal)];                                   \
        } aureon_sentence = {sizeof(literal) - 1, literal};               \
        aureon_revert((code), &aureon_sentence,                           \
                      (uint32_t)sizeof(uint32_t) + aureon_sentence.size); \
    } while (0)

#define AUREON_LITERAL_(number) #number
#define AUREON_LITERAL(number)  AUREON_LITERAL_(number)

/* AUREON_REQUIRE ends the call with AUREON_ERROR_ASSERTION, file, line and a sentence, unless the
 * condition holds. */
#define AUREON_REQUIRE(condition, literal)                                            \
    do {                                                                              \
        if (!(condition))                                                             \
            aureon_fail_kit(AUREON_ERROR_ASSERTION,                                   \
                            __FILE_NAME__ ":" AUREON_LITERAL(__LINE__) ": " literal); \
    } while (0)

/* aureon_try_add, _sub, _mul give false if the result is no uint64_t; *out is then untouched. */
static inline bool aureon_try_add(uint64_t a, uint64_t b, uint64_t *out)
{
    if (a > UINT64_MAX - b) return false;
    *out = a + b;
    return true;
}

static inline bool aureon_try_sub(uint64_t a, uint64_t b, uint64_t *out)
{
    if (a < b) return false;
    *out = a - b;
    return true;
}

static inline bool aureon_try_mul(uint64_t a, uint64_t b, uint64_t *out)
{
    if (a != 0 && b > UINT64_MAX / a) return false;
    *out = a * b;
    return true;
}

/* aureon_add, _sub, _mul end the call with AUREON_ERROR_ARITHMETIC instead. */
#define AUREON_CHECKED(name, sentence)                                                             \
    AUREON_UNUSED static uint64_t aureon_##name(uint64_t a, uint64_t b)                            \
    {                                                                                              \
        uint64_t result = 0;                                                                       \
        if (!aureon_try_##name(a, b, &result)) aureon_fail_kit(AUREON_ERROR_ARITHMETIC, sentence); \
        return result;                                                                             \
    }
AUREON_CHECKED(add, "a sum exceeds 64 bits")
AUREON_CHECKED(sub, "a difference is below 0")
AUREON_CHECKED(mul, "a product exceeds 64 bits")

/* ---- memory ---------------------------------------------------------------------------------- */

#ifdef __wasm__
/* aureon_alloc gives memory that lasts until the call ends, aligned for any type and not cleared;
 * it ends the call with AUREON_ERROR_MEMORY past AUREON_HEAP_SIZE bytes. */
AUREON_UNUSED static void *aureon_alloc(uint32_t size)
{
    _Alignas(16) static uint8_t heap[AUREON_HEAP_SIZE];
    static uint32_t used;
    if (size > sizeof(heap) - used) aureon_fail_kit(AUREON_ERROR_MEMORY, "the heap is full");
    uint8_t *block = heap + used;
    used += (size + 15u) & ~15u;
    if (used > sizeof(heap)) used = sizeof(heap);
    return block;
}
#else
/* aureon_mock.c: memory of its own for each block, so that sanitizers see its ends. */
void *aureon_mock_alloc(uint32_t size, uint32_t heap_size);
#define aureon_alloc(size) aureon_mock_alloc((size), AUREON_HEAP_SIZE)
#endif

/* aureon_alloc_items gives memory for count items of size bytes each. */
AUREON_SHARED static void *aureon_alloc_items(uint32_t count, uint32_t size)
{
    uint64_t total = (uint64_t)count * size;
    return aureon_alloc(total > UINT32_MAX ? UINT32_MAX : (uint32_t)total);
}

/* ---- Borsh ----------------------------------------------------------------------------------- */

/* Reads and writes the one scratch buffer; nothing in it outlasts the next use of the kit. */
struct aureon_cursor {
    uint32_t pos;
    uint32_t size;
    bool is_bad; /* of a reader: no encoding of the type */
};

static uint8_t aureon_scratch[AUREON_SCRATCH_SIZE];

AUREON_SHARED static void aureon_put_raw(struct aureon_cursor *to, const void *data, uint32_t size)
{
    if (size > sizeof(aureon_scratch) - to->pos)
        aureon_fail_kit(AUREON_ERROR_MEMORY, "a value exceeds the scratch buffer");
    if (size > 0) memcpy(aureon_scratch + to->pos, data, size);
    to->pos += size;
}

AUREON_SHARED static void aureon_get_raw(struct aureon_cursor *from, void *data, uint32_t size)
{
    if (from->is_bad || size > from->size - from->pos) {
        from->is_bad = true;
        memset(data, 0, size);
        return;
    }
    memcpy(data, aureon_scratch + from->pos, size);
    from->pos += size;
}

/* For each type T: aureon_put_T appends a value, aureon_get_T takes one; by address, so that
 * nothing is copied twice. aureon_is_varying_T tells whether sizes of values differ, and
 * aureon_is_less_T is the order of those that may be keys of a map. */
#define AUREON_PLAIN(T)                                                                     \
    enum { aureon_is_varying_##T = false };                                                 \
    AUREON_UNUSED static void aureon_put_##T(struct aureon_cursor *to, const aureon_##T *v) \
    {                                                                                       \
        aureon_put_raw(to, v, sizeof(*v));                                                  \
    }                                                                                       \
    AUREON_UNUSED static void aureon_get_##T(struct aureon_cursor *from, aureon_##T *v)     \
    {                                                                                       \
        aureon_get_raw(from, v, sizeof(*v));                                                \
    }
#define AUREON_ORDERED(T, is_less)                                                         \
    AUREON_UNUSED static bool aureon_is_less_##T(const aureon_##T *a, const aureon_##T *b) \
    {                                                                                      \
        return is_less;                                                                    \
    }
#define AUREON_NUMBER(T) \
    AUREON_PLAIN(T)      \
    AUREON_ORDERED(T, *a < *b)
AUREON_NUMBER(u8)
AUREON_NUMBER(u16)
AUREON_NUMBER(u32)
AUREON_NUMBER(u64)
AUREON_NUMBER(u128)
AUREON_NUMBER(i8)
AUREON_NUMBER(i16)
AUREON_NUMBER(i32)
AUREON_NUMBER(i64)
AUREON_NUMBER(i128)
AUREON_PLAIN(address)
AUREON_PLAIN(bytes32)
AUREON_ORDERED(address, memcmp(a->bytes, b->bytes, sizeof(a->bytes)) < 0)
AUREON_ORDERED(bytes32, memcmp(a->bytes, b->bytes, sizeof(a->bytes)) < 0)
AUREON_ORDERED(bool, *a < *b)
enum {
    aureon_is_varying_bool = false,
    aureon_is_varying_bytes = true,
    aureon_is_varying_string = true
};

AUREON_UNUSED static void aureon_put_bool(struct aureon_cursor *to, const bool *v)
{
    aureon_put_raw(to, v, sizeof(*v));
}

AUREON_UNUSED static void aureon_get_bool(struct aureon_cursor *from, bool *v)
{
    uint8_t byte;
    aureon_get_u8(from, &byte);
    if (byte > 1) from->is_bad = true;
    *v = byte == 1;
}

AUREON_SHARED static void aureon_put_bytes(struct aureon_cursor *to, const aureon_bytes *v)
{
    aureon_put_u32(to, &v->size);
    aureon_put_raw(to, v->data, v->size);
}

/* How many items follow. Each takes at least one byte, so more than there are bytes is no list. */
AUREON_SHARED static uint32_t aureon_get_count(struct aureon_cursor *from)
{
    uint32_t count;
    aureon_get_u32(from, &count);
    if (count <= from->size - from->pos) return count;
    from->is_bad = true;
    return 0;
}

AUREON_SHARED static void aureon_get_bytes(struct aureon_cursor *from, aureon_bytes *v)
{
    v->size = aureon_get_count(from);
    uint8_t *copy = aureon_alloc(v->size);
    aureon_get_raw(from, copy, v->size);
    v->data = copy;
}

AUREON_SHARED static bool aureon_is_less_bytes(const aureon_bytes *a, const aureon_bytes *b)
{
    uint32_t size = a->size < b->size ? a->size : b->size;
    int order = size == 0 ? 0 : memcmp(a->data, b->data, size);
    return order != 0 ? order < 0 : a->size < b->size;
}

/* aureon_is_utf8 refuses surrogates, overlong forms and what lies above U+10FFFF. */
AUREON_SHARED static bool aureon_is_utf8(const uint8_t *text, uint32_t size)
{
    for (uint32_t i = 0; i < size;) {
        uint8_t c = text[i++];
        if (c < 0x80) continue;
        uint32_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        if (c < 0xc2 || c > 0xf4 || more > size - i) return false;
        uint8_t low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
        uint8_t high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
        for (; more > 0; more--, i++, low = 0x80, high = 0xbf)
            if (text[i] < low || text[i] > high) return false;
    }
    return true;
}

AUREON_UNUSED static void aureon_put_string(struct aureon_cursor *to, const aureon_string *v)
{
    aureon_put_bytes(to, &(aureon_bytes){(const uint8_t *)v->data, v->size});
}

AUREON_UNUSED static void aureon_get_string(struct aureon_cursor *from, aureon_string *v)
{
    aureon_bytes text;
    aureon_get_bytes(from, &text);
    if (!aureon_is_utf8(text.data, text.size)) from->is_bad = true;
    *v = (aureon_string){(const char *)text.data, text.size};
}

AUREON_UNUSED static bool aureon_is_less_string(const aureon_string *a, const aureon_string *b)
{
    return aureon_is_less_bytes(&(aureon_bytes){(const uint8_t *)a->data, a->size},
                                &(aureon_bytes){(const uint8_t *)b->data, b->size});
}

/* ---- options, lists and maps ----------------------------------------------------------------- */

/* A type may be option(T), vec(T) or map(K, V): in the ABI option<T>, vec<T>, map<K,V>. In C those
 * are
 *
 *     aureon_option(T)  .is_some, .value    AUREON_SOME(T, value) and AUREON_NONE(T) make one
 *     aureon_vec(T)     .items, .count
 *     aureon_map(K, V)  .items, .count, with .items[i].key and .value, in the order of their keys
 *
 * Options and lists of plain types and of structs are there; one that is inside of another, and
 * every map, is asked for once, before its first use:
 *
 *     AUREON_VEC_OF(option(u64))
 *     AUREON_MAP_OF(string, u64)
 *
 * Two may stand one inside the other; what is deeper needs a struct. Keys are of plain types, bytes
 * or string. Items are borrowed; what the kit gives lies on the heap until the call ends. */
#define aureon_option(T)            AUREON_PASTE(aureon_option_, AUREON_ID(T))
#define aureon_put_option(T)        AUREON_PASTE(aureon_put_option_, AUREON_ID(T))
#define aureon_get_option(T)        AUREON_PASTE(aureon_get_option_, AUREON_ID(T))
#define aureon_vec(T)               AUREON_PASTE(aureon_vec_, AUREON_ID(T))
#define aureon_put_vec(T)           AUREON_PASTE(aureon_put_vec_, AUREON_ID(T))
#define aureon_get_vec(T)           AUREON_PASTE(aureon_get_vec_, AUREON_ID(T))
#define aureon_is_varying_option(T) true
#define aureon_is_varying_vec(T)    true
#define aureon_is_varying_map(K, V) true
#define AUREON_ID_PAIR(K, V)        AUREON_PASTE(AUREON_ID(K), AUREON_PASTE(_, AUREON_ID(V)))
#define aureon_map(K, V)            AUREON_PASTE(aureon_map_, AUREON_ID_PAIR(K, V))
#define aureon_put_map(K, V)        AUREON_PASTE(aureon_put_map_, AUREON_ID_PAIR(K, V))
#define aureon_get_map(K, V)        AUREON_PASTE(aureon_get_map_, AUREON_ID_PAIR(K, V))

#define AUREON_SOME(T, ...) ((aureon_option(T)){true, __VA_ARGS__})
#define AUREON_NONE(T)      ((aureon_option(T)){0})

#define AUREON_OPTION_OF(T)                                                     \
    typedef struct {                                                            \
        bool is_some;                                                           \
        aureon_##T value;                                                       \
    } aureon_option(T);                                                         \
    AUREON_UNUSED static void aureon_put_option(T)(struct aureon_cursor * to,   \
                                                   const aureon_option(T) * v)  \
    {                                                                           \
        aureon_put_bool(to, &v->is_some);                                       \
        if (v->is_some) aureon_put_##T(to, &v->value);                          \
    }                                                                           \
    AUREON_UNUSED static void aureon_get_option(T)(struct aureon_cursor * from, \
                                                   aureon_option(T) * v)        \
    {                                                                           \
        memset(v, 0, sizeof(*v));                                               \
        aureon_get_bool(from, &v->is_some);                                     \
        if (v->is_some) aureon_get_##T(from, &v->value);                        \
    }

#define AUREON_VEC_OF(T)                                                                        \
    typedef struct {                                                                            \
        const aureon_##T *items;                                                                \
        uint32_t count;                                                                         \
    } aureon_vec(T);                                                                            \
    AUREON_SHARED static void aureon_put_vec(T)(struct aureon_cursor * to,                      \
                                                const aureon_vec(T) * v)                        \
    {                                                                                           \
        aureon_put_u32(to, &v->count);                                                          \
        for (uint32_t i = 0; i < v->count; i++)                                                 \
            aureon_put_##T(to, &v->items[i]);                                                   \
    }                                                                                           \
    AUREON_SHARED static void aureon_get_vec(T)(struct aureon_cursor * from, aureon_vec(T) * v) \
    {                                                                                           \
        uint32_t count = aureon_get_count(from);                                                \
        aureon_##T *items = aureon_alloc_items(count, sizeof(*items));                          \
        for (uint32_t i = 0; i < count; i++)                                                    \
            aureon_get_##T(from, &items[i]);                                                    \
        *v = (aureon_vec(T)){items, count};                                                     \
    }

#define AUREON_MAP_OF(K, V)                                                              \
    typedef struct {                                                                     \
        const struct AUREON_PASTE(aureon_entry_, AUREON_ID_PAIR(K, V)) {                 \
            aureon_##K key;                                                              \
            aureon_##V value;                                                            \
        } * items;                                                                       \
        uint32_t count;                                                                  \
    } aureon_map(K, V);                                                                  \
    AUREON_SHARED static void aureon_put_map(K, V)(struct aureon_cursor * to,            \
                                                   const aureon_map(K, V) * v)           \
    {                                                                                    \
        aureon_put_u32(to, &v->count);                                                   \
        for (uint32_t i = 0; i < v->count; i++) {                                        \
            if (i > 0 && !aureon_is_less_##K(&v->items[i - 1].key, &v->items[i].key))    \
                aureon_fail_kit(AUREON_ERROR_ENCODING, "a map's keys are not in order"); \
            aureon_put_##K(to, &v->items[i].key);                                        \
            aureon_put_##V(to, &v->items[i].value);                                      \
        }                                                                                \
    }                                                                                    \
    AUREON_SHARED static void aureon_get_map(K, V)(struct aureon_cursor * from,          \
                                                   aureon_map(K, V) * v)                 \
    {                                                                                    \
        uint32_t count = aureon_get_count(from);                                         \
        struct AUREON_PASTE(aureon_entry_, AUREON_ID_PAIR(K, V)) *items =                \
            aureon_alloc_items(count, sizeof(*items));                                   \
        for (uint32_t i = 0; i < count; i++) {                                           \
            aureon_get_##K(from, &items[i].key);                                         \
            aureon_get_##V(from, &items[i].value);                                       \
            if (i > 0 && !aureon_is_less_##K(&items[i - 1].key, &items[i].key))          \
                from->is_bad = true;                                                     \
        }                                                                                \
        *v = (aureon_map(K, V)){items, count};                                           \
    }

#define AUREON_WITH_LISTS(T) AUREON_OPTION_OF(T) AUREON_VEC_OF(T)
AUREON_WITH_LISTS(bool)
AUREON_WITH_LISTS(u8)
AUREON_WITH_LISTS(u16)
AUREON_WITH_LISTS(u32)
AUREON_WITH_LISTS(u64)
AUREON_WITH_LISTS(u128)
AUREON_WITH_LISTS(i8)
AUREON_WITH_LISTS(i16)
AUREON_WITH_LISTS(i32)
AUREON_WITH_LISTS(i64)
AUREON_WITH_LISTS(i128)
AUREON_WITH_LISTS(address)
AUREON_WITH_LISTS(bytes32)
AUREON_WITH_LISTS(bytes)
AUREON_WITH_LISTS(string)

/* aureon_check_read ends the call unless the reader took a whole value. */
AUREON_SHARED static void aureon_check_read(const struct aureon_cursor *from)
{
    if (from->is_bad || from->pos != from->size)
        aureon_fail_kit(AUREON_ERROR_ENCODING, "a stored or returned value has another type");
}

#endif

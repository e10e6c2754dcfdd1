/* The C contract kit: what a contract written in C needs, in one header.
 *
 *     #include "aureon_contract.h"
 *
 *     AUREON_CONTRACT(counter, 1.0.0)
 *     AUREON_STORAGE(total, u64, "total")
 *     AUREON_ERROR(1, Overflow, "the total would exceed 64 bits", (u64, total))
 *     AUREON_EVENT(Incremented, "by was added", (address, who, topic), (u64, by))
 *
 *     AUREON_FN(increment, u64, mut, "Adds by to the total", (u64, by))
 *     {
 *         uint64_t total;
 *         if (!aureon_try_add(total_get(), by, &total)) fail_Overflow(total_get());
 *         total_set(total);
 *         emit_Incremented(aureon_get_caller(), by);
 *         return total;
 *     }
 *
 * A macro makes the code and its line of the section aureon_abi together, so the two agree. Compile
 * with
 *
 *     clang --target=wasm32 -mcpu=mvp -msign-ext -mbulk-memory -std=c17 -O2 -ffreestanding \
 *         -nostdlib -Wl,--no-entry -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=8192 \
 *         -Wl,--initial-memory=65536 -Wl,--max-memory=65536 -o NAME.wasm NAME.c
 *
 * Rules
 *   - Types are written as in the ABI: bool, u8..u128, i8..i128, address, bytes32, bytes, string,
 *     and what AUREON_STRUCT names; their C types are aureon_u64 and so on. option(T), vec(T) and
 *     map(K, V) are types too: aureon_values.h tells of them.
 *   - Texts in quotes may have \" and \\ and \n inside, and no other escape; keys and prefixes
 *     of storage none.
 *   - Values in arguments, storage, events and output are Borsh: little-endian, sizes as u32.
 *   - The host ends a call whose pointer or size is outside the memory. A size of 0 never reads.
 *   - Every host function costs gas, taken before it does anything: abi/host.def has the prices.
 *   - Every call begins with fresh globals and an empty heap: only storage lasts.
 *
 * An account is named by bytes: a contract or key of a chain by its 32 bytes, and in a run without
 * a chain by any name of 1 to 64 bytes. */
#ifndef AUREON_CONTRACT_H
#define AUREON_CONTRACT_H

#include "aureon_fields.h"
#include "aureon_host.h"
#include "aureon_values.h"

/* ---- functions ------------------------------------------------------------------------------- */

/* AUREON_CONTRACT(name, version): once, in one source file. */
#ifdef __wasm__
#define AUREON_CONTRACT(name, version)                                                       \
    AUREON_ABI(AUREON_ASCII("abi 1\nmeta name=") AUREON_WORD(name) AUREON_ASCII(" version=") \
                   AUREON_WORD(version)                                                      \
                       AUREON_ASCII(" sdk=c/1\n"                                             \
                                    "error 2147418113 BadArguments(message:string)\n"        \
                                    "error 2147418114 ArithmeticError(message:string)\n"     \
                                    "error 2147418115 AssertionFailed(message:string)\n"     \
                                    "error 2147418116 OutOfMemory(message:string)\n"         \
                                    "error 2147418117 BadEncoding(message:string)\n"         \
                                    "error 2147418118 NotPayable(message:string)\n"))        \
    _Static_assert(AUREON_ERROR_NOT_PAYABLE == 2147418118, "the codes above");
#else
#define AUREON_CONTRACT(name, version) static const char aureon_contract_name[] = #name;
#endif

/* Starts a call: what came with it must be what the function takes. */
AUREON_SHARED static uint32_t aureon_begin(uint32_t count_min, uint32_t count_max, bool is_payable)
{
    uint32_t count = aureon_arg_count();
    if (count < count_min || count > count_max)
        aureon_fail_kit(AUREON_ERROR_ARGUMENTS, "the number of arguments is wrong");
    if (!is_payable && aureon_value() != 0)
        aureon_fail_kit(AUREON_ERROR_NOT_PAYABLE, "the function takes no value");
    return count;
}

AUREON_SHARED static struct aureon_cursor aureon_begin_arg(uint32_t index)
{
    struct aureon_cursor from = {0, (uint32_t)aureon_arg_size(index), false};
    if (from.size > sizeof(aureon_scratch))
        aureon_fail_kit(AUREON_ERROR_MEMORY, "an argument exceeds the scratch buffer");
    aureon_arg_read(index, aureon_scratch, 0, from.size);
    return from;
}

AUREON_SHARED static void aureon_end_arg(const struct aureon_cursor *from)
{
    if (from->is_bad || from->pos != from->size)
        aureon_fail_kit(AUREON_ERROR_ARGUMENTS, "an argument is not of the function's type");
}

#ifdef __wasm__
#define AUREON_ENTRY(name, mode)                                        \
    __attribute__((export_name(#name))) void aureon_entry_##name(void); \
    void aureon_entry_##name(void)
#else
struct aureon_mock_function {
    const char *contract;
    const char *name;
    const char *mode;
    void (*entry)(void);
    struct aureon_mock_function *next;
};
void aureon_mock_register(struct aureon_mock_function *function);
#define AUREON_ENTRY(name, mode)                                                           \
    static void aureon_entry_##name(void);                                                 \
    __attribute__((constructor)) static void aureon_register_##name(void)                  \
    {                                                                                      \
        static struct aureon_mock_function function = {aureon_contract_name, #name, #mode, \
                                                       aureon_entry_##name, NULL};         \
        aureon_mock_register(&function);                                                   \
    }                                                                                      \
    static void aureon_entry_##name(void)
#endif

#define AUREON_ARG(T, ...) AUREON_PASTE(AUREON_ARG, AUREON_ARITY(__VA_ARGS__))(T, __VA_ARGS__)
#define AUREON_ARG1(T, name)                                                 \
    aureon_##T name;                                                         \
    {                                                                        \
        struct aureon_cursor aureon_from = aureon_begin_arg(aureon_index++); \
        aureon_get_##T(&aureon_from, &name);                                 \
        aureon_end_arg(&aureon_from);                                        \
    }
#define AUREON_ARG2(T, name, otherwise)                                      \
    aureon_##T name;                                                         \
    if (aureon_index >= aureon_count) {                                      \
        name = (otherwise);                                                  \
    } else {                                                                 \
        struct aureon_cursor aureon_from = aureon_begin_arg(aureon_index++); \
        aureon_get_##T(&aureon_from, &name);                                 \
        aureon_end_arg(&aureon_from);                                        \
    }
#define AUREON_IS_NEEDED(T, ...) AUREON_PASTE(AUREON_IS_NEEDED, AUREON_ARITY(__VA_ARGS__))
#define AUREON_IS_NEEDED1        +1
#define AUREON_IS_NEEDED2        +0

#define AUREON_RETURN(T, call)                             \
    {                                                      \
        aureon_##T aureon_result = call;                   \
        struct aureon_cursor aureon_to = {0, 0, false};    \
        aureon_put_##T(&aureon_to, &aureon_result);        \
        aureon_return_data(aureon_scratch, aureon_to.pos); \
    }

/* AUREON_FN(name, result, mode, text, (T, argument), ...) { body }: an exported function.
 *
 * An argument with a third part, (T, argument, value), may be left out at the end and then has that
 * value.
 *
 * result  a type or void
 * mode    mut, view, payable (takes value); for the functions so named init, or payable_init, and
 *         migrate */
#define AUREON_FN(name, result, mode, ...)                                                       \
    AUREON_ABI(AUREON_ASCII("fn ") AUREON_WORD_(name) AUREON_ASCII("(")                          \
                   AUREON_EACH(, AUREON_TAKES, AUREON_TAKES_MORE, __VA_ARGS__) AUREON_ASCII(")") \
                       AUREON_IF_VOID(result, , AUREON_ASCII("->") AUREON_TYPE(result))          \
                           AUREON_MODE_##mode AUREON_QUOTED(__VA_ARGS__))                        \
    static aureon_##result name(AUREON_PARAMS(__VA_ARGS__));                                     \
    AUREON_ENTRY(name, mode)                                                                     \
    {                                                                                            \
        AUREON_UNUSED uint32_t aureon_index = 0;                                                 \
        AUREON_UNUSED uint32_t aureon_count =                                                    \
            aureon_begin(AUREON_EACH(0, AUREON_IS_NEEDED, AUREON_IS_NEEDED, __VA_ARGS__),        \
                         AUREON_COUNT(__VA_ARGS__), #mode[0] == 'p');                            \
        AUREON_EACH(, AUREON_ARG, AUREON_ARG, __VA_ARGS__)                                       \
        AUREON_IF_VOID(result, name(AUREON_NAMES(__VA_ARGS__));                                  \
                       , AUREON_RETURN(result, name(AUREON_NAMES(__VA_ARGS__))))                 \
    }                                                                                            \
    static aureon_##result name(AUREON_PARAMS(__VA_ARGS__))

/* AUREON_STRUCT(Name, (T, member), ...): struct Name, and types Name, option(Name), vec(Name). */
#define AUREON_STRUCT(...)        AUREON_STRUCT_(AUREON_FIRST(__VA_ARGS__), __VA_ARGS__)
#define AUREON_STRUCT_(Name, ...) AUREON_STRUCT__(Name, __VA_ARGS__)
#define AUREON_STRUCT__(Name, ...)                                                                \
    AUREON_ABI(AUREON_ASCII("type ") AUREON_WORD_(Name) AUREON_ASCII("{") AUREON_EACH(            \
        , AUREON_FIELD, AUREON_FIELD_MORE, __VA_ARGS__) AUREON_ASCII("}\n"))                      \
    enum {                                                                                        \
        aureon_is_varying_##Name =                                                                \
            AUREON_EACH(0, AUREON_IS_VARYING, AUREON_IS_VARYING, __VA_ARGS__) > 0                 \
    };                                                                                            \
    typedef struct Name {                                                                         \
        AUREON_EACH(, AUREON_MEMBER, AUREON_MEMBER, __VA_ARGS__)                                  \
    } aureon_##Name;                                                                              \
    AUREON_UNUSED static void aureon_put_##Name(struct aureon_cursor *to, const aureon_##Name *v) \
    {                                                                                             \
        AUREON_EACH(, AUREON_PUT_MEMBER, AUREON_PUT_MEMBER, __VA_ARGS__);                         \
    }                                                                                             \
    AUREON_UNUSED static void aureon_get_##Name(struct aureon_cursor *from, aureon_##Name *v)     \
    {                                                                                             \
        AUREON_EACH(, AUREON_GET_MEMBER, AUREON_GET_MEMBER, __VA_ARGS__);                         \
    }                                                                                             \
    AUREON_OPTION_OF(Name)                                                                        \
    AUREON_VEC_OF(Name)
#define AUREON_IS_VARYING(T, name) +aureon_is_varying_##T
#define AUREON_MEMBER(T, name)     aureon_##T name;
#define AUREON_PUT_MEMBER(T, name) aureon_put_##T(to, &v->name);
#define AUREON_GET_MEMBER(T, name) aureon_get_##T(from, &v->name);

/* ---- failures and events of the contract's own ----------------------------------------------- */

/* AUREON_ERROR(code, Name, text, (T, field), ...): fail_Name(field, ...) ends the call. */
#define AUREON_ERROR(code, Name, ...)                                                         \
    AUREON_ABI(AUREON_ASCII("error ") AUREON_WORD_(code) AUREON_ASCII(" ") AUREON_WORD_(Name) \
                   AUREON_FIELDS(__VA_ARGS__) AUREON_QUOTED(__VA_ARGS__))                     \
    AUREON_UNUSED AUREON_NORETURN static void fail_##Name(AUREON_PARAMS(__VA_ARGS__))         \
    {                                                                                         \
        AUREON_UNUSED struct aureon_cursor aureon_to = {0, 0, false};                         \
        AUREON_EACH(, AUREON_PUT, AUREON_PUT, __VA_ARGS__)                                    \
        aureon_revert(code, aureon_scratch, aureon_to.pos);                                   \
    }

/* A topic: the encoding with zeros before it if it is short, else its SHA-256. */
AUREON_SHARED static void aureon_end_topic(struct aureon_cursor *to, uint32_t begin,
                                           bool is_varying, uint8_t topic[32])
{
    uint32_t size = to->pos - begin;
    if (is_varying || size > 32) {
        aureon_sha256(aureon_scratch + begin, size, topic);
    } else {
        memset(topic, 0, 32 - size);
        memcpy(topic + 32 - size, aureon_scratch + begin, size);
    }
    to->pos = begin;
}

/* AUREON_EVENT(Name, text, (T, field, topic), (T, field), ...): emit_Name(field, ...) puts it into
 * the receipt. Fields with the word topic, at most 4, can be looked for; the rest are the data. */
#define AUREON_EVENT(Name, ...)                                                                 \
    AUREON_ABI(AUREON_ASCII("event ") AUREON_WORD_(Name) AUREON_FIELDS(__VA_ARGS__)             \
                   AUREON_QUOTED(__VA_ARGS__))                                                  \
    AUREON_UNUSED static void emit_##Name(AUREON_PARAMS(__VA_ARGS__))                           \
    {                                                                                           \
        enum { aureon_topics = AUREON_EACH(0, AUREON_IS_TOPIC, AUREON_IS_TOPIC, __VA_ARGS__) }; \
        _Static_assert(aureon_topics <= 4, "an event has at most 4 topics");                    \
        uint8_t aureon_topic[aureon_topics + 1][32];                                            \
        uint32_t aureon_index = 0;                                                              \
        struct aureon_cursor aureon_to = {0, 0, false};                                         \
        AUREON_EACH(, AUREON_EVENT_TOPIC, AUREON_EVENT_TOPIC, __VA_ARGS__)                      \
        AUREON_EACH(, AUREON_EVENT_DATA, AUREON_EVENT_DATA, __VA_ARGS__)                        \
        aureon_emit(AUREON_TEXT(#Name), aureon_topic, aureon_index, aureon_scratch,             \
                    aureon_to.pos);                                                             \
    }
#define AUREON_IS_TOPIC(T, ...) AUREON_PASTE(AUREON_IS_TOPIC, AUREON_ARITY(__VA_ARGS__))
#define AUREON_IS_TOPIC1        +0
#define AUREON_IS_TOPIC2        +1
#define AUREON_EVENT_DATA(T, ...) \
    AUREON_PASTE(AUREON_EVENT_DATA, AUREON_ARITY(__VA_ARGS__))(T, __VA_ARGS__)
#define AUREON_EVENT_DATA1(T, name) aureon_put_##T(&aureon_to, &name);
#define AUREON_EVENT_DATA2(T, name, topic)
#define AUREON_EVENT_TOPIC(T, ...) \
    AUREON_PASTE(AUREON_EVENT_TOPIC, AUREON_ARITY(__VA_ARGS__))(T, __VA_ARGS__)
#define AUREON_EVENT_TOPIC1(T, name)
#define AUREON_EVENT_TOPIC2(T, name, topic) \
    aureon_put_##T(&aureon_to, &name);      \
    aureon_end_topic(&aureon_to, 0, aureon_is_varying_##T, aureon_topic[aureon_index++]);

/* ---- storage --------------------------------------------------------------------------------- */

/* The value under the key that lies in the scratch buffer; false if there is none. */
AUREON_SHARED static bool aureon_load(const void *key, uint32_t key_size,
                                      struct aureon_cursor *out_from)
{
    int32_t size = aureon_storage_read(key, key_size, aureon_scratch, sizeof(aureon_scratch));
    if (size < 0) return false;
    if (size == (int32_t)sizeof(aureon_scratch))
        aureon_fail_kit(AUREON_ERROR_MEMORY, "a stored value exceeds the scratch buffer");
    *out_from = (struct aureon_cursor){0, (uint32_t)size, false};
    return true;
}

AUREON_SHARED static void aureon_store(const void *key, uint32_t key_size, const void *value,
                                       uint32_t size)
{
    if (aureon_storage_write(key, key_size, value, size) != 0)
        aureon_fail_kit(AUREON_ERROR_MEMORY, "a storage key exceeds 256 bytes, or a value 64 KiB");
}

/* AUREON_STORAGE(name, T, "key"): one value. name_get gives zeros if there is none, name_has tells;
 * name_set, name_delete. */
#define AUREON_STORAGE(name, T, key)                                                        \
    AUREON_ABI(AUREON_ASCII("storage ") AUREON_WORD_(name) AUREON_ASCII(":") AUREON_TYPE(T) \
                   AUREON_ASCII(" @\"" key "\"\n"))                                         \
    AUREON_UNUSED static aureon_##T name##_get(void)                                        \
    {                                                                                       \
        struct aureon_cursor from;                                                          \
        aureon_##T v;                                                                       \
        memset(&v, 0, sizeof(v));                                                           \
        if (!aureon_load(AUREON_TEXT(key), &from)) return v;                                \
        aureon_get_##T(&from, &v);                                                          \
        aureon_check_read(&from);                                                           \
        return v;                                                                           \
    }                                                                                       \
    AUREON_UNUSED static void name##_set(aureon_##T v)                                      \
    {                                                                                       \
        struct aureon_cursor to = {0, 0, false};                                            \
        aureon_put_##T(&to, &v);                                                            \
        aureon_store(AUREON_TEXT(key), aureon_scratch, to.pos);                             \
    }                                                                                       \
    AUREON_UNUSED static bool name##_has(void)                                              \
    {                                                                                       \
        return aureon_storage_size(AUREON_TEXT(key)) >= 0;                                  \
    }                                                                                       \
    AUREON_UNUSED static void name##_delete(void)                                           \
    {                                                                                       \
        aureon_storage_delete(AUREON_TEXT(key));                                            \
    }

/* AUREON_MAP(name, K, V, "prefix"): a value for each key; the functions take the key first. It is
 * stored under the prefix and the key's encoding. */
#define AUREON_MAP(name, K, V, prefix)                                                          \
    AUREON_ABI(AUREON_ASCII("storage ") AUREON_WORD_(name) AUREON_ASCII(":map<") AUREON_TYPE(K) \
                   AUREON_ASCII(",") AUREON_TYPE(V) AUREON_ASCII("> @\"" prefix "\"\n"))        \
    AUREON_SHARED static uint32_t name##_put_key(const aureon_##K *k)                           \
    {                                                                                           \
        struct aureon_cursor to = {0, 0, false};                                                \
        aureon_put_raw(&to, AUREON_TEXT(prefix));                                               \
        aureon_put_##K(&to, k);                                                                 \
        return to.pos;                                                                          \
    }                                                                                           \
    AUREON_SHARED static void name##_load(const aureon_##K *k, aureon_##V *v)                   \
    {                                                                                           \
        struct aureon_cursor from;                                                              \
        memset(v, 0, sizeof(*v));                                                               \
        if (!aureon_load(aureon_scratch, name##_put_key(k), &from)) return;                     \
        aureon_get_##V(&from, v);                                                               \
        aureon_check_read(&from);                                                               \
    }                                                                                           \
    AUREON_SHARED static void name##_store(const aureon_##K *k, const aureon_##V *v)            \
    {                                                                                           \
        uint32_t key_size = name##_put_key(k);                                                  \
        struct aureon_cursor to = {key_size, 0, false};                                         \
        aureon_put_##V(&to, v);                                                                 \
        aureon_store(aureon_scratch, key_size, aureon_scratch + key_size, to.pos - key_size);   \
    }                                                                                           \
    AUREON_UNUSED static inline aureon_##V name##_get(aureon_##K k)                             \
    {                                                                                           \
        aureon_##V v;                                                                           \
        name##_load(&k, &v);                                                                    \
        return v;                                                                               \
    }                                                                                           \
    AUREON_UNUSED static inline void name##_set(aureon_##K k, aureon_##V v)                     \
    {                                                                                           \
        name##_store(&k, &v);                                                                   \
    }                                                                                           \
    AUREON_UNUSED static bool name##_has(aureon_##K k)                                          \
    {                                                                                           \
        uint32_t key_size = name##_put_key(&k);                                                 \
        return aureon_storage_size(aureon_scratch, key_size) >= 0;                              \
    }                                                                                           \
    AUREON_UNUSED static void name##_delete(aureon_##K k)                                       \
    {                                                                                           \
        uint32_t key_size = name##_put_key(&k);                                                 \
        aureon_storage_delete(aureon_scratch, key_size);                                        \
    }

/* ---- accounts -------------------------------------------------------------------------------- */

#define AUREON_ADDRESS_OF(name)                                 \
    AUREON_UNUSED static aureon_address aureon_get_##name(void) \
    {                                                           \
        aureon_address address;                                 \
        aureon_##name(address.bytes);                           \
        return address;                                         \
    }
AUREON_ADDRESS_OF(self_address) /* aureon_get_self_address() */
AUREON_ADDRESS_OF(caller)
AUREON_ADDRESS_OF(origin)

AUREON_UNUSED static bool aureon_is_equal(aureon_address a, aureon_address b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

/* aureon_pay moves an amount from this contract. */
AUREON_UNUSED static enum aureon_transfer aureon_pay(aureon_address to, uint64_t amount)
{
    aureon_address self = aureon_get_self_address();
    return (enum aureon_transfer)aureon_transfer(self.bytes, sizeof(self.bytes), to.bytes,
                                                 sizeof(to.bytes), amount);
}

/* ---- other contracts ------------------------------------------------------------------------- */

struct aureon_target {
    aureon_address address;
    uint64_t value; /* base units that move to it */
    uint64_t gas;   /* the most that it may use; 0 = all but a 64th of what is left */
    uint32_t flags; /* of AUREON_CALL_ */
};

/* AUREON_REMOTE(prefix, result, name, (T, argument), ...): a function of another contract.
 * prefix_name(target, argument, ..., &result) gives the outcome; without success *result stays.
 * A result of another type ends the call with AUREON_ERROR_ENCODING. */
#define AUREON_REMOTE(prefix, result, ...) \
    AUREON_REMOTE_(prefix, result, AUREON_FIRST(__VA_ARGS__), __VA_ARGS__)
#define AUREON_REMOTE_(prefix, result, name, ...) AUREON_REMOTE__(prefix, result, name, __VA_ARGS__)
#define AUREON_REMOTE__(prefix, result, name, ...)                                         \
    AUREON_UNUSED static enum aureon_outcome prefix##_##name(                              \
        struct aureon_target aureon_at AUREON_EACH(, AUREON_PARAM_MORE, AUREON_PARAM_MORE, \
                                                   __VA_ARGS__)                            \
            AUREON_IF_VOID(result, , AUREON_OUT(result)))                                  \
    {                                                                                      \
        struct aureon_cursor aureon_to = {0, 0, false};                                    \
        AUREON_UNUSED uint32_t aureon_open;                                                \
        aureon_put_u32(&aureon_to, &(uint32_t){AUREON_COUNT(__VA_ARGS__)});                \
        AUREON_EACH(, AUREON_PUT_ITEM, AUREON_PUT_ITEM, __VA_ARGS__)                       \
        int32_t aureon_got =                                                               \
            aureon_call(aureon_at.address.bytes, AUREON_TEXT(#name), aureon_scratch,       \
                        aureon_to.pos, aureon_at.value, aureon_at.gas, aureon_at.flags);   \
        AUREON_IF_VOID(result, , AUREON_GET_RESULT(result))                                \
        return (enum aureon_outcome)aureon_got;                                            \
    }
#define AUREON_OUT(T) , aureon_##T *out_result
#define AUREON_PUT_ITEM(T, name)                \
    aureon_open = aureon_to.pos;                \
    aureon_put_u32(&aureon_to, &(uint32_t){0}); \
    aureon_put_##T(&aureon_to, &name);          \
    aureon_close_item(&aureon_to, aureon_open);
#define AUREON_GET_RESULT(T)                              \
    if (aureon_got == AUREON_SUCCESS) {                   \
        struct aureon_cursor from = aureon_read_result(); \
        aureon_get_##T(&from, out_result);                \
        aureon_check_read(&from);                         \
    }

AUREON_SHARED static void aureon_close_item(const struct aureon_cursor *to, uint32_t open)
{
    uint32_t size = to->pos - open - (uint32_t)sizeof(size);
    memcpy(aureon_scratch + open, &size, sizeof(size));
}

AUREON_SHARED static struct aureon_cursor aureon_read_result(void)
{
    struct aureon_cursor from = {0, aureon_ret_size(), false};
    if (from.size > sizeof(aureon_scratch))
        aureon_fail_kit(AUREON_ERROR_MEMORY, "a returned value exceeds the scratch buffer");
    aureon_ret_read(aureon_scratch, 0, from.size);
    return from;
}

/* ---- logs ------------------------------------------------------------------------------------ */

/* AUREON_LOG("total = ", total, " by ", who): a line of at most 8 parts: literals, integers in
 * decimal, addresses in hexadecimal, strings. */
#define AUREON_LOG(...)                                   \
    do {                                                  \
        struct aureon_cursor aureon_line = {0, 0, false}; \
        AUREON_PARTS(__VA_ARGS__)                         \
        aureon_log(aureon_scratch, aureon_line.pos);      \
    } while (0)
#define AUREON_PARTS(...)                                                                      \
    AUREON_COUNTED(__VA_ARGS__, ~, AUREON_PARTS8, AUREON_PARTS7, AUREON_PARTS6, AUREON_PARTS5, \
                   AUREON_PARTS4, AUREON_PARTS3, AUREON_PARTS2, AUREON_PARTS1, ~)              \
    (__VA_ARGS__)
#define AUREON_PARTS1(a)      AUREON_PART(a)
#define AUREON_PARTS2(a, ...) AUREON_PART(a) AUREON_PARTS1(__VA_ARGS__)
#define AUREON_PARTS3(a, ...) AUREON_PART(a) AUREON_PARTS2(__VA_ARGS__)
#define AUREON_PARTS4(a, ...) AUREON_PART(a) AUREON_PARTS3(__VA_ARGS__)
#define AUREON_PARTS5(a, ...) AUREON_PART(a) AUREON_PARTS4(__VA_ARGS__)
#define AUREON_PARTS6(a, ...) AUREON_PART(a) AUREON_PARTS5(__VA_ARGS__)
#define AUREON_PARTS7(a, ...) AUREON_PART(a) AUREON_PARTS6(__VA_ARGS__)
#define AUREON_PARTS8(a, ...) AUREON_PART(a) AUREON_PARTS7(__VA_ARGS__)
#define AUREON_PART(value) \
    _Generic((value), char *: aureon_part_text, const char *: aureon_part_text,               \
             aureon_string: aureon_part_string, aureon_address: aureon_part_address,          \
             signed char: aureon_part_signed, short: aureon_part_signed,                      \
             int: aureon_part_signed, long: aureon_part_signed,                               \
             long long: aureon_part_signed, default: aureon_part_unsigned)                    \
        (&aureon_line, value);

#define AUREON_DECIMAL_MAX 20u /* digits of the greatest uint64_t */

AUREON_SHARED static void aureon_part_unsigned(struct aureon_cursor *to, uint64_t number)
{
    char digits[AUREON_DECIMAL_MAX];
    uint32_t begin = sizeof(digits);
    do {
        digits[--begin] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    aureon_put_raw(to, digits + begin, (uint32_t)sizeof(digits) - begin);
}

AUREON_UNUSED static void aureon_part_signed(struct aureon_cursor *to, int64_t number)
{
    if (number < 0) aureon_put_raw(to, "-", 1);
    aureon_part_unsigned(to, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

AUREON_UNUSED static void aureon_part_string(struct aureon_cursor *to, aureon_string text)
{
    aureon_put_raw(to, text.data, text.size);
}

AUREON_SHARED static void aureon_part_text(struct aureon_cursor *to, const char *text)
{
    for (; *text != 0; text++)
        aureon_put_raw(to, text, 1);
}

AUREON_SHARED static void aureon_part_address(struct aureon_cursor *to, aureon_address address)
{
    const char *digits = "0123456789abcdef";
    for (uint32_t i = 0; i < sizeof(address.bytes); i++) {
        aureon_put_raw(to, &digits[address.bytes[i] >> 4], 1);
        aureon_put_raw(to, &digits[address.bytes[i] & 15], 1);
    }
}

#endif

/* How the macros of aureon_contract.h walk over lists of fields, and write lines of the section
 * aureon_abi. Contracts include aureon_contract.h alone. */
#ifndef AUREON_FIELDS_H
#define AUREON_FIELDS_H

/* ---- lists of fields ------------------------------------------------------------------------- */

/* AUREON_EACH(none, first, rest, text, (T, name), ...): `none` without fields, else first(T, name)
 * and for each further field rest(T, name). At most 16 fields. */
#define AUREON_EACH(none, first, rest, ...)                                                    \
    AUREON_COUNTED_16(__VA_ARGS__, AUREON_EACH16, AUREON_EACH15, AUREON_EACH14, AUREON_EACH13, \
                      AUREON_EACH12, AUREON_EACH11, AUREON_EACH10, AUREON_EACH9, AUREON_EACH8, \
                      AUREON_EACH7, AUREON_EACH6, AUREON_EACH5, AUREON_EACH4, AUREON_EACH3,    \
                      AUREON_EACH2, AUREON_EACH1, AUREON_EACH0, ~)                             \
    (none, first, rest, __VA_ARGS__)
#define AUREON_COUNTED(a, b, c, d, e, f, g, h, i, name, ...)                            name
#define AUREON_COUNTED_16(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, name, ...) name

#define AUREON_EACH0(n, f, r, t)          n
#define AUREON_EACH1(n, f, r, t, a)       f a
#define AUREON_EACH2(n, f, r, t, a, ...)  f a AUREON_EACH1(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH3(n, f, r, t, a, ...)  f a AUREON_EACH2(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH4(n, f, r, t, a, ...)  f a AUREON_EACH3(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH5(n, f, r, t, a, ...)  f a AUREON_EACH4(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH6(n, f, r, t, a, ...)  f a AUREON_EACH5(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH7(n, f, r, t, a, ...)  f a AUREON_EACH6(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH8(n, f, r, t, a, ...)  f a AUREON_EACH7(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH9(n, f, r, t, a, ...)  f a AUREON_EACH8(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH10(n, f, r, t, a, ...) f a AUREON_EACH9(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH11(n, f, r, t, a, ...) f a AUREON_EACH10(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH12(n, f, r, t, a, ...) f a AUREON_EACH11(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH13(n, f, r, t, a, ...) f a AUREON_EACH12(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH14(n, f, r, t, a, ...) f a AUREON_EACH13(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH15(n, f, r, t, a, ...) f a AUREON_EACH14(n, r, r, t, __VA_ARGS__)
#define AUREON_EACH16(n, f, r, t, a, ...) f a AUREON_EACH15(n, r, r, t, __VA_ARGS__)

#define AUREON_FIRST(...)           AUREON_FIRST_(__VA_ARGS__, ~)
#define AUREON_FIRST_(first, ...)   first
#define AUREON_SECOND(...)          AUREON_SECOND_(__VA_ARGS__)
#define AUREON_SECOND_(a, b, ...)   b
#define AUREON_ARITY(...)           AUREON_ARITY_(__VA_ARGS__, 2, 1, ~)
#define AUREON_ARITY_(a, b, n, ...) n
#define AUREON_PASTE(a, b)          AUREON_PASTE_(a, b)
#define AUREON_PASTE_(a, b)         a##b
#define AUREON_YES(yes, ...)        yes
#define AUREON_NO(yes, ...)         __VA_ARGS__

/* AUREON_IF_VOID(T, yes, no): which of two, by whether T is void. */
#define AUREON_IF_VOID(T, yes, no) AUREON_SECOND(AUREON_VOID_##T, AUREON_NO, ~)(yes, no)
#define AUREON_VOID_void           ~, AUREON_YES

/* AUREON_ID(T): the type's name as one word: vec_u64 of vec(u64). */
#define AUREON_ID(T)        AUREON_SECOND(AUREON_ID_##T, T, ~)
#define AUREON_ID_option(T) ~, option_##T
#define AUREON_ID_vec(T)    ~, vec_##T
#define AUREON_ID_map(K, V) ~, map_##K##_##V

#define AUREON_ONE(...)           1
#define AUREON_ONE_MORE(...)      +1
#define AUREON_COUNT(...)         AUREON_EACH(0, AUREON_ONE, AUREON_ONE_MORE, __VA_ARGS__)
#define AUREON_PARAM(T, ...)      aureon_##T AUREON_FIRST(__VA_ARGS__)
#define AUREON_PARAM_MORE(T, ...) , aureon_##T AUREON_FIRST(__VA_ARGS__)
#define AUREON_PARAMS(...)        AUREON_EACH(void, AUREON_PARAM, AUREON_PARAM_MORE, __VA_ARGS__)
#define AUREON_NAME(T, ...)       AUREON_FIRST(__VA_ARGS__)
#define AUREON_NAME_MORE(T, ...)  , AUREON_FIRST(__VA_ARGS__)
#define AUREON_NAMES(...)         AUREON_EACH(, AUREON_NAME, AUREON_NAME_MORE, __VA_ARGS__)
#define AUREON_PUT(T, name)       aureon_put_##T(&aureon_to, &name);

/* ---- lines of the section aureon_abi --------------------------------------------------------- */

#ifdef __wasm__
#define AUREON_ABI(...) __asm__(".section .custom_section.aureon_abi,\"\",@\n" __VA_ARGS__);
#else
#define AUREON_ABI(...)
#endif
#define AUREON_ASCII(literal) ".ascii " #literal "\n"
#define AUREON_WORD(word)     AUREON_WORD_(word)
#define AUREON_WORD_(word)    ".ascii \"" #word "\"\n"
#define AUREON_QUOTED(...)    AUREON_QUOTED_(AUREON_FIRST(__VA_ARGS__))
#define AUREON_QUOTED_(text)  AUREON_QUOTED__(text)
/* With the quotes and escapes of the source, which are those of the ABI: the assembler takes away
 * the layer that AUREON_ASCII puts around. */
#define AUREON_QUOTED__(text) AUREON_ASCII(" ") AUREON_ASCII(#text) AUREON_ASCII("\n")

/* A type, two deep at most: what an inner one is made of are words. */
#define AUREON_TYPE(T)        AUREON_SECOND(AUREON_TYPE_##T, AUREON_WORD_(T), ~)
#define AUREON_TYPE_option(T) ~, AUREON_ASCII("option<") AUREON_INNER(T) AUREON_ASCII(">")
#define AUREON_TYPE_vec(T)    ~, AUREON_ASCII("vec<") AUREON_INNER(T) AUREON_ASCII(">")
#define AUREON_TYPE_map(K, V) \
    ~, AUREON_ASCII("map<") AUREON_INNER(K) AUREON_ASCII(",") AUREON_INNER(V) AUREON_ASCII(">")
#define AUREON_INNER(T)        AUREON_SECOND(AUREON_INNER_##T, AUREON_WORD_(T), ~)
#define AUREON_INNER_option(T) ~, AUREON_ASCII("option<") AUREON_WORD_(T) AUREON_ASCII(">")
#define AUREON_INNER_vec(T)    ~, AUREON_ASCII("vec<") AUREON_WORD_(T) AUREON_ASCII(">")
#define AUREON_INNER_map(K, V) \
    ~, AUREON_ASCII("map<") AUREON_WORD_(K) AUREON_ASCII(",") AUREON_WORD_(V) AUREON_ASCII(">")

#define AUREON_FIELD(T, ...) AUREON_PASTE(AUREON_FIELD, AUREON_ARITY(__VA_ARGS__))(T, __VA_ARGS__)

#define AUREON_FIELD1(T, name)        AUREON_WORD_(name) AUREON_ASCII(":") AUREON_TYPE(T)
#define AUREON_FIELD2(T, name, topic) AUREON_ASCII("topic ") AUREON_FIELD1(T, name)
#define AUREON_FIELD_MORE(T, ...)     AUREON_ASCII(", ") AUREON_FIELD(T, __VA_ARGS__)
#define AUREON_FIELDS(...) \
    AUREON_ASCII("(") AUREON_EACH(, AUREON_FIELD, AUREON_FIELD_MORE, __VA_ARGS__) AUREON_ASCII(")")
#define AUREON_TAKES(T, ...)      AUREON_TAKES_(T, AUREON_FIRST(__VA_ARGS__))
#define AUREON_TAKES_(T, name)    AUREON_FIELD1(T, name)
#define AUREON_TAKES_MORE(T, ...) AUREON_ASCII(", ") AUREON_TAKES(T, __VA_ARGS__)

#define AUREON_MODE_mut          AUREON_ASCII(" mut")
#define AUREON_MODE_view         AUREON_ASCII(" view")
#define AUREON_MODE_init         AUREON_ASCII(" init")
#define AUREON_MODE_migrate      AUREON_ASCII(" migrate")
#define AUREON_MODE_payable      AUREON_ASCII(" payable mut")
#define AUREON_MODE_payable_init AUREON_ASCII(" payable init")

#endif

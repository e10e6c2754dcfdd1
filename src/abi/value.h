/* Values of a contract's types: Borsh to and from what people and programs write.
 *
 *     type            JSON                        also, as people type it
 *     bool            true                        true
 *     u8 .. u32       7                           7
 *     u64 u128 i64 .. "7"                         7
 *     bytes bytes32   "0x00ff"                    0x00ff
 *     string          "text"                      text
 *     address         "aur1.."                    aur1.., 0x and 64 hex digits, @bob
 *     option<T>       null, or as T               none
 *     option<option<T>>  null, {"some": ..}
 *     vec<T>          [1, 2]                      [1,2]
 *     (T,U)           [1, 2]                      (1,2)
 *     map<K,V>        {"a": 1} for K that is written as one word, else [[K, V], ..]
 *     type            {"x": 1, "y": 2}            {x:1,y:2} or {x=1,y=2}
 *     enum            "Buy", {"Sell": {"price": "5"}}      Buy, Sell(price=5)
 *
 * Every JSON form may be typed as well. A string, number, address or bytes that is all of what was
 * typed needs no quotes whatever is in it; inside of others a word ends at a blank or one of
 * , : = [ ] { } ( ) ". What is in quotes is that text: "none" is a string, none is nothing.
 *
 * Bytes are canonical: one way to write each value. Keys of maps are sorted and unique, in the
 * order of their type: numbers by value, texts by bytes, others item by item; text may have them in
 * any order. JSON of a value read again gives the same bytes.
 *
 * Threading: pure functions. */
#ifndef AUREON_ABI_VALUE_H
#define AUREON_ABI_VALUE_H

#include "abi/abi.h"
#include "base/json_write.h"
#include "core/address.h"

enum au_abi_form {
    AU_ABI_TYPED, /* by hand */
    AU_ABI_JSON,  /* by a program: one JSON value; numbers above 2^53-1 only as strings */
};

/* Who is meant by @name in an address. */
struct au_abi_names {
    bool (*find)(void *context, struct au_bytes name, struct au_address *out_address);
    void *context;
};

/* What is wrong: "args.by: expected u64, got "x"". Bytes of the input may be in it. */
struct au_abi_value_error {
    char message[512];
    char path[256];     /* "args.by" */
    char expected[128]; /* "u64"; empty: the message tells */
    char got[64];       /* "x"; likewise */
};

/* au_abi_value_read writes a value as Borsh.
 *
 * path       what the value is called in errors: "args.by"
 * names      NULL: @name is refused
 * out_bytes  the value is added; its bound is a limit of the value's size. Of no use unless OK
 * out_error  set on MALFORMED only
 *
 * OK, MALFORMED, TOO_LARGE, NO_MEMORY
 *
 * Cost: linear; n log n for a map. Memory: a few times the value. */
struct au_abi_reading {
    enum au_abi_form form;
    const char *path;
    const struct au_abi_names *names;
};
AU_MUST_USE enum au_err au_abi_value_read(const struct au_abi_reading *how,
                                          const struct au_abi_type *type, struct au_bytes text,
                                          struct au_buf *out_bytes,
                                          struct au_abi_value_error *out_error);

/* au_abi_value_check tells whether bytes are exactly one canonical value of a type.
 *
 * out_error  set on false; NULL: not wanted. Cost: linear */
bool au_abi_value_check(const struct au_abi_type *type, const char *path, struct au_bytes bytes,
                        struct au_abi_value_error *out_error);

/* au_abi_value_take is au_abi_value_check of what bytes begin with; gives its size, 0: none. */
size_t au_abi_value_take(const struct au_abi_type *type, struct au_bytes bytes);

/* au_abi_value_write_json writes a value that au_abi_value_check allows. At most
 * 2 x AU_ABI_DEPTH_MAX levels inside of what is open. */
void au_abi_value_write_json(struct au_json_write *json, const struct au_abi_type *type,
                             struct au_bytes bytes);

/* au_abi_value_compare orders two values that au_abi_value_check allows: below 0, 0, above 0. */
int au_abi_value_compare(const struct au_abi_type *type, struct au_bytes a, struct au_bytes b);

#endif

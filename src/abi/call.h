/* The arguments of a contract's function: values of its parameters, one item of the call's args
 * each.
 *
 * An item is its value in Borsh; a number for a WebAssembly parameter is widened to the bytes that
 * this takes.
 *
 * Threading: pure functions. */
#ifndef AUREON_ABI_CALL_H
#define AUREON_ABI_CALL_H

#include "abi/match.h"
#include "abi/value.h"

/* A function to call, of an ABI that au_abi_match allows. */
struct au_abi_call {
    const struct au_abi_record *fn;
    const struct au_abi_export *export_; /* its own */
    const struct au_abi_names *names;    /* NULL: @name is refused */
    enum au_abi_form form;               /* how values are written */
};

/* au_abi_call_value reads the value of one parameter, by its type alone.
 *
 * index      of the parameter, below call->fn->field_count
 * arena      holds the item
 * out_item   the argument
 * out_error  set on MALFORMED
 *
 * OK, MALFORMED, NO_MEMORY, TOO_LARGE: more than a call's arguments may have */
AU_MUST_USE enum au_err au_abi_call_value(const struct au_abi_call *call, size_t index,
                                          struct au_bytes text, struct au_arena *arena,
                                          struct au_bytes *out_item,
                                          struct au_abi_value_error *out_error);

/* au_abi_call_type reads arguments that were typed, a word each: `name=value`, or the value alone,
 * for the first parameter that has none yet. A word that does not begin with a parameter's name and
 * `=` is a value. u64: i64: u32: i32: bytes: addr: str: before a value of such a type may say it
 * once more. raw: before hex gives the bytes of an argument whatever its type is.
 *
 * arena      holds the items
 * out_items  call->fn->field_count of them, on OK
 * out_error  set on MALFORMED
 *
 * OK, MALFORMED, NO_MEMORY, TOO_LARGE: more than a call's arguments may have */
AU_MUST_USE enum au_err au_abi_call_type(const struct au_abi_call *call, const char *const *words,
                                         size_t count, struct au_arena *arena,
                                         struct au_bytes **out_items,
                                         struct au_abi_value_error *out_error);

#endif

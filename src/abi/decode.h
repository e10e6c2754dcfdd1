/* What a contract did, told by its ABI: the values in arguments, events, results, errors and
 * storage.
 *
 * Each function appends one JSON value and gives NULL. What cannot be decoded appends nothing and
 * gives why, a few words in static storage. The bound of the buffer bounds the value: what is
 * larger is not decoded, nor is text with U+0000.
 *
 * Threading: pure functions. Cost: linear in the bytes, and in the records of the ABI. */
#ifndef AUREON_ABI_DECODE_H
#define AUREON_ABI_DECODE_H

#include "abi/abi.h"
#include "base/buf.h"
#include "core/receipt.h"

#define AU_ABI_DECODED_SIZE_MAX (256u << 10) /* bytes of a value's JSON: what a buffer may have */

/* au_abi_decode_event writes the fields of an event, {"from": "aur1..", "amount": "5"}. A topic
 * that is a hash does not tell its value: {"sha256": "0x.."}. */
AU_MUST_USE const char *au_abi_decode_event(const struct au_abi *abi,
                                            const struct au_receipt_event *event,
                                            struct au_buf *json);

/* au_abi_decode_args writes what a function was called with, by the names of its parameters:
 * {"to": "aur1..", "amount": "5"}. A call without arguments appends nothing. */
AU_MUST_USE const char *au_abi_decode_args(const struct au_abi *abi, struct au_bytes function,
                                           const struct au_bytes *args, size_t count,
                                           struct au_buf *json);

/* au_abi_decode_result writes what a function gave back. No output, of a function that gives
 * nothing or that the ABI does not list, appends nothing. */
AU_MUST_USE const char *au_abi_decode_result(const struct au_abi *abi, struct au_bytes function,
                                             struct au_bytes output, struct au_buf *json);

/* au_abi_decode_error writes what a revert meant: name, fields and, if the author has put any, his
 * words as text.
 *
 * code, data  what revert was given */
AU_MUST_USE const char *au_abi_decode_error(const struct au_abi *abi, uint32_t code,
                                            struct au_bytes data, struct au_buf *json);

/* A value that is or was stored. */
struct au_abi_stored {
    const char *name; /* "value", "before" */
    struct au_bytes bytes;
};

/* au_abi_decode_slot writes what a slot is of: name of the entry, key in a map, and values under
 * their names. An entry for this very key is preferred to a map, and of maps that with the longest
 * prefix.
 *
 * values   ended by one without a name */
AU_MUST_USE const char *au_abi_decode_slot(const struct au_abi *abi, struct au_bytes key,
                                           const struct au_abi_stored *values, struct au_buf *json);

/* au_abi_find_error gives the error with a code; NULL if there is none. */
const struct au_abi_record *au_abi_find_error(const struct au_abi *abi, uint32_t code);

#endif

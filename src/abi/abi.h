/* What a contract offers, as it says itself: the lines of the custom section `aureon_abi`.
 *
 * People and tools read it; no outcome depends on it, so a malformed section is never a reason to
 * refuse a block or a transaction. The text is hostile: everything in it has a limit.
 *
 *     abi 1
 *     meta name=counter sdk=c/1
 *     fn increment(by:u64)->u64 mut "Adds by to the total"
 *     event Incremented(by:u64, topic who:address, total:u64)
 *     error 1 Overflow(total:u64) "total would exceed u64"
 *     type Point{x:u32,y:u32}
 *     enum Side{Buy,Sell(price:u64)}
 *     storage total:u64 @"total"
 *
 * Threading: pure functions; an ABI is immutable once made. */
#ifndef AUREON_ABI_ABI_H
#define AUREON_ABI_ABI_H

#include "base/arena.h"
#include "base/hash.h"

#define AU_ABI_SECTION         "aureon_abi"
#define AU_ABI_TEXT_SIZE_MAX   65536u /* bytes of all sections together */
#define AU_ABI_RECORDS_MAX     512u   /* `abi` and `meta` lines not counted */
#define AU_ABI_META_MAX        64u    /* keys of all `meta` lines together */
#define AU_ABI_FIELDS_MAX      64u    /* of a record or a variant */
#define AU_ABI_VARIANTS_MAX    256u   /* of an enum: Borsh writes one byte */
#define AU_ABI_TUPLE_MAX       16u    /* types of a tuple */
#define AU_ABI_TOPICS_MAX      4u     /* topic fields of an event */
#define AU_ABI_NAME_SIZE_MAX   64u    /* bytes */
#define AU_ABI_STRING_SIZE_MAX 1024u  /* bytes between quotes */
#define AU_ABI_DEPTH_MAX       16u    /* types inside types, named ones looked into */

#define AU_ABI_ARENA_SIZE_MAX (8u << 20) /* bytes: for any text, and its exports */

/* Values are Borsh. Every type takes at least one byte. */
enum au_abi_type_kind {
    AU_ABI_BOOL,
    AU_ABI_U8,
    AU_ABI_U16,
    AU_ABI_U32,
    AU_ABI_U64,
    AU_ABI_U128,
    AU_ABI_I8,
    AU_ABI_I16,
    AU_ABI_I32,
    AU_ABI_I64,
    AU_ABI_I128,
    AU_ABI_BYTES,
    AU_ABI_BYTES32,
    AU_ABI_STRING,
    AU_ABI_ADDRESS,
    AU_ABI_OPTION, /* of items[0] */
    AU_ABI_VEC,    /* of items[0] */
    AU_ABI_MAP,    /* from items[0] to items[1] */
    AU_ABI_TUPLE,  /* of 2 to AU_ABI_TUPLE_MAX items */
    AU_ABI_NAMED,  /* what a `type` or `enum` record says */
};

struct au_abi_record;

struct au_abi_type {
    enum au_abi_type_kind kind;
    struct au_bytes name;              /* of NAMED */
    const struct au_abi_record *named; /* of NAMED: its record */
    struct au_abi_type *items;
    size_t item_count;
};

struct au_abi_field {
    struct au_bytes name;
    struct au_abi_type type;
    bool is_topic; /* of events only */
};

struct au_abi_variant {
    struct au_bytes name;
    struct au_abi_field *fields;
    size_t field_count;
};

enum au_abi_record_kind { /* in the order of the canonical form */
                          AU_ABI_FN,
                          AU_ABI_EVENT,
                          AU_ABI_ERROR,
                          AU_ABI_STRUCT,
                          AU_ABI_ENUM,
                          AU_ABI_STORAGE,
                          AU_ABI_UNKNOWN, /* a later version's: kept, and not looked into */
};

enum au_abi_mode { AU_ABI_MUT, AU_ABI_VIEW, AU_ABI_INIT, AU_ABI_MIGRATE };

struct au_abi_record {
    enum au_abi_record_kind kind;
    uint32_t line;        /* of the section, from 1 */
    struct au_bytes name; /* of UNKNOWN: its first word */
    struct au_bytes text; /* the author's words, maybe none; of UNKNOWN: the line */
    struct au_abi_field *fields;
    size_t field_count;
    enum au_abi_mode mode;           /* of a function */
    bool is_payable;                 /* of a function */
    bool has_result;                 /* of a function */
    struct au_abi_type result;       /* of a function with a result; of storage: what is stored */
    uint32_t code;                   /* of an error: what revert was given */
    struct au_bytes key;             /* of storage: the key, or what keys of a map begin with */
    struct au_abi_variant *variants; /* of an enum */
    size_t variant_count;
};

struct au_abi_meta {
    struct au_bytes key;
    struct au_bytes value;
};

struct au_abi {
    struct au_hash hash;           /* SHA-256 of the text */
    struct au_abi_record *records; /* by kind, then code, then name */
    size_t record_count;
    struct au_abi_meta *meta; /* by key */
    size_t meta_count;
};

/* What is wrong with a text: a sentence without a full stop that says what was expected and got. */
struct au_abi_error {
    uint32_t line; /* from 1 */
    char message[256];
};

/* au_abi_parse reads the text of a section.
 *
 * text       borrowed by the result
 * arena      holds the result; bounded by AU_ABI_ARENA_SIZE_MAX or more
 * out_error  set on MALFORMED only
 *
 * OK, MALFORMED, NO_MEMORY
 *
 * Cost: linear in the text, and quadratic in the records, which AU_ABI_RECORDS_MAX bounds. */
AU_MUST_USE enum au_err au_abi_parse(struct au_bytes text, struct au_arena *arena,
                                     struct au_abi *out_abi, struct au_abi_error *out_error);

/* au_abi_find gives the record of a kind by its name; NULL if there is none. */
const struct au_abi_record *au_abi_find(const struct au_abi *abi, enum au_abi_record_kind kind,
                                        struct au_bytes name);

/* au_abi_find_field gives the index of the field with a name; field_count if there is none. */
size_t au_abi_find_field(const struct au_abi_field *fields, size_t field_count,
                         struct au_bytes name);

#endif

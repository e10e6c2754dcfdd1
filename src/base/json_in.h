/* JSON documents, read whole. Only the program links this file; libaureon needs no JSON.
 *
 *     struct au_json_in *root;
 *     AU_TRY(au_json_in_parse(text, &message, &root));
 *     const struct au_json_in *name = au_json_in_get(root, "name");
 *     ...
 *     au_json_in_free(root);
 *
 * Invariants:
 *   1. A document is RFC 8259 and nothing more: no comments, no trailing commas, nothing after it.
 *   2. Refused as well: a key given twice in an object, a key with U+0000, an integer outside of
 *      64 signed bits, a real number too large for a double, text that is not valid UTF-8.
 *   3. Strings are valid UTF-8 and may hold U+0000. Members come in the document's order.
 *   4. Values live until the root is freed.
 *
 * Threading: a document belongs to one thread at a time. */
#ifndef AUREON_BASE_JSON_IN_H
#define AUREON_BASE_JSON_IN_H

#include "base/buf.h"

#define AU_JSON_IN_SIZE_MAX  (64u << 20) /* bytes of a document */
#define AU_JSON_IN_DEPTH_MAX 2048        /* nested objects and arrays */

/* A value of a document. Its root stands for the document. */
struct au_json_in;

enum au_json_in_type {
    AU_JSON_IN_OBJECT,
    AU_JSON_IN_ARRAY,
    AU_JSON_IN_STRING,
    AU_JSON_IN_INTEGER,
    AU_JSON_IN_REAL, /* a number with a fraction or exponent: nothing of ours takes one */
    AU_JSON_IN_BOOL,
    AU_JSON_IN_NULL,
};

/* A member of an object, and where the walk over its members is. Zero-initialise. */
struct au_json_in_member {
    struct au_bytes key;
    const struct au_json_in *value;
    void *place; /* private */
};

/* au_json_in_parse reads a document of any type.
 *
 * message    on MALFORMED gets where and what: "line 3, column 7: ..."; NULL = not wanted
 * out_root   owned by the caller: au_json_in_free
 *
 * OK
 * MALFORMED  not a document as above
 * TOO_LARGE  more than AU_JSON_IN_SIZE_MAX bytes
 * NO_MEMORY
 *
 * Cost: linear; memory about 60 bytes a value and its text. */
AU_MUST_USE enum au_err au_json_in_parse(struct au_bytes text, struct au_buf *message,
                                         struct au_json_in **out_root);

/* au_json_in_free gives a document back by its root. NULL is legal. */
void au_json_in_free(struct au_json_in *root);

enum au_json_in_type au_json_in_type(const struct au_json_in *value);

/* au_json_in_type_name gives a type in words for a message: "an object", "true or false". */
const char *au_json_in_type_name(enum au_json_in_type type);

/* The value of a string, an integer, a bool. Another type is a bug of the caller. */
struct au_bytes au_json_in_string(const struct au_json_in *value);
int64_t au_json_in_integer(const struct au_json_in *value);
bool au_json_in_bool(const struct au_json_in *value);

/* au_json_in_text gives an object's member that is a string; empty if it is not there or of another
 * type. */
struct au_bytes au_json_in_text(const struct au_json_in *object, const char *name);

/* au_json_in_count gives the number of an array's items or an object's members. */
size_t au_json_in_count(const struct au_json_in *value);

/* au_json_in_item gives an array's item; index < au_json_in_count. */
const struct au_json_in *au_json_in_item(const struct au_json_in *array, size_t index);

/* au_json_in_get gives an object's member by its key; NULL: there is none. */
const struct au_json_in *au_json_in_get(const struct au_json_in *object, const char *key);

/* au_json_in_next goes to the next member of an object, from a zeroed one to the first:
 *
 *     struct au_json_in_member member = {0};
 *     while (au_json_in_next(object, &member)) ...
 *
 * false: there is no more. */
bool au_json_in_next(const struct au_json_in *object, struct au_json_in_member *member);

/* au_json_in_put writes a value as JSON again, without blanks; strings and integers are as they
 * were. Cost: linear */
void au_json_in_put(const struct au_json_in *value, struct au_buf *text);

#endif

/* Writes one JSON document (RFC 8259) to the end of a buffer, value by value.
 *
 *     au_json_write_init(&json, &buf, AU_JSON_WRITE_INDENTED);
 *     au_json_write_begin_object(&json);
 *     au_json_write_key(&json, "height");
 *     au_json_write_u64(&json, 7);
 *     au_json_write_end_object(&json);
 *     au_json_write_finish(&json);
 *
 * Invariants:
 *   1. What is written is valid JSON whatever bytes the strings hold: bytes that are not valid
 *      UTF-8 become U+FFFD.
 *   2. Calls out of order (a value without key in an object, a key in an array, an end that does
 *      not fit, nesting deeper than AU_JSON_WRITE_DEPTH_MAX) are bugs: they abort.
 *   3. An error is the buffer's: sticky, looked at once at the end (buf->err).
 *
 * Threading: one thread at a time. */
#ifndef AUREON_BASE_JSON_WRITE_H
#define AUREON_BASE_JSON_WRITE_H

#include "base/buf.h"

#define AU_JSON_WRITE_DEPTH_MAX 64

enum au_json_write_style {
    AU_JSON_WRITE_COMPACT,  /* no white space */
    AU_JSON_WRITE_INDENTED, /* a line for each value, two spaces per level, a last line end */
};

/* An open object or array. */
struct au_json_write_level {
    bool is_object;
    bool has_value;
};

struct au_json_write {
    struct au_buf *buf; /* borrowed */
    enum au_json_write_style style;
    size_t depth;
    bool has_key; /* written, its value not yet */
    bool is_done; /* the document's value is complete */
    struct au_json_write_level levels[AU_JSON_WRITE_DEPTH_MAX];
};

/* au_json_write_init begins a document at the end of buf, which lives as long as the writer. */
void au_json_write_init(struct au_json_write *json, struct au_buf *buf,
                        enum au_json_write_style style);

/* au_json_write_finish ends the document: exactly one value is written and closed. */
void au_json_write_finish(struct au_json_write *json);

void au_json_write_begin_object(struct au_json_write *json);
void au_json_write_end_object(struct au_json_write *json);
void au_json_write_begin_array(struct au_json_write *json);
void au_json_write_end_array(struct au_json_write *json);

/* au_json_write_key names the next value of an object. The caller gives no key twice. */
void au_json_write_key(struct au_json_write *json, const char *key);

/* au_json_write_key_bytes is au_json_write_key for a key that is no C string. */
void au_json_write_key_bytes(struct au_json_write *json, struct au_bytes key);

void au_json_write_text(struct au_json_write *json, const char *text);
void au_json_write_bytes(struct au_json_write *json, struct au_bytes text); /* as a string */
void au_json_write_hex(struct au_json_write *json, struct au_bytes bytes);  /* "0x.." */
void au_json_write_u64(struct au_json_write *json, uint64_t value); /* "7": a decimal string */
void au_json_write_u32(struct au_json_write *json, uint32_t value); /* 7: a number */
void au_json_write_bare(struct au_json_write *json,
                        struct au_bytes value); /* valid JSON, as it is */
void au_json_write_bool(struct au_json_write *json, bool value);
void au_json_write_null(struct au_json_write *json);

/* au_json_put_... writes a member of the object that is open: its key, then the value. */
void au_json_put_text(struct au_json_write *json, const char *key, const char *text);
void au_json_put_bytes(struct au_json_write *json, const char *key, struct au_bytes text);
void au_json_put_hex(struct au_json_write *json, const char *key, struct au_bytes bytes);
void au_json_put_u64(struct au_json_write *json, const char *key, uint64_t value);
void au_json_put_u32(struct au_json_write *json, const char *key, uint32_t value);
void au_json_put_bool(struct au_json_write *json, const char *key, bool value);

#endif

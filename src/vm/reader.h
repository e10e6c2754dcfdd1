/* A cursor over the bytes of a module: the primitive values of the binary format, strictly.
 *
 * Every function returns false after writing the rejection; a caller passes the false on. A failure
 * of the node (memory) is told apart by err != AU_ERR_INVALID_MODULE. */
#ifndef AUREON_VM_READER_H
#define AUREON_VM_READER_H

#include "base/bytes.h"
#include "base/err.h"

#define AU_RULE_MALFORMED "malformed"
#define AU_RULE_TYPE      "type"
#define AU_RULE_FEATURE   "feature"
#define AU_RULE_IMPORT    "import"
#define AU_RULE_SEGMENT   "segment"
#define AU_RULE_LIMIT     "limit"

struct au_reader {
    const uint8_t *start; /* of the module */
    const uint8_t *pos;
    const uint8_t *end; /* of the section or body being read */
    uint32_t function;  /* being read, or AU_REJECT_NO_FUNCTION */
    enum au_err err;    /* why a function returned false */
    struct au_reject *reject;
};

/* au_reader_fail writes the rejection and returns false. at: where in the module. */
AU_PRINTF(4, 5)
AU_COLD bool au_reader_fail(struct au_reader *reader, const char *rule, const uint8_t *at,
                            const char *format, ...);

/* au_reader_no_memory notes that the heap is used up and returns false. */
AU_COLD bool au_reader_no_memory(struct au_reader *reader);

bool au_reader_u32_long(struct au_reader *reader, uint32_t *out_value);
bool au_reader_signed(struct au_reader *reader, unsigned bits, int64_t *out_value);
bool au_reader_take(struct au_reader *reader, size_t size, const uint8_t **out_data);

/* au_reader_name reads a string: valid UTF-8. */
bool au_reader_name(struct au_reader *reader, struct au_bytes *out_name);

static inline bool au_reader_u8(struct au_reader *reader, uint8_t *out_value)
{
    if (AU_UNLIKELY(reader->pos == reader->end)) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->pos, "unexpected end");
    }
    *out_value = *reader->pos++;
    return true;
}

/* au_reader_u32 reads an unsigned LEB128 of at most 5 bytes. */
static inline bool au_reader_u32(struct au_reader *reader, uint32_t *out_value)
{
    if (AU_LIKELY(reader->pos < reader->end && *reader->pos < 0x80)) {
        *out_value = *reader->pos++;
        return true;
    }
    return au_reader_u32_long(reader, out_value);
}

#endif

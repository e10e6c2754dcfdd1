#include "vm/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

bool au_reader_fail(struct au_reader *reader, const char *rule, const uint8_t *at,
                    const char *format, ...)
{
    struct au_reject *reject = reader->reject;
    reject->rule = rule;
    reject->function = reader->function;
    reject->offset = (size_t)(at - reader->start);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reject->message, sizeof reject->message, format, args);
    va_end(args);
    /* names come from the module: nothing but printable ASCII reaches a terminal or a log */
    for (char *c = reject->message; *c != 0; c++) {
        if (*c < ' ' || *c > '~') *c = '?';
    }
    reader->err = AU_ERR_INVALID_MODULE;
    return false;
}

bool au_reader_no_memory(struct au_reader *reader)
{
    reader->err = AU_ERR_NO_MEMORY;
    return false;
}

bool au_reader_u32_long(struct au_reader *reader, uint32_t *out_value)
{
    const uint8_t *at = reader->pos;
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = 0;
        if (!au_reader_u8(reader, &byte)) return false;
        if (shift == 28 && byte > 0x0f) {
            return au_reader_fail(reader, AU_RULE_MALFORMED, at, "%s",
                                  byte & 0x80 ? "integer representation too long"
                                              : "integer too large");
        }
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80) break;
    }
    *out_value = value;
    return true;
}

/* bits: 32, 33 or 64. The unused bits of the last byte repeat the sign. */
bool au_reader_signed(struct au_reader *reader, unsigned bits, int64_t *out_value)
{
    const uint8_t *at = reader->pos;
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte = 0;
    do {
        if (!au_reader_u8(reader, &byte)) return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (shift + 7 >= bits) {
            unsigned used = bits - shift; /* bits of this byte that belong to the value, 1..7 */
            uint8_t rest = (uint8_t)((byte & 0x7f) >> (used - 1));
            uint8_t all = (uint8_t)(0x7f >> (used - 1));
            if (byte & 0x80) {
                return au_reader_fail(reader, AU_RULE_MALFORMED, at,
                                      "integer representation too long");
            }
            if (rest != 0 && rest != all) {
                return au_reader_fail(reader, AU_RULE_MALFORMED, at, "integer too large");
            }
        }
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40)) value |= UINT64_MAX << shift;
    *out_value = (int64_t)value;
    return true;
}

bool au_reader_take(struct au_reader *reader, size_t size, const uint8_t **out_data)
{
    size_t left = (size_t)(reader->end - reader->pos);
    if (size > left) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->pos,
                              "unexpected end: %zu bytes needed, %zu left", size, left);
    }
    *out_data = reader->pos;
    reader->pos += size;
    return true;
}

bool au_reader_name(struct au_reader *reader, struct au_bytes *out_name)
{
    uint32_t size = 0;
    struct au_bytes name = {0};
    if (!au_reader_u32(reader, &size)) return false;
    if (!au_reader_take(reader, size, &name.data)) return false;
    name.size = size;
    if (!au_utf8_is_valid(name)) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, name.data, "malformed UTF-8 encoding");
    }
    *out_name = name;
    return true;
}

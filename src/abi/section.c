#include "abi/section.h"

#include <stdio.h>

#define HEADER_SIZE 8u /* bytes: magic and version */
#define CUSTOM      0u /* a section's kind */

/* A size in LEB128, then that many bytes. */
static bool take_sized(struct au_bytes *rest, struct au_bytes *out_part)
{
    uint64_t size = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (rest->size == 0) return false;
        uint8_t byte = *rest->data++;
        rest->size--;
        size |= (uint64_t)(byte & 0x7f) << shift;
        if (byte >= 0x80) continue;
        if (size > rest->size) return false;
        *out_part = (struct au_bytes){rest->data, (size_t)size};
        rest->data += size;
        rest->size -= (size_t)size;
        return true;
    }
    return false;
}

enum au_err au_abi_section_read(struct au_bytes code, struct au_buf *text)
{
    if (code.size < HEADER_SIZE) return AU_ERR_NOT_FOUND;
    struct au_bytes rest = {code.data + HEADER_SIZE, code.size - HEADER_SIZE};
    struct au_bytes section;
    struct au_bytes name;
    bool is_found = false;
    while (rest.size > 0) {
        uint8_t kind = *rest.data++;
        rest.size--;
        if (!take_sized(&rest, &section)) break;
        if (kind != CUSTOM || !take_sized(&section, &name)) continue;
        if (!au_bytes_is_equal(name, au_bytes_of(AU_ABI_SECTION))) continue;
        is_found = true;
        au_buf_put_bytes(text, section);
    }
    return is_found ? text->err : AU_ERR_NOT_FOUND;
}

enum au_err au_abi_load(struct au_bytes code, struct au_arena *arena, struct au_abi *out_abi,
                        struct au_abi_error *out_error)
{
    struct au_buf buf;
    struct au_bytes text;
    au_buf_init(&buf, AU_ABI_TEXT_SIZE_MAX);
    enum au_err err = au_abi_section_read(code, &buf);
    if (err == AU_OK) err = au_arena_copy(arena, au_buf_bytes(&buf), &text);
    if (err == AU_OK) err = au_abi_parse(text, arena, out_abi, out_error);
    if (err == AU_ERR_TOO_LARGE) {
        *out_error = (struct au_abi_error){.line = 1};
        snprintf(out_error->message, sizeof(out_error->message), "the text has more than %u bytes",
                 AU_ABI_TEXT_SIZE_MAX);
        err = AU_ERR_MALFORMED;
    }
    au_buf_done(&buf);
    return err;
}

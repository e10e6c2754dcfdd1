#include "core/arg.h"

#include "base/hex.h"
#include "base/text.h"
#include "core/address.h"

typedef enum au_err read_form(struct au_arena *arena, struct au_bytes text,
                              struct au_bytes *out_arg);

static enum au_err keep(struct au_arena *arena, const void *data, size_t size,
                        struct au_bytes *out_arg)
{
    return au_arena_copy(arena, (struct au_bytes){data, size}, out_arg);
}

static enum au_err read_u64(struct au_arena *arena, struct au_bytes text, struct au_bytes *out_arg)
{
    uint64_t number = 0;
    AU_TRY(au_text_parse_u64(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_i64(struct au_arena *arena, struct au_bytes text, struct au_bytes *out_arg)
{
    int64_t number = 0;
    AU_TRY(au_text_parse_i64(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_u32(struct au_arena *arena, struct au_bytes text, struct au_bytes *out_arg)
{
    uint32_t number = 0;
    AU_TRY(au_text_parse_u32(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_i32(struct au_arena *arena, struct au_bytes text, struct au_bytes *out_arg)
{
    int32_t number = 0;
    AU_TRY(au_text_parse_i32(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_address(struct au_arena *arena, struct au_bytes text,
                                struct au_bytes *out_arg)
{
    struct au_address address;
    if (au_address_parse(text, &address) != NULL) return AU_ERR_MALFORMED;
    return keep(arena, address.bytes, AU_ADDRESS_SIZE, out_arg);
}

#define EXPECTED_HEX "0x and an even number of hex digits"

/* A prefix that is not skipped is part of the value. */
static const struct row {
    const char *prefix;
    size_t skip_size;
    read_form *read;
    struct au_arg_form form;
} rows[] = {
    {"u64:", 4, read_u64, {"u64:", "a decimal number from 0 to 18446744073709551615"}},
    {"i64:",
     4,
     read_i64,
     {"i64:", "a decimal number from -9223372036854775808 to 9223372036854775807"}},
    {"u32:", 4, read_u32, {"u32:", "a decimal number from 0 to 4294967295"}},
    {"i32:", 4, read_i32, {"i32:", "a decimal number from -2147483648 to 2147483647"}},
    {"bytes:", 6, au_hex_read, {"bytes:", EXPECTED_HEX}},
    {"raw:", 4, au_hex_read, {"raw:", EXPECTED_HEX}},
    {"0x", 0, au_hex_read, {"bytes:", EXPECTED_HEX}},
    {"addr:", 5, read_address, {"addr:", "an address, aur1... or 0x and 64 hex digits"}},
    {"str:", 4, au_arena_copy, {"str:", "a text"}},
};

enum au_err au_arg_read(struct au_bytes text, struct au_arena *arena,
                        const struct au_arg_form **out_form, struct au_bytes *out_arg)
{
    *out_form = NULL;
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct au_bytes prefix = au_bytes_of(rows[i].prefix);
        if (text.size < prefix.size || memcmp(text.data, prefix.data, prefix.size) != 0) continue;
        size_t skip_size = rows[i].skip_size;
        struct au_bytes value = {text.data + skip_size, text.size - skip_size};
        *out_form = &rows[i].form;
        return rows[i].read(arena, value, out_arg);
    }
    return AU_ERR_MALFORMED;
}

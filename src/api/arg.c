#include "api/arg.h"

#include "base/hex.h"
#include "base/text.h"
#include "core/address.h"

typedef enum au_err read_form(struct au_bytes text, struct au_arena *arena,
                              struct au_bytes *out_arg);

static enum au_err keep(struct au_arena *arena, const void *data, size_t size,
                        struct au_bytes *out_arg)
{
    return au_arena_copy(arena, (struct au_bytes){data, size}, out_arg);
}

static enum au_err read_u64(struct au_bytes text, struct au_arena *arena, struct au_bytes *out_arg)
{
    uint64_t number = 0;
    AU_TRY(au_text_parse_u64(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_i64(struct au_bytes text, struct au_arena *arena, struct au_bytes *out_arg)
{
    int64_t number = 0;
    AU_TRY(au_text_parse_i64(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_u32(struct au_bytes text, struct au_arena *arena, struct au_bytes *out_arg)
{
    uint32_t number = 0;
    AU_TRY(au_text_parse_u32(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_i32(struct au_bytes text, struct au_arena *arena, struct au_bytes *out_arg)
{
    int32_t number = 0;
    AU_TRY(au_text_parse_i32(text, &number));
    return keep(arena, &number, sizeof(number), out_arg);
}

static enum au_err read_bytes(struct au_bytes text, struct au_arena *arena,
                              struct au_bytes *out_arg)
{
    if (text.size < 2) return AU_ERR_MALFORMED;
    size_t size = (text.size - 2) / 2;
    uint8_t *bytes = au_arena_get(arena, size);
    if (bytes == NULL) return AU_ERR_NO_MEMORY;
    AU_TRY(au_hex_parse(text, bytes, size));
    *out_arg = (struct au_bytes){bytes, size};
    return AU_OK;
}

static enum au_err read_address(struct au_bytes text, struct au_arena *arena,
                                struct au_bytes *out_arg)
{
    struct au_address address;
    if (au_address_parse(text, &address) != NULL) return AU_ERR_MALFORMED;
    return keep(arena, address.bytes, AU_ADDRESS_SIZE, out_arg);
}

static enum au_err read_text(struct au_bytes text, struct au_arena *arena, struct au_bytes *out_arg)
{
    return au_arena_copy(arena, text, out_arg);
}

/* A prefix that is not skipped is part of the value. */
static const struct form {
    const char *prefix;
    size_t skip_size;
    read_form *read;
} forms[] = {
    {"u64:", 4, read_u64},      {"i64:", 4, read_i64},     {"u32:", 4, read_u32},
    {"i32:", 4, read_i32},      {"bytes:", 6, read_bytes}, {"0x", 0, read_bytes},
    {"addr:", 5, read_address}, {"str:", 4, read_text},
};

enum au_err au_arg_read(struct au_bytes text, struct au_arena *arena, struct au_bytes *out_arg)
{
    for (size_t i = 0; i < AU_COUNT_OF(forms); i++) {
        struct au_bytes prefix = au_bytes_of(forms[i].prefix);
        if (text.size < prefix.size || memcmp(text.data, prefix.data, prefix.size) != 0) continue;
        size_t skip_size = forms[i].skip_size;
        struct au_bytes value = {text.data + skip_size, text.size - skip_size};
        return forms[i].read(value, arena, out_arg);
    }
    return AU_ERR_MALFORMED;
}

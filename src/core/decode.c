#include "core/decode.h"

void au_decode_init(struct au_decode *decode, struct au_bytes bytes)
{
    *decode = (struct au_decode){.rest = bytes, .size = bytes.size};
}

void au_decode_fail(struct au_decode *decode, const char *error)
{
    if (decode->error) return;
    decode->error = error;
    decode->error_at = decode->size - decode->rest.size;
    decode->rest = (struct au_bytes){0};
}

bool au_decode_is_done(struct au_decode *decode)
{
    if (!decode->error && decode->rest.size > 0) au_decode_fail(decode, "bytes left over");
    return !decode->error;
}

struct au_bytes au_decode_take(struct au_decode *decode, size_t size)
{
    if (size > decode->rest.size) au_decode_fail(decode, "unexpected end");
    if (decode->error || size == 0) return (struct au_bytes){0};
    struct au_bytes taken = {decode->rest.data, size};
    decode->rest.data += size;
    decode->rest.size -= size;
    return taken;
}

void au_decode_raw(struct au_decode *decode, void *out_bytes, size_t size)
{
    struct au_bytes taken = au_decode_take(decode, size);
    memset(out_bytes, 0, size);
    if (taken.size > 0) memcpy(out_bytes, taken.data, size);
}

uint8_t au_decode_u8(struct au_decode *decode)
{
    uint8_t value;
    au_decode_raw(decode, &value, sizeof(value));
    return value;
}

/* Sizes of integers in memory and in the encoding are the same: base.h asserts little-endian. */
uint32_t au_decode_u32(struct au_decode *decode)
{
    uint32_t value;
    au_decode_raw(decode, &value, sizeof(value));
    return value;
}

uint64_t au_decode_u64(struct au_decode *decode)
{
    uint64_t value;
    au_decode_raw(decode, &value, sizeof(value));
    return value;
}

struct au_bytes au_decode_bytes(struct au_decode *decode, size_t size_max)
{
    uint32_t size = au_decode_u32(decode);
    if (size > decode->rest.size) au_decode_fail(decode, "a size past the end");
    if (size > size_max) au_decode_fail(decode, "a size above its limit");
    return au_decode_take(decode, decode->error ? 0 : size);
}

uint32_t au_decode_count(struct au_decode *decode, uint32_t count_max, size_t item_size_min)
{
    AU_ASSERT(item_size_min > 0);
    uint32_t count = au_decode_u32(decode);
    if (count > decode->rest.size / item_size_min) au_decode_fail(decode, "a count past the end");
    if (count > count_max) au_decode_fail(decode, "a count above its limit");
    return decode->error ? 0 : count;
}

bool au_decode_option(struct au_decode *decode)
{
    uint8_t flag = au_decode_u8(decode);
    if (flag > 1) au_decode_fail(decode, "an option that is neither 0 nor 1");
    return !decode->error && flag == 1;
}

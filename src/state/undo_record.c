#include "state/undo_record.h"

#include "core/limits.h"
#include "state/flat.h"

/* The bounds of keys and values, by family; a family with no key has no undo. */
static const struct {
    size_t key_size_min;
    size_t key_size_max;
    size_t value_size_max;
} bounds[AU_CF_COUNT] = {
    [AU_CF_ACC] = {AU_HASH_SIZE, AU_HASH_SIZE, AU_FLAT_ACCOUNT_SIZE_MAX},
    [AU_CF_STO] = {AU_FLAT_SLOT_KEY_SIZE, AU_FLAT_SLOT_KEY_SIZE, 1 + AU_VALUE_SIZE_MAX},
    [AU_CF_KEY] = {AU_HASH_SIZE + 1, AU_HASH_SIZE + AU_KEY_SIZE_MAX, 0},
};

struct au_undo_key au_undo_key(uint64_t height)
{
    struct au_undo_key key;
    au_put_big_endian(key.bytes, height, sizeof(key.bytes));
    return key;
}

static void put_sized(struct au_buf *buf, struct au_bytes bytes)
{
    au_buf_put_u32(buf, (uint32_t)bytes.size);
    au_buf_put_bytes(buf, bytes);
}

void au_undo_record_put(struct au_buf *buf, const struct au_undo_record *record)
{
    au_buf_put_u8(buf, (uint8_t)record->cf);
    put_sized(buf, record->key);
    au_buf_put_u8(buf, record->existed);
    if (record->existed) put_sized(buf, record->value);
}

bool au_undo_record_next(struct au_decode *decode, struct au_undo_record *out_record)
{
    if (decode->error || decode->rest.size == 0) return false;
    uint8_t cf = au_decode_u8(decode);
    if (cf >= AU_CF_COUNT || bounds[cf].key_size_max == 0) {
        au_decode_fail(decode, "a family that has no undo");
        return false;
    }
    struct au_undo_record record = {.cf = cf};
    record.key = au_decode_bytes(decode, bounds[cf].key_size_max);
    if (record.key.size < bounds[cf].key_size_min) au_decode_fail(decode, "a key is too short");
    record.existed = au_decode_option(decode);
    if (record.existed) record.value = au_decode_bytes(decode, bounds[cf].value_size_max);
    if (decode->error) return false;
    *out_record = record;
    return true;
}

#include "state/keep.h"

#include "core/decode.h"
#include "state/undo_record.h"

#define META_KEEP   "keep"
#define VERSION     1u
#define RECORD_SIZE 9u /* bytes */

static enum au_err decode(struct au_bytes record, uint64_t *out_count)
{
    struct au_decode decode;
    au_decode_init(&decode, record);
    uint8_t version = au_decode_u8(&decode);
    uint64_t count = au_decode_u64(&decode);
    if (!au_decode_is_done(&decode) || version != VERSION || count == 0) return AU_ERR_MALFORMED;
    *out_count = count;
    return AU_OK;
}

enum au_err au_keep_get(const struct au_kv *kv, uint64_t *out_count)
{
    struct au_buf record;
    au_buf_init(&record, RECORD_SIZE);
    enum au_err err = au_kv_get(kv, NULL, AU_CF_META, au_bytes_of(META_KEEP), &record);
    if (err == AU_OK) {
        err = decode(au_buf_bytes(&record), out_count);
    } else if (err == AU_ERR_TOO_LARGE) {
        err = AU_ERR_MALFORMED;
    } else if (err == AU_ERR_NOT_FOUND) {
        *out_count = AU_KEEP_PRESET;
        err = AU_OK;
    }
    au_buf_done(&record);
    return err;
}

void au_keep_put(struct au_kv_batch *batch, uint64_t count)
{
    struct au_buf record;
    AU_ASSERT(count > 0);
    au_buf_init(&record, RECORD_SIZE);
    au_buf_put_u8(&record, VERSION);
    au_buf_put_u64(&record, count);
    au_kv_batch_put(batch, AU_CF_META, au_bytes_of(META_KEEP), au_buf_bytes(&record));
    if (batch->ops.err == AU_OK) batch->ops.err = record.err;
    au_buf_done(&record);
}

enum au_err au_keep_first_undo(const struct au_kv *kv, uint64_t head, uint64_t *out_height)
{
    const struct au_kv_range range = {.cf = AU_CF_CHG};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_open(kv, NULL, &range, &iter));
    enum au_err err = au_kv_iter_next(&iter, &entry);
    if (err == AU_ERR_NOT_FOUND) {
        *out_height = head + 1;
        err = AU_OK;
    } else if (err == AU_OK && entry.key.size == AU_UNDO_KEY_SIZE) {
        *out_height = au_get_big_endian(entry.key.data, AU_UNDO_KEY_SIZE);
        if (*out_height > head) err = AU_ERR_MALFORMED;
    } else if (err == AU_OK) {
        err = AU_ERR_MALFORMED;
    }
    au_kv_iter_close(&iter);
    return err;
}

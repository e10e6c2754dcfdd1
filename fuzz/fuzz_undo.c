/* Fuzzes what a block's changes replaced, as the store keeps it: what is read is written again, the
 * same bytes; a history over it shows each key's first entry and, in order, nothing else. */
#include "fuzz.h"
#include "state/history.h"
#include "store/memkv.h"

#define SIZE_MAX_OF_ALL (1u << 20)

static struct au_kv store_with(struct au_bytes undo)
{
    struct au_kv kv;
    struct au_kv_batch batch;
    struct au_undo_key key = au_undo_key(1);
    enum au_err err = au_memkv_open(&kv);
    AU_ASSERT(err == AU_OK);
    au_kv_batch_init(&batch, SIZE_MAX_OF_ALL);
    au_kv_batch_put(&batch, AU_CF_CHG, (struct au_bytes){key.bytes, sizeof(key.bytes)}, undo);
    err = au_kv_write(&kv, &batch, false);
    AU_ASSERT(err == AU_OK);
    au_kv_batch_done(&batch);
    return kv;
}

/* Entries up to the first damage; false if there is one. */
static bool check_entries(struct au_bytes undo)
{
    struct au_decode decode;
    struct au_undo_record record;
    struct au_buf again;
    au_buf_init(&again, SIZE_MAX_OF_ALL);
    au_decode_init(&decode, undo);
    while (au_undo_record_next(&decode, &record)) {
        AU_ASSERT(record.existed || record.value.size == 0);
        au_undo_record_put(&again, &record);
    }
    AU_ASSERT(again.err == AU_OK);
    AU_ASSERT(again.size <= undo.size);
    AU_ASSERT(decode.error || again.size == undo.size);
    AU_ASSERT(again.size == 0 || memcmp(again.data, undo.data, again.size) == 0);
    au_buf_done(&again);
    return decode.error == NULL;
}

static void check_shown(const struct au_kv *history, const struct au_undo_record *record)
{
    struct au_buf value;
    au_buf_init(&value, SIZE_MAX_OF_ALL);
    enum au_err err = au_kv_get(history, NULL, record->cf, record->key, &value);
    AU_ASSERT(err == (record->existed ? AU_OK : AU_ERR_NOT_FOUND));
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&value), record->value));
    au_buf_done(&value);
}

/* The store has nothing else: a walk shows what existed, and that alone. */
static size_t count_shown(const struct au_kv *history, enum au_cf cf)
{
    struct au_kv_range range = {.cf = cf};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    size_t count = 0;
    enum au_err err = au_kv_iter_open(history, NULL, &range, &iter);
    AU_ASSERT(err == AU_OK);
    while (au_kv_iter_next(&iter, &entry) == AU_OK)
        count++;
    au_kv_iter_close(&iter);
    return count;
}

static void check_history(const struct au_kv *history)
{
    struct au_undo_record record;
    struct au_undo_record last = {0};
    size_t cursor = 0;
    size_t existing = 0;
    while (au_history_next(history, &cursor, &record)) {
        AU_ASSERT(last.cf < record.cf || au_bytes_compare(last.key, record.key) < 0);
        check_shown(history, &record);
        existing += record.existed;
        last = record;
    }
    AU_ASSERT(existing == count_shown(history, AU_CF_ACC) + count_shown(history, AU_CF_STO) +
                              count_shown(history, AU_CF_KEY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_bytes undo = {data, size};
    struct au_kv history;
    bool is_whole = check_entries(undo);
    struct au_kv kv = store_with(undo);
    struct au_history_options options = {
        .kv = kv, .head = 1, .height = 0, .size_max = SIZE_MAX_OF_ALL};
    enum au_err err = au_history_open(&options, &history);
    AU_ASSERT(err == (is_whole ? AU_OK : AU_ERR_MALFORMED));
    if (err == AU_OK) {
        check_history(&history);
        au_kv_close(&history);
    }
    au_kv_close(&kv);
    return 0;
}

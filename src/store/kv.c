#include "store/kv.h"

#include <string.h>

/* A change in a batch: family, is_del, size of key, size of value, key, value. */
#define OP_HEAD_SIZE (1u + 1u + 4u + 4u)

const char *au_cf_name(enum au_cf cf)
{
    static const char *const names[] = {
#define AU_CF_NAME(NAME, name) [AU_CF_##NAME] = #name,
        AU_CF_TABLE(AU_CF_NAME)
#undef AU_CF_NAME
    };
    AU_ASSERT(cf < AU_CF_COUNT);
    return names[cf];
}

void au_kv_batch_init(struct au_kv_batch *batch, size_t size_max)
{
    *batch = (struct au_kv_batch){0};
    au_buf_init(&batch->ops, size_max);
}

void au_kv_batch_done(struct au_kv_batch *batch)
{
    au_buf_done(&batch->ops);
    batch->count = 0;
}

void au_kv_batch_clear(struct au_kv_batch *batch)
{
    au_buf_clear(&batch->ops);
    batch->count = 0;
}

static void add(struct au_kv_batch *batch, const struct au_kv_op *op)
{
    AU_ASSERT(op->cf < AU_CF_COUNT);
    struct au_buf *ops = &batch->ops;
    if (op->key.size > UINT32_MAX || op->value.size > UINT32_MAX) {
        if (ops->err == AU_OK) ops->err = AU_ERR_TOO_LARGE;
        return;
    }
    au_buf_put_u8(ops, (uint8_t)op->cf);
    au_buf_put_u8(ops, op->is_del);
    au_buf_put_u32(ops, (uint32_t)op->key.size);
    au_buf_put_u32(ops, (uint32_t)op->value.size);
    au_buf_put_bytes(ops, op->key);
    au_buf_put_bytes(ops, op->value);
    batch->count++;
}

void au_kv_batch_put(struct au_kv_batch *batch, enum au_cf cf, struct au_bytes key,
                     struct au_bytes value)
{
    add(batch, &(struct au_kv_op){.cf = cf, .key = key, .value = value});
}

void au_kv_batch_del(struct au_kv_batch *batch, enum au_cf cf, struct au_bytes key)
{
    add(batch, &(struct au_kv_op){.cf = cf, .is_del = true, .key = key});
}

bool au_kv_batch_next(const struct au_kv_batch *batch, size_t *offset, struct au_kv_op *out_op)
{
    AU_ASSERT(batch->ops.err == AU_OK);
    if (*offset == batch->ops.size) return false;
    AU_ASSERT(batch->ops.size - *offset >= OP_HEAD_SIZE);

    const uint8_t *head = batch->ops.data + *offset;
    uint32_t key_size, value_size;
    memcpy(&key_size, head + 2, sizeof(key_size));
    memcpy(&value_size, head + 6, sizeof(value_size));
    const uint8_t *key = head + OP_HEAD_SIZE;
    *out_op = (struct au_kv_op){
        .cf = head[0],
        .is_del = head[1] != 0,
        .key = {key, key_size},
        .value = {key + key_size, value_size},
    };
    *offset += OP_HEAD_SIZE + (size_t)key_size + value_size;
    AU_ASSERT(*offset <= batch->ops.size);
    return true;
}

static const void *state_of(const struct au_kv *kv, const struct au_kv_snapshot *snapshot)
{
    if (!snapshot) return NULL;
    AU_ASSERT(snapshot->kv.ctx == kv->ctx);
    AU_ASSERT(snapshot->state);
    return snapshot->state;
}

enum au_err au_kv_get(const struct au_kv *kv, const struct au_kv_snapshot *snapshot, enum au_cf cf,
                      struct au_bytes key, struct au_buf *out_value)
{
    AU_ASSERT(cf < AU_CF_COUNT);
    au_buf_clear(out_value);
    enum au_err err = kv->ops->get(kv->ctx, state_of(kv, snapshot), cf, key, out_value);
    if (err == AU_OK) err = out_value->err;
    if (err != AU_OK) au_buf_clear(out_value);
    return err;
}

enum au_err au_kv_get_many(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                           const struct au_kv_many *many)
{
    AU_ASSERT(kv->ops->get_many);
    AU_ASSERT(many->cf < AU_CF_COUNT);
    for (size_t i = 1; i < many->count; i++) {
        AU_ASSERT(au_bytes_compare(many->keys[i - 1], many->keys[i]) < 0);
    }
    return kv->ops->get_many(kv->ctx, state_of(kv, snapshot), many);
}

enum au_err au_kv_write(const struct au_kv *kv, const struct au_kv_batch *batch, bool is_synced)
{
    AU_ASSERT(kv->ops->write);
    AU_TRY(batch->ops.err);
    return kv->ops->write(kv->ctx, batch, is_synced);
}

enum au_err au_kv_snapshot_open(const struct au_kv *kv, struct au_kv_snapshot *out_snapshot)
{
    void *state;
    AU_TRY(kv->ops->snapshot_open(kv->ctx, &state));
    *out_snapshot = (struct au_kv_snapshot){*kv, state};
    return AU_OK;
}

void au_kv_snapshot_close(struct au_kv_snapshot *snapshot)
{
    AU_ASSERT(snapshot->state);
    snapshot->kv.ops->snapshot_close(snapshot->kv.ctx, snapshot->state);
    *snapshot = (struct au_kv_snapshot){0};
}

enum au_err au_kv_iter_open(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                            const struct au_kv_range *range, struct au_kv_iter *out_iter)
{
    AU_ASSERT(range->cf < AU_CF_COUNT);
    void *state;
    AU_TRY(kv->ops->iter_open(kv->ctx, state_of(kv, snapshot), range, &state));
    *out_iter = (struct au_kv_iter){*kv, state};
    return AU_OK;
}

enum au_err au_kv_iter_next(struct au_kv_iter *iter, struct au_kv_entry *out_entry)
{
    AU_ASSERT(iter->state);
    return iter->kv.ops->iter_next(iter->kv.ctx, iter->state, out_entry);
}

void au_kv_iter_close(struct au_kv_iter *iter)
{
    AU_ASSERT(iter->state);
    iter->kv.ops->iter_close(iter->kv.ctx, iter->state);
    *iter = (struct au_kv_iter){0};
}

void au_kv_message(const struct au_kv *kv, char out_text[AU_KV_MESSAGE_SIZE])
{
    kv->ops->message(kv->ctx, out_text);
}

void au_kv_explain(const struct au_kv *kv, enum au_err err, const char *otherwise,
                   struct au_buf *message)
{
    char cause[AU_KV_MESSAGE_SIZE] = "";
    if (message->size > 0) return;
    if (err == AU_ERR_IO || err == AU_ERR_NO_SPACE || err == AU_ERR_MALFORMED) {
        au_kv_message(kv, cause);
    }
    if (cause[0]) otherwise = cause;
    au_buf_put_text(message, otherwise ? otherwise : au_err_text(err));
}

void au_kv_close(struct au_kv *kv)
{
    AU_ASSERT(kv->ops);
    kv->ops->close(kv->ctx);
    *kv = (struct au_kv){0};
}

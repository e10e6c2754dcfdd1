#include "state_engine.h"

#include <string.h>

#include "state_store.h"

/* As in src/ledger. */
#define TRIES_SIZE_MAX   ((size_t)768 << 20)
#define ACCOUNTS_MAX     (1u << 18)
#define SLOTS_MAX        (1u << 18)
#define OVERLAY_SIZE_MAX ((size_t)4 << 30)
#define BATCH_SIZE_MAX   ((size_t)2 << 30)

static const struct au_seed seed = {{1, 2}};
static const struct au_commit_sizes sizes = {TRIES_SIZE_MAX, ACCOUNTS_MAX, SLOTS_MAX};

bool state_read_head(const struct au_kv *kv, struct head *out_head)
{
    struct au_buf value;
    au_buf_init(&value, sizeof(*out_head));
    enum au_err err = au_kv_get(kv, NULL, AU_CF_META, au_bytes_of("head"), &value);
    if (err == AU_OK) memcpy(out_head, value.data, sizeof(*out_head));
    au_buf_done(&value);
    if (err != AU_ERR_NOT_FOUND) state_check(err, "the head");
    return err == AU_OK;
}

static void commit_open(struct engine *engine)
{
    struct au_buf message;
    au_buf_init(&message, 1024);
    state_check(au_commit_open(&engine->commit, engine->head.height, &engine->head.root, &message),
                (const char *)message.data);
    au_object_cache_advance(engine->commit.objects, engine->head.height,
                            &(struct au_object_updates){0});
    au_buf_done(&message);
}

void state_engine_open(struct engine *engine, const char *folder, bool is_small)
{
    *engine = (struct engine){.kv = state_store_open(folder, is_small)};
    state_check(au_commit_init(&engine->commit, &engine->kv, &seed, &sizes), "tries");
    if (state_read_head(&engine->kv, &engine->head)) commit_open(engine);
    au_flat_init(&engine->flat, &engine->kv, NULL);
    engine->source = au_flat_source(&engine->flat);
    au_overlay_init(&engine->overlay, &seed, &engine->source, OVERLAY_SIZE_MAX);
    au_kv_batch_init(&engine->batch, BATCH_SIZE_MAX);
}

void state_engine_close(struct engine *engine)
{
    au_kv_batch_done(&engine->batch);
    au_overlay_done(&engine->overlay);
    au_flat_done(&engine->flat);
    au_commit_finish(&engine->commit);
    au_kv_close(&engine->kv);
}

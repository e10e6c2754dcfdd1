#include "api/watch.h"

#include <inttypes.h>

#include "api/json.h"
#include "base/lock.h"

#define EVENT_SIZE_MAX (AU_STREAM_QUEUE_SIZE_MAX)

/* Blocks that one stream is told before the others have their turn. */
#define TURN_MAX 64u

void au_watch_init(struct au_watch *watch)
{
    *watch = (struct au_watch){0};
    AU_ASSERT(pthread_mutex_init(&watch->lock, NULL) == 0);
}

void au_watch_done(struct au_watch *watch)
{
    for (size_t i = 0; i < watch->block_count; i++)
        au_stream_end(watch->blocks[i].stream);
    for (size_t i = 0; i < watch->pool_count; i++)
        au_stream_end(watch->pool[i]);
    AU_ASSERT(pthread_mutex_destroy(&watch->lock) == 0);
}

bool au_watch_blocks(struct au_watch *watch, struct au_stream *stream, uint64_t next_height)
{
    au_lock(&watch->lock);
    bool has_room = watch->block_count < AU_WATCHERS_MAX;
    if (has_room) watch->blocks[watch->block_count++] = (struct au_watcher){stream, next_height};
    au_unlock(&watch->lock);
    if (!has_room) au_stream_end(stream);
    return has_room;
}

bool au_watch_pool(struct au_watch *watch, struct au_stream *stream)
{
    au_lock(&watch->lock);
    size_t count = atomic_load(&watch->pool_count);
    bool has_room = count < AU_WATCHERS_MAX;
    if (has_room) {
        watch->pool[count] = stream;
        atomic_store(&watch->pool_count, count + 1);
    }
    au_unlock(&watch->lock);
    if (!has_room) au_stream_end(stream);
    return has_room;
}

/* ---- blocks ---- */

/* The event of one block, kept for the next stream that is at the same height. */
struct event {
    struct au_buf text;
    uint64_t height;
    bool is_made;
};

static enum au_err make_event(struct event *event, struct au_chain_reader *chain, uint64_t height)
{
    struct au_header header;
    struct au_json_write json;
    if (event->is_made && event->height == height) return AU_OK;
    event->is_made = false;
    au_buf_clear(&event->text);
    AU_TRY(au_chain_header(chain, height, &header));
    au_buf_printf(&event->text, "id: %" PRIu64 "\nevent: block\ndata: ", height);
    au_json_write_init(&json, &event->text, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(&json);
    AU_TRY(au_json_put_block(&json, chain, NULL, &header,
                             header.tx_count > AU_WATCH_TXS_MAX ? AU_JSON_TXS_NONE
                                                                : AU_JSON_TXS_HASH));
    au_reply_end(&json);
    au_buf_put_text(&event->text, "\n\n");
    AU_TRY(event->text.err);
    event->height = height;
    event->is_made = true;
    return AU_OK;
}

/* Tells a stream up to TURN_MAX blocks. A stream that has ended, or that cannot be told because
 * the store fails, is let go of. */
static void feed_one(struct au_watcher *watcher, struct event *event, struct au_chain_reader *chain,
                     uint64_t height)
{
    for (unsigned i = 0; i < TURN_MAX && watcher->next_height <= height; i++) {
        if (make_event(event, chain, watcher->next_height) != AU_OK ||
            !au_stream_put(watcher->stream, au_buf_bytes(&event->text))) {
            au_stream_end(watcher->stream);
            watcher->stream = NULL;
            return;
        }
        watcher->next_height++;
    }
}

/* Puts what became of the first count streams back; new ones have come behind them. */
static void put_back(struct au_watch *watch, const struct au_watcher *watchers, size_t count)
{
    size_t kept = 0;
    au_lock(&watch->lock);
    for (size_t i = 0; i < watch->block_count; i++) {
        struct au_watcher watcher = i < count ? watchers[i] : watch->blocks[i];
        if (watcher.stream != NULL) watch->blocks[kept++] = watcher;
    }
    watch->block_count = kept;
    au_unlock(&watch->lock);
}

void au_watch_feed(struct au_watch *watch, struct au_chain_reader *chain, uint64_t height)
{
    struct au_watcher watchers[AU_WATCHERS_MAX];
    struct event event = {0};
    bool has_more = true;
    au_buf_init(&event.text, EVENT_SIZE_MAX);
    while (has_more) {
        au_lock(&watch->lock);
        size_t count = watch->block_count;
        memcpy(watchers, watch->blocks, count * sizeof(watchers[0]));
        au_unlock(&watch->lock);
        has_more = false;
        for (size_t i = 0; i < count; i++) {
            feed_one(&watchers[i], &event, chain, height);
            if (watchers[i].stream != NULL && watchers[i].next_height <= height) has_more = true;
        }
        put_back(watch, watchers, count);
    }
    au_buf_done(&event.text);
}

/* ---- the pool ---- */

static void tell(struct au_watch *watch, struct au_buf *event)
{
    size_t kept = 0;
    au_buf_put_text(event, "\n\n");
    if (event->err != AU_OK) return;
    au_lock(&watch->lock);
    size_t count = atomic_load(&watch->pool_count);
    for (size_t i = 0; i < count; i++) {
        struct au_stream *stream = watch->pool[i];
        if (au_stream_put(stream, au_buf_bytes(event))) {
            watch->pool[kept++] = stream;
        } else {
            au_stream_end(stream);
        }
    }
    atomic_store(&watch->pool_count, kept);
    au_unlock(&watch->lock);
}

void au_watch_added(struct au_watch *watch, const struct au_checked *checked)
{
    struct au_buf event;
    struct au_json_write json;
    if (atomic_load(&watch->pool_count) == 0) return;
    au_buf_init(&event, EVENT_SIZE_MAX);
    au_buf_put_text(&event, "event: added\ndata: ");
    au_json_write_init(&json, &event, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(&json);
    au_json_put_hash(&json, "hash", &checked->id);
    au_json_put_address(&json, "from", &checked->tx.from);
    au_json_put_u64(&json, "nonce", checked->tx.nonce);
    au_json_put_u64(&json, "gas_price", checked->tx.gas_price);
    au_reply_end(&json);
    tell(watch, &event);
    au_buf_done(&event);
}

void au_watch_dropped(struct au_watch *watch, const struct au_hash *id, enum au_drop reason)
{
    struct au_buf event;
    struct au_json_write json;
    if (atomic_load(&watch->pool_count) == 0) return;
    au_buf_init(&event, EVENT_SIZE_MAX);
    au_buf_put_text(&event, "event: dropped\ndata: ");
    au_json_write_init(&json, &event, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(&json);
    au_json_put_hash(&json, "hash", id);
    au_json_put_text(&json, "reason", au_drop_name(reason));
    au_reply_end(&json);
    tell(watch, &event);
    au_buf_done(&event);
}

size_t au_watch_count(struct au_watch *watch)
{
    au_lock(&watch->lock);
    size_t count = watch->block_count + atomic_load(&watch->pool_count);
    au_unlock(&watch->lock);
    return count;
}

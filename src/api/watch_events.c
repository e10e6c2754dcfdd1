#include "api/watch_events.h"

#include "api/cursor.h"
#include "api/decoder.h"
#include "api/json.h"
#include "base/lock.h"

#define TEXT_SIZE_MAX AU_STREAM_QUEUE_SIZE_MAX

/* Events that are looked at for one stream before the others have their turn, and the bytes that
 * are decoded of them: the queue has room for all of these. */
#define TURN_MAX         64u
#define DECODED_SIZE_MAX (AU_STREAM_QUEUE_SIZE_MAX / 4)

/* What feeding goes on with from stream to stream. */
struct feed {
    struct au_chain_reader *chain;
    uint64_t height;
    struct au_decoder decoder;
    struct au_buf text; /* of one event */
};

void au_event_watch_init(struct au_event_watch *watch)
{
    *watch = (struct au_event_watch){0};
    AU_ASSERT(pthread_mutex_init(&watch->lock, NULL) == 0);
}

void au_event_watch_done(struct au_event_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        au_stream_end(watch->watchers[i].stream);
    AU_ASSERT(pthread_mutex_destroy(&watch->lock) == 0);
}

bool au_event_watch_add(struct au_event_watch *watch, const struct au_event_watcher *watcher)
{
    au_lock(&watch->lock);
    bool has_room = watch->count < AU_EVENT_WATCHERS_MAX;
    if (has_room) watch->watchers[watch->count++] = *watcher;
    au_unlock(&watch->lock);
    if (!has_room) au_stream_end(watcher->stream);
    return has_room;
}

size_t au_event_watch_count(struct au_event_watch *watch)
{
    au_lock(&watch->lock);
    size_t count = watch->count;
    au_unlock(&watch->lock);
    return count;
}

/* ---- feeding ---- */

static enum au_err put_event(struct au_stream *stream, struct feed *feed,
                             const struct au_event_place *place, const struct au_receipt *receipt,
                             const struct au_receipt_event *event)
{
    const struct au_receipt_teller *teller = au_decoder_of_chain(&feed->decoder);
    struct au_buf *text = &feed->text;
    struct au_json_write json;
    char cursor[AU_CURSOR_SIZE];
    au_cursor_format_event(place, cursor);
    au_buf_clear(text);
    au_buf_put_text(text, "id: ");
    au_buf_put_text(text, cursor);
    au_buf_put_text(text, "\nevent: event\ndata: ");
    au_json_write_init(&json, text, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(&json);
    au_json_put_event(&json, place, receipt, event);
    teller->event(teller->context, &json, receipt, event);
    au_reply_end(&json);
    au_buf_put_text(text, "\n\n");
    AU_TRY(text->err);
    return au_stream_put(stream, au_buf_bytes(text)) ? AU_OK : AU_ERR_IO;
}

/* OK: there may be more; NOT_FOUND: all has been told. */
static enum au_err walk_turn(struct au_event_watcher *watcher, struct au_event_walk *walk,
                             struct feed *feed)
{
    struct au_receipt_event event;
    bool is_match;
    au_decoder_renew(&feed->decoder, DECODED_SIZE_MAX);
    for (unsigned i = 0; i < TURN_MAX; i++) {
        struct au_event_place place;
        AU_TRY(au_event_walk_next(walk, &place, &event, &is_match));
        if (is_match) AU_TRY(put_event(watcher->stream, feed, &place, &walk->receipt, &event));
        watcher->range.after = place;
        watcher->range.has_after = true;
    }
    return AU_OK;
}

/* A stream that has ended, or that cannot be told because the store fails, is let go of. */
static void feed_one(struct au_event_watcher *watcher, struct feed *feed)
{
    struct au_event_walk walk;
    enum au_err err = AU_OK;
    if (watcher->range.from_height <= feed->height) {
        watcher->range.to_height = feed->height;
        err = au_event_walk_open(feed->chain, &watcher->filter, &watcher->range, &walk);
        if (err == AU_OK) {
            err = walk_turn(watcher, &walk, feed);
            au_event_walk_close(&walk);
        }
        if (err == AU_ERR_NOT_FOUND) {
            watcher->range.from_height = feed->height + 1;
            err = AU_OK;
        }
    }
    if (err == AU_OK && !au_stream_has_ended(watcher->stream)) return;
    au_stream_end(watcher->stream);
    watcher->stream = NULL;
}

/* Puts what became of the first count streams back; new ones have come behind them. */
static void put_back(struct au_event_watch *watch, const struct au_event_watcher *watchers,
                     size_t count)
{
    size_t kept = 0;
    au_lock(&watch->lock);
    for (size_t i = 0; i < watch->count; i++) {
        const struct au_event_watcher *watcher = i < count ? &watchers[i] : &watch->watchers[i];
        if (watcher->stream != NULL) watch->watchers[kept++] = *watcher;
    }
    watch->count = kept;
    au_unlock(&watch->lock);
}

void au_event_watch_feed(struct au_event_watch *watch, struct au_api *api,
                         struct au_chain_reader *chain, uint64_t height)
{
    struct au_event_watcher watchers[AU_EVENT_WATCHERS_MAX];
    struct feed feed = {.chain = chain, .height = height};
    bool has_more = true;
    au_decoder_init(&feed.decoder, api, DECODED_SIZE_MAX);
    au_buf_init(&feed.text, TEXT_SIZE_MAX);
    while (has_more) {
        au_lock(&watch->lock);
        size_t count = watch->count;
        memcpy(watchers, watch->watchers, count * sizeof(watchers[0]));
        au_unlock(&watch->lock);
        has_more = false;
        for (size_t i = 0; i < count; i++) {
            feed_one(&watchers[i], &feed);
            if (watchers[i].stream != NULL && watchers[i].range.from_height <= height)
                has_more = true;
        }
        put_back(watch, watchers, count);
    }
    au_buf_done(&feed.text);
    au_decoder_done(&feed.decoder);
}

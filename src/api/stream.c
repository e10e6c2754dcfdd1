#include "api/stream.h"

#include <pthread.h>

#include "base/lock.h"
#include "base/mem.h"

#define LAGGED "event: lagged\ndata: {\"code\":\"lagged\"}\n\n"
#define BEAT   ":\n\n"

#define QUEUE_SIZE_KEPT 16384u

struct au_stream {
    pthread_mutex_t lock;
    struct au_stream_reader reader;
    size_t queue_size_max;
    struct au_buf queue;
    size_t read_size; /* bytes of the queue that are read */
    unsigned holders; /* 2, 1; freed at 0 */
    bool has_ended;
    bool is_asleep; /* the reader */
};

struct au_stream *au_stream_new(struct au_stream_reader reader, size_t queue_size_max)
{
    struct au_stream *stream = au_mem_new(sizeof(*stream));
    if (!stream) return NULL;
    pthread_mutex_init(&stream->lock, NULL);
    stream->reader = reader;
    stream->queue_size_max = queue_size_max;
    stream->holders = 2;
    /* The event that tells of the overflow has room beyond the bound. */
    au_buf_init(&stream->queue, queue_size_max + sizeof(LAGGED));
    return stream;
}

/* Unlocks; the last holder frees. */
static void let_go(struct au_stream *stream)
{
    AU_ASSERT(stream->holders > 0);
    bool is_last = --stream->holders == 0;
    au_unlock(&stream->lock);
    if (!is_last) return;
    pthread_mutex_destroy(&stream->lock);
    au_buf_done(&stream->queue);
    au_mem_free(stream);
}

static void wake(struct au_stream *stream)
{
    if (!stream->is_asleep) return;
    stream->is_asleep = false;
    stream->reader.wake(stream->reader.context);
}

/* Makes room by moving what is not read yet, once half is read or the bound is near. */
static void drop_read(struct au_stream *stream, size_t size)
{
    struct au_buf *queue = &stream->queue;
    bool is_due = stream->read_size >= queue->size / 2 || size > stream->queue_size_max ||
                  queue->size > stream->queue_size_max - size;
    if (stream->read_size == 0 || !is_due) return;
    memmove(queue->data, queue->data + stream->read_size, queue->size - stream->read_size);
    queue->size -= stream->read_size;
    stream->read_size = 0;
}

static void append(struct au_stream *stream, struct au_bytes events)
{
    struct au_buf *queue = &stream->queue;
    drop_read(stream, events.size);
    AU_ASSERT(queue->size <= stream->queue_size_max);
    if (events.size > stream->queue_size_max - queue->size + stream->read_size) {
        au_buf_put_text(queue, LAGGED);
        stream->has_ended = true;
        return;
    }
    au_buf_put_bytes(queue, events);
    if (queue->err != AU_OK) stream->has_ended = true;
}

bool au_stream_put(struct au_stream *stream, struct au_bytes events)
{
    au_lock(&stream->lock);
    if (!stream->has_ended) {
        append(stream, events);
        wake(stream);
    }
    bool is_open = !stream->has_ended;
    au_unlock(&stream->lock);
    return is_open;
}

void au_stream_end(struct au_stream *stream)
{
    if (!stream) return;
    au_lock(&stream->lock);
    stream->has_ended = true;
    wake(stream);
    let_go(stream);
}

ptrdiff_t au_stream_read(struct au_stream *stream, uint8_t *out_bytes, size_t size)
{
    ptrdiff_t result = 0;
    au_lock(&stream->lock);
    struct au_buf *queue = &stream->queue;
    size_t unread_size = queue->size - stream->read_size;
    if (unread_size > 0) {
        size_t taken_size = unread_size < size ? unread_size : size;
        memcpy(out_bytes, queue->data + stream->read_size, taken_size);
        stream->read_size += taken_size;
        result = (ptrdiff_t)taken_size;
    } else if (stream->has_ended) {
        result = -1;
    } else {
        /* A burst's memory is not kept for the quiet hours after it. */
        if (queue->capacity > QUEUE_SIZE_KEPT) au_buf_done(queue);
        queue->size = 0;
        stream->read_size = 0;
        stream->is_asleep = true;
        stream->reader.sleep(stream->reader.context);
    }
    au_unlock(&stream->lock);
    return result;
}

void au_stream_beat(struct au_stream *stream)
{
    au_lock(&stream->lock);
    if (!stream->has_ended && stream->queue.size == stream->read_size) {
        append(stream, au_bytes_of(BEAT));
        wake(stream);
    }
    au_unlock(&stream->lock);
}

void au_stream_stop(struct au_stream *stream)
{
    au_lock(&stream->lock);
    stream->has_ended = true;
    wake(stream);
    au_unlock(&stream->lock);
}

bool au_stream_has_ended(struct au_stream *stream)
{
    au_lock(&stream->lock);
    bool has_ended = stream->has_ended;
    au_unlock(&stream->lock);
    return has_ended;
}

void au_stream_close(struct au_stream *stream)
{
    au_lock(&stream->lock);
    stream->has_ended = true;
    stream->is_asleep = false;
    let_go(stream);
}

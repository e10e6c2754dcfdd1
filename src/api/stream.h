/* A stream of Server-Sent Events to one client: a queue of bytes between those who know of events
 * and the thread that writes to the client's socket.
 *
 * Invariants:
 *   1. Events arrive whole, in order, or not at all. The queue has at most size_max bytes; an event
 *      that does not fit ends the stream: the client gets what is queued, then the event `lagged`,
 *      and comes back with the last id it saw.
 *   2. After its end a stream takes nothing more.
 *
 * A stream is shared by its writer and the server; the last of the two to let go frees it.
 *
 * Threading: any thread. The calls of struct au_stream_reader are made with the stream's lock held,
 * so they must not call into the stream. */
#ifndef AUREON_API_STREAM_H
#define AUREON_API_STREAM_H

#include "base/buf.h"

#define AU_STREAM_QUEUE_SIZE_MAX (1u << 20)
#define AU_STREAM_MEDIA_TYPE     "text/event-stream"

struct au_stream;

/* How the server stops and continues to read: sleep when the queue has run empty, wake when there
 * is something again. They alternate, sleep first. */
struct au_stream_reader {
    void (*sleep)(void *context);
    void (*wake)(void *context);
    void *context;
};

/* au_stream_put appends bytes: one or more whole events, each with its empty line. Never waits.
 * false: the stream has ended (the client left or lagged, the server stops); nothing further will
 * be sent, the caller lets go of it. */
bool au_stream_put(struct au_stream *stream, struct au_bytes events);

/* au_stream_end ends the stream after what is queued, if it has not ended, and lets go of it: the
 * writer's last call. NULL is legal. */
void au_stream_end(struct au_stream *stream);

/* The server's half. */

/* au_stream_new gives a stream that writer and server hold; NULL: no memory. */
AU_MUST_USE struct au_stream *au_stream_new(struct au_stream_reader reader, size_t queue_size_max);

/* au_stream_read takes up to size bytes off the queue. 0: none are there, and sleep was called.
 * -1: the stream has ended and all is read. */
ptrdiff_t au_stream_read(struct au_stream *stream, uint8_t *out_bytes, size_t size);

/* au_stream_beat queues a comment that keeps proxies and clients from giving up, if the queue is
 * empty; a client that is gone is noticed by it. */
void au_stream_beat(struct au_stream *stream);

/* au_stream_stop ends the stream after what is queued, without letting go of it. */
void au_stream_stop(struct au_stream *stream);

bool au_stream_has_ended(struct au_stream *stream);

/* au_stream_close tells that nobody reads any more, and lets go of the server's part; neither sleep
 * nor wake is called again. */
void au_stream_close(struct au_stream *stream);

#endif

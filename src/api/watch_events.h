/* Who watches events: streams, each with what it wants and how far it has been told.
 *
 * What a stream is told comes from the chain's index, old and new events alike, so that one who
 * comes back with the last cursor he saw misses none.
 *
 * Threading: any thread, but for au_event_watch_feed: one. */
#ifndef AUREON_API_WATCH_EVENTS_H
#define AUREON_API_WATCH_EVENTS_H

#include <pthread.h>

#include "api/stream.h"
#include "chain/events.h"

#define AU_EVENT_WATCHERS_MAX 128u /* as many as a server has streams */

struct au_event_watcher {
    struct au_stream *stream;
    struct au_event_filter filter;
    struct au_event_range range; /* what is to be told yet; to_height does not count */
};

struct au_event_watch {
    pthread_mutex_t lock;
    struct au_event_watcher watchers[AU_EVENT_WATCHERS_MAX];
    size_t count;
};

void au_event_watch_init(struct au_event_watch *watch);

/* au_event_watch_done ends all streams. */
void au_event_watch_done(struct au_event_watch *watch);

/* au_event_watch_add takes a stream over. false: there is no room, the stream has been ended. */
bool au_event_watch_add(struct au_event_watch *watch, const struct au_event_watcher *watcher);

/* au_event_watch_feed tells all streams what they have not been told, up to height, and lets go of
 * those whose clients have left. */
struct au_api;
void au_event_watch_feed(struct au_event_watch *watch, struct au_api *api,
                         struct au_chain_reader *chain, uint64_t height);

/* au_event_watch_count gives the number of streams. */
size_t au_event_watch_count(struct au_event_watch *watch);

#endif

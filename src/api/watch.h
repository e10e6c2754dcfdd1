/* Who watches: streams of blocks, and of what enters and leaves the pool.
 *
 * A stream of blocks has a place of its own, the height that it is told next, so that one who comes
 * back with the last height he saw misses none. It is fed by one thread, the api's. What happens in
 * the pool is told as it happens, to those who listen then.
 *
 * Threading: any thread, but for au_watch_feed: one. */
#ifndef AUREON_API_WATCH_H
#define AUREON_API_WATCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/stream.h"
#include "chain/chain.h"
#include "mempool/mempool.h"

#define AU_WATCHERS_MAX 128u /* of each kind: as many as a server has streams */

/* Blocks with more transactions are told without their list: an event must fit into a queue. */
#define AU_WATCH_TXS_MAX 4096u

struct au_watcher {
    struct au_stream *stream;
    uint64_t next_height;
};

struct au_watch {
    pthread_mutex_t lock;
    struct au_watcher blocks[AU_WATCHERS_MAX];
    size_t block_count;
    struct au_stream *pool[AU_WATCHERS_MAX];
    atomic_size_t pool_count;
};

void au_watch_init(struct au_watch *watch);

/* au_watch_done ends all streams. */
void au_watch_done(struct au_watch *watch);

/* au_watch_blocks and au_watch_pool take a stream over. false: there is no room, the stream has
 * been ended. */
bool au_watch_blocks(struct au_watch *watch, struct au_stream *stream, uint64_t next_height);
bool au_watch_pool(struct au_watch *watch, struct au_stream *stream);

/* au_watch_feed tells all streams of blocks what they have not been told, up to height. */
void au_watch_feed(struct au_watch *watch, struct au_chain_reader *chain, uint64_t height);

/* au_watch_added and au_watch_dropped tell what happens in the pool. Quick if nobody listens. */
void au_watch_added(struct au_watch *watch, const struct au_checked *checked);
void au_watch_dropped(struct au_watch *watch, const struct au_hash *id, enum au_drop reason);

/* au_watch_count gives the number of streams. */
size_t au_watch_count(struct au_watch *watch);

#endif

/* A key-value store on disk: RocksDB in a folder of its own, one log for all families.
 *
 * Opening reads all logs to the last byte (store/wal.h) before it replays them. A process that is
 * killed while it writes leaves an incomplete record at the end of the newest log; nobody was told
 * that it is written, so it is cut off. All else is refused as MALFORMED, never shortened in
 * silence:
 *   - a bit that is not as it was written, anywhere in a log;
 *   - a log that is incomplete and not the newest;
 *   - a log that was synced and closed, and is gone or shorter;
 *   - logs or tables without the file CURRENT, which says what they are of.
 * Not detected: the newest log gone, or cut between two records or, as after a kill, within one.
 * After a loss of power the file system may leave other bytes than a part of the incomplete record;
 * then opening refuses what would be safe to drop.
 *
 * Closing writes what is in memory to tables if more than 16 MiB were written since opening, so
 * that the next opening finds no log to replay. Where that fails, or a write had failed, the logs
 * stay as they are.
 *
 * A write that failed is the last one until the store is opened again. RocksDB may find its own way
 * back once there is room, behind a log whose end is torn; nothing is ever written behind that end.
 *
 * Keys that contracts walk over (family key) leave tombstones when they are deleted. A walk that
 * passes over more than 64 of them notes the gap (store/gaps.h), so that no other walk has to, and
 * tables with that many of them in a row are compacted. Neither can be told from what is read.
 *
 * A store of another schema (store/schema.h) is refused before anything of it is read.
 *
 * A folder belongs to one store at a time, over all processes. RocksDB has threads of its own: do
 * not fork while a store is open. Where it finds no memory it aborts.
 *
 * Threading: that of store/kv.h. */
#ifndef AUREON_STORE_ROCKS_H
#define AUREON_STORE_ROCKS_H

#include "store/kv.h"

struct au_rocks_options {
    size_t cache_size;        /* bytes of blocks read; indices and filters, about 3 bytes
                               for each key, are held beside it: a first read is 1 to 2 us faster */
    size_t write_buffer_size; /* bytes of changes in memory, over all families */
    uint64_t wal_size_max;    /* bytes of log, over all files, before families are flushed */
    void *context;            /* of the next */
    /* Is told of the first read that fails, whoever reads and before he hears of it, with what he
     * gets: IO, NO_SPACE or MALFORMED; au_kv_message tells the cause. Likewise of a write, when
     * RocksDB met damage itself and takes no changes any more. On the thread of the caller, once
     * until the store is closed; it may not close it. NULL: nobody is told. */
    void (*on_unreadable)(void *context, enum au_err err);
};

/* au_rocks_options_default gives 512 MiB of cache, 256 MiB of changes, 512 MiB of log. */
struct au_rocks_options au_rocks_options_default(void);

/* au_rocks_open opens the store in a folder, which is made, with all families, if it does not
 * exist; the folder around it must.
 *
 * out_message   gets the cause of IO, NO_SPACE, MALFORMED and UNSUPPORTED, else ""
 *
 * OK
 * INVALID_ARG   an option is 0
 * IO, NO_SPACE  the folder is not there, not permitted, or open already: the message then names its
 *               LOCK; or it has a family this version does not know
 * MALFORMED     what is on disk is damaged
 * UNSUPPORTED   the store has another schema
 * NO_MEMORY */
AU_MUST_USE enum au_err au_rocks_open(const char *path, const struct au_rocks_options *options,
                                      char out_message[AU_KV_MESSAGE_SIZE], struct au_kv *out_kv);

/* au_rocks_find looks for a store in a folder, which au_rocks_open would not have to make.
 *
 * OK
 * NOT_FOUND   there is none
 * IO          it cannot be told: errno tells why */
AU_MUST_USE enum au_err au_rocks_find(const char *path);

#endif

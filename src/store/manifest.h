/* A new store's first manifest, the file in which RocksDB keeps which families and tables a store
 * has. Left to itself RocksDB makes families one after another, and for each writes, syncs and
 * reads back the options of all so far: 25 ms of processor for 11 of them. A store that is opened
 * with its families there has them written once.
 *
 * The manifest has the form of a log (store/wal.h); each record changes what the store is: pairs of
 * a tag and a value, whose numbers RocksDB promises to read in all versions to come.
 *
 * Threading: any thread, of one at a time for a folder. */
#ifndef AUREON_STORE_MANIFEST_H
#define AUREON_STORE_MANIFEST_H

#include "store/kv.h"

/* au_manifest_make makes a new folder a store with families of no keys, besides "default", and
 * syncs it, holding the folder's LOCK. New is one with nothing but what an interrupted call left,
 * and store/schema.h. Of another it changes nothing: RocksDB knows what to do with that, except
 * where the store's file CURRENT is gone: it would begin a new store and delete the old tables.
 *
 * names         of the families, in the order that they shall have
 * out_message   gets the cause of MALFORMED
 *
 * OK          there is a store; or RocksDB can make one, or tells what is wrong with the folder
 * MALFORMED   there are logs or tables, and no CURRENT
 *
 * Cost: two files of less than 1 KiB, each synced with the folder. */
AU_MUST_USE enum au_err au_manifest_make(const char *folder, const char *const *names, size_t count,
                                         char out_message[AU_KV_MESSAGE_SIZE]);

#endif

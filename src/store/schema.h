/* Which schema a store has: what its families hold, and how keys and values in them are written.
 * The folder says so in a file SCHEMA, which is read before RocksDB opens anything, so that a store
 * of another version is refused by name and not by what its records look like.
 *
 *     aureon-store 3
 *
 * A store without that file was made before there was one: its schema is 1. The number changes when
 * an older program would misread the store, or this one an older store.
 *
 * Threading: any thread. */
#ifndef AUREON_STORE_SCHEMA_H
#define AUREON_STORE_SCHEMA_H

#include "store/kv.h"

#define AU_SCHEMA_VERSION 3u

/* au_schema_claim refuses a folder whose store is of another version, and gives a new one
 * the file of this version, synced. The folder is made if it does not exist; the one around
 * it must.
 *
 * out_message   gets the cause of IO, MALFORMED and UNSUPPORTED
 *
 * OK            the store is of this version, and says so on disk
 * IO            the file cannot be read or written
 * MALFORMED     the file is nothing that a version of this program writes
 * UNSUPPORTED   the store is of another version; the message says which, and what to do
 * NO_MEMORY
 *
 * After a failure the folder is as it was, but for having been made. */
AU_MUST_USE enum au_err au_schema_claim(const char *folder, char out_message[AU_KV_MESSAGE_SIZE]);

#endif

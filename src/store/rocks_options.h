/* What RocksDB is opened with: how each family of keys is kept, and all of them together. Only
 * store/rocks.c may include this. */
#ifndef AUREON_STORE_ROCKS_OPTIONS_H
#define AUREON_STORE_ROCKS_OPTIONS_H

#include <rocksdb/c.h>

#include "store/rocks.h"

/* RocksDB counts families and takes "default" to exist; it stays empty. */
#define AU_ROCKS_FAMILY_COUNT (AU_CF_COUNT + 1)

#define AU_ROCKS_GAP_MIN 64u /* tombstones passed over that make a gap worth noting */

/* How a family is kept. Changes wait in memory in a skip list, at 3 us a key, or 2 for one near the
 * one before it, as records of a trie are; in families that are read by key, or along one prefix,
 * in lists by the hash of a prefix, at 1 us. To walk over all of such a family, or to write it to a
 * table, costs a sorted copy, 3 us a key. Accounts and slots are read at random, and most are not
 * among the changes: a filter spares the search there. Small blocks make the first read of one a
 * fifth cheaper, and take a third of the cache for as many. */
struct au_rocks_kind {
    bool is_compressed;
    size_t prefix_size; /* bytes of a key that choose its list; 0 = there is one list */
    bool is_scattered;  /* changes in memory have a filter, as tables do, whose blocks are small */
    bool has_gaps;      /* gaps are noted, and tables with many tombstones compacted */
};

extern const struct au_rocks_kind au_rocks_kinds[AU_ROCKS_FAMILY_COUNT]; /* by enum au_cf */

/* What RocksDB is opened with. It keeps its own references, so all of it goes after opening. */
struct au_rocks_setup {
    rocksdb_cache_t *cache;
    rocksdb_options_t *db;
    rocksdb_options_t *families[AU_ROCKS_FAMILY_COUNT];
};

/* au_rocks_setup_new makes it of options that are above 0; au_rocks_setup_free frees it. */
struct au_rocks_setup au_rocks_setup_new(const struct au_rocks_options *options);
void au_rocks_setup_free(struct au_rocks_setup *setup);

#endif
